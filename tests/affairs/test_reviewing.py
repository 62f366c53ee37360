"""The clerk's review point by point (K04), and the lawyer's of terms beyond the standard (K05)."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from anchang.affairs import rules_terms
from anchang.affairs.models import LegalReview, ReviewResult
from anchang.deals.models import Contract
from anchang.platform.models import OutgoingMessage, Task
from tests.factories import PASSWORD, run
from tests.processes.test_main_path import refused, set_parameter

pytestmark = pytest.mark.django_db


def points(desk, *names):
    clerk = desk.office.access("clerk")
    return [run("create_review_points", clerk, name=n, order=i, hint="") for i, n in enumerate(names)]


def drafted(desk, **more):
    set_parameter("deals.contract_review", True)
    return run("sign_contract", desk.office.access("clerk"), desk.subscribe(), **more)


def test_a_draft_is_reviewed_point_by_point_before_it_is_signed(desk):
    price, plan = points(desk, "价款大小写", "付款期限")
    clerk, draft = desk.office.access("clerk"), drafted(desk)
    refused("review_incomplete", "review_contract", clerk, draft, status=422, field="results")
    said = [{"point": price.pk, "result": "passed"}, {"point": "付款期限", "result": "failed"}]
    refused("bad_input", "review_contract", clerk, draft, results=said, status=422, field="results.1.note")
    refused("bad_input", "review_contract", clerk, draft, results=[*said[:1], *said[:1]], status=422,
            field="results.1.point")  # fmt: skip
    said[1]["note"] = "第二期日期早于签约"
    again = run("review_contract", clerk, draft, results=said)
    assert again.state == "draft"
    refused("state_refused", "sign_reviewed_contract", clerk, again)
    said[1] = {"point": {"id": plan.pk}, "result": "absent"}
    assert run("review_contract", clerk, again, results=said).state == "reviewed"
    assert list(ReviewResult.objects.order_by("id").values_list("name", "result")) == [
        ("价款大小写", "passed"), ("付款期限", "failed"), ("价款大小写", "passed"), ("付款期限", "absent"),
    ]  # fmt: skip
    assert run("sign_reviewed_contract", clerk, again).state == "signed"
    with pytest.raises(IntegrityError), transaction.atomic():
        ReviewResult.objects.create(
            project=desk.office.project, contract=draft, point=price, name="x", result="failed",
            reviewed_at=draft.created_at,
        )  # fmt: skip


def test_terms_beyond_the_standard_go_to_the_lawyer_and_block_signing(desk):
    set_parameter("affairs.legal_review", True)
    set_parameter("deals.contract_clauses", {"disputes": "由滨江区人民法院管辖"})
    clerk, lawyer = desk.office.access("clerk"), desk.office.access("director")
    assert run("sign_contract", clerk, desk.subscribe(1)).state == "signed", "the standard needs no lawyer"
    draft = run("sign_contract", clerk, desk.subscribe(), supplement="车位赠送")
    assert draft.state == "draft"
    draft = run("review_contract", clerk, draft)
    review = LegalReview.objects.get()
    assert review.terms == [{"clause": "supplement", "standard": "", "text": "车位赠送"}]
    assert Task.objects.filter(code="legal_review", assignee=desk.office.users["director"], state="open").exists()
    refused("legal_review_open", "sign_reviewed_contract", clerk, draft)
    with pytest.raises(IntegrityError, match="lawyer"), transaction.atomic():
        Contract.objects.filter(pk=draft.pk).update(state="signed")
    refused("forbidden", "pass_legal_review", clerk, review, status=403)
    refused("bad_input", "return_legal_review", lawyer, review, opinion="", status=422)
    run("return_legal_review", lawyer, review, opinion="不得赠送")
    assert Contract.objects.get(pk=draft.pk).state == "draft"
    draft = run("set_clauses", clerk, draft, supplement="车位另行签约")
    draft = run("review_contract", clerk, draft)
    run("pass_legal_review", lawyer, LegalReview.objects.get(state="asked"), opinion="可以")
    changed = run("set_clauses", clerk, draft, supplement="车位另行签约，价款面议")
    changed = run("review_contract", clerk, changed)
    refused("legal_review_open", "sign_reviewed_contract", clerk, changed)
    run("set_clauses", clerk, changed, supplement="")
    standard = run("review_contract", clerk, changed)
    assert not LegalReview.objects.filter(state="asked").exists()
    assert run("sign_reviewed_contract", clerk, standard).state == "signed"


def test_nobody_passes_what_he_asked_for_himself(desk):
    set_parameter("affairs.legal_review", True)
    admin = desk.office.access("admin")
    draft = run("sign_contract", admin, desk.subscribe(), supplement="另议")
    run("review_contract", admin, draft)
    refused("own_request", "pass_legal_review", admin, LegalReview.objects.get(), status=403)


def test_the_form_opens_with_every_point(desk, client):
    points(desk, "价款大小写", "付款期限")
    draft = drafted(desk)
    client.login(username="clerk", password=PASSWORD)
    page = client.get(f"/r/contracts/{draft.pk}/do/review").content.decode()
    assert "价款大小写" in page and "付款期限" in page


def test_what_leaves_the_standard():
    standard = {"disputes": "法院", "quality": "毛坯"}
    assert rules_terms.beyond_standard(dict(standard), standard) == []
    left = rules_terms.beyond_standard({"disputes": "仲裁", "supplement": "另议"}, standard)
    assert [one["clause"] for one in left] == ["disputes", "quality", "supplement"]
    assert rules_terms.digest_of(left) == rules_terms.digest_of(left[::-1]) != rules_terms.digest_of(left[1:])


def test_a_signed_contract_congratulates_the_buyer_and_calls_for_the_handover_papers(desk):
    """K12: one message and one to-do for each keeper; both end with the handover."""
    run("add_message_channels", desk.office.access("director"), name="手工", kind="by_hand")
    contract = desk.sign()
    sent = OutgoingMessage.objects.get(kind="contract_congratulation")
    assert sent.customer_id == contract.customer_id
    keeper = {"code": "prepare_handover", "assignee": desk.office.users["service"]}
    assert Task.objects.get(**keeper).params["number"] == contract.number
    clerk = desk.office.access("clerk")
    run("file_contract", clerk, contract, filing_number="B1")
    run("deliver_contract", desk.office.access("service"), contract)
    assert Task.objects.get(**keeper).state == "done"
