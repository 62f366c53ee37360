"""Rights: what roles give, what personal rights add and take, what a token narrows, and an empty group."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from anchang.kernel.errors import DomainError
from anchang.platform import commands, tokens
from anchang.platform.access import access_of, actor_for, bump_stamp
from anchang.platform.models import PersonalGrant, Project, User
from anchang.platform.scope import open_scope
from tests.factories import make_office, make_user, run

pytestmark = pytest.mark.django_db


def test_an_administrator_makes_the_first_project() -> None:
    """Before there is any project, a right of the whole group still holds."""
    admin = make_user("first", "admin", None)
    access = access_of(actor_for(admin))
    assert access.project_ids == ()
    with open_scope(access):
        made = run("create_projects", access, code="NEW", name="新项目")
    assert isinstance(made, Project)
    assert access_of(actor_for(admin)).may("units.view", made.pk)


def test_a_right_taken_from_one_person_is_gone_everywhere() -> None:
    office = make_office()
    director, consultant = office.users["director"], office.users["consultant1"]
    for who, project in ((director, office.project), (consultant, None)):
        PersonalGrant.objects.create(
            user=who, project=project, permission="units.hold", allow=False, reason="停用", made_by=director
        )
    bump_stamp()
    assert not office.access("director").may("units.hold")
    assert not office.access("consultant1").may("units.hold")
    assert office.access("consultant2").may("units.hold")


def test_a_right_given_for_a_time_ends() -> None:
    office = make_office()
    clerk = office.users["clerk"]
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    PersonalGrant.objects.create(
        user=clerk, project=office.project, permission="units.release", allow=True, scope="project",
        reason="代班", until=yesterday, made_by=clerk,
    )  # fmt: skip
    bump_stamp()
    assert not office.access("clerk").may("units.release")
    PersonalGrant.objects.update(until=yesterday + dt.timedelta(days=1))
    bump_stamp()
    assert office.access("clerk").may("units.release", office.project.pk)


def test_nobody_gives_more_than_he_has() -> None:
    """A director can't make himself or others administrator, nor give roles of the whole group."""
    from anchang.platform.models import Grant, Role

    office = make_office()
    user, admin_role = office.users["consultant2"], Role.objects.get(code="admin")
    with office.as_("director") as access:
        with pytest.raises(DomainError) as refused:
            run("give_roles", access, user=user.pk, role=admin_role.pk, project="YQ")
        assert refused.value.status == 403
        with pytest.raises(DomainError):
            run("give_roles", access, user=user.pk, role=Role.objects.get(code="consultant").pk)
        with pytest.raises(DomainError):
            run(
                "give_personal_rights", access, user=user.pk, project="YQ", permission="projects.create",
                allow=True, reason="x",
            )  # fmt: skip
    assert Grant.objects.filter(user=user).count() == 1


def test_a_token_only_narrows() -> None:
    office = make_office()
    user = User.objects.get(pk=office.users["manager"].pk)
    text, _ = tokens.issue(user, "read only", dt.timedelta(hours=1), permissions=["units.view", "contracts.sign"])
    found = tokens.access_by_token(text)
    assert found is not None
    access = found[0]
    assert access.may("units.view") and not access.may("customers.view")
    assert not access.may("contracts.sign"), "a token gives nothing that its user lacks"
    other, _ = tokens.issue(user, "no project", dt.timedelta(hours=1), projects=[])
    narrowed = tokens.access_by_token(other)
    assert narrowed is not None and narrowed[0].project_ids == ()


def test_a_leaver_is_out_at_once() -> None:
    office = make_office()
    text, _ = tokens.issue(office.users["clerk"], "x", dt.timedelta(hours=1))
    with office.as_("director") as access:
        run("deactivate_user", access, office.users["clerk"])
    assert tokens.access_by_token(text) is None
    assert office.access("clerk").project_ids == ()


def test_own_account_is_not_deactivated() -> None:
    office = make_office()
    with office.as_("director") as access, pytest.raises(DomainError) as refused:
        run("deactivate_user", access, office.users["director"])
    assert refused.value.code == "own_account"
    assert commands.get("deactivate_user").permission == ""
