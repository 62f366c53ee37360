"""Writes of deals that touch no money. Signing, receiving and ending live in anchang.processes."""

from anchang.deals.commands import handover  # noqa: F401 (joins crm's hooks)
from anchang.deals.commands.checklist import checklist, missing_documents, receive_documents
from anchang.deals.commands.connected import add_connected_persons, delete_connected_person
from anchang.deals.commands.contracts import (
    file_contract,
    print_contract,
    print_subscription,
    set_clauses,
)
from anchang.deals.commands.files import attach_file, replace_file
from anchang.deals.commands.holds import cancel_hold, expire_hold, expire_holds, extend_hold, hold_unit
from anchang.deals.commands.launch import add_launch_schemes, commit_lottery, draw_lottery, import_lottery
from anchang.deals.commands.modes import edit_deal
from anchang.deals.commands.tickets import call_next, issue_tickets, miss_ticket, qualify_ticket, rejoin_queue

__all__ = [
    "add_connected_persons", "add_launch_schemes", "attach_file", "call_next", "cancel_hold", "checklist",
    "commit_lottery", "delete_connected_person", "draw_lottery", "edit_deal", "expire_hold", "expire_holds",
    "extend_hold", "file_contract", "hold_unit", "import_lottery", "issue_tickets", "miss_ticket",
    "missing_documents", "print_contract", "print_subscription", "qualify_ticket", "receive_documents",
    "rejoin_queue", "replace_file", "set_clauses",
]  # fmt: skip
