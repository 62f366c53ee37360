"""Nobody in the office types JSON: what forms take are fields, rows and conditions."""

from __future__ import annotations

from typing import Any

import pytest

from anchang.platform import commands, parameters, personal, resources
from anchang.platform.models import MessageChannel, Parameter
from anchang.platform.ui import acting, forms
from tests.factories import PASSWORD, Office, make_office


@pytest.fixture
def office(db: None) -> Office:
    return make_office()


#: Forms that a programmer sees, with the reason; nobody else meets a JSON textarea.
PROGRAMS = {
    ("customers", "run-segment"): "no button: the page of segments runs the command's own form",
    ("imports", "map"): "no button: the page of an import has a list per column",
    ("roles", "set-rights"): "no button: the page of a role has its own switches",
    ("views", "create"): "no button: a list saves its own filter",
}


def test_no_form_shows_a_json_textarea(office):
    def bare(fields: Any) -> list[str]:
        return [f.name for f in fields if f.shape == "json"] + [n for f in fields for n in bare(f.parts)]

    wrong = []
    for cmd in commands.all_commands():
        made = acting.forms.fields_of(cmd, office.access("admin"), (office.project.pk,), office.project.pk)
        if (names := bare(made)) and (cmd.resource.name, cmd.verb) not in PROGRAMS:
            wrong.append((cmd.resource.name, cmd.verb, names))
        wrong += [(cmd.resource.name, cmd.verb, f.name) for f in made for p in f.parts
                  if f.kind == "lines" and (p.kind == "lines" or p.condition)]  # fmt: skip
    assert wrong == []
    for (name, verb) in PROGRAMS:
        cmd = commands.find(resources.get(name), verb)
        assert cmd is not None and not cmd.shape, "a form that a button opens"




def test_every_parameter_has_fields_of_its_own(client, office):
    """Chosen first, then typed as what it is; what is in force stands in the form."""
    cmd = commands.get("set_parameters")
    for declared in parameters.declared():
        made = forms.fields_of(cmd, office.access("admin"), (office.project.pk,), None, {"key": declared.key})
        value = next((f for f in made if f.name == "value"), None)
        assert (value is None) == (declared.shape == "conditions"), declared.key
        assert value is None or value.shape != "json", declared.key
    client.login(username="admin", password=PASSWORD)
    assert "name=\"value\"" not in client.get("/r/parameters/new").content.decode()
    begun = client.get("/r/parameters/new?key=deals.late_fee").content.decode()
    assert 'value="later_rate"' in begun and 'value="0.0002"' in begun


@pytest.mark.parametrize(("key", "typed", "value"), [
    ("deals.lock_minutes", {"value": "90"}, 90),
    ("deals.documents_block_signing", {"value": "false"}, False),
    ("deals.area_threshold", {"value": "0.05"}, "0.05"),
    ("finance.overdue_buckets", {"value": "15，45，90"}, [15, 45, 90]),
    ("crm.words.purpose", {"value": "自住，投资"}, ["自住", "投资"]),
    ("crm.grade_days", {"value-0-key": "A", "value-0-value": "5"}, {"A": 5}),
    ("crm.opening_hours", {"value-0-key": "0", "value-0-value": "09:00-12:00，13:00-18:00"},
     {"0": [["09:00", "12:00"], ["13:00", "18:00"]]}),
    ("deals.approval_rungs", {"value-0-up_to": "0.03", "value-0-approvers": "manager，director"},
     [{"up_to": "0.03", "approvers": ["manager", "director"]}]),
    ("inventory.release_checklist", {"value-0-item": "permit", "value-0-mandatory": "on"},
     [{"item": "permit", "mandatory": True}]),
])  # fmt: skip
def test_a_parameter_is_typed_as_what_it_is(client, office, key, typed, value):
    client.login(username="admin", password=PASSWORD)
    answer = client.post("/r/parameters/new", {"key": key, "valid_from": "2026-01-01", **typed})
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    assert Parameter.objects.get(key=key).value == value
    begun = client.get(f"/r/parameters/new?key={key}").content.decode()
    assert "<textarea" not in begun or "{" not in begun.split("<textarea")[1].split("</textarea>")[0]


def test_the_rules_of_a_city_are_rows(client, office):
    client.login(username="admin", password=PASSWORD)
    form = {"city": "杭州", "valid_from": "2026-01-01", "values-0-key": "deals.filing_days", "values-0-value": "20",
            "values-1-key": "deals.area_threshold", "values-1-value": "0.02"}  # fmt: skip
    assert client.post("/r/parameters/do/set-city-rules", form).status_code == 302
    assert dict(Parameter.objects.filter(city="杭州").values_list("key", "value")) == {
        "deals.filing_days": 20, "deals.area_threshold": "0.02",
    }  # fmt: skip


def test_a_channel_is_edited_by_the_fields_of_its_kind(client, office):
    client.login(username="admin", password=PASSWORD)
    mail = MessageChannel.objects.create(project=office.project, name="邮件", kind="mail")
    gateway = MessageChannel.objects.create(project=office.project, name="短信", kind="sms_http",
                                           url_cipher=personal.encrypt("https://sms.example.com/"))  # fmt: skip
    page = client.get(f"/r/message-channels/{mail.pk}/do/edit").content.decode()
    assert 'name="position"' in page and 'name="body"' not in page and "headers-" not in page
    page = client.get(f"/r/message-channels/{gateway.pk}/do/edit").content.decode()
    assert 'name="body"' in page and 'name="headers-0-key"' in page
    form = {f"_had_{name}": "1" for name in ("headers", "name")} | {
        "name": "短信", "headers-0-key": "X-App", "headers-0-value": "7", "version": str(gateway.version),
    }  # fmt: skip
    assert client.post(f"/r/message-channels/{gateway.pk}/do/edit", form).status_code == 302
    gateway.refresh_from_db()
    assert gateway.header_names == "X-App"
