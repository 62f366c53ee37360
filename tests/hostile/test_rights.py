"""Nobody gets more than he was given: by roles, personal rights, password links, parameters or tokens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from anchang.kernel.errors import DomainError
from anchang.platform import reading, resources, tokens
from anchang.platform.access import Access, access_of, actor_for, bump_stamp
from anchang.platform.models import Event, Grant, Notice, PersonalGrant, Role, User
from anchang.platform.reading import Query
from anchang.platform.scope import open_scope
from tests.factories import Office, make_office, make_project, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return make_office()


def refused(code: str, call: Callable[[], Any]) -> None:
    with pytest.raises(DomainError) as caught:
        call()
    assert caught.value.code == code


def test_nobody_takes_over_a_person_who_may_do_more(office: Office) -> None:
    with office.as_("director") as access:
        for who in ("admin", "group"):
            refused("forbidden", lambda who=who: run("make_reset_link", access, office.users[who]))
        assert run("make_reset_link", access, office.users["consultant1"])["link"]
    with office.as_("admin") as access:
        assert run("make_reset_link", access, office.users["director"])["link"]


def test_a_director_helps_his_own_staff_to_a_password_and_nobody_else(office: Office) -> None:
    """Finance, clerk and service hold rights that he lacks: he may while they work for him alone; it is on record."""
    staff = {who: office.users[who] for who in ("finance", "clerk", "service")}
    with office.as_("director") as access:
        for user in staff.values():
            assert run("make_reset_link", access, user)["link"]
        made = Event.objects.filter(name="user.reset_link", actor_id=office.users["director"].pk)
        assert {e.record_id for e in made} == {u.pk for u in staff.values()}
        assert made.get(record_id=staff["finance"].pk).data["beyond"] > 0
        assert Notice.objects.filter(code="password_link").count() == 3

    other = make_project("XX", "别处")
    # Somebody who also works elsewhere, for the whole company, or for the group.
    for place in ({"project": other}, {"company": other.company}, {}):
        grant = Grant.objects.create(user=staff["finance"], role=Role.objects.get(code="service"), **place)
        bump_stamp()
        with office.as_("director") as access:
            refused("forbidden", lambda: run("make_reset_link", access, staff["finance"]))
        grant.delete()
    # A right beyond his own over people, rights or settings, however it was given.
    for right in ("roles.edit", "companies.create", "projects.edit", "*"):
        extra = PersonalGrant.objects.create(
            user=staff["clerk"], project=office.project, permission=right, allow=True, scope="project", reason="试",
            made_by=office.users["admin"],
        )  # fmt: skip
        bump_stamp()
        with office.as_("director") as access:
            refused("forbidden", lambda: run("make_reset_link", access, staff["clerk"]))
        extra.delete()
    # Whoever may make links, but not for the whole staff, may not either.
    PersonalGrant.objects.create(
        user=office.users["manager"], project=office.project, permission="users.reset-link", allow=True, scope="team",
        reason="试", made_by=office.users["admin"],
    )  # fmt: skip
    bump_stamp()
    with office.as_("manager") as access:
        refused("forbidden", lambda: run("make_reset_link", access, staff["finance"]))


def test_roles_in_other_projects_are_not_told(office: Office) -> None:
    other = make_project("XX", "别处")
    user = office.users["finance"]
    Grant.objects.create(user=user, role=Role.objects.get(code="manager"), project=other)
    bump_stamp()
    with office.as_("director") as access:
        row = reading.get_row(resources.get("users"), access, user.pk)
        assert [r["where"] for r in row["roles"]] == [str(office.project)]
    with office.as_("admin") as access:
        row = reading.get_row(resources.get("users"), access, user.pk)
        assert [r["where"] for r in row["roles"]] == [str(office.project), str(other)]


def test_a_project_s_director_does_not_manage_group_users(office: Office) -> None:
    admin = office.users["admin"]
    of_admin = Grant.objects.get(user=admin)
    with office.as_("director") as access:
        refused("forbidden", lambda: run("edit_user", access, admin, name="改名"))
        refused("forbidden", lambda: run("deactivate_user", access, admin))
        refused("not_found", lambda: run("take_role", access, of_admin))
        right = {"user": admin.pk, "permission": "units.view", "allow": False, "reason": "停用"}
        refused("forbidden", lambda: run("give_personal_rights", access, project="YQ", **right))
        listed = reading.list_rows(resources.get("grants"), access, Query(limit=200)).items
        assert listed and all(row["project"] for row in listed)


def test_what_holds_for_the_whole_group_is_said_by_group_users(office: Office) -> None:
    director = office.users["director"]
    new = {"username": "new.one", "name": "新人", "role": "manager"}
    right = {"user": director.pk, "permission": "units.view", "allow": True, "scope": "project", "reason": "试"}
    rule = {"key": "deals.lock_minutes", "value": 1, "valid_from": "2020-01-01"}
    with office.as_("director") as access:
        refused("bad_input", lambda: run("add_users", access, **new))
        refused("bad_input", lambda: run("give_personal_rights", access, **right))
        refused("bad_input", lambda: run("set_parameters", access, **rule))
        assert run("add_users", access, **new, project="YQ").pk


def test_a_right_in_one_project_says_nothing_in_another(office: Office) -> None:
    other = make_project("B2", "二期")
    director = office.users["director"]
    Grant.objects.create(user=director, role=Role.objects.get(code="consultant"), project=other)
    bump_stamp()
    access = office.access("director")
    with open_scope(access):
        rule = {"key": "deals.lock_minutes", "value": 1, "valid_from": "2020-01-01", "project": "B2"}
        refused("forbidden", lambda: run("set_parameters", access, **rule))
        gift = {"user": director.pk, "role": "manager", "project": "B2"}
        refused("forbidden", lambda: run("give_roles", access, **gift))


def test_an_own_right_is_not_given_away_for_a_whole_project(office: Office) -> None:
    manager = office.users["manager"]
    for permission, scope in (("personal-grants.create", "project"), ("contracts.sign", "own")):
        PersonalGrant.objects.create(
            user=manager, project=office.project, permission=permission, allow=True, scope=scope, reason="试",
            made_by=manager,
        )  # fmt: skip
    bump_stamp()
    with office.as_("manager") as access:
        right = {"user": manager.pk, "project": "YQ", "permission": "contracts.sign", "allow": True, "reason": "试"}
        refused("forbidden", lambda: run("give_personal_rights", access, **right, scope="project"))
        assert run("give_personal_rights", access, **right, scope="own").pk


@pytest.mark.parametrize("value", ["abc", "12", 1.5, True, None, [], {}])
def test_a_parameter_keeps_its_kind(office: Office, value: Any) -> None:
    with office.as_("admin") as access:
        rule = {"key": "deals.lock_minutes", "value": value, "valid_from": "2020-01-01"}
        refused("bad_input", lambda: run("set_parameters", access, **rule))


def limited(user: User, **cut: Any) -> Access:
    return access_of(actor_for(user)).narrowed(cut.get("permissions"), cut.get("projects"))


def test_a_limited_token_makes_no_wider_one(office: Office) -> None:
    user = office.users["consultant1"]
    for cut in ({"permissions": ["tokens.issue", "units.view"]}, {"projects": [office.project.pk]}):
        access = limited(user, **cut)
        with open_scope(access):
            refused("forbidden", lambda access=access: run("issue_token", access, name="更宽"))
    text, _row = tokens.issue(user, "全部", dt.timedelta(hours=1))
    found = tokens.access_by_token(text)
    assert found is not None and not found[0].limited
    with open_scope(found[0]):
        assert run("issue_token", found[0], name="自己的")["token"]


@pytest.mark.parametrize("team", [99_999_999, 2**62])
def test_a_team_that_is_not_there_is_bad_input(office: Office, team: int) -> None:
    new = {"username": "new.two", "name": "新人", "role": "manager", "project": "YQ", "team": team}
    with office.as_("director") as access:
        refused("bad_input", lambda: run("add_users", access, **new))
    assert not User.objects.filter(username="new.two").exists()
