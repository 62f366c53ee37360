"""Pay follows deals: accrued at signing, released by milestone, taken back at the end, by the original period."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal as D

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from anchang.commission import queries
from anchang.commission.commands import follow
from anchang.commission.models import Earning, Line, Statement
from anchang.deals.models import Contract, Deal
from anchang.kernel.errors import DomainError
from anchang.platform import commands
from anchang.platform.context import Context
from anchang.platform.models import TeamMember
from tests.commission.pay import catch_up, earning_of, lines_of, make_scheme, terminate, told
from tests.factories import run

pytestmark = pytest.mark.django_db


def close_all(desk, pay=False):
    finance = desk.office.access("finance")
    month = desk.office.project.today()
    run("prepare_statements", finance, month=month.isoformat())
    closed = [run("close_statement", finance, s) for s in Statement.objects.filter(state="open").order_by("id")]
    return [run("pay_statement", finance, s) for s in closed] if pay else closed


def confirm_all(desk):
    for line in Line.objects.filter(state="accrued"):
        run("confirm_line", desk.office.access("manager"), line)


def test_signing_calls_for_the_accrual_and_the_accrual_is_made_once(desk):
    make_scheme(desk)
    contract = desk.sign()
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name = 'commission.follow'")
        asked = [json.loads(row[0]) for row in cursor.fetchall()]
    assert [(a["ids"], a["actor_kind"]) for a in asked] == [({"deal": contract.deal_id}, "system")]
    catch_up(desk, contract)
    earning = earning_of(contract)
    assert earning.amount == (contract.total * D("0.002")).quantize(D("0.01"))
    parts = lines_of(contract)
    assert [(line.milestone, line.state) for line in parts] == [
        ("signed", "accrued"), ("fully_collected", "accrued"), ("retained", "accrued"),
    ]  # fmt: skip
    assert sum(line.amount for line in parts) == earning.amount
    catch_up(desk, contract)
    assert [(line.pk, line.version) for line in lines_of(contract)] == [(line.pk, line.version) for line in parts]


def test_milestones_release_confirmed_lines_and_ledgers_stay_apart(desk):
    make_scheme(desk)
    contract = desk.sign()
    catch_up(desk, contract)
    confirm_all(desk)
    assert [line.state for line in lines_of(contract)] == ["payable", "confirmed", "confirmed"]
    earning = earning_of(contract)
    first = lines_of(contract)[0].amount
    assert (earning.released, earning.paid, earning.retained) == (first, 0, earning.amount - first)
    receipt = desk.receive(contract, str(contract.total))
    catch_up(desk, contract)
    assert [line.state for line in lines_of(contract)] == ["payable", "payable", "confirmed"]
    run("reverse_receipt", desk.office.access("finance"), receipt, reason="退票")
    catch_up(desk, contract)
    assert [line.state for line in lines_of(contract)] == ["payable", "confirmed", "confirmed"]


def test_a_second_deal_lifts_the_first_and_cancelling_it_takes_the_jump_back(desk):
    make_scheme(desk)
    first, second = desk.sign(0), desk.sign(1)
    catch_up(desk, first)
    alone = earning_of(first).amount
    catch_up(desk, second)
    jumped = earning_of(first).amount
    assert (alone, jumped) == (
        (first.total * D("0.002")).quantize(D("0.01")),
        (first.total * D("0.003")).quantize(D("0.01")),
    )
    confirm_all(desk)
    paid = close_all(desk, pay=True)[0]
    assert paid.to_pay == sum(line.amount for line in Line.objects.filter(state="paid"))
    terminate(desk, second)
    assert earning_of(second).amount == 0 and earning_of(first).amount == alone
    back = Line.objects.filter(kind="clawback")
    assert {line.state for line in back} == {"payable"}
    # The paid part of the terminated deal in full, and what the jump had added to the paid part of the other.
    settled = {c: sum(line.amount for line in lines_of(c, state="paid")) for c in (first, second)}
    kept = lines_of(first, state="paid")[0].amount + sum(line.amount for line in lines_of(first, kind="clawback"))
    assert sum(line.amount for line in lines_of(second, kind="clawback")) == -settled[second]
    assert kept == (alone * D("0.7")).quantize(D("0.01"))
    # What was not settled is void, and the statement that was closed stands as it was.
    assert {line.state for line in lines_of(second)} == {"paid", "void", "payable"}
    again = Statement.objects.get(pk=paid.pk)
    assert (again.lines_total, again.state, again.version) == (paid.lines_total, "paid", paid.version)


def test_a_debt_waits_for_the_next_statement(desk):
    make_scheme(desk)
    contract = desk.sign()
    catch_up(desk, contract)
    confirm_all(desk)
    one = close_all(desk, pay=True)[0]
    terminate(desk, contract)
    with pytest.raises(DomainError, match="month_not_over"):  # this month is settled: the debt waits for the next
        run("prepare_statements", desk.office.access("finance"), month="2099-01-01")
    assert (
        run("prepare_statements", desk.office.access("finance"), month=desk.office.project.today().isoformat())["lines"]
        == 0
    )
    rows = queries.settlements(desk.office.project, one.period, queries.Q())
    assert [(r.opening, r.earned, r.paid, r.closing, r.waiting) for r in rows] == [
        (0, one.earned, one.to_pay, 0, -one.to_pay)
    ]


def test_a_dispute_holds_a_line_and_gives_it_back(desk):
    make_scheme(desk)
    contract = desk.sign()
    catch_up(desk, contract)
    confirm_all(desk)
    manager, finance = desk.office.access("manager"), desk.office.access("finance")
    run("prepare_statements", finance, month=desk.office.project.today().isoformat())
    line = lines_of(contract)[0]
    assert line.statement_id
    held = run("hold_line", manager, line, reason="客户归属有争议")
    assert (held.state, held.statement_id) == ("held", None)
    catch_up(desk, contract)
    assert lines_of(contract)[0].state == "held"
    with pytest.raises(DomainError, match="statement_empty"):
        run("close_statement", finance, Statement.objects.get())
    assert run("go_on_with_line", manager, held).state == "payable"
    run("prepare_statements", finance, month=desk.office.project.today().isoformat())
    assert run("close_statement", finance, Statement.objects.get()).to_pay == line.amount


def test_a_shared_deal_pays_each_by_his_share(desk):
    make_scheme(desk)
    contract = desk.sign()
    catch_up(desk, contract)
    users = desk.office.users
    deal = Deal.objects.get(pk=contract.deal_id)
    shares = [{"user": users["consultant1"].pk, "share": "60"}, {"user": users["consultant5"].pk, "share": "40"}]
    manager = desk.office.access("manager")
    run("split_deal", manager, deal, shares=shares)
    one, five = earning_of(contract, "consultant1"), earning_of(contract, "consultant5")
    assert one.base + five.base == contract.total
    assert one.base == (contract.total * D("0.6")).quantize(D("0.01"))
    run("split_deal", manager, deal, shares=[])
    assert earning_of(contract, "consultant5").amount == 0
    assert earning_of(contract, "consultant1").base == contract.total
    with pytest.raises(DomainError, match="shares_not_100"):
        run("split_deal", manager, deal, shares=shares[:1])
    with pytest.raises(DomainError, match="split_twice"):
        run("split_deal", manager, deal, shares=[shares[0], shares[0]])
    with pytest.raises(DomainError, match="forbidden"):
        run("split_deal", desk.office.access("consultant1"), deal, shares=shares)


def test_recalculation_shows_differences_first_and_posts_the_same(desk):
    make_scheme(desk)
    contract = desk.sign()
    catch_up(desk, contract)
    confirm_all(desk)
    close_all(desk)
    before = earning_of(contract)
    make_scheme(desk, name="更高", tiers=[{"up_to": None, "rate": "0.004"}], valid_from="2021-01-01")
    catch_up(desk, contract)
    assert earning_of(contract).amount == before.amount  # a new scheme changes nothing by itself
    cmd, access = commands.get("recalculate_commission"), desk.office.access("finance")
    day = contract.signed_on.isoformat()
    asked = {"signed_from": day, "signed_to": day}
    shown = commands.execute(cmd, access, data=asked, preview=True)
    assert earning_of(contract).version == before.version and Line.objects.filter(kind="adjustment").count() == 0
    posted = commands.execute(cmd, access, data=asked)
    assert posted == shown
    assert [(d["before"], d["scheme"]) for d in shown["differences"]] == [(str(before.amount), "更高")]
    assert earning_of(contract).amount == (contract.total * D("0.004")).quantize(D("0.01"))
    settled, added = lines_of(contract, part=0)
    assert (settled.state, added.kind) == ("settled", "adjustment")
    assert settled.amount + added.amount == (earning_of(contract).amount * D("0.7")).quantize(D("0.01"))
    assert commands.execute(cmd, access, data=asked)["differences"] == []


def test_leaders_and_agencies_are_paid_by_their_own_schemes(desk):
    make_scheme(desk, role="leader", name="组长", tiers=[{"up_to": None, "rate": "0.0005"}])
    make_scheme(desk, role="agency", name="代理", tiers=[{"up_to": None, "rate": "0.01"}])
    contract = desk.sign()
    deal = Deal.objects.get(pk=contract.deal_id)
    deal.team, deal.sales_mode, deal.agency = desk.office.teams["A"], "agency", "链家代理"
    deal.save()
    TeamMember.objects.filter(user=desk.office.users["consultant2"]).update(leads=True)
    catch_up(desk, contract)
    found = {e.role: (e.payee.name, e.amount) for e in Earning.objects.filter(deal=deal).select_related("payee")}
    assert found == {
        "leader": (str(desk.office.users["consultant2"]), (contract.total * D("0.0005")).quantize(D("0.01"))),
        "agency": ("链家代理", (contract.total * D("0.01")).quantize(D("0.01"))),
    }


def test_a_hand_over_moves_no_pay_that_has_accrued(desk):
    make_scheme(desk)
    contract = desk.sign()
    catch_up(desk, contract)
    Deal.objects.filter(pk=contract.deal_id).update(consultant=desk.office.users["consultant5"])
    catch_up(desk, contract)
    assert earning_of(contract).payee.user == desk.office.users["consultant1"]


class Undone(Exception):
    pass


def test_a_new_price_pays_the_difference_in_the_old_period(desk):
    """A later version of the contract, signed in another month: same earning, same period, new base. The papers are
    made by hand and taken back, because their plan and receivables stay those of the first version."""
    make_scheme(desk)
    contract = desk.sign()
    catch_up(desk, contract)
    before = earning_of(contract)
    cheaper = contract.total - D(100000)
    facts = {f.attname: getattr(contract, f.attname) for f in Contract._meta.concrete_fields if f.name != "id"}
    later = {"revision": 2, "total": cheaper, "signed_on": contract.signed_on + dt.timedelta(days=40)}
    with pytest.raises(Undone), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        Contract.objects.filter(pk=contract.pk).update(state="voided")
        catch_up(desk, contract)
        assert earning_of(contract).amount == before.amount  # not signed anew yet
        Contract.objects.create(**facts | later)
        catch_up(desk, contract)
        after = earning_of(contract)
        assert (after.pk, after.period, after.signed_on) == (before.pk, before.period, contract.signed_on)
        assert after.base == cheaper
        raise Undone


def test_following_takes_the_same_statements_for_one_deal_and_for_many(desk):
    make_scheme(desk)
    contracts = [desk.sign(n) for n in range(4)]
    with CaptureQueriesContext(connection) as one:
        catch_up(desk, contracts[0])
    with CaptureQueriesContext(connection) as many:
        access = desk.office.access("system")
        ctx = Context(access, desk.office.project)
        follow(ctx, [c.deal_id for c in contracts])
        ctx.flush()
    assert len(many) <= len(one) + 6, (len(one), len(many))
    assert Earning.objects.count() == 4 and told(lines_of(contracts[3]))
