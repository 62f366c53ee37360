"""Templates of the office: put in by a clerk, one in use by product and day, papers counted, the built-in form apart."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from anchang.deals.models import Contract
from anchang.deals.papers import contract_paper
from anchang.kernel.errors import DomainError
from anchang.paperwork import queries
from anchang.paperwork.models import DocumentTemplate
from anchang.platform import files
from tests.factories import PASSWORD, run
from tests.paperwork.words import docx, text_of

pytestmark = pytest.mark.django_db
TEXT = docx("{{ number }} {{ price.total }} {{ total_capital }} {{ buyers[0].name }} 第{{ print_count }}份")


def template(desk, content=TEXT, *, activate=True, **more):
    clerk = desk.office.access("clerk")
    stored = files.save(desk.office.project, "合同.docx", content, user_id=clerk.actor.user_id)
    made = run("add_document_templates", clerk, **({"kind": "contract", "name": "合同", "file": stored.pk} | more))
    return run("activate_document_template", clerk, made) if activate else made


@pytest.fixture
def enter(client):
    def as_user(who):
        assert client.login(username=who, password=PASSWORD)
        return client

    return as_user


def test_a_clerk_uploads_checks_and_uses_a_template_on_its_page(desk, enter):
    contract, client = desk.sign(), enter("clerk")
    page = client.get("/templates/?kind=contract").content.decode()
    assert "{{ total_capital }}" in page and "{% for buyer in buyers %}" in page
    upload = SimpleUploadedFile("合同.docx", TEXT)
    done = client.post(
        "/templates/", {"kind": "contract", "name": "2026 版", "active_from": "2026-01-01", "file": upload}
    )
    assert done.status_code == 302
    made = DocumentTemplate.objects.get()
    assert (made.state, made.problems, made.edition) == ("draft", [], 1)
    missing = client.post(f"/papers/word/contract/{contract.pk}.docx")
    assert missing.status_code == 409
    button = f"/papers/word/contract/{contract.pk}.docx"
    assert button not in client.get(f"/deal/{contract.unit_id}/").content.decode()
    run("activate_document_template", desk.office.access("clerk"), made)
    assert button in client.get(f"/deal/{contract.unit_id}/").content.decode()
    for copy in (1, 2):
        answer = client.post(f"/papers/word/contract/{contract.pk}.docx")
        assert answer.status_code == 200
        shown = text_of(answer.content)
        assert f"第{copy}份" in shown
    assert contract.number in shown and "张三" in shown and "整" in shown
    contract.refresh_from_db()
    assert contract.prints == 2  # the copy that failed is not counted


def test_the_template_of_product_and_day_holds(desk):
    unit, today = desk.unit(), desk.office.project.today()
    general = template(desk, active_from="2026-01-01")
    later = template(desk, active_from=(today + dt.timedelta(days=9)).isoformat())
    own = template(desk, product_type=unit.product_type, active_from="2026-02-01")
    find = lambda kind, day: queries.active_template(desk.office.project, "contract", kind, day)  # noqa: E731
    assert find(unit.product_type, today) == own
    assert find("other", today) == general
    assert find("other", today + dt.timedelta(days=9)) == later
    assert find("other", dt.date(2025, 12, 31)) is None
    run("retire_document_template", desk.office.access("clerk"), own)
    assert find(unit.product_type, today) == general


def test_a_wrong_template_is_kept_with_its_problems_and_never_breaks_the_built_in_form(desk):
    contract = desk.sign()
    wrong = template(desk, docx("{{ nothing }}"), activate=False)
    assert [p["code"] for p in wrong.problems] == ["word_unknown_field"]
    with pytest.raises(DomainError, match="template_has_problems"):
        run("activate_document_template", desk.office.access("clerk"), wrong)
    DocumentTemplate.objects.filter(pk=wrong.pk).update(state="active")  # as if fields had changed since
    assert contract_paper(Contract.objects.get(pk=contract.pk)).startswith(b"%PDF")


def test_hostile_files_are_refused_and_nothing_is_kept(desk, enter):
    answer = enter("clerk").post("/templates/", {
        "kind": "contract", "name": "x", "file": SimpleUploadedFile("x.docx", b"MZ not a document"),
    })  # fmt: skip
    assert answer.status_code == 422 and not DocumentTemplate.objects.exists()


def test_what_is_in_use_never_changes_and_nobody_else_puts_one_in(desk):
    from django.db import IntegrityError, transaction

    used = template(desk)
    with pytest.raises(IntegrityError), transaction.atomic():
        DocumentTemplate.objects.filter(pk=used.pk).update(file_id=used.file_id + 1)
    with pytest.raises(DomainError) as refused:
        run("add_document_templates", desk.office.access("consultant1"), kind="contract", name="x", file=used.file_id)
    assert refused.value.status == 403
    with pytest.raises(DomainError):  # another record's file is not taken along
        run("add_document_templates", desk.office.access("clerk"), kind="contract", name="x", file=used.file_id)


def test_a_notice_has_its_own_number_and_the_overdue_amounts(desk, enter):
    contract = desk.sign()
    contract.refresh_from_db()
    from anchang.finance.models import Receivable

    Receivable.objects.filter(contract=contract).update(due_on=dt.date(2026, 1, 5))
    template(desk, docx("{{ notice_number }} {{ number }} {{ overdue_total }} {{ overdue_capital }}"), kind="notice")
    client = enter("clerk")
    first, second = (text_of(client.post(f"/papers/word/notice/{contract.pk}.docx").content) for _ in range(2))
    assert first.split()[0] != second.split()[0] and first.startswith("TZ") and f"{contract.total:,.2f}" in first
