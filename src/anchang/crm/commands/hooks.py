"""Where leads, deals and other apps join in. Each is a list of functions, called inside the transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from anchang.crm.queries.customers import profile_hooks

__all__ = [
    "deal_hooks", "follow_up_hooks", "hand_over_hooks", "keep_hooks", "merge_hooks", "profile_hooks", "visit_hooks",
]  # fmt: skip

#: hook(ctx, visits): after visits were registered; closes or joins leads.
visit_hooks: list[Callable[[Any, Sequence[Any]], None]] = []
#: hook(ctx, follow_ups): after follow-ups were added.
follow_up_hooks: list[Callable[[Any, Sequence[Any]], None]] = []
#: hook(ctx, kept, gone): before a merge is done; moves the other apps' rows, or raises why not.
merge_hooks: list[Callable[[Any, Any, Any], None]] = []
#: hook(ctx, customer_ids) -> Refusal | None: why these files' data must be kept: running deals, legal retention.
keep_hooks: list[Callable[[Any, Sequence[int]], Any]] = []
#: hook(ctx, leaver_id, heir_ids): hands over what else a leaver had.
hand_over_hooks: list[Callable[[Any, int, Sequence[int]], None]] = []
#: hook(ctx, customer_ids) -> those who ever had a deal: they are no idle files.
deal_hooks: list[Callable[[Any, Sequence[int]], set[int]]] = []
