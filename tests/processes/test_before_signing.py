"""Before a contract: the second pair of eyes (D10), notices that are signed (K06), steps in order (K07)."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from pypdf import PdfReader

from anchang.affairs.models import SigningCheck, StepBack, StepDone
from anchang.deals.models import Buyer, Contract
from anchang.inventory.models import Unit
from anchang.paperwork.models import RiskNotice, SignatureRequest, SignedNotice
from anchang.paperwork.notice_paper import notice_pdf
from anchang.platform import files
from anchang.platform.models import StoredFile, Task
from tests.deals.desk import BUYER
from tests.factories import PASSWORD, run
from tests.paperwork.test_signing import TWO, back, link, sign
from tests.processes.test_changes import approve, ask_exchange
from tests.processes.test_main_path import refused, set_parameter

pytestmark = pytest.mark.django_db


def who(desk, name):
    return desk.office.access(name)


def scan(desk, name="clerk"):
    user = desk.office.users[name]
    return files.save(desk.office.project, "scan.pdf", SimpleUploadedFile("s.pdf", b"%PDF-1"), user_id=user.pk)


def notice(desk, code="RISK", text="楼栋东侧有变电站。\n规划道路未建。", **more):
    made = run(
        "add_risk_notices", who(desk, "clerk"), code=code, title="风险提示", text=text, **more
    )
    return run("activate_risk_notice", who(desk, "clerk"), made)


# --- the second pair of eyes ----------------------------------------------------------------------


def test_no_contract_before_a_second_person_has_confirmed(desk):
    set_parameter("processes.check_before_signing", True)
    sub = desk.subscribe(discounts=["D98"], payment_plan="mortgage")
    refused("check_missing", "sign_contract", who(desk, "clerk"), sub, status=409)
    check = run("ask_signing_check", who(desk, "clerk"), sub)
    assert (check.differences, {f["field"]: f["now"] for f in check.facts}["total"]) == (0, str(sub.total))
    assert Task.objects.filter(code="signing_check", assignee=desk.office.users["manager"], state="open").exists()
    refused("check_running", "ask_signing_check", who(desk, "manager"), sub)
    refused("four_eyes", "confirm_signing_check", who(desk, "clerk"), check)
    refused("check_missing", "sign_contract", who(desk, "clerk"), sub)
    refused("forbidden", "confirm_signing_check", who(desk, "consultant1"), check)
    run("confirm_signing_check", who(desk, "manager"), check)
    assert not Task.objects.filter(code="signing_check", state="open").exists()
    contract = run("sign_contract", who(desk, "clerk"), sub)
    assert contract.total == sub.total


def test_a_change_after_the_check_needs_a_new_one(desk):
    sub = desk.subscribe()
    check = run("ask_signing_check", who(desk, "clerk"), sub)
    run("confirm_signing_check", who(desk, "manager"), check)
    Unit.objects.filter(pk=sub.unit_id).update(predicted_gross_area="121.00")
    why = refused("check_outdated", "sign_contract", who(desk, "clerk"), sub)
    assert why.params["changed"] in ("建筑/套内面积", "Building and inner area")
    again = run("ask_signing_check", who(desk, "clerk"), sub)
    told = {f["field"]: (f["agreed"], f["now"]) for f in again.facts}
    assert again.differences == 1 and told["areas"][0].startswith("120.36") and told["areas"][1].startswith("121.00")
    refused("opinion_needed", "confirm_signing_check", who(desk, "manager"), again, status=422, field="opinion")
    run("confirm_signing_check", who(desk, "manager"), again, opinion="实测面积，按合同补差")
    assert run("sign_contract", who(desk, "clerk"), sub).state == "signed"


def test_another_document_number_behind_the_same_mask_is_noticed(desk):
    sub = desk.subscribe()
    check = run("ask_signing_check", who(desk, "clerk"), sub)
    Buyer.objects.update(id_digest="other")
    refused("check_outdated", "confirm_signing_check", who(desk, "manager"), check)
    run("return_signing_check", who(desk, "manager"), check, opinion="证件号不对")
    refused("check_missing", "sign_contract", who(desk, "clerk"), sub)


def test_the_checker_does_not_make_the_contract_himself(desk):
    sub = desk.subscribe()
    check = run("ask_signing_check", who(desk, "clerk"), sub)
    run("confirm_signing_check", who(desk, "director"), check)
    refused("four_eyes", "sign_contract", who(desk, "director"), sub)


def test_the_database_keeps_four_eyes_and_the_order(desk):
    sub = desk.subscribe()
    check = run("ask_signing_check", who(desk, "clerk"), sub)
    mine = {"state": "confirmed", "decided_by": check.asked_by_id, "decided_at": check.created_at}
    with pytest.raises(IntegrityError, match="four_eyes"), transaction.atomic():
        SigningCheck.objects.filter(pk=check.pk).update(**mine)
    with pytest.raises(IntegrityError, match="signing check is asked"), transaction.atomic():
        insert_contract(sub)
    run("confirm_signing_check", who(desk, "manager"), check)
    with pytest.raises(IntegrityError, match="cannot change"), transaction.atomic():
        SigningCheck.objects.filter(pk=check.pk).update(facts=[])


def insert_contract(sub):
    """A contract by SQL, past every command."""
    Contract(
        project_id=sub.project_id, number="X1", deal_id=sub.deal_id, subscription=sub, unit_id=sub.unit_id,
        customer_id=sub.customer_id, list_total=sub.list_total, total=sub.total, gross_area=1, inner_area=1,
        signed_on="2026-01-01", filing_due_on="2026-01-31", area_scheme="gross", area_threshold="0.03",
    ).save()  # fmt: skip


# --- notices --------------------------------------------------------------------------------------


def test_required_notices_are_signed_by_every_buyer_on_paper(desk):
    set_parameter("processes.notices_before_signing", True)
    one, other = notice(desk), notice(desk, "INFO", required=False)
    sub = desk.subscribe(buyers=TWO)
    why = refused("notices_unsigned", "sign_contract", who(desk, "clerk"), sub)
    assert "张三" in why.params["notices"] and "李四" in why.params["notices"]
    first = Buyer.objects.order_by("seq").first()
    run("sign_notice", who(desk, "clerk"), sub, notice=one.pk, file=scan(desk).pk, buyers=[first.pk])
    refused("notices_unsigned", "sign_contract", who(desk, "clerk"), sub)
    last = Buyer.objects.order_by("seq").last()
    used = SignedNotice.objects.get().file_id
    refused("bad_input", "sign_notice", who(desk, "clerk"), sub, notice=one.pk, file=used, buyers=[last.pk])
    run("sign_notice", who(desk, "clerk"), sub, notice=one.pk, file=scan(desk).pk, buyers=[last.pk])
    assert run("sign_contract", who(desk, "clerk"), sub).state == "signed"
    assert other.required is False


def test_a_new_edition_of_the_text_is_signed_anew_and_texts_never_change(desk):
    set_parameter("processes.notices_before_signing", True)
    old, sub = notice(desk), desk.subscribe()
    run("sign_notice", who(desk, "clerk"), sub, notice=old.pk, file=scan(desk).pk)
    refused("state_refused", "edit_risk_notice", who(desk, "clerk"), old, text="别的")
    with pytest.raises(IntegrityError), transaction.atomic():
        RiskNotice.objects.filter(pk=old.pk).update(text="别的")
    new = notice(desk, text="楼栋东侧有变电站和加油站。")
    assert (new.edition, RiskNotice.objects.get(pk=old.pk).state) == (2, "retired")
    refused("notices_unsigned", "sign_contract", who(desk, "clerk"), sub)
    refused("notice_not_in_use", "sign_notice", who(desk, "clerk"), sub, notice=old.pk, file=scan(desk).pk)
    signed = SignedNotice.objects.get()
    with pytest.raises(IntegrityError, match="not the text"), transaction.atomic():
        SignedNotice(**{f.attname: getattr(signed, f.attname) for f in SignedNotice._meta.concrete_fields
                        if f.name != "id"} | {"notice_id": new.pk}).save()  # fmt: skip


def test_a_notice_is_signed_electronically(desk, client):
    set_parameter("processes.notices_before_signing", True)
    one, sub = notice(desk), desk.subscribe()
    text = "".join(PdfReader(io.BytesIO(notice_pdf(one, sub))).pages[0].extract_text().split())
    assert "变电站" in text and one.text_sha256[:20] in text and "张三" in text
    sent = run("esign_notice", who(desk, "clerk"), sub, notice=one.pk)
    refused("signature_open", "esign_notice", who(desk, "clerk"), sub, notice=one.pk)
    run("send_subscription_to_sign", who(desk, "clerk"), sub)  # the form goes its own way
    assert sign(desk, client, link(sent)).status_code == 302
    assert SignatureRequest.objects.get(pk=sent.pk).state == "completed"
    assert SignedNotice.objects.get().way == "esign"
    assert run("sign_contract", who(desk, "clerk"), sub).state == "signed"


# --- steps in order -------------------------------------------------------------------------------


def procedure(desk):
    director = who(desk, "director")
    made = run("create_signing_procedures", director, name="标准流程")
    kinds = (("manual", "讲解合同", "consultant"), ("notices", "风险提示", "clerk"), ("check", "签前核对", "manager"))
    steps = [
        run("create_procedure_steps", director, procedure=made.pk, seq=n, kind=kind, name=name, role=role)
        for n, (kind, name, role) in enumerate(kinds, 1)
    ]
    return run("activate_procedure", director, made), steps


def test_no_step_is_skipped_neither_by_command_nor_by_sql(desk):
    _made, (explain, notices, check) = procedure(desk)
    one, sub = notice(desk), desk.subscribe()
    why = refused("steps_open", "sign_contract", who(desk, "clerk"), sub)
    assert why.params["steps"] == "讲解合同、风险提示、签前核对"
    refused("step_too_early", "take_signing_step", who(desk, "clerk"), sub, step=notices.pk)
    with pytest.raises(IntegrityError, match="a step before it"), transaction.atomic():
        StepDone.objects.create(project=desk.office.project, subscription=sub, step=check, done_at=sub.created_at)
    with pytest.raises(IntegrityError, match="steps before signing"), transaction.atomic():
        insert_contract(sub)
    refused("step_not_yours", "take_signing_step", who(desk, "clerk"), sub, step=explain.pk, status=403)
    run("take_signing_step", who(desk, "consultant1"), sub, step=explain.pk)
    refused("step_done", "take_signing_step", who(desk, "consultant1"), sub, step=explain.pk)
    refused("notices_unsigned", "take_signing_step", who(desk, "clerk"), sub, step=notices.pk)
    run("sign_notice", who(desk, "clerk"), sub, notice=one.pk, file=scan(desk).pk)
    run("take_signing_step", who(desk, "clerk"), sub, step=notices.pk)
    refused("check_missing", "take_signing_step", who(desk, "manager"), sub, step=check.pk)
    run("confirm_signing_check", who(desk, "manager"), run("ask_signing_check", who(desk, "clerk"), sub))
    run("take_signing_step", who(desk, "manager"), sub, step=check.pk)
    assert run("sign_contract", who(desk, "clerk"), sub).state == "signed"


def test_a_procedure_in_use_never_changes(desk):
    made, (explain, *_rest) = procedure(desk)
    refused("procedure_in_use", "edit_procedure_steps", who(desk, "director"), explain, name="别的")
    refused("procedure_in_use", "create_procedure_steps", who(desk, "director"), procedure=made.pk, seq=9,
            kind="manual", name="x", role="clerk")  # fmt: skip
    begun, fresh = desk.subscribe(0), desk.subscribe(1)
    run("take_signing_step", who(desk, "consultant1"), begun, step=explain.pk)
    run("retire_procedure", who(desk, "director"), made)
    assert run("sign_contract", who(desk, "clerk"), fresh).state == "signed"
    refused("steps_open", "sign_contract", who(desk, "clerk"), begun)


def test_an_exchanged_contract_follows_its_exchange(desk):
    contract = desk.sign()
    procedure(desk)
    change = approve(desk, ask_exchange(desk, contract, who="manager"), "admin")
    new = Contract.objects.get(deal=change.new_deal)
    assert new.state == "signed"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM affairs_stepdone")
        assert cursor.fetchone() == (0,)


def test_the_page_shows_both_sides_and_takes_the_decision(desk, client):
    notice(desk)
    procedure(desk)
    sub = desk.subscribe(buyers=[BUYER])
    check = run("ask_signing_check", who(desk, "clerk"), sub)
    client.login(username="manager", password=PASSWORD)
    url = f"/deal/{sub.unit_id}/signing/"
    page = client.get(url).content.decode()
    assert "风险提示" in page and "签前核对" in page and f"{sub.total:,.2f}" in page
    done = client.post(url, {"act": "confirm", "check": check.pk, "opinion": ""})
    assert done.status_code == 302
    back(desk)
    check.refresh_from_db()
    assert check.state == "confirmed"
    assert client.get(f"/deal/checks/{check.pk}/").url == url
    back(desk)
    buyer, one = Buyer.objects.get(), RiskNotice.objects.get()
    sent = {"act": "paper", "notice": one.pk, "buyers": [buyer.pk], "file": SimpleUploadedFile("s.pdf", b"%PDF-1")}
    assert client.post(url, sent).status_code == 302
    back(desk)
    assert SignedNotice.objects.get().buyer_id == buyer.pk
    before = StoredFile.objects.count()
    twice = client.post(url, sent | {"file": SimpleUploadedFile("s.pdf", b"%PDF-2")})
    back(desk)
    assert twice.status_code == 409 and StoredFile.objects.count() == before
    again = run("ask_signing_check", who(desk, "clerk"), sub)
    old = client.get(f"/deal/checks/{check.pk}/").content.decode()
    back(desk)
    assert f"{sub.total:,.2f}" in old and 'name="act"' not in old and again.state == "asked"


def test_the_last_step_is_taken_back_and_stays_on_record(desk, client):
    _made, (explain, notices, _check) = procedure(desk)
    one, sub = notice(desk), desk.subscribe()
    consultant, clerk = who(desk, "consultant1"), who(desk, "clerk")
    run("take_signing_step", consultant, sub, step=explain.pk)
    run("sign_notice", clerk, sub, notice=one.pk, file=scan(desk).pk)
    second = run("take_signing_step", clerk, sub, step=notices.pk)
    refused("step_back_too_late", "take_step_back", consultant, sub, step=explain.pk, reason="点错")
    with pytest.raises(IntegrityError, match="a later step stands"), transaction.atomic():
        StepBack.objects.create(
            project=desk.office.project, done=StepDone.objects.get(step=explain), reason="x", at=sub.created_at
        )
    refused("step_not_yours", "take_step_back", consultant, sub, step=notices.pk, reason="点错", status=403)
    client.login(username="clerk", password=PASSWORD)
    sent = {"act": "back", "step": notices.pk, "reason": "告知书漏页"}
    assert client.post(f"/deal/{sub.unit_id}/signing/", sent).status_code == 302
    back(desk)
    assert StepBack.objects.get().done_id == second.pk
    refused("steps_open", "sign_contract", clerk, sub)
    with pytest.raises(IntegrityError, match="steps before signing"), transaction.atomic():
        insert_contract(sub)
    again = run("take_signing_step", clerk, sub, step=notices.pk)
    assert again.pk != second.pk and StepDone.objects.filter(step=notices).count() == 2
    with pytest.raises(IntegrityError, match="the step is done"), transaction.atomic():
        StepDone.objects.create(project=desk.office.project, subscription=sub, step=notices, done_at=sub.created_at)
