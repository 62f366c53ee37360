"""Special affairs by their commands, to the cent: exchange, buyers, payment, price, forfeiture, revocation."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest
from django.db.models import Sum

from anchang.deals.models import Buyer, Contract, Deal, DealChange, PlanLine, Subscription, UnitClaim
from anchang.finance.models import Allocation, Receipt, Receivable, Refund
from anchang.inventory.models import Unit
from anchang.kernel.errors import DomainError
from anchang.kernel.identity import mask_number
from anchang.platform import personal
from anchang.platform.access import bump_stamp
from anchang.platform.models import Parameter
from tests.deals.desk import BUYER, Desk
from tests.factories import PASSWORD, run

pytestmark = pytest.mark.django_db
SPOUSE = {"name": "李四", "id_number": "330102199105082327", "relation": "spouse", "proven": True}


def set_parameter(key, value):
    Parameter.objects.create(key=key, value=value, valid_from=dt.date(2020, 1, 1))
    bump_stamp()


def refused(code, *args, status=None, **data):
    with pytest.raises(DomainError) as caught:
        run(*args, **data)
    assert caught.value.code == code, (caught.value.code, caught.value.fields)
    if status:
        assert caught.value.status == status


def approve(desk: Desk, change: DealChange, who: str = "manager") -> DealChange:
    return run("approve_change", desk.office.access(who), change)


def ask_exchange(desk: Desk, paper, to: int = 1, who: str = "consultant1", **more):
    name = "exchange_contract" if isinstance(paper, Contract) else "exchange_subscription"
    return run(name, desk.office.access(who), paper, new_unit=desk.unit(to).pk, reason="要高一点", **more)


def cheaper(desk: Desk, index: int = 1) -> None:
    """The other units cost 2,828,460.00."""
    Unit.objects.filter(pk=desk.unit(index).pk).update(list_total=Decimal("2800000.00"))


def live(deal) -> list[tuple[str, str, str]]:
    rows = Receivable.objects.filter(deal=deal, voided=False).order_by("seq")
    return [(r.item, str(r.amount), str(r.allocated)) for r in rows]


def free_of(deal) -> Decimal:
    rows = Receipt.objects.filter(deal=deal, state__in=("posted", "day_closed"))
    found = rows.aggregate(got=Sum("amount"), used=Sum("allocated"))
    return (found["got"] or 0) - (found["used"] or 0)


def check_books() -> None:
    """DOMAIN 4: every total is the sum of its lines, every allocation is covered, nothing is negative."""
    for contract in Contract.objects.filter(state__in=("signed", "filed", "change_pending", "terminating")):
        owed = Receivable.objects.filter(contract=contract, house=True, voided=False).aggregate(sum=Sum("amount"))
        assert owed["sum"] == contract.total
        assert PlanLine.objects.filter(contract=contract).aggregate(sum=Sum("amount"))["sum"] == contract.total
    for receipt in Receipt.objects.filter(reverses__isnull=True):
        used = Allocation.objects.filter(receipt=receipt).aggregate(sum=Sum("amount"))["sum"] or 0
        assert 0 <= used == receipt.allocated <= receipt.amount


def test_exchange_of_a_subscription_moves_claim_price_and_money(desk):
    cheaper(desk)
    sub = desk.subscribe(deposit="50000.00")
    run("receive_on_subscription", desk.office.access("finance"), sub, amount="50000", way="transfer", payer="张三")
    change = ask_exchange(desk, sub)
    sub.refresh_from_db()
    assert (sub.state, change.state, change.new_total) == ("change_pending", "requested", Decimal("2800000.00"))
    refused("state_refused", "sign_contract", desk.office.access("clerk"), sub)
    assert desk.unit(1).state == "available"  # still on sale until it is decided
    change = approve(desk, change)
    sub.refresh_from_db()
    old, new = sub.deal, change.new_deal
    assert (change.state, sub.state, old.state, new.state) == ("executed", "exchanged", "ended", "subscribed")
    assert (new.previous_id, new.consultant_id) == (old.pk, old.consultant_id)
    unit = desk.unit(0)
    assert (unit.state, unit.locks) == ("controlled", ["reconfirm_price"])
    assert list(UnitClaim.objects.values_list("unit_id", "deal_id", "kind")) == [
        (desk.unit(1).pk, new.pk, "subscription")
    ]
    assert live(old) == [] and live(new) == [("deposit", "50000.00", "50000.00")]
    assert free_of(old) == 0
    arrived = Receipt.objects.get(deal=new)
    assert (arrived.way, arrived.amount, arrived.kind) == ("transfer_in", Decimal("50000.00"), "house")
    assert list(Refund.objects.values_list("deal_id", "amount", "state")) == [(old.pk, Decimal("50000.00"), "paid")]
    assert change.difference == Decimal("-28460.00")
    refused("state_refused", "approve_change", desk.office.access("manager"), change)
    check_books()


def test_exchange_of_a_contract_signs_the_new_one_and_returns_what_is_left_over(desk):
    """2,828,460 paid in full; the unit at 2,800,000 takes its price, 28,460 goes back."""
    cheaper(desk)
    contract = desk.sign(payment_plan="lump_sum")
    desk.receive(contract, "2828460")
    change = approve(desk, ask_exchange(desk, contract, who="manager"), "admin")
    contract.refresh_from_db()
    new = Contract.objects.get(deal=change.new_deal)
    assert (contract.state, contract.fault, new.state) == ("terminated", "none", "signed")
    assert (new.total, new.signed_on) == (Decimal("2800000.00"), change.decided_on)
    assert (desk.unit(0).state, desk.unit(1).state) == ("controlled", "signed")
    assert Receipt.objects.get(deal=new.deal_id).amount == Decimal("2800000.00")
    assert Refund.objects.get(state="requested").amount == Decimal("28460.00")
    assert sum(Decimal(paid) for _item, _amount, paid in live(new.deal_id)) == new.total
    assert free_of(contract.deal_id) == free_of(new.deal_id) == 0
    check_books()


def test_loan_money_goes_back_to_the_bank_in_an_exchange(desk):
    contract = desk.sign(payment_plan="mortgage")
    loan = Receivable.objects.get(contract=contract, money="bank").amount
    desk.receive(contract, str(loan), way="mortgage")
    desk.receive(contract, "100000")
    change = approve(desk, ask_exchange(desk, contract, who="manager", payment_plan="lump_sum"), "admin")
    assert Receipt.objects.get(deal=change.new_deal).amount == Decimal("100000.00")
    assert Refund.objects.get(money="bank").amount == loan
    check_books()


def test_a_unit_sold_meanwhile_refuses_the_exchange_and_leaves_everything(desk):
    sub = desk.subscribe()
    change = ask_exchange(desk, sub)
    desk.subscribe(1, owner="consultant2", buyers=[SPOUSE])
    refused("unit_taken", "approve_change", desk.office.access("manager"), change, status=409)
    sub.refresh_from_db()
    change.refresh_from_db()
    assert (sub.state, change.state, desk.unit(0).state) == ("change_pending", "requested", "subscribed")
    run("refuse_change", desk.office.access("manager"), change, reason="已售")
    sub.refresh_from_db()
    assert sub.state == "active" and Deal.objects.filter(previous__isnull=False).count() == 0


def test_who_may_ask_and_who_may_decide(desk):
    sub = desk.subscribe()
    refused("not_found", "exchange_subscription", desk.office.access("consultant5"), sub, new_unit=desk.unit(1).pk,
            reason="x", status=404)  # fmt: skip
    change = ask_exchange(desk, sub)
    refused(
        "state_refused", "replan_subscription", desk.office.access("manager"), sub, payment_plan="mortgage", reason="x"
    )
    refused("forbidden", "approve_change", desk.office.access("consultant1"), change, status=403)
    refused("not_an_approver", "approve_change", desk.office.access("director"), change, status=403)
    refused("forbidden", "approve_change", desk.office.access("finance"), change, status=403)
    run("withdraw_change", desk.office.access("consultant1"), change)
    sub.refresh_from_db()
    assert sub.state == "active"
    mine = ask_exchange(desk, sub, who="manager")
    refused("own_request", "approve_change", desk.office.access("manager"), mine, status=403)


def test_replan_cuts_a_part_paid_line_and_sums_to_the_total(desk):
    """Lump sum, 1,000,000 of it paid, becomes a mortgage with 1,500,000 from the bank."""
    contract = desk.sign(payment_plan="lump_sum", deposit="50000.00")
    desk.receive(contract, "1000000")
    assert live(contract.deal)[0] == ("deposit", "50000.00", "50000.00")
    change = run(
        "replan_contract", desk.office.access("clerk"), contract, reason="改按揭", payment_plan="mortgage",
        loans=[{"kind": "bank", "bank": "工行", "amount": "1500000"}],
    )  # fmt: skip
    approve(desk, change)
    contract.refresh_from_db()
    new = Contract.objects.get(deal=contract.deal_id, state="signed")
    assert (contract.state, new.revision, new.number, new.total) == ("voided", 2, contract.number, contract.total)
    rest = contract.total - 1500000 - 1000000
    assert live(contract.deal) == [
        ("deposit", "50000.00", "50000.00"), ("first_payment", "950000.00", "950000.00"),
        ("first_payment", f"{rest:.2f}", "0.00"), ("bank_loan", "1500000.00", "0.00"),
    ]  # fmt: skip
    assert new.signed_on == contract.signed_on
    check_books()


def test_a_loan_that_the_bank_cut_becomes_own_money(desk):
    """BS24: applied for 1,970,000, granted 1,500,000: the plan changes, the loan goes along with the new version."""
    contract = desk.sign(payment_plan="mortgage", deposit="50000.00")
    clerk = desk.office.access("clerk")
    loan = run("add_mortgages", clerk, contract=contract.pk, bank="工行", amount="1970000")
    run("submit_mortgage", clerk, loan)
    refused("state_refused", "loan_choices", clerk, loan)
    run("approve_mortgage", clerk, loan, amount="1500000")
    desk.receive(contract, "80000")
    ways = run("loan_choices", clerk, loan)
    assert (ways["short"], ways["replan"]["own_money"], ways["other_bank"]["amount"]) == ("470000.00",) * 3
    assert [line["amount"] for line in ways["replan"]["lines"]] == ["50000.00", "1278460.00", "1500000.00"]
    assert (ways["terminate"]["refund"], ways["terminate"]["forfeited"]) == ("80000.00", "0.00")
    change = run(
        "replan_contract", clerk, contract, reason="贷款不足", payment_plan="mortgage",
        loans=[{"kind": "bank", "bank": "工行", "amount": "1500000"}],
    )  # fmt: skip
    approve(desk, change)
    assert live(contract.deal_id) == [
        ("deposit", "50000.00", "50000.00"), ("first_payment", "30000.00", "30000.00"),
        ("first_payment", "1248460.00", "0.00"), ("bank_loan", "1500000.00", "0.00"),
    ]  # fmt: skip
    loan.refresh_from_db()
    assert (loan.contract.state, loan.contract.revision, loan.state) == ("signed", 2, "approved")
    check_books()


def test_a_lower_price_takes_the_overpaid_off_and_requests_it_back(desk):
    contract = desk.sign(payment_plan="lump_sum", deposit="0")
    desk.receive(contract, str(contract.total))
    access = desk.office.access("manager")
    change = run("reprice_contract", access, contract, reason="补优惠", discounts=["F2"])
    assert change.difference == Decimal("-20000.00")
    refused("own_request", "approve_change", access, change)
    approve(desk, change, "director")
    new = Contract.objects.get(deal=contract.deal_id, state="signed")
    assert new.total == contract.total - 20000 == Deal.objects.get(pk=contract.deal_id).total
    assert Refund.objects.get().amount == Decimal("20000.00")
    assert sum(Decimal(paid) for _item, _amount, paid in live(contract.deal_id)) == new.total
    check_books()


def test_a_price_that_moved_is_asked_for_anew(desk):
    sub = desk.subscribe()
    change = run("reprice_subscription", desk.office.access("consultant1"), sub, reason="补优惠", discounts=["F2"])
    Unit.objects.filter(pk=sub.unit_id).update(list_total=sub.list_total - 1000)
    refused("price_moved", "approve_change", desk.office.access("director"), change)
    sub.refresh_from_db()
    assert sub.state == "change_pending"


def test_a_repriced_subscription_is_a_new_version_that_signs_at_the_new_price(desk):
    sub = desk.subscribe()
    change = run("reprice_subscription", desk.office.access("consultant1"), sub, reason="补优惠", discounts=["F2"])
    approve(desk, change, "director")
    sub.refresh_from_db()
    new = Subscription.objects.get(deal=sub.deal_id, state="active")
    assert (sub.state, new.number, new.total) == ("replaced", f"{sub.number}-2", sub.total - 20000)
    contract = run("sign_contract", desk.office.access("clerk"), new)
    assert contract.total == sub.total - 20000
    check_books()


def test_buyers_change_only_within_the_family(desk):
    sub = desk.subscribe()
    ask = ("change_buyers_subscription", desk.office.access("consultant1"), sub)
    refused(
        "buyer_not_related",
        *ask,
        reason="更名",
        buyers=[BUYER | {"share": "50"}, SPOUSE | {"relation": "", "share": "50"}],
    )
    refused("relation_not_proven", *ask, reason="更名",
            buyers=[BUYER | {"share": "50"}, SPOUSE | {"proven": False, "share": "50"}])  # fmt: skip
    refused("original_buyer_must_stay", *ask, reason="更名", buyers=[SPOUSE])
    change = run(*ask, reason="加名", buyers=[BUYER | {"share": "60"}, SPOUSE | {"share": "40"}])
    assert b"330102" not in bytes(change.buyers_cipher)
    approve(desk, change)
    assert list(Buyer.objects.filter(deal=sub.deal_id).order_by("seq").values_list("name", "share")) == [
        ("张三", Decimal("60.00")), ("李四", Decimal("40.00")),
    ]  # fmt: skip
    new = Subscription.objects.get(deal=sub.deal_id, state="active")
    assert new.total == sub.total and new.pk != sub.pk


def test_new_buyers_are_typed_line_by_line(desk, client):
    """With the guardian of a minor, and the relation that a document proves."""
    sub = desk.subscribe()
    assert client.login(username="consultant1", password=PASSWORD)
    url = f"/r/subscriptions/{sub.pk}/do/change-buyers"
    page = client.get(url).content.decode()
    assert all(f'name="buyers-0-{name}"' in page for name in ("name", "relation", "proven", "guardian.name"))
    rows = [BUYER | {"share": "60"}, SPOUSE | {"share": "40", "proven": "on"}]
    form = {f"buyers-{at}-{name}": value for at, row in enumerate(rows) for name, value in row.items()}
    answer = client.post(url, form | {"reason": "加名", "idempotency_key": "b1"})
    assert answer.status_code in (200, 204, 302), answer.content.decode()[:3000]
    assert DealChange.objects.get().kind == "buyers"


def test_present_buyers_stand_in_the_form_with_their_numbers_masked(desk, client):
    """Who stays need not be typed again: a masked number of an unchanged name means the one that is known."""
    sub = desk.subscribe()
    assert client.login(username="consultant1", password=PASSWORD)
    url = f"/r/subscriptions/{sub.pk}/do/change-buyers"
    page = client.get(url).content.decode()
    masked = mask_number(BUYER["id_number"])
    assert f'value="{BUYER["name"]}"' in page and f'value="{masked}"' in page
    assert BUYER["id_number"] not in page
    stays = {"name": BUYER["name"], "id_number": masked, "share": "60"}
    ask = ("change_buyers_subscription", desk.office.access("consultant1"), sub)
    with pytest.raises(DomainError):
        run(*ask, reason="加名", buyers=[stays | {"name": "王五"}, SPOUSE | {"share": "40"}])
    change = run(*ask, reason="加名", buyers=[stays, SPOUSE | {"share": "40"}])
    asked = json.loads(personal.decrypt(change.buyers_cipher))
    assert [row["id_number"] for row in asked] == [BUYER["id_number"], SPOUSE["id_number"]]


def test_buyers_of_a_filed_contract_wait_for_the_revocation(desk):
    contract = desk.sign()
    clerk = desk.office.access("clerk")
    run("file_contract", clerk, contract, filing_number="BA1")
    refused("revoke_first", "change_buyers_contract", clerk, contract, reason="加名", buyers=[BUYER])
    refused("no_bureau_revocation", "ask_revocation", desk.office.access("director"), contract, reason="加名")


def overdue(desk: Desk, paid: str = "80000") -> Subscription:
    sub = desk.subscribe(deposit="50000.00")
    run(
        "receive_on_subscription", desk.office.access("finance"), sub, amount=paid, way="transfer", confirm_surplus=True
    )
    Subscription.objects.filter(pk=sub.pk).update(state="overdue", sign_by=sub.subscribed_on)
    sub.refresh_from_db()
    return sub


def demanded(desk: Desk, sub: Subscription) -> DealChange:
    demand = run("demand_signing", desk.office.access("clerk"), sub, reason="逾期未签约")
    refused("demand_running", "request_forfeiture", desk.office.access("clerk"), demand, cause="buyer")
    DealChange.objects.filter(pk=demand.pk).update(deadline=demand.requested_on - dt.timedelta(days=1))
    return demand


def test_forfeiture_keeps_at_most_the_paid_deposit_and_returns_the_rest(desk):
    sub = overdue(desk)
    active = desk.subscribe(1, owner="consultant2", buyers=[SPOUSE])
    refused("state_refused", "demand_signing", desk.office.access("clerk"), active, reason="x")
    demand = demanded(desk, sub)
    clerk = desk.office.access("clerk")
    refused("forfeit_over_deposit", "request_forfeiture", clerk, demand, cause="buyer", amount="50000.01", status=422)
    change = run("request_forfeiture", clerk, demand, cause="buyer")
    sub.refresh_from_db()
    assert (sub.state, change.amount) == ("terminating", Decimal("50000.00"))
    refused("not_an_approver", "approve_change", desk.office.access("manager"), change)
    approve(desk, change, "director")
    sub.refresh_from_db()
    assert (sub.state, sub.forfeited) == ("forfeited", Decimal("50000.00"))
    assert live(sub.deal_id) == [("forfeiture", "50000.00", "50000.00")]
    assert Refund.objects.get().amount == Decimal("30000.00")
    assert (desk.unit().state, desk.unit().locks) == ("controlled", ["reconfirm_price"])
    refused("state_refused", "request_forfeiture", clerk, demand, cause="buyer")


def test_a_cause_that_is_nobodys_returns_everything(desk):
    sub = overdue(desk)
    demand = run("demand_signing", desk.office.access("clerk"), sub, reason="逾期未签约")
    refused(
        "forfeit_without_fault",
        "request_forfeiture",
        desk.office.access("clerk"),
        demand,
        cause="loan_refused",
        amount="1",
    )
    change = run("request_forfeiture", desk.office.access("clerk"), demand, cause="loan_refused")
    approve(desk, change, "director")
    sub.refresh_from_db()
    assert (sub.state, sub.forfeited, Refund.objects.get().amount) == ("refunded", Decimal("0.00"), Decimal("80000.00"))


def test_a_kept_deposit_is_returned_in_parts(desk):
    sub = overdue(desk, "50000")
    approve(
        desk, run("request_forfeiture", desk.office.access("clerk"), demanded(desk, sub), cause="buyer"), "director"
    )
    manager = desk.office.access("director")
    refused("more_than_forfeited", "request_return", manager, sub, reason="协商", amount="50000.01", status=422)
    approve(desk, run("request_return", manager, sub, reason="协商", amount="20000"), "admin")
    sub.refresh_from_db()
    assert sub.state == "forfeited" and live(sub.deal_id) == [("forfeiture", "30000.00", "30000.00")]
    approve(desk, run("request_return", manager, sub, reason="协商", amount="30000"), "admin")
    sub.refresh_from_db()
    assert sub.state == "refunded" and live(sub.deal_id) == []
    assert sum(Refund.objects.values_list("amount", flat=True)) == Decimal("50000.00")
    refused("state_refused", "request_return", manager, sub, reason="协商", amount="1")


def test_where_the_office_demands_first_nobody_keeps_a_deposit_without(desk):
    set_parameter("deals.forfeit_needs_demand", True)
    sub = overdue(desk)
    director = desk.office.access("director")
    refused("demand_first", "terminate_subscription", director, sub, reason="x", fault="buyer")
    refused("demand_first", "cancel_subscription", director, sub, reason="x", fault="buyer")
    run("terminate_subscription", director, sub, reason="x", fault="none")


def bureau(desk: Desk) -> Contract:
    set_parameter("deals.bureau_revocation", True)
    contract = desk.sign(payment_plan="lump_sum", deposit="50000.00")
    desk.receive(contract, "300000")
    run("file_contract", desk.office.access("clerk"), contract, filing_number="BA1")
    return contract


def test_revoke_change_buyers_and_sign_again(desk):
    contract = bureau(desk)
    clerk = desk.office.access("clerk")
    refused("revoke_first", "exchange_contract", clerk, contract, new_unit=desk.unit(1).pk, reason="x")
    change = run("ask_revocation", clerk, contract, reason="加名")
    refused("approval_pending", "revoke_contract", clerk, contract, reference="CX1")
    approve(desk, change, "director")
    contract = run("revoke_contract", clerk, contract, reference="CX1")
    assert contract.state == "revoked" and UnitClaim.objects.get().deal_id == contract.deal_id
    asked = run(
        "change_buyers_contract",
        clerk,
        contract,
        reason="加名",
        buyers=[BUYER | {"share": "50"}, SPOUSE | {"share": "50"}],
    )
    approve(desk, asked)
    draft = Contract.objects.get(deal=contract.deal_id, state="draft")
    assert (draft.revision, draft.filing_number, draft.filed_on) == (2, "", None)
    assert free_of(contract.deal_id) == Decimal("300000.00")
    refused("state_refused", "void_contract", clerk, draft)
    run("review_contract", clerk, draft)
    signed = run("sign_reviewed_contract", clerk, draft)
    assert (signed.state, desk.unit().state) == ("signed", "signed")
    assert live(contract.deal_id)[0] == ("deposit", "50000.00", "50000.00")
    assert sum(Decimal(paid) for _i, _a, paid in live(contract.deal_id)) == Decimal("300000.00")
    run("file_contract", clerk, signed, filing_number="BA2")
    check_books()


def test_a_termination_waits_for_the_bureau_then_settles(desk):
    contract = bureau(desk)
    director, clerk = desk.office.access("director"), desk.office.access("clerk")
    run("terminate_contract", director, contract, reason="断供", fault="buyer", forfeit="40000")
    refused("state_refused", "end_revoked_contract", director, contract)
    kept = run("keep_contract", director, contract)
    assert (kept.state, kept.fault, kept.forfeited) == ("filed", "", Decimal("0.00"))
    run("terminate_contract", director, contract, reason="断供", fault="buyer", forfeit="40000")
    run("revoke_contract", clerk, contract, reference="CX1")
    ended = run("end_revoked_contract", director, contract)
    assert (ended.state, ended.forfeited) == ("terminated", Decimal("40000.00"))
    assert Refund.objects.get().amount == Decimal("260000.00")
    assert desk.unit().locks == ["reconfirm_price"] and not UnitClaim.objects.exists()


def test_a_mortgaged_or_seized_unit_is_not_signed(desk):
    """BS32: a lock that comes after the subscription stops the signing until the release paper is in."""
    sub = desk.subscribe()
    manager = desk.office.access("manager")
    for kind in ("mortgaged", "seized"):
        run("lock_unit", manager, desk.unit(), kind=kind, reason="在建工程抵押")
        with pytest.raises(DomainError) as caught:
            run("sign_contract", desk.office.access("clerk"), sub)
        assert caught.value.code == "unit_locked"
        refused("release_paper_missing", "unlock_unit", manager, desk.unit(), kind=kind, reason="解押证明")
        desk.stock.release_paper(desk.unit())
        run("unlock_unit", manager, desk.unit(), kind=kind, reason="解押证明")
    assert run("sign_contract", desk.office.access("clerk"), sub).state == "signed"
