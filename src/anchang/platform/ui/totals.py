"""How many rows a list has and their sums, asked for after the page is there: the list never waits for them.

A short list answers at once. Of a long one the first answer says "10,000+" and asks for the rest, which is one
statement over all rows with a limit of time; beyond it the foot stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from anchang.platform import parameters, reading
from anchang.platform.resources import Field
from anchang.platform.ui import rows
from anchang.platform.ui.lists import State, resource_of, state_of

COUNT_CAP = 10_000

parameters.declare(
    "platform.totals_seconds", default=10, kind="int", label=_("Seconds that the sums under a long list may take")
)


@require_safe
def totals(request: HttpRequest, name: str) -> HttpResponse:
    """Count and sums; `whole=1`: of all rows, however many they are."""
    state = state_of(request, resource_of(name))
    found, _ids = reading.filtered(state.resource, state.access, state.query())
    found = found.order_by()
    summed = [f for f in state.fields if f.sum and f.value is None]
    if request.GET.get("whole") == "1":
        return _whole(request, state, found, summed)
    count = found.values("pk")[: COUNT_CAP + 1].count()
    if count > COUNT_CAP:
        return _shown(request, f"{COUNT_CAP:,}+", [], state.url("totals", whole="1") if summed else "")
    sums = found.aggregate(**_sums(summed)) if summed and count else {}
    return _shown(request, f"{count:,}", _worded(state, summed, sums) if sums else [])


def _whole(request: HttpRequest, state: State, found: QuerySet, summed: Sequence[Field]) -> HttpResponse:
    limit = int(parameters.value("platform.totals_seconds", None, timezone.localdate()) * 1000)
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {limit}")
            sums = found.aggregate(how_many=Count("pk"), **_sums(summed))
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = DEFAULT")
    except OperationalError as exc:
        if getattr(exc.__cause__, "sqlstate", "") != "57014":
            raise
        return _shown(request, f"{COUNT_CAP:,}+", [])
    return _shown(request, f"{sums['how_many']:,}", _worded(state, summed, sums))


def _sums(summed: Sequence[Field]) -> dict[str, Sum]:
    return {f"s_{f.name}": Sum(f.expr if f.expr is not None else f.path) for f in summed}


def _worded(state: State, summed: Sequence[Field], sums: dict[str, Any]) -> list[tuple[str, str, Any]]:
    return [(str(f.label), rows.kind_of(state.resource, f), sums[f"s_{f.name}"]) for f in summed]


def _shown(request: HttpRequest, count: str, sums: Sequence[Any], more_url: str = "") -> HttpResponse:
    return render(request, "platform/list_totals.html", {"count": count, "sums": sums, "more_url": more_url})
