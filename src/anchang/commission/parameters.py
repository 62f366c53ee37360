"""Rules of pay that an office sets."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.platform.parameters import declare

declare("commission.auto_confirm", False, "bool", _("Commission lines need no confirmation"))
declare("commission.statement_prefix", "YJ", "text", _("Letters before a commission statement's number"))
