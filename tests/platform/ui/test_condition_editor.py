"""The editor of conditions: what it draws it writes again, what it can't draw it keeps, and every form that takes a
condition has it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.http import QueryDict
from django.utils.translation import override

from anchang.crm.models import Customer, Tag
from anchang.platform import commands, resources
from anchang.platform.inputs import ConditionOn, label_of
from anchang.platform.ui import condition_form, forms
from anchang.platform.ui.condition_form import Editor
from anchang.platform.ui.condition_words import said
from tests.factories import PASSWORD, Office, make_office

CUSTOMERS = ConditionOn("customers", without=("tags",))
NESTED = {"all": [
    {"field": "grade", "op": "in", "value": ["A", "B"]},
    {"any": [
        {"field": "visit_count", "op": "gte", "value": 30},
        {"field": "name", "op": "contains", "value": "王"},
        {"not": {"any": [{"field": "created_at", "op": "within", "value": "3d"},
                         {"field": "visits.id", "op": "empty", "value": False}]}},
    ]},
    {"not": {"field": "grade", "op": "in", "value": ["D"]}},
    {"field": "visits.arrived_at", "op": "between", "value": ["2026-01-01", "2026-02-01"]},
    {"field": "owner", "op": "empty", "value": True},
]}  # fmt: skip


@pytest.fixture
def office(db: None) -> Office:
    return make_office()


def posted(node: dict[str, Any], name: str = "condition") -> QueryDict:
    """What a browser would send for a drawn editor."""
    post = QueryDict(mutable=True)

    def put(one: dict[str, Any]) -> None:
        if one.get("group"):
            post.appendlist(name, next(value for value, _words, chosen in one["modes"] if chosen))
            for part in one["parts"]:
                put(part)
            post.appendlist(name, ")")
            return
        post.appendlist(name, one["mark"])
        prefix = one["prefix"]
        if "kept" in one:
            post[f"{prefix}kept"] = one["kept"]
            return
        post[f"{prefix}f"] = next((v for _l, found in one["heads"] for v, _w, chosen in found if chosen), "")
        for part, found in (("g", one["inner"]), ("op", one["ops"])):
            if found:
                post[f"{prefix}{part}"] = next(value for value, _words, chosen in found if chosen)
        for widget in one["widgets"]:
            value = widget["value"]
            for each in value if isinstance(value, list) else [value]:
                post.appendlist(widget["name"], str(each["id"] if isinstance(each, dict) else each))

    put(node)
    return post


def test_what_is_drawn_is_written_again(office):
    editor = Editor(CUSTOMERS, office.access("manager"), office.project.pk, "condition")
    drawn = editor.draw(NESTED, judge=True)["root"]
    assert condition_form.read(CUSTOMERS, posted(drawn), "condition") == NESTED
    assert not any(row["error"] or "kept" in row for row in _rows(drawn)) and len(_rows(drawn)) == 8
    assert condition_form.read(CUSTOMERS, posted(editor.draw(None)["root"]), "condition") is None


def _rows(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for part in node["parts"] for row in _rows(part)] if node.get("group") else [node]


@pytest.mark.parametrize("strange", [
    {"field": "name", "op": "resembles", "value": "x"}, {"field": "nothing", "op": "eq", "value": 1},
    {"field": "tags", "op": "in", "value": [1]}, {"field": "visits.customer.name", "op": "eq", "value": "x"},
    {"field": "visit_count", "op": "in", "value": [1, 2]}, {"field": "grade", "op": "eq", "value": None}, {"odd": 1},
])  # fmt: skip
def test_what_it_cannot_draw_it_keeps_untouched(office, strange):
    editor = Editor(CUSTOMERS, office.access("manager"), office.project.pk, "condition")
    where = {"any": [strange, {"field": "name", "op": "eq", "value": "李"}]}
    drawn = editor.draw(where)["root"]
    assert [("kept" in row) for row in _rows(drawn)] == [True, False]
    assert condition_form.read(CUSTOMERS, posted(drawn), "condition") == where


def test_a_whole_condition_is_one_sentence(office):
    with override("zh-hans"):
        told = said(resources.get("customers"), NESTED, office.access("manager"), office.project.pk)
    assert "客户级别 属于 A" in told and " 且 " in told and " 或 " in told and "≥ 30" in told and "3 天" in told
    assert "D" in told and "不属于" in told and "不满足（" in told
    assert "来访 · 到访时间" in told and "没有" not in told and not re.search(r"[a-z_]{3,}", told), told


def test_only_fields_of_the_reader_and_of_the_declaration_are_offered(office):
    manager, single = office.access("manager"), ConditionOn("units", single=True)
    heads = dict(Editor(CUSTOMERS, manager, office.project.pk, "c").heads(""))
    names = {value for found in heads.values() for value, _words, _chosen in found}
    assert {"name", "grade", "visits.", "owner."} <= names and "tags" not in names
    asked = {v for _l, found in Editor(single, manager, office.project.pk, "c").heads("") for v, _w, _c in found}
    units = resources.get("units")
    assert asked and not any(units.by_name[v].expr for v in asked if not v.endswith("."))
    assert not {f"{related.resource}." for related in units.related} & asked


def test_every_condition_of_a_command_has_the_editor_and_its_words(office):
    """A field that is read as a condition says so: by its declaration the form and the record's page know."""
    found = set()
    for cmd in commands.all_commands():
        for name, info in (cmd.input.model_fields if cmd.input else {}).items():
            label = label_of(info)
            if label is not None and label.condition is not None:
                assert resources.find(label.condition.resource) is not None
                found.add((cmd.resource.name, cmd.kind, name))
                stored = cmd.resource.by_name.get(name)
                assert stored is None or stored.to == label.condition.resource
                made = forms._field(name, info, office.project.pk)
                assert made.kind == "condition"
    for name, kind in (("tags", "create"), ("tags", "edit"), ("assignment-rules", "create"), ("discounts", "create"),
                       ("price-schemes", "edit"), ("customers", "project")):  # fmt: skip
        assert any(one[:2] == (name, kind) for one in found), (name, kind)
    stored = {(r.name, f.name) for r in resources.all_resources() for f in r.fields if "condition" in f.name}
    said_by = {(r.name, f.name) for r in resources.all_resources() for f in r.fields if f.kind == "json" and f.to}
    assert stored - said_by == set(), "a stored condition without words"


def test_a_tag_rule_by_the_editor(client, office):
    """The form as a browser sends it: refused with the error at its row, then taken; its customers have the tag."""
    for name in ("王大明", "李小红"):
        Customer.objects.create(project=office.project, name=name, business_date=dt.date(2026, 1, 5))
    client.login(username="manager", password=PASSWORD)
    page = client.get("/r/tags/new").content.decode()
    assert 'data-cond' in page and "<textarea" not in page
    form = {"name": "姓王", "condition": ["all(", "aa", ")"], "condition.aa.f": "name", "condition.aa.op": "starts"}
    refused = client.post("/r/tags/new", form | {"condition.aa.v": ""})
    assert refused.status_code == 422 and "cond-row has-error" in refused.content.decode()
    made = client.post("/r/tags/new", form | {"condition.aa.v": "王"})
    tag = Tag.objects.get(name="姓王")
    assert made.status_code == 302 and tag.condition == {"all": [{"field": "name", "op": "starts", "value": "王"}]}
    told = client.post("/r/customers/condition/told?name=condition", form | {"condition.aa.v": "王"}).content.decode()
    assert "王" in told and re.search(r"<strong>\D*1\D", told)
    Tag.objects.filter(pk=tag.pk).update(applied_at=tag.created_at)
    same = form | {"condition.aa.v": "王", "_had_name": "1", "_had_condition": "1", "version": str(tag.version)}
    client.post(f"/r/tags/{tag.pk}/do/edit", same)
    tag.refresh_from_db()
    assert tag.applied_at == tag.created_at, "the same rule is no change"


def test_rows_are_drawn_again_by_the_server(client, office):
    client.login(username="manager", password=PASSWORD)
    row = client.get("/r/customers/condition/row?name=c&mark=aa&c.aa.f=grade").content.decode()
    assert 'name="c.aa.op"' in row and 'value="not_in"' in row and 'name="c.aa.v" value="A"' in row
    row = client.get("/r/customers/condition/row?name=c&mark=aa&c.aa.f=visits.&c.aa.g=arrived_at&c.aa.op=within")
    assert 'name="c.aa.n"' in row.content.decode()
    assert client.get("/r/customers/condition/part?name=c&kind=group&depth=1").content.decode().count("data-cond-node") == 2
    client.login(username="finance", password=PASSWORD)
    assert client.get("/r/units/condition?name=c").status_code == 200


def test_a_list_is_filtered_by_groups_and_keeps_them(client, office):
    """A view's nested filter opens as it is, is worded in its chip, and isn't lost by another filter."""
    for name, grade in (("王大明", "A"), ("李小红", "B"), ("赵强", "C")):
        Customer.objects.create(
            project=office.project, name=name, grade=grade, business_date=dt.date(2026, 1, 5), owner=office.users["manager"]
        )
    client.login(username="manager", password=PASSWORD)
    form = {"filter": ["any(", "aa", "bb", ")"], "filter.aa.f": "name", "filter.aa.op": "starts", "filter.aa.v": "王",
            "filter.bb.f": "grade", "filter.bb.op": "in", "filter.bb.v": "B"}  # fmt: skip
    answer = client.post("/r/customers/filter?whole=1", form)
    page = client.get(answer["Location"]).content.decode()
    assert "王大明" in page and "李小红" in page and "赵强" not in page and "姓名 开头是 王 或 " in page
    editor = client.get(answer["Location"].replace("/?", "/filter?field=name&")).content.decode()
    assert 'value="any(" selected' in editor and 'value="王"' in editor
    refused = client.post("/r/customers/filter?whole=1", form | {"filter.aa.v": ""})
    assert refused.status_code == 422 and "cond-row has-error" in refused.content.decode()
