"""Reads of the inventory: gates' facts, the unit board, the unit-state report, matches, price history."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from anchang.inventory import rules
from anchang.inventory.models import (
    Building,
    Layout,
    Licence,
    Phase,
    PriceChange,
    PriceList,
    PriceScheme,
    Unit,
    UnitStateChange,
)
from anchang.inventory.words import REASONS, reason_text
from anchang.kernel.money import ZERO
from anchang.platform import parameters, statements
from anchang.platform.access import Access
from anchang.platform.models import Project
from anchang.platform.telling import actor_text

# --- facts for the gates -------------------------------------------------------------------------


def licence_facts(licence: Licence | None) -> rules.Licence | None:
    return rules.Licence(licence.number, licence.issued_on, licence.valid_to) if licence else None


def unit_facts(unit: Unit) -> rules.UnitFacts:
    """What the gates read. One query for the licence unless it was fetched with the unit."""
    return rules.UnitFacts(
        state=unit.state,
        licence=licence_facts(unit.licence),
        price_published=unit.price_list_id is not None and unit.list_total is not None,
        locks=frozenset(unit.locks),
    )


def legacy_sold_units(project: Project) -> QuerySet[Unit]:
    """Units that were sold before the system: signed without a deal of ours."""
    return Unit.objects.filter(project=project, legacy_sold=True)


# --- the board -----------------------------------------------------------------------------------

#: The columns of a board cell, named as the resource's fields, so that field rules apply to both.
CELL = (
    "id", "building", "section", "floor", "code", "label", "state", "state_until", "layout", "product_type",
    "orientation", "gross_area", "inner_area", "list_unit_price", "list_total", "locks", "available_since",
    "control_reason", "legacy_sold",
)  # fmt: skip
_COLUMNS = tuple({"building": "building_id", "layout": "layout_id"}.get(c, c) for c in CELL)
#: PostgreSQL writes these as the text that the cell shows: 25,000 Decimals cost more than the query.
_AS_TEXT = ("gross_area", "inner_area", "list_unit_price", "list_total", "available_since", "locks")


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, dt.date) else value


def board_cell(unit: Unit) -> dict[str, Any]:
    """The complete new cell of the board, as JSON values. No query."""
    return {name: _plain(getattr(unit, column)) for name, column in zip(CELL, _COLUMNS, strict=True)}


def visible_cell(access: Access, project_id: int, cell: Mapping[str, Any]) -> dict[str, Any]:
    """The cell without the fields that the actor's rules hide."""
    hidden = hidden_columns(access, project_id)
    return {k: v for k, v in cell.items() if k not in hidden}


def hidden_columns(access: Access, project_id: int) -> frozenset[str]:
    return frozenset(c for c in CELL if access.field_mode("units", c, [project_id]) == "hide")


def board_stamp(project: Project) -> tuple[Any, ...]:
    """Moves whenever something does that the board shows: every write of a row raises its version. One query."""
    tables = [model._meta.db_table for model in (Unit, Building, Layout, Phase)]
    each = [f"(SELECT (count(*), sum(version), max(id))::text FROM {t} WHERE project_id = %s)" for t in tables]
    return statements.fetch(f"SELECT {', '.join(each)}", [project.pk] * len(tables))[0]


def unit_board(access: Access, project: Project, building_ids: Iterable[int] | None = None) -> dict[str, Any]:
    """Buildings → floors (top first) → cells, the layouts they name, and counts by state. Three queries.

    Raises forbidden without units.view in the project. Cells lack what field rules hide.
    """
    access.require("units.view", project.pk)
    hidden = hidden_columns(access, project.pk)
    rows = Unit.objects.filter(project=project)
    if building_ids is not None:
        rows = rows.filter(building_id__in=list(building_ids))
    texts = {f"{name}_text": Cast(name, TextField()) for name in _AS_TEXT}
    columns = [
        f"{name}_text" if name in _AS_TEXT else column for name, column in zip(CELL, _COLUMNS, strict=True)
    ]
    floors: dict[int, dict[int | None, list[dict[str, Any]]]] = {}
    counts: Counter[str] = Counter()
    for row in rows.annotate(**texts).order_by("sort_key").values_list(*columns):
        cell = dict(zip(CELL, row, strict=True))
        cell["locks"] = [] if cell["locks"] == "[]" else json.loads(cell["locks"])
        if cell["state_until"] is not None:
            cell["state_until"] = cell["state_until"].isoformat()
        floors.setdefault(cell["building"], {}).setdefault(cell["floor"], []).append(cell)
        counts[cell["state"]] += 1
        for name in hidden:
            del cell[name]
    return {
        "project": {"id": project.pk, "label": project.name},
        "buildings": _buildings(project, floors, building_ids is not None),
        "layouts": {
            pk: {"code": code, "name": name}
            for pk, code, name in Layout.objects.filter(project=project).values_list("pk", "code", "name")
        },
        "counts": dict(counts),
    }


def _buildings(
    project: Project, floors: Mapping[int, Mapping[int | None, list[dict[str, Any]]]], only_asked: bool
) -> list[dict[str, Any]]:
    rows = Building.objects.filter(project=project).order_by(
        "phase__position", "phase__code", "position", "pk"
    )
    found = []
    for pk, code, name, phase_id, phase in rows.values_list("pk", "code", "name", "phase_id", "phase__name"):
        if only_asked and pk not in floors:
            continue
        storeys = floors.get(pk, {})
        found.append({
            "id": pk, "code": code, "name": name, "phase": {"id": phase_id, "label": phase},
            "sections": sorted({c.get("section", "") for cells in storeys.values() for c in cells}),
            "floors": [
                {"floor": floor, "cells": storeys[floor]}
                for floor in sorted(storeys, key=lambda f: -999 if f is None else f, reverse=True)
            ],
        })  # fmt: skip
    return found


# --- the unit-state report -----------------------------------------------------------------------

def unit_state_report(access: Access, project: Project, day: dt.date | None = None) -> dict[str, Any]:
    """Units, area (㎡) and amount at list price by building, layout and state, at the end of a day (default:
    now). Read from the state and price history, so a past day never changes.

    Raises forbidden without units.view.
    """
    access.require("units.view", project.pk)
    groups = _states_now(project) if day is None else _states_at(project, day)
    buildings = dict(Building.everything.filter(project=project).values_list("pk", "name"))
    layouts = dict(Layout.everything.filter(project=project).values_list("pk", "name"))
    rows = [
        {
            "building": {"id": b, "label": buildings.get(b, "")},
            "layout": {"id": lay, "label": layouts.get(lay, "")} if lay else None,
            "state": state, "units": count, "area": str(area or ZERO), "amount": str(amount or ZERO),
        }
        for b, lay, state, count, area, amount in groups
    ]  # fmt: skip
    rows.sort(key=lambda r: (r["building"]["label"], (r["layout"] or {}).get("label", ""), r["state"]))
    return {"date": (day or project.today()).isoformat(), "rows": rows, "totals": _totals(groups)}


def _states_now(project: Project) -> list[tuple[Any, ...]]:
    return list(
        Unit.objects.filter(project=project)
        .order_by()
        .values_list("building_id", "layout_id", "state")
        .annotate(Count("pk"), Sum("gross_area"), Sum("list_total"))
    )


def _states_at(project: Project, day: dt.date) -> list[tuple[Any, ...]]:
    """Three reads of one table each, put together here: joins of histories go wrong where statistics are
    missing, as right after an import."""
    until = {"project": project, "business_date__lte": day}
    newest = ("unit_id", "-business_date", "-id")
    states = UnitStateChange.objects.filter(**until).order_by(*newest).distinct("unit_id")
    prices = PriceChange.objects.filter(**until).order_by(*newest).distinct("unit_id")
    marked = dict(prices.values_list("unit_id", "new_total"))
    units = {row[0]: row[1:] for row in Unit.objects.filter(project=project).values_list(
        "pk", "building_id", "layout_id", "gross_area"
    )}  # fmt: skip
    sums: dict[tuple[Any, ...], list[Any]] = {}
    for unit_id, state, total in states.values_list("unit_id", "to_state", "list_total"):
        if unit_id not in units:
            continue  # in the recycle bin
        building, layout, area = units[unit_id]
        found = sums.setdefault((building, layout, state), [0, ZERO, ZERO])
        found[0] += 1
        found[1] += area or ZERO
        found[2] += marked.get(unit_id, total) or ZERO
    return [(*key, *figures) for key, figures in sums.items()]


def _totals(groups: Sequence[tuple[Any, ...]]) -> list[dict[str, Any]]:
    found: dict[str, list[Any]] = {}
    for _, _, state, count, area, amount in groups:
        total = found.setdefault(state, [0, ZERO, ZERO])
        total[0] += count
        total[1] += area or ZERO
        total[2] += amount or ZERO
    return [
        {"state": s, "units": found[s][0], "area": str(found[s][1]), "amount": str(found[s][2])}
        for s in rules.STATES if s in found
    ]  # fmt: skip


def hoarded_units(project: Project, on: dt.date) -> list[Unit]:
    """捂盘: licensed units that are neither on sale nor in a deal, past the limit, no reason stored."""
    days = int(parameters.value("inventory.hoarding_days", project, on))
    limit = on - dt.timedelta(days=days)
    rows = Unit.objects.filter(
        project=project, licence__issued_on__lte=limit, control_reason__in=("", *REASONS),
        state__in=(Unit.State.UNRELEASED, Unit.State.CONTROLLED),
    )  # fmt: skip
    return [
        unit for unit in rows.select_related("licence").order_by("sort_key")
        if rules.is_hoarded(_hoarding_facts(unit), on, days)
    ]  # fmt: skip


def publication_clock(project: Project, on: dt.date) -> list[dict[str, Any]]:
    """Every licence with the day by which its whole list is to be public (一次性公开), newest first. `standing`:
    in_time, late, running or overdue; `unlisted`: its units without a published price. One query."""
    days = int(parameters.value("inventory.publish_days", project, on))
    mine = Unit.objects.filter(licence=OuterRef("pk"), legacy_sold=False).order_by().values("licence")
    lists = PriceList.objects.filter(licence=OuterRef("pk"), state__in=("published", "superseded"))
    lists = lists.order_by("published_on")
    rows = Licence.objects.filter(project=project).annotate(
        published_on=Subquery(lists.values("published_on")[:1]),
        unit_count=Subquery(mine.annotate(n=Count("pk")).values("n")),
        unlisted=Subquery(mine.filter(price_list=None).annotate(n=Count("pk")).values("n")),
    )  # fmt: skip
    return [
        {
            "licence": row.pk, "number": row.number, "issued_on": row.issued_on.isoformat(),
            "publish_by": rules.publish_by(row.issued_on, days).isoformat(),
            "published_on": None if row.published_on is None else row.published_on.isoformat(),
            "standing": rules.publication(row.issued_on, days, row.published_on, on),
            "units": row.unit_count or 0, "unlisted": row.unlisted or 0,
        }
        for row in rows.order_by("-issued_on", "-pk")
    ]  # fmt: skip


def _hoarding_facts(unit: Unit) -> rules.HoardingFacts:
    return rules.HoardingFacts(unit.state, unit.licence.issued_on if unit.licence else None)


# --- recommendation ------------------------------------------------------------------------------


def matching_units(
    access: Access, project: Project, need: rules.Need, limit: int = 10
) -> list[dict[str, Any]]:
    """Available, unlocked units that fit the need, best first, with score and reasons (推荐方案).

    Raises forbidden without units.view.
    """
    access.require("units.view", project.pk)
    params = match_params(project)
    rows = Unit.objects.filter(
        _affordable(need, params), project=project, state=Unit.State.AVAILABLE, locks=[],
        list_total__isnull=False,
    ).exclude(pk__in=need.refused)  # fmt: skip
    columns = ("pk", "label", "list_total", "layout__code", "gross_area", "floor")
    candidates = [
        rules.Candidate(pk, label, total, layout or "", area or ZERO, floor or 0)
        for pk, label, total, layout, area, floor in rows.values_list(*columns)
    ]
    return [
        {
            "unit": {"id": m.candidate.unit_id, "label": m.candidate.code},
            "list_total": str(m.candidate.total), "layout": m.candidate.layout,
            "gross_area": str(m.candidate.gross_area), "floor": m.candidate.floor, "score": str(m.score),
            "reasons": [
                {"code": r.code, "points": str(r.points), "out_of": r.out_of, **r.params} for r in m.reasons
            ],
        }
        for m in rules.recommend(need, candidates, params, limit)
    ]  # fmt: skip


def match_params(project: Project) -> rules.MatchParams:
    today = project.today()

    def value(name: str) -> Any:
        return parameters.value(f"inventory.match_{name}", project, today)

    return rules.MatchParams(
        budget=int(value("budget")), layout=int(value("layout")), area=int(value("area")),
        floor=int(value("floor")), budget_tolerance=Decimal(str(value("tolerance"))),
        fade=Decimal(str(value("fade"))),
    )  # fmt: skip


def _affordable(need: rules.Need, params: rules.MatchParams) -> Q:
    q = Q()
    if need.budget_low is not None:
        q &= Q(list_total__gte=need.budget_low * (1 - params.budget_tolerance))
    if need.budget_high is not None:
        q &= Q(list_total__lte=need.budget_high * (1 + params.budget_tolerance))
    return q


# --- histories -----------------------------------------------------------------------------------


def newest_schemes(project: Project, most: int = 20) -> QuerySet[PriceScheme]:
    return PriceScheme.objects.filter(project=project).order_by("-id")[:most]


def price_history(unit: Unit) -> list[dict[str, Any]]:
    """Every marked price of the unit, newest first."""
    rows = PriceChange.objects.filter(project_id=unit.project_id, unit=unit).order_by("-business_date", "-id")
    return [
        {
            "date": row.business_date.isoformat(), "old_total": _plain(row.old_total),
            "new_total": str(row.new_total), "reason": row.reason, "by": actor_text(row.actor_name),
            "price_list": {"id": row.price_list_id, "label": row.edition} if row.price_list_id else None,
        }
        for row in rows.annotate(edition=F("price_list__name"))
    ]  # fmt: skip


def state_history(unit: Unit, *, with_reasons: bool) -> list[dict[str, Any]]:
    """Every state of the unit, newest first. Without `with_reasons` the cause stands for the free text."""
    rows = UnitStateChange.objects.filter(project_id=unit.project_id, unit=unit).order_by("-id")
    return [
        {
            "at": timezone.localtime(row.at).isoformat(), "from": row.from_state, "to": row.to_state,
            "reason": (reason_text(row.reason) if with_reasons else "") or str(row.get_cause_display()),
            "by": actor_text(row.actor_name),
        }
        for row in rows
    ]  # fmt: skip
