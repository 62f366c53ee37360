"""Jobs of finance."""

from __future__ import annotations

from anchang.finance.commands.charging import compute_late_fees
from anchang.finance.commands.vouchers import make_vouchers
from anchang.platform.project_jobs import project_job

# Every posted document has its voucher within a minute, where the project keeps its books here.
project_job("finance.make_vouchers", every="* * * * *")(make_vouchers)
# Fees grow with every day of delay.
project_job("finance.compute_late_fees", every="40 1 * * *")(compute_late_fees)
