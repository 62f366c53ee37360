"""Quick generation: all units of a building in one go (快速建房)."""

from __future__ import annotations

from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from pydantic import Field as PydanticField

from anchang.inventory import dictionaries as words
from anchang.inventory import rules
from anchang.inventory.commands.tree import (
    Word,
    basis_of,
    check_product_type,
    new_unit,
    product_types,
    save_new_units,
)
from anchang.inventory.models import Building, Layout, Unit
from anchang.kernel.errors import DomainError
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Between, Input, Label, Quantity

#: Numbers of a floor that are told.
SHOWN = 12


class PositionInput(Input):
    layout: Annotated[
        str, Label(_("Layout"), kind="choice", choices=words.layouts_named), PydanticField(max_length=20)
    ] = ""
    gross_area: Annotated[Quantity, Label(_("Gross area"))]
    inner_area: Annotated[Quantity, Label(_("Inner area"))]


class GenerateInput(Input):
    first_floor: Annotated[int, Label(_("First floor")), Between(-20, 300)] = 1
    last_floor: Annotated[int, Label(_("Last floor")), Between(-20, 300)]
    skip_floors: Annotated[
        list[int], Label(_("Floors left out"), help=_("Floor numbers with commas, such as 4, 13, 14."))
    ] = []
    sections: Annotated[
        list[Word], Label(_("Sections"), help=_("Their names with commas; empty: the building has one entrance.")),
        PydanticField(max_length=50),
    ] = [""]
    positions: Annotated[
        list[PositionInput],
        Label(_("Units of a floor")),
        PydanticField(min_length=1, max_length=200),
    ]
    pattern: Annotated[
        str, PydanticField(max_length=60),
        Label(_("Numbering pattern"), help=_("{floor}, {index} and {section}; {floor2} and {index2} have two digits.")),
    ] = "{floor}{index2}"
    continue_index: Annotated[bool, Label(_("Number on through the sections"))] = False
    product_type: Annotated[Word, Label(_("Product type"), kind="choice", choices=words.product_types)] = "housing"
    preview: Annotated[bool, Label(_("Preview only"))] = False


@command(Building, verb="generate-units", label=_("Generate units"))
def generate_units(ctx: Context, building: Building, data: GenerateInput) -> dict[str, Any]:
    """All units of a building in one go (快速建房). With `preview` nothing is written.

    Raises `unit_exists` when a code is taken, `too_many_units`, `unit_codes_repeat`, `no_units_in_pattern`.
    """
    made = rules.generate_units(_pattern(data), int(ctx.param("inventory.max_units_generated")))
    layouts = _layouts_named(ctx, {unit.layout for unit in made} - {""})
    types = product_types(ctx)
    several = len(set(data.sections)) > 1
    units = [
        new_unit(
            ctx, building, room=u.code, section=u.section, floor=u.floor, layout=layouts.get(u.layout),
            code=f"{u.section}-{u.code}" if several and u.section else u.code, product_type=data.product_type,
            predicted_gross_area=u.gross_area, predicted_inner_area=u.inner_area,
            price_basis=basis_of(types, data.product_type),
        )
        for u in made
    ]  # fmt: skip
    codes = [unit.code for unit in units]
    taken = Unit.objects.filter(project=ctx.here, building=building, code__in=codes).order_by("sort_key")
    if first := taken.first():
        raise DomainError("unit_exists", unit=first.label)
    for unit in units:
        check_product_type(types, unit)
    if not data.preview:
        save_new_units(ctx, units)
        low, high = _ends(units)
        ctx.event("building.generated", building, building=building.name, count=len(units), first=low, last=high)
    return {"count": len(units), "units": [_preview(unit) for unit in units], "written": not data.preview}


def _pattern(data: GenerateInput) -> rules.BuildingPattern:
    return rules.BuildingPattern(
        first_floor=data.first_floor, last_floor=data.last_floor, sections=tuple(data.sections),
        positions=tuple(rules.Position(p.layout, p.gross_area, p.inner_area) for p in data.positions),
        code=data.pattern, skip_floors=frozenset(data.skip_floors), continue_index=data.continue_index,
    )  # fmt: skip


def _layouts_named(ctx: Context, codes: set[str]) -> dict[str, Layout]:
    found = {each.code: each for each in Layout.objects.filter(project=ctx.here, code__in=codes)}
    if missing := sorted(codes - set(found)):
        raise DomainError(
            "layout_unknown", status=422, fields={"positions": "layout_unknown"}, layout=missing[0]
        )
    return found


def _ends(units: list[Unit]) -> tuple[str, str]:
    """The numbers of the lowest and the highest floor, for whoever looks before it is done."""
    ends = (units[0].floor, units[-1].floor)
    floors = {floor: [unit.code for unit in units if unit.floor == floor] for floor in ends}
    lines = [f"{'、'.join(codes[:SHOWN])}{'…' if len(codes) > SHOWN else ''}" for codes in floors.values()]
    return lines[0], lines[-1]


def _preview(unit: Unit) -> dict[str, Any]:
    return {
        "id": unit.pk, "code": unit.code, "section": unit.section, "floor": unit.floor,
        "layout": unit.layout.code if unit.layout else "",
        "gross_area": str(unit.predicted_gross_area), "inner_area": str(unit.predicted_inner_area),
    }  # fmt: skip
