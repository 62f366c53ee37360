"""Rates and periods of accounting."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.platform.parameters import declare

# VAT Law of 2026-01-01: 9 % general method; 5 % for old projects by the simple method.
declare("finance.vat_rate", "0.09", "decimal", _("VAT rate of house money, as a share"))
declare("finance.voucher_days", 92, "int", _("Vouchers: days back that documents without one are looked for"))
