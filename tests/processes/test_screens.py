"""The sales screens as a browser asks for them: board, deal desk, cashier, papers, loan calculator."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from anchang.crm.models import Customer
from anchang.deals.models import Contract, Hold, Subscription
from anchang.finance.models import DayClose, Receipt
from anchang.inventory.models import Discount, PaymentPlan
from anchang.platform.access import bump_stamp
from anchang.platform.models import FieldRule, Role
from anchang.platform.ui.live import Happening
from anchang.processes.resources import tell_units
from anchang.processes.views import grid
from tests.deals.desk import BUYER, DISCOUNTS
from tests.factories import PASSWORD, run

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
TOTAL = "2696170.00"


@pytest.fixture
def enter(client, desk):
    def as_user(who: str):
        assert client.login(username=who, password=PASSWORD)
        return client

    return as_user


def system(desk):
    return desk.office.as_("system")


def plan(code):
    return PaymentPlan.objects.get(code=code).pk


def _counts(sql):
    """Not savepoints and settings of the connection."""
    return bool(sql) and "SAVEPOINT" not in sql and "set_config" not in sql


def discount_ids():
    wanted = [d["code"] for d in DISCOUNTS]
    return [str(Discount.objects.get(code=code).pk) for code in wanted]


def deal_form(desk, **more):
    form = {
        "customer": desk.customer("consultant1").pk, "payment_plan": plan("mortgage"), "discounts": discount_ids(),
        "deposit": "50,000.00", "buyers-TOTAL_FORMS": "1", "idempotency_key": "k-1",
        **{f"buyers-0-{name}": value for name, value in BUYER.items()},
        "buyers-0-kind": "person", "buyers-0-id_type": "id_card",
    }  # fmt: skip
    return {k: v for k, v in (form | more).items() if v is not None}


# --- the board -----------------------------------------------------------------------------------


def test_board_shows_every_unit_with_its_state_in_eight_queries(enter, desk):
    client = enter("consultant1")
    client.get("/board/")
    with CaptureQueriesContext(connection) as seen:
        answer = client.get("/board/")
    text = answer.content.decode()
    for unit in desk.stock.units:
        assert f'id="u{unit.pk}"' in text
    assert text.count('data-state="available"') >= len(desk.stock.units)
    ours = [q["sql"] for q in seen.captured_queries if _counts(q["sql"] or "")]
    assert len(ours) <= 8, ours
    assert "<b>101</b>" in text and "282.8" in text


def test_boards_that_ask_at_once_get_cells_that_were_written_once(enter, desk, monkeypatch):
    written = []
    made = grid.grid
    monkeypatch.setattr(grid, "grid", lambda board: written.append(1) or made(board))
    client = enter("consultant1")
    whole = client.get("/board/?part=grid").content
    with CaptureQueriesContext(connection) as seen:
        assert client.get("/board/?part=grid").content == whole
    assert len(written) == 1
    assert len([q for q in seen.captured_queries if _counts(q["sql"] or "")]) <= 5
    unit = desk.stock.units[0]
    with desk.office.as_("manager") as access:
        run("control_unit", access, unit, reason="留给抽签")
    assert 'data-state="controlled"' in client.get("/board/?part=grid").content.decode()
    FieldRule.objects.create(role=Role.objects.get(code="consultant"), resource="units", field="list_total", mode="hide")
    bump_stamp()
    assert "282.8" not in client.get("/board/?part=grid").content.decode(), "others see more than he may"
    assert client.post("/language/", {"language": "en"}).status_code == 302
    assert "Available" in client.get("/board/?part=grid").content.decode()


def test_board_is_refused_without_the_right_and_outsiders_get_nothing(client, desk):
    assert client.get("/board/").status_code == 302
    assert client.get(f"/board/unit/{desk.stock.units[0].pk}/", headers=HTMX).status_code == 401


def test_a_hidden_price_is_not_on_the_board_nor_in_the_live_message(enter, desk):
    FieldRule.objects.create(role=Role.objects.get(code="consultant"), resource="units", field="list_total", mode="hide")
    bump_stamp()
    text = enter("consultant1").get("/board/").content.decode()
    assert "282.8" not in text and "2828460" not in text
    with system(desk):
        one = Happening((1, 1), "unit.repriced", "units", desk.unit().pk, desk.office.project.pk, None, {})
        told = tell_units([one])[desk.unit().pk]
    assert told["trigger"] == "units:changed"
    assert told["detail"]["cell"]["state"] == "available"
    assert "list_total" not in told["detail"]["cell"]


def test_panel_prices_to_the_cent_and_says_why_a_discount_does_not_go(enter, desk):
    with system(desk):
        ids, mortgage = discount_ids(), plan("mortgage")
        late = run(
            "add_discounts", desk.office.access("system"), code="OLD", name="过期优惠", kind="fix", value="1",
            valid_to="2020-01-01",
        )  # fmt: skip
    unit = desk.stock.units[0].pk
    client = enter("consultant1")
    answer = client.get(f"/board/unit/{unit}/price", {"payment_plan": mortgage, "discounts": ids}, headers=HTMX)
    text = answer.content.decode()
    for amount in ("2,828,460.00", "2,771,890.80", "2,743,606.20", "2,716,170.14", "2,696,170.00"):
        assert amount in text
    assert "1,880,000.00" in text  # the loan that the plan asks for
    off = text.split(f'value="{late.pk}"')[1].split("</label>")[0]
    assert "disabled" in off and "<small>" in off
    page = client.get(f"/board/unit/{unit}/")
    assert page.status_code == 200 and "<!DOCTYPE" in page.content.decode()


def test_hold_from_the_panel_once_per_key_and_refusals_keep_the_customer(enter, desk):
    with system(desk):
        mine, other = desk.customer("consultant1"), desk.customer("consultant2")
        unit = desk.unit()
    client = enter("consultant1")
    url = f"/board/unit/{unit.pk}/hold"
    refused = client.post(url, {"customer": mine.pk, "minutes": "9999999"}, headers=HTMX)
    assert refused.status_code == 422
    assert f'value="{mine.pk}" selected' in refused.content.decode() and "9999999" in refused.content.decode()
    assert client.post(url, {"customer": other.pk}, headers=HTMX).status_code in (403, 404, 422)
    for _ in range(2):
        held = client.post(url, {"customer": mine.pk, "minutes": "30", "idempotency_key": "one"}, headers=HTMX)
        assert held.status_code == 200 and "countdown" in held.content.decode()
    with system(desk):
        assert Hold.objects.filter(state="active").count() == 1
        assert desk.unit().state == "held"


def test_history_lists_states_and_prices(enter, desk):
    text = enter("manager").get(f"/board/unit/{desk.stock.units[0].pk}/history", headers=HTMX).content.decode()
    assert "2,828,460.00" in text and "tl-item" in text


# --- the deal desk -------------------------------------------------------------------------------


def test_desk_reprices_while_typing(enter, desk):
    with system(desk):
        form = deal_form(desk)
    unit = desk.stock.units[0].pk
    answer = enter("consultant1").post(f"/deal/{unit}/price", form, headers=HTMX)
    text = answer.content.decode()
    assert "2,696,170.00" in text and "766,170.00" in text and 'hx-swap-oob="innerHTML"' in text
    with system(desk):
        assert not Subscription.objects.exists()


def test_desk_subscribes_and_goes_on_to_signing(enter, desk):
    with system(desk):
        form = deal_form(desk)
    unit = desk.stock.units[0].pk
    client = enter("consultant1")
    answer = client.post(f"/deal/{unit}/", form, headers=HTMX)
    assert answer.status_code == 204 and answer["HX-Redirect"] == f"/deal/{unit}/"
    with system(desk):
        made = Subscription.objects.get()
        assert str(made.total) == TOTAL and str(made.deposit) == "50000.00"
    page = client.get(f"/deal/{unit}/").content.decode()
    assert made.number in page and "330102" not in page.replace("330102********2316", "")
    signing = enter("clerk").get(f"/deal/{unit}/").content.decode()
    assert f"/r/subscriptions/{made.pk}/do/sign?stay=1" in signing
    taken = enter("consultant5").get(f"/deal/{unit}/")
    assert taken.status_code == 200 and made.number not in taken.content.decode()


def test_desk_errors_stand_at_their_fields_and_keep_everything(enter, desk):
    with system(desk):
        form = deal_form(desk, **{
            "deposit": "900000", "buyers-0-share": "60", "buyers-1-name": "李四", "buyers-1-id_number": "123",
            "buyers-1-share": "39.99", "buyers-1-kind": "person", "buyers-1-id_type": "id_card", "ownership": "shares",
        })  # fmt: skip
    unit = desk.stock.units[0].pk
    client = enter("consultant1")
    answer = client.post(f"/deal/{unit}/", form, headers=HTMX)
    text = answer.content.decode()
    assert answer.status_code == 422
    for typed in ("李四", "39.99", "900000", BUYER["name"], BUYER["id_number"]):
        assert typed in text
    assert "buyers-1-id_number_error" in text or 'id="id_buyers-1-id_number_error"' in text
    form |= {"buyers-1-id_number": "330102199105082327", "buyers-1-share": "40", "idempotency_key": "k-2"}
    again = client.post(f"/deal/{unit}/", form, headers=HTMX)
    assert again.status_code == 422 and 'id="id_deposit_error"' in again.content.decode()
    with system(desk):
        assert not Subscription.objects.exists() and desk.unit().state == "available"


def test_a_new_customer_is_made_with_the_subscription_or_not_at_all(enter, desk):
    with system(desk):
        form = deal_form(desk, customer=None, new_name="新客", new_phone="13900001234")
        before = Customer.objects.count()
    unit = desk.stock.units[0].pk
    client = enter("consultant1")
    refused = client.post(f"/deal/{unit}/", form | {"deposit": "99999999"}, headers=HTMX)
    assert refused.status_code == 422 and "13900001234" in refused.content.decode()
    with system(desk):
        assert Customer.objects.count() == before
    nobody = client.post(f"/deal/{unit}/", form | {"new_name": "", "new_phone": "", "idempotency_key": "k-3"}, headers=HTMX)
    assert nobody.status_code == 422 and 'id="id_customer_error"' in nobody.content.decode()
    assert client.post(f"/deal/{unit}/", form | {"idempotency_key": "k-4"}, headers=HTMX).status_code == 204
    with system(desk):
        assert Subscription.objects.get().customer.name == "新客"


def test_documents_are_ticked_on_the_deal_page_by_the_clerk_only(enter, desk):
    with system(desk):
        document = run("create_checklists", desk.office.access("admin"), name="身份证复印件", needed_for="any")
        desk.subscribe()
        unit = desk.unit()
    data = {"document": document.pk, "buyer": "", "received": "on"}
    assert enter("consultant1").post(f"/deal/{unit.pk}/documents", data, headers=HTMX).status_code == 403
    answer = enter("clerk").post(f"/deal/{unit.pk}/documents", data, headers=HTMX)
    assert answer.status_code == 200 and "checked" in answer.content.decode()


# --- the cashier ---------------------------------------------------------------------------------


def test_cashier_finds_takes_and_shows_the_receipt(enter, desk):
    with system(desk):
        contract = desk.sign()
        deal_id, number = contract.deal_id, contract.number
    client = enter("finance")
    found = client.get("/cashier/", {"q": number}).content.decode()
    assert "receive-form" in found and "50,000.00" in found
    shown = client.post(f"/cashier/{deal_id}/preview", {"amount": "50,000", "way": "pos"}, headers=HTMX).content.decode()
    assert "50,000.00" in shown
    refused = client.post(f"/cashier/{deal_id}/receive", {"amount": "-5", "way": "pos", "payer": "王五"}, headers=HTMX)
    assert refused.status_code == 422
    assert "王五" in refused.content.decode() and 'id="id_amount_error"' in refused.content.decode()
    data = {"amount": "50,000.00", "way": "pos", "payer": "王五", "idempotency_key": "r-1"}
    for _ in range(2):
        taken = client.post(f"/cashier/{deal_id}/receive", data, headers=HTMX)
        assert taken.status_code == 204
    with system(desk):
        receipt = Receipt.objects.get()
        assert str(receipt.amount) == "50000.00" and receipt.payer == "王五"
    page = client.get(taken["HX-Redirect"]).content.decode()
    assert receipt.number in page and "taken-number" in page


def test_cashier_takes_named_lines_and_names_the_wrong_one(enter, desk):
    with system(desk):
        contract = desk.sign()
        line = contract.deal.pk and contract.pk
        first = run_line(contract)
    client = enter("finance")
    url = f"/cashier/{contract.deal_id}/receive"
    wrong = client.post(url, {"amount": "60000", "way": "pos", f"part-{first.pk}": "60000"}, headers=HTMX)
    assert wrong.status_code == 422 and "60000" in wrong.content.decode() and line
    good = client.post(url, {"amount": "60000", "way": "pos", f"part-{first.pk}": "20000"}, headers=HTMX)
    assert good.status_code == 204
    with system(desk):
        assert str(Receipt.objects.get().allocated) == "20000.00"


def run_line(contract):
    from anchang.finance.models import Receivable

    return Receivable.objects.filter(contract=contract, item="deposit").get()


def test_cashier_is_for_those_who_take_money(enter, desk):
    assert enter("consultant1").get("/cashier/").status_code == 403
    with system(desk):
        contract = desk.sign()
    assert enter("clerk").post(f"/cashier/{contract.deal_id}/preview", {"amount": "1"}, headers=HTMX).status_code in (200, 403)


def test_day_close_needs_a_note_for_a_difference(enter, desk):
    with system(desk):
        desk.receive(desk.sign(), "50000", "cash")
    client = enter("finance")
    assert "50,000.00" in client.get("/cashier/close/").content.decode()
    refused = client.post("/cashier/close/", {"cash": "49,900"})
    assert refused.status_code == 422
    assert "49,900" in refused.content.decode() and 'id="id_note_error"' in refused.content.decode()
    assert client.post("/cashier/close/", {"cash": "49,900", "note": "少一百"}).status_code == 302
    with system(desk):
        assert str(DayClose.objects.get().difference) == "100.00"


# --- papers --------------------------------------------------------------------------------------


def is_pdf(answer, name):
    assert answer.status_code == 200 and answer.content.startswith(b"%PDF")
    assert name in answer["Content-Disposition"] and answer["Cache-Control"] == "no-store"


def test_papers_are_pdfs_that_count_their_copies(enter, desk):
    with system(desk):
        contract = desk.sign()
        receipt = desk.receive(contract, "50000")
        subscription = Subscription.objects.get()
    client = enter("consultant1")
    is_pdf(client.post(f"/papers/subscription/{subscription.pk}.pdf"), "%E8%AE%A4%E8%B4%AD%E4%B9%A6")
    assert client.post(f"/papers/contract/{contract.pk}.pdf").status_code == 403
    assert client.get(f"/papers/contract/{contract.pk}.pdf").status_code == 405
    client = enter("finance")
    is_pdf(client.post(f"/papers/contract/{contract.pk}.pdf"), contract.number)
    is_pdf(client.post(f"/papers/receipt/{receipt.pk}.pdf"), receipt.number)
    with system(desk):
        for made in (Subscription.objects.get(), Contract.objects.get(), Receipt.objects.get()):
            assert made.prints == 1, made


def test_proposal_and_price_list(enter, desk):
    with system(desk):
        form = deal_form(desk)
    unit = desk.stock.units[0].pk
    client = enter("consultant1")
    is_pdf(client.post(f"/deal/{unit}/proposal.pdf", form), "%E7%BD%AE%E4%B8%9A")
    listed = client.get("/papers/").content.decode()
    price_list = desk.stock.price_list.pk
    assert f"/papers/price-list/{price_list}.pdf" in listed
    is_pdf(client.get(f"/papers/price-list/{price_list}.pdf"), "%E4%BB%B7%E7%9B%AE%E8%A1%A8")
    book = client.get(f"/papers/price-list/{price_list}.xlsx")
    assert book.status_code == 200 and book.content.startswith(b"PK")
    assert client.get(f"/papers/price-list/{price_list}.txt").status_code == 404


# --- loans ---------------------------------------------------------------------------------------


def test_loan_page_combines_and_compares(enter, desk):
    client = enter("consultant1")
    given = {"bank": "1,080,000", "fund": "800,000", "years": "30"}
    text = client.get("/loan/", given).content.decode()
    for amount in ("8,052.40", "10,105.55", "1,018,864.69", "881,441.98"):
        assert amount in text
    wrong = client.get("/loan/", given | {"years": "31"}, headers=HTMX)
    assert wrong.status_code == 422
    wrong = client.get("/loan/", given | {"bank": "abc"})
    assert wrong.status_code == 422 and "abc" in wrong.content.decode()


def test_sign_by_defaults_to_the_offices_days(enter, desk):
    text = enter("consultant1").get(f"/deal/{desk.stock.units[0].pk}/").content.decode()
    assert (timezone.localdate() + dt.timedelta(days=7)).isoformat() in text
