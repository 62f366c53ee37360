"""Sums over a period: closed days from what was stored, open days from the records."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Max

from anchang.insight.models import ReportClose
from anchang.insight.queries.asked import Asked
from anchang.insight.queries.facts import (
    EVERYBODY,
    ITEMS,
    Spans,
    Who,
    live_in_spans,
    live_sums,
    stored_in_spans,
    stored_sums,
)
from anchang.insight.rules import NOTHING, Sums

_NEVER = dt.date(1, 1, 1)
ByKey = dict[tuple[Any, ...], dict[str, Sums]]


def closed_through(project_ids: Sequence[int]) -> dict[int, dt.date]:
    """The last closed report day of each project; a date long ago where none was closed. One query."""
    rows = ReportClose.objects.filter(project_id__in=project_ids).values("project_id").annotate(last=Max("through"))
    found = dict.fromkeys(project_ids, _NEVER)
    return found | {row["project_id"]: row["last"] for row in rows}


def closing(close_id: int) -> ReportClose | None:
    """A closing with its project; None when it isn't there or out of scope."""
    return ReportClose.objects.select_related("project").filter(pk=close_id).first()


class Days:
    """Sums of a set of projects; knows which of their days are closed."""

    def __init__(self, project_ids: Sequence[int]) -> None:
        self.closed = closed_through(project_ids)
        self._groups: dict[dt.date, list[int]] = defaultdict(list)
        for project_id, through in self.closed.items():
            self._groups[through].append(project_id)

    def all_closed(self, last: dt.date) -> bool:
        return bool(self.closed) and all(through >= last for through in self.closed.values())

    def sums(
        self,
        first: dt.date,
        last: dt.date,
        *,
        keys: Sequence[str] = (),
        items: Iterable[str] = ITEMS,
        who: Who = EVERYBODY,
    ) -> ByKey:
        """{key values: {item: sums}} between two days. Two statements when the period reaches the open days,
        else one; as many again for projects closed up to another day."""
        found: ByKey = defaultdict(dict)
        items = tuple(items)
        for through, project_ids in self._groups.items():
            rows = stored_sums(project_ids, first, min(last, through), items, keys, who)
            if last > through:
                rows += live_sums(project_ids, max(first, through + dt.timedelta(days=1)), last, items, keys, who)
            for item, key, sums in rows:
                found[key][item] = found[key].get(item, NOTHING) + sums
        return found

    def in_spans(self, spans: Spans, keys: Sequence[str], who: Who = EVERYBODY) -> list[ByKey]:
        """`sums` for several spans at once: one statement for all closed days, one for all open ones."""
        found: list[ByKey] = [defaultdict(dict) for _ in spans]
        for through, project_ids in self._groups.items():
            closed = [(first, min(last, through)) for first, last in spans]
            opened = [(max(first, through + dt.timedelta(days=1)), last) for first, last in spans]
            stored, live = (
                stored_in_spans(project_ids, closed, keys, who),
                live_in_spans(project_ids, opened, keys, who),
            )
            for by_key, *both in zip(found, stored, live, strict=True):
                for item, key, sums in (row for rows in both for row in rows):
                    by_key[key][item] = by_key[key].get(item, NOTHING) + sums
        return found


def of(asked: Asked) -> Days:
    return Days(asked.project_ids)
