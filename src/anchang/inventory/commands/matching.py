"""Units for a customer's need."""

from __future__ import annotations

from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from pydantic import Field as PydanticField

from anchang.inventory import rules
from anchang.inventory.models import Unit
from anchang.inventory.queries import matching_units
from anchang.platform.commands import project_command
from anchang.platform.context import Context
from anchang.platform.inputs import Amount, Between, Input, Label, Quantity, Ref

Floor = Annotated[int, Between(-20, 300)]


class NeedInput(Input):
    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    budget_low: Annotated[Amount | None, Label(_("Budget from"), kind="money")] = None
    budget_high: Annotated[Amount | None, Label(_("Budget to"), kind="money")] = None
    layouts: Annotated[list[Ref("layouts")], Label(_("Layouts"))] = []
    area_low: Annotated[Quantity | None, Label(_("Area from"), kind="area")] = None
    area_high: Annotated[Quantity | None, Label(_("Area to"), kind="area")] = None
    floor_low: Annotated[Floor | None, Label(_("Floor from"))] = None
    floor_high: Annotated[Floor | None, Label(_("Floor to"))] = None
    refused: Annotated[
        list[Annotated[int, PydanticField(ge=1, lt=2**63)]], Label(_("Units turned down"), kind="json")
    ] = []
    limit: Annotated[int, Label(_("At most")), Between(1, 100)] = 10


@project_command(Unit, verb="match", label=_("Recommend units"), permission="units.match")
def match_units(ctx: Context, data: NeedInput) -> dict[str, Any]:
    """Available units that fit, best first, with score and reasons. Writes nothing."""
    need = rules.Need(
        data.budget_low, data.budget_high, frozenset(layout.code for layout in data.layouts), data.area_low,
        data.area_high, data.floor_low, data.floor_high, frozenset(data.refused),
    )  # fmt: skip
    return {"items": matching_units(ctx.access, ctx.here, need, data.limit)}
