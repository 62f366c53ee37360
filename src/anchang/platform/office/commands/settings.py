"""Parameters of the group, a city, a company or a project."""

from __future__ import annotations

from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from pydantic import Field as PydanticField

from anchang.kernel.errors import DomainError
from anchang.platform import parameters
from anchang.platform.access import bump_stamp
from anchang.platform.commands import creates, project_command
from anchang.platform.context import Context
from anchang.platform.inputs import Day, Input, Label, Line, Ref
from anchang.platform.models import Parameter
from anchang.platform.office.authority import check_place


class ParameterInput(Input):
    key: Annotated[Line, Label(_("Parameter"))]
    value: Annotated[Any, Label(_("Value"), kind="json")]
    company: Annotated[Ref("companies") | None, Label(_("Company"))] = None
    city: Annotated[str, Label(_("City")), PydanticField(max_length=50)] = ""
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None
    valid_from: Annotated[Day, Label(_("Valid from"))]


class CityPackInput(Input):
    """`values`: {parameter: value}."""

    city: Annotated[str, Label(_("City")), PydanticField(min_length=1, max_length=50)]
    valid_from: Annotated[Day, Label(_("Valid from"))]
    values: Annotated[dict[str, Any], Label(_("Values"), kind="json"), PydanticField(min_length=1, max_length=500)]


@project_command(
    Parameter, verb="set-city-rules", label=_("Set the rules of a city"), permission="parameters.create"
)
def set_city_rules(ctx: Context, data: CityPackInput) -> dict[str, Any]:
    """Parameters for every project of a city from a day on (城市规则包). Deals before that day keep theirs."""
    rows = [
        ParameterInput(key=key, value=value, city=data.city, valid_from=data.valid_from)
        for key, value in data.values.items()
    ]
    return {"set": [row.key for row in set_parameters(ctx, rows)]}


@creates(Parameter, label=_("Set a parameter"), shape="primary")
def set_parameters(ctx: Context, rows: list[ParameterInput]) -> list[Parameter]:
    """A new value from a date on. Values of the past aren't edited: figures made with them stay explainable."""
    known = {d.key: d for d in parameters.declared()}
    made = []
    for row in rows:
        if row.key not in known:
            raise DomainError("bad_input", status=422, fields={"key": "unknown_parameter"}, key=row.key)
        check_place(ctx, "parameters.create", row.project)
        if not parameters.fits(known[row.key], row.value):
            raise DomainError("bad_input", status=422, fields={"value": "bad_value"})
        if row.city and (row.company or row.project):
            raise DomainError("bad_input", status=422, fields={"city": "bad_value"})
        made.append(
            Parameter.objects.update_or_create(
                key=row.key, company=row.company, city=row.city, project=row.project, valid_from=row.valid_from,
                defaults={"value": row.value, "made_by_id": ctx.user_id},
            )[0]
        )  # fmt: skip
    bump_stamp()
    return made
