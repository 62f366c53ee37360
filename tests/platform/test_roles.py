"""A role's rights by object, row and field (Z01), changed on the page and by API, and on record (Z07)."""

from __future__ import annotations

import pytest

from anchang.kernel.errors import DomainError
from anchang.platform import reading, resources
from anchang.platform.access import bump_stamp
from anchang.platform.models import AuditRow, FieldRule, Role, RolePermission
from anchang.platform.office import roles
from tests.factories import PASSWORD, Office, make_office, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return make_office()


def test_a_right_given_and_taken_counts_at_once_and_is_on_record(office):
    role = Role.objects.get(code="service")
    with office.as_("service") as access:
        assert not access.may("leads.view")
    with office.as_("admin") as access:
        run("set_role_rights", access, role, rights={"leads.view": "project", "customers.view": ""},
            fields={"leads.note": "hide"})  # fmt: skip
    with office.as_("service") as access:
        assert access.scope("leads.view", office.project.pk) == "project" and not access.may("customers.view")
        seen = reading.visible_fields(resources.get("leads"), access, [office.project.pk])
        assert "note" not in {f.name for f in seen} and "name" in {f.name for f in seen}
    with office.as_("admin") as access:
        run("set_role_rights", access, role, rights={"leads.view": "own"}, fields={"leads.note": ""})
        assert not FieldRule.objects.filter(role=role, resource="leads").exists()
        told = {(h["what"], h["op"], h["actor"]) for h in roles.history(role)}
        admin = office.users["admin"].name
        assert {("leads.view", "I", admin), ("leads.view", "U", admin), ("customers.view", "D", admin),
                ("leads.note", "D", admin)} <= told  # fmt: skip


def test_only_group_users_change_roles_and_never_beyond_themselves(office):
    role = Role.objects.get(code="consultant")
    before = RolePermission.objects.filter(role=role).count()
    for who in ("director", "manager", "group"):
        with office.as_(who) as access, pytest.raises(DomainError) as refused:
            run("set_role_rights", access, role, rights={"leads.assign": "project"})
        assert refused.value.status in (403, 404)
    Role.objects.get(code="group").permissions.create(permission="roles.set-rights", scope="project")
    bump_stamp()
    with office.as_("group") as access, pytest.raises(DomainError, match="forbidden"):
        run("set_role_rights", access, role, rights={"receipts.reverse": "project"})
    assert RolePermission.objects.filter(role=role).count() == before


def test_unknown_rights_and_the_last_administrator(office):
    with office.as_("admin") as access:
        role = Role.objects.get(code="service")
        for bad in ({"rights": {"leads.fly": "own"}}, {"fields": {"leads.wings": "hide"}}):
            with pytest.raises(DomainError) as refused:
                run("set_role_rights", access, role, **bad)
            assert refused.value.status == 422
        with pytest.raises(DomainError, match="last_administrator"):
            run("set_role_rights", access, Role.objects.get(code="admin"), rights={"*": ""})
        assert RolePermission.objects.filter(role__code="admin", permission="*").exists()


def test_secrets_stay_out_of_the_record(office):
    with office.as_("admin"):
        user = office.users["service"]
        user.set_password("another-Secret-9")
        user.name = "客服二"
        user.save()
        row = AuditRow.objects.filter(table_name="platform_user", row_id=user.pk, op="U").latest("id")
        assert row.changes["name"][1] == "客服二" and row.changes["password"] == ["***", "***"]
        user.save()  # a sign-in alone writes nothing
        assert AuditRow.objects.filter(table_name="platform_user", row_id=user.pk, op="U").count() == 1


def test_the_roles_page(client, office):
    role = Role.objects.get(code="service")
    assert client.login(username="admin", password=PASSWORD)
    page = client.get(f"/roles/{role.pk}/").content.decode()
    assert f"/roles/{role.pk}/customers/" in page
    assert client.get(f"/r/roles/{role.pk}/")["Location"] == f"/roles/{role.pk}/"
    form = client.get(f"/roles/{role.pk}/leads/").content.decode()
    assert 'name="right:leads.view"' in form and 'name="field:leads.note"' in form
    sent = {"right:leads.view": "team", "field:leads.note": "lock"}
    assert client.post(f"/roles/{role.pk}/leads/", sent)["Location"] == f"/roles/{role.pk}/"
    assert RolePermission.objects.get(role=role, permission="leads.view").scope == "team"
    assert FieldRule.objects.get(role=role, field="note").mode == "lock"
    assert client.get(f"/roles/{role.pk}/nothing/").status_code == 404
    assert client.login(username="manager", password=PASSWORD)
    assert client.get(f"/roles/{role.pk}/").status_code == 403
    assert client.post(f"/roles/{role.pk}/leads/", {"right:leads.view": "project"}).status_code == 403
    assert RolePermission.objects.get(role=role, permission="leads.view").scope == "team"
