"""Writes of deals that touch no money. Signing, receiving and ending live in anchang.processes."""

from anchang.deals.commands import handover  # noqa: F401 (joins crm's hooks)
from anchang.deals.commands.checklist import checklist, missing_documents, receive_documents
from anchang.deals.commands.contracts import (
    file_contract,
    print_contract,
    print_subscription,
    review_contract,
)
from anchang.deals.commands.holds import cancel_hold, expire_hold, expire_holds, extend_hold, hold_unit
from anchang.deals.commands.modes import edit_deal

__all__ = [
    "cancel_hold", "checklist", "edit_deal", "expire_hold", "expire_holds", "extend_hold", "file_contract",
    "hold_unit",
    "missing_documents", "print_contract", "print_subscription", "receive_documents", "review_contract",
]  # fmt: skip
