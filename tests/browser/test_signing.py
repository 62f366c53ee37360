"""A contract is signed in browsers: two buyers on their phones in turn, and whoever checks the paper later."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from anchang.paperwork.commands.signing import link_of
from anchang.paperwork.models import SignatureRequest, Signer
from anchang.paperwork.queries import paper_of
from anchang.platform.models import Notice
from tests.browser.conftest import Somebody, running
from tests.browser.pages import violations
from tests.conftest import RunningServer
from tests.deals.desk import BUYER, Desk
from tests.factories import run

SECOND = {"name": "李四", "id_number": "330102199205062322", "phone": "13812292303", "share": "50"}


@pytest.fixture(scope="module")
def server(office: Desk, environment: dict[str, str]) -> Iterator[RunningServer]:
    with running(environment | {"ANCHANG_SECRET_KEY": settings.SECRET_KEY}) as found:
        yield found


@pytest.fixture(scope="module")
def sent(office: Desk) -> SignatureRequest:
    with office.office.as_("system"):
        contract = office.sign(buyers=[BUYER | {"share": "50"}, SECOND])
        return run("send_contract_to_sign", office.office.access("clerk"), contract)


def link(office: Desk, sent: SignatureRequest, seq: int) -> str:
    with office.office.as_("system"):
        return link_of(Signer.objects.select_related("request").get(request=sent, seq=seq), sent.expires_at)


def code(office: Desk) -> str:
    with office.office.as_("system"):
        told = Notice.objects.filter(code="signing_code", user=office.office.users["clerk"]).order_by("-id").first()
        return str(told.params["given"]) if told else ""


def sign(office: Desk, page: Page, name: str, tail: str) -> None:
    """Read the paper, say who it is, agree, and sign with the code that the desk has been given."""
    paper = page.locator("a[target=_blank]").get_attribute("href")
    assert page.request.get(page.url.split("/sign/")[0] + str(paper)).body().startswith(b"%PDF")
    page.locator("[name=name]").fill(name)
    page.locator("[name=tail]").fill(tail)
    page.locator("button[type=submit]").click()
    expect(page.locator("[name=code]")).to_be_visible()
    page.locator("[name=consent]").check()
    page.locator("[name=code]").fill("000000" if code(office) != "000000" else "111111")
    page.locator("button[type=submit]").click()
    expect(page.locator(".field-error, .callout[data-tone=red]").first).to_be_visible()  # a wrong code signs nothing
    page.locator("[name=consent]").check()
    page.locator("[name=code]").fill(code(office))
    page.locator("button[type=submit]").click()
    expect(page.locator("[role=status]").first).to_contain_text("已签署")


def test_two_buyers_sign_on_their_phones_and_the_paper_is_verified(
    office: Desk, sent: SignatureRequest, somebody: Callable[..., Somebody], shot: Callable[[Page, str], None]
) -> None:
    first, second = somebody(phone=True), somebody(phone=True)
    waiting = second.open(link(office, sent, 2))
    expect(waiting.locator("[role=status]")).to_be_visible()
    expect(waiting.locator("[name=tail]")).to_have_count(0)  # not his turn
    page = first.open(link(office, sent, 1))
    assert violations(page) == []
    shot(page, "phone-signing")
    sign(office, page, BUYER["name"], BUYER["id_number"][-4:])
    sign(office, second.open(link(office, sent, 2)), SECOND["name"], SECOND["id_number"][-4:])
    with office.office.as_("system"):
        sent.refresh_from_db()
        assert sent.state == "completed"
        paper = bytes(paper_of(sent).data)
    checker = somebody().open(f"/verify/{sent.project_id}-{sent.verify_code}/")
    checker.locator("input[type=file]").set_input_files(
        {"name": "合同.pdf", "mimeType": "application/pdf", "buffer": paper}
    )
    checker.locator("main .btn-primary").click()
    expect(checker.locator("[data-result=good]")).to_be_visible()
    expect(checker.locator("main")).to_contain_text(sent.number)
    assert violations(checker) == []
    changed = paper.replace(b"/Type", b"/Tipe", 1)
    checker.locator("input[type=file]").set_input_files(
        {"name": "合同.pdf", "mimeType": "application/pdf", "buffer": changed}
    )
    checker.locator("main .btn-primary").click()
    expect(checker.locator("[data-result=bad]")).to_be_visible()
    assert first.complaints == second.complaints == []
