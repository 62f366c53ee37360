"""Rules of a city: dated parameters that hold for its projects, between company and project."""

from __future__ import annotations

import datetime as dt

import pytest

from anchang.kernel.errors import DomainError
from anchang.platform import parameters
from anchang.platform.models import Parameter, Project
from tests.factories import make_office, run

pytestmark = pytest.mark.django_db
KEY, CHANGE = "deals.filing_days", dt.date(2026, 7, 1)


def filing_days(project: Project, day: dt.date) -> int:
    return int(parameters.value(KEY, project, day))


def test_a_citys_rules_hold_from_their_day_for_its_projects_only():
    here, there = make_office("YQ"), make_office("ZZ", prefix="z")
    Project.objects.filter(pk=there.project.pk).update(city="宁波")
    there.project.refresh_from_db()
    with here.as_("admin") as access:
        run("set_parameters", access, key=KEY, value=20, valid_from="2026-01-01", company=here.project.company_id)
        told = run("set_city_rules", access, city="杭州", valid_from=CHANGE, values={KEY: 10, "deals.deposit_ratio": "0.10"})
    assert sorted(told["set"]) == ["deals.deposit_ratio", KEY]
    before = CHANGE - dt.timedelta(days=1)
    assert [filing_days(here.project, day) for day in (before, CHANGE)] == [20, 10]
    assert [filing_days(there.project, day) for day in (before, CHANGE)] == [20, 20]
    with here.as_("admin") as access:
        run("set_parameters", access, key=KEY, value=5, valid_from=CHANGE, project=here.project.pk)
    assert filing_days(here.project, CHANGE) == 5, "the project's own is narrower"


def test_a_pack_is_taken_whole_or_not_at_all():
    office = make_office()
    with office.as_("admin") as access:
        for values in ({KEY: 10, "deals.nothing": 1}, {KEY: "soon"}, {}):
            with pytest.raises(DomainError) as caught:
                run("set_city_rules", access, city="杭州", valid_from=CHANGE, values=values)
            assert caught.value.status == 422
        with pytest.raises(DomainError) as caught:
            run("set_parameters", access, key=KEY, value=1, valid_from=CHANGE, city="杭州", project=office.project.pk)
        assert caught.value.status == 422
    assert not Parameter.objects.filter(key=KEY).exists()


@pytest.mark.parametrize("who", ["manager", "consultant1", "director"])
def test_the_rules_of_a_city_are_not_one_projects_to_set(who: str):
    office = make_office()
    with office.as_(who) as access, pytest.raises(DomainError) as caught:
        run("set_city_rules", access, city="杭州", valid_from=CHANGE, values={KEY: 1})
    assert caught.value.status in (403, 422)
