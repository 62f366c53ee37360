"""Values that a column can't hold are refused on their field, before and behind the database."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import models

from anchang.finance.models import Refund
from anchang.inventory.models import Layout
from anchang.kernel.errors import DomainError
from anchang.platform import bounds, commands, resources
from anchang.platform.inputs import Input
from anchang.platform.rest.schema import input_schema
from anchang.platform.ui.forms import fields_of
from tests.factories import make_office


class Anything(Input):
    """Fields of a layout, without bounds of their own."""

    code: str = ""
    gross_area: Decimal | None = None
    rooms: int | None = None
    else_: str = ""


def fields_of_error(call) -> dict[str, str]:
    with pytest.raises(DomainError) as error:
        call()
    assert error.value.status == 422
    return error.value.fields


def test_columns_bound_the_input():
    most = Layout._meta.get_field("code").max_length
    bounds.check(Anything, Layout, [Anything(code="x" * most, gross_area=Decimal("9999999999.99"), rooms=2**15 - 1)])
    wrong = Anything(code="x" * 99, gross_area=Decimal("10000000000"), rooms=2**15, else_="x" * 9999)
    assert fields_of_error(lambda: bounds.check(Anything, Layout, [wrong])) == {
        "code": "too_long", "gross_area": "out_of_range", "rooms": "out_of_range",
    }  # fmt: skip


def test_the_bounds_stand_in_schema_and_form(db):
    office = make_office()
    cmd = commands.get("request_refunds")
    most = Refund._meta.get_field("payee").max_length
    parts: dict = {}
    input_schema(cmd, parts)
    assert parts[cmd.input.__name__]["properties"]["payee"]["maxLength"] == most
    form = fields_of(cmd, office.access("finance"), [office.project.pk], office.project.pk)
    assert next(f for f in form if f.name == "payee").maxlength == most


def test_no_input_lets_a_longer_text_pass_than_its_column():
    """Over every command: what the schema allows, the column of the same name can hold."""
    wider = []
    for cmd in commands.all_commands():
        if cmd.input is None:
            continue
        parts: dict = {}
        input_schema(cmd, parts)
        for name, column in bounds.columns_of(cmd.input, cmd.model).items():
            part = parts[cmd.input.__name__]["properties"][name]
            for one in (part, *part.get("anyOf", ())):
                bound = one.get("maxLength", 10**9)
                plain = one.get("type") == "string" and not {"enum", "format", "pattern"} & one.keys()
                if isinstance(column, models.CharField) and plain and bound > (column.max_length or 10**9):
                    wider.append((cmd.name, name))
    assert wider == []


def test_what_only_the_database_refuses_names_the_field_too(db):
    office = make_office()
    layouts = resources.get("layouts")
    cmd = commands.find(layouts, "create")
    data = {"project": "YQ", "code": "A", "name": "A 户型", "gross_area": "9999999999.99"}
    with office.as_("director") as access:
        assert commands.execute(cmd, access, data=data)
        too_wide = data | {"code": "B", "gross_area": "9999999999999.99"}
        assert fields_of_error(lambda: commands.execute(cmd, access, data=too_wide)) == {"gross_area": "out_of_range"}
    found = bounds.refused_by_database(
        {"rows": [{"price": "9999999999999999.00", "name": "x"}]}, "numeric field overflow"
    )
    assert found.fields == {"rows.0.price": "out_of_range"}
    found = bounds.refused_by_database({"note": "x" * 60, "name": "x"}, "value too long for type character varying(50)")
    assert found.fields == {"note": "too_long"}
