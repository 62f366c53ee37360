"""A condition means the same in SQL and in Python, whatever it is made of."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anchang.crm.models import Lead
from anchang.platform import conditions, reading, resources
from tests.factories import make_office, run

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 5, 9, 4, 0, tzinfo=dt.UTC)
DAYS = ("2026-05-05", "2026-05-06", "2026-05-07")
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "name": st.sampled_from(["王", "王芳", "李强", "w", ""]),
    "state": st.sampled_from(["new", "pool", "assigned", "lost"]),
    "score": st.integers(0, 3),
    "captured_at": st.sampled_from([*DAYS, "2026-05-06T10:00:00+08:00"]),
    "business_date": st.sampled_from([*DAYS, "2026-05-09"]),
    "owner.name": st.sampled_from(["陈强", "周敏"]),
}
OPS = {
    "name": ("eq", "ne", "contains", "starts", "in", "empty"),
    "state": ("eq", "ne", "in"),
    "owner.name": ("eq", "ne", "contains"),
}
ORDERED = ("eq", "ne", "gt", "gte", "lt", "lte", "between", "in", "empty")


@st.composite
def one_test(draw) -> dict[str, Any]:
    name = draw(st.sampled_from(sorted(VALUES)))
    op = draw(st.sampled_from(OPS.get(name, ORDERED)))
    one = VALUES[name]
    if op == "empty":
        value: Any = draw(st.booleans())
    elif op == "between":
        value = [draw(one), draw(one)]
    else:
        value = draw(st.lists(one, max_size=3)) if op == "in" else draw(one)
    return {"field": name, "op": op, "value": value}


CONDITIONS = st.recursive(
    one_test(),
    lambda part: st.one_of(
        st.builds(lambda p: {"not": p}, part),
        st.builds(lambda p: {"all": p}, st.lists(part, min_size=1, max_size=3)),
        st.builds(lambda p: {"any": p}, st.lists(part, min_size=1, max_size=3)),
    ),
    max_leaves=5,
)


@pytest.fixture
def office():
    """Leads that differ in every field that the conditions speak of."""
    made = make_office()
    zone = timezone.get_current_timezone()
    for n, name in enumerate(("王芳", "王", "李强", "赵一", "w")):
        with made.as_("manager") as access:
            lead = run("add_leads", access, name=name, phone=f"1380000000{n}", channel="advert",
                       score=n if n < 3 else None)  # fmt: skip
            owner = made.users[("consultant1", "consultant2")[n % 2]] if n in (0, 1, 3) else None
            at = dt.datetime(2026, 5, 5 + n % 3, (0, 10, 23)[n % 3], 59 if n == 2 else 0, tzinfo=zone)
            Lead.objects.filter(pk=lead.pk).update(
                captured_at=at, owner=owner, assigned_at=at,
                state=("assigned", "assigned", "lost", "assigned", "pool")[n],
                business_date=dt.date(2026, 5, 5 + n),
            )  # fmt: skip
    return made


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=CONDITIONS)
def test_sql_and_python_agree(office, where):
    leads = resources.get("leads")
    node = conditions.parse(where)
    with office.as_("manager") as access:
        q, notes = conditions.compile_condition(node, leads, access, access.project_ids, NOW)
        found = set(Lead.objects.annotate(**notes).filter(q).values_list("pk", flat=True))
        rows = Lead.objects.select_related("owner")
        assert found == {r.pk for r in rows if conditions.evaluate(node, leads, r, NOW)}, json.dumps(where)


def test_a_day_as_the_end_of_a_span_is_in_it(office):
    def days(op: str, value: Any) -> list[str]:
        where = {"field": "captured_at", "op": op, "value": value}
        with office.as_("manager") as access:
            page = reading.list_rows(resources.get("leads"), access, reading.Query(where=where))
        return sorted(timezone.localtime(dt.datetime.fromisoformat(i["captured_at"])).strftime("%d") for i in page.items)

    assert days("between", ["2026-05-07", "2026-05-07"]) == ["07"], "at 23:59"
    assert days("lte", "2026-05-05") == ["05", "05"]
    assert days("gt", "2026-05-05") == ["06", "06", "07"]
    assert days("lt", "2026-05-06") == ["05", "05"]
    assert days("gte", "2026-05-07") == ["07"]
