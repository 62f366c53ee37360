"""Writes of openings. Attempts themselves are decided by the database's function (models.deciding)."""

from anchang.opening.commands.claims import confirm_claim, settle_openings
from anchang.opening.commands.preparing import (
    add_openings,
    admit_buyers,
    block_buyer,
    edit_opening,
    mark_favourites,
    offer_units,
    renew_pass,
    unblock_buyer,
)
from anchang.opening.commands.running import (
    back_to_draft,
    close_opening,
    end_rehearsal,
    make_ready,
    open_opening,
    start_rehearsal,
)

__all__ = [
    "add_openings", "admit_buyers", "back_to_draft", "block_buyer", "close_opening", "confirm_claim", "edit_opening",
    "end_rehearsal", "make_ready", "mark_favourites", "offer_units", "open_opening", "renew_pass", "settle_openings",
    "start_rehearsal", "unblock_buyer",
]  # fmt: skip
