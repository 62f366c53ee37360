"""The ranking's data (龙虎榜). Reports stand above pay, so they bring their numbers here: an award goes by the same
ones that everybody sees on the board."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal

from anchang.platform.models import Project

#: (project, "amount" | "units" | "collection", first day, last day) -> user -> value
Source = Callable[[Project, str, dt.date, dt.date], Mapping[int, Decimal]]
_source: list[Source] = []


def provide_ranking(source: Source) -> None:
    _source[:] = [source]


def results(project: Project, metric: str, first: dt.date, last: dt.date) -> dict[int, Decimal]:
    """User -> net signed amount, net signed units or collection of the days."""
    return dict(_source[0](project, metric, first, last))
