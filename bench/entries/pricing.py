"""All 5,000 units of a project re-priced under a scheme with 6 factors and 4 discounts, beside the single-unit
calculation for each of them; every price must be the same to the cent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from anchang.inventory.commands import repricing
from anchang.inventory.models import Building, Layout, Licence, PriceScheme, SchemePrice, Unit
from anchang.inventory.models.tree import Phase
from anchang.platform import commands
from anchang.platform.access import Access
from anchang.platform.context import Context
from anchang.platform.scope import open_scope
from bench import filling, office
from bench.figures import Figure, figure

UNITS, BUILDINGS, FLOORS, ROOMS = 5000, 25, 25, 8
TIMES = 5

FACTORS = [
    {"name": "楼层", "dimension": "floor", "kind": "amount",
     "lines": [{"from": n, "to": n, "value": str(40 * n - 300)} for n in range(1, FLOORS + 1)]},
    {"name": "朝向", "dimension": "orientation", "kind": "percent",
     "lines": [{"is": "南", "value": "2.25"}, {"is": "北", "value": "-1.75"}]},
    {"name": "景观", "dimension": "view", "kind": "amount",
     "lines": [{"is": "湖景", "value": "800"}, {"is": "园景", "value": "260.55"}]},
    {"name": "户型", "dimension": "layout", "kind": "percent",
     "lines": [{"is": f"L{n}", "value": f"0.{n}25"} for n in range(1, 5)]},
    {"name": "端头", "dimension": "room", "kind": "fixed", "lines": [{"is": "101", "value": "20000"}]},
    {"name": "大户", "dimension": "own", "kind": "amount", "lines": [
        {"where": {"field": "gross_area", "op": "gte", "value": 130}, "value": "-133.33", "label": "130 ㎡ 以上"}]},
]  # fmt: skip
DISCOUNTS = [
    {"code": "pay", "name": "一次性付款", "kind": "mult", "value": "0.98", "category": "payment",
     "payment_plans": ["lump_sum"]},
    {"code": "member", "name": "会员", "kind": "point", "value": "1", "category": "customer", "most": "26000"},
    {"code": "high", "name": "高层", "kind": "mult", "value": "0.9937", "category": "special",
     "unit_condition": {"field": "floor", "op": "gte", "value": 12}},
    {"code": "cut", "name": "开盘直减", "kind": "fix", "value": "20000"},
]  # fmt: skip


def measure() -> Iterator[Figure]:
    project = office.make_project()
    director = office.make_person("director", "director", project)
    _fill(project.pk)
    access = office.access(director)
    with open_scope(access):
        scheme = _scheme(access)
        filling.settle()
        spent = min(_repriced(access, scheme) for _ in range(TIMES))
        begun = time.perf_counter()
        wrong = _compare(Context(access, project), scheme)
        single = time.perf_counter() - begun
    if wrong:
        raise RuntimeError(f"{len(wrong)} units differ from the single calculation, the first is {wrong[0]}")
    yield figure("pricing", spent, "s", single, "the single-unit calculation for each", "<= 2 s, equal to the cent")


def _scheme(access: Access) -> PriceScheme:
    part = {"item": "first_payment", "weight": "100"}
    _run("add_payment_plans", access, {"code": "lump_sum", "name": "一次性", "kind": "lump_sum", "parts": [part]})
    for discount in DISCOUNTS:
        _run("add_discounts", access, discount)
    made = _run("add_price_schemes", access, {
        "name": "全盘", "base_price": "23500", "floor_ratio": "0.92", "factors": FACTORS, "payment_plan": "lump_sum",
        "discounts": [d["code"] for d in DISCOUNTS],
    })  # fmt: skip
    assert isinstance(made, PriceScheme)
    return made


def _run(name: str, access: Access, data: dict[str, Any]) -> Any:
    return commands.execute(commands.get(name), access, data=data)


def _repriced(access: Access, scheme: PriceScheme) -> float:
    """Seconds of the whole command: every unit's prices and formula are computed and stored anew."""
    PriceScheme.objects.filter(pk=scheme.pk).update(state="draft")
    begun = time.perf_counter()
    commands.execute(commands.get("submit_scheme"), access, subject_id=scheme.pk, data={})
    return time.perf_counter() - begun


def _compare(ctx: Context, scheme: PriceScheme) -> list[str]:
    """Each unit by the rules themselves, against what was stored."""
    rows = {row.unit_id: row for row in SchemePrice.objects.filter(scheme=scheme)}
    if len(rows) != UNITS:
        raise RuntimeError(f"{len(rows)} units were priced")
    terms = repricing.terms_of(ctx, scheme)
    wrong = []
    for unit in Unit.objects.select_related("layout", "building"):
        made, net, hits = repricing.single(ctx, terms, unit)
        row = rows[unit.pk]
        stored = row.unit_price, row.list_total, row.floor_total, row.net_total, row.hits
        if stored != (made.unit_price, made.list_total, made.floor_total, net, hits):
            wrong.append(unit.label)
    return wrong


def _fill(project_id: int) -> None:
    project = str(project_id)
    filling.fill(Phase, 1, {"id": "1", "project_id": project, "code": "'1'", "name": "'一期'"})
    filling.fill(Layout, 4, {"id": "g", "project_id": project, "code": "'L' || g", "name": "'户型' || g"})
    filling.fill(Building, BUILDINGS, {
        "id": "g", "project_id": project, "phase_id": "1", "code": "g::text", "name": "g || '幢'", "position": "g",
    })  # fmt: skip
    filling.fill(Licence, 1, {"id": "1", "project_id": project, "number": "'1'", "issued_on": "current_date"})
    building, floor = f"(g - 1) / {FLOORS * ROOMS} + 1", f"(g - 1) / {ROOMS} % {FLOORS} + 1"
    code = f"({floor} || '0' || ((g - 1) % {ROOMS} + 1))"
    filling.fill(Unit, UNITS, {
        "project_id": project, "building_id": building, "floor": floor, "room": code, "code": code,
        "label": f"({building} || '幢-' || {code})", "sort_key": "lpad(g::text, 9, '0')", "layout_id": "1 + g % 4",
        "orientation": "(ARRAY['南', '北', '东'])[1 + g % 3]", "view": "(ARRAY['湖景', '园景', ''])[1 + g % 3]",
        "price_basis": "CASE WHEN g % 7 = 0 THEN 'inner' ELSE 'gross' END", "licence_id": "1",
        "predicted_gross_area": "89.37 + g % 60", "predicted_inner_area": "70.11 + g % 50",
    })  # fmt: skip
