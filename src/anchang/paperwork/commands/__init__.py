"""Commands of paperwork."""

from anchang.paperwork.commands.by_signer import confirm, open_paper, prove
from anchang.paperwork.commands.notices import (
    activate_risk_notice,
    add_risk_notices,
    edit_risk_notice,
    esign_notice,
    retire_risk_notice,
    sign_notice,
)
from anchang.paperwork.commands.signing import (
    expire_requests,
    keep_signed,
    log_download,
    renew_link,
    send_contract,
    send_subscription,
    withdraw,
)
from anchang.paperwork.commands.templates import (
    activate_template,
    add_document_templates,
    number_notice,
    retire_template,
)

__all__ = [
    "activate_risk_notice", "activate_template", "add_document_templates", "add_risk_notices", "confirm",
    "edit_risk_notice", "esign_notice", "expire_requests", "keep_signed", "log_download", "number_notice",
    "open_paper", "prove", "renew_link", "retire_risk_notice", "retire_template", "send_contract",
    "send_subscription", "sign_notice", "withdraw",
]  # fmt: skip
