"""D07: files at hold, subscription and contract, in versions, for those who see the deal."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from anchang.deals.models import DealFile
from anchang.kernel.errors import DomainError
from anchang.platform.models import StoredFile
from tests.factories import PASSWORD, run

pytestmark = pytest.mark.django_db


def pdf(text):
    return SimpleUploadedFile("身份证.pdf", text.encode(), "application/pdf")


@pytest.fixture
def enter(client):
    def as_user(who):
        assert client.login(username=who, password=PASSWORD)
        return client

    return as_user


def upload(client, unit, text="v1", **more):
    return client.post(f"/deal/{unit.pk}/files", {"file": pdf(text), **more}, headers={"HX-Request": "true"})


def test_files_of_each_paper_are_uploaded_listed_and_downloaded(desk, enter):
    c1, client = desk.office.access("consultant1"), enter("consultant1")
    held = run("hold_unit", c1, desk.unit(), customer=desk.customer("consultant1").pk)
    assert upload(client, desk.unit(), title="锁房单", paper="hold").status_code == 204
    subscription = desk.subscribe()
    assert upload(client, desk.unit(), title="身份证", paper="subscription").status_code == 204
    contract = run("sign_contract", desk.office.access("clerk"), subscription)
    assert upload(enter("clerk"), desk.unit(), title="合同扫描件", paper="contract").status_code == 204
    found = {f.title: (f.hold_id, f.subscription_id, f.contract_id) for f in DealFile.objects.all()}
    assert found == {
        "锁房单": (held.pk, None, None), "身份证": (None, subscription.pk, None), "合同扫描件": (None, None, contract.pk),
    }  # fmt: skip
    client = enter("consultant1")
    page = client.get(f"/deal/{desk.unit().pk}/").content.decode()
    assert all(title in page for title in found)
    stored = DealFile.objects.get(title="合同扫描件").file_id  # put there by the clerk, read by the deal's consultant
    assert b"".join(client.get(f"/files/{stored}/download").streaming_content) == b"v1"


def test_a_new_version_keeps_the_old_one(desk, enter):
    desk.subscribe()
    client = enter("consultant1")
    upload(client, desk.unit(), "v1", title="身份证")
    first = DealFile.objects.get()
    assert upload(client, desk.unit(), "v2", replaces=first.pk, note="更清晰").status_code == 204
    second = DealFile.objects.get(current=True)
    first.refresh_from_db()
    assert (second.edition, second.replaces_id, second.title, first.current) == (2, first.pk, "身份证", False)
    with pytest.raises(DomainError) as again:
        spare = StoredFile.objects.create(
            project=desk.office.project, name="x", content_type="x", size=0, sha256="",
            created_by_id=desk.office.users["consultant1"].pk,
        )  # fmt: skip
        run("replace_file", desk.office.access("consultant1"), first, file=spare.pk)
    assert again.value.code == "file_replaced_before"
    page = client.get(f"/deal/{desk.unit().pk}/").content.decode()
    assert "2" in page and f"/files/{first.file_id}/download" in page and f"/files/{second.file_id}/download" in page
    with pytest.raises(IntegrityError), transaction.atomic():
        DealFile.objects.filter(pk=second.pk).update(title="别的")


def test_others_neither_see_nor_attach(desk, enter):
    desk.subscribe()
    upload(enter("consultant1"), desk.unit())
    made = DealFile.objects.get()
    other = enter("consultant5")
    assert upload(other, desk.unit()).status_code == 404
    assert other.get(f"/files/{made.file_id}/download").status_code == 404
    assert other.get("/api/v1/deal-files").json()["items"] == []
    assert other.get(f"/api/v1/deal-files/{made.pk}").status_code == 404
    # Somebody else's file can't be taken along to a deal of one's own.
    mine = desk.subscribe(1, owner="consultant5")
    with pytest.raises(DomainError) as stolen:
        run("attach_file", desk.office.access("consultant5"), mine.deal, file=made.file_id)
    assert stolen.value.status == 422 and DealFile.objects.count() == 1


def test_by_api_a_file_is_stored_and_then_attached(desk, enter):
    deal = desk.subscribe().deal
    client = enter("consultant1")
    stored = client.post("/api/v1/files", {"file": pdf("api"), "project": "YQ"})
    assert stored.status_code == 201, stored.content
    made = client.post(
        f"/api/v1/deals/{deal.pk}/attach", {"file": stored.json()["id"], "title": "委托书"}, content_type="application/json"
    )
    assert made.status_code in (200, 201), made.content
    assert made.json()["title"] == "委托书" and made.json()["edition"] == 1
