"""The deals' machine with the books behind it: transfers between deals, late fees and their waivers, the bank, pay of
the people and vouchers, at random. After each step every ledger agrees with its documents."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db.models import F, Q, Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from anchang.commission.commands import follow
from anchang.commission.models import Earning, Line, Statement
from anchang.deals.models import Contract, Deal
from anchang.finance.commands.banking import import_bank_lines
from anchang.finance.models import (
    BankLine,
    BankMatch,
    LateFee,
    Receipt,
    Receivable,
    Refund,
    Voucher,
    VoucherLine,
    VoucherRejection,
)
from anchang.finance.statement_file import StatementRow
from anchang.platform.context import Context
from tests.commission.pay import make_scheme
from tests.processes.test_machine import IN_FORCE, ZERO, Office, amounts, which

pytestmark = pytest.mark.django_db
PROOFS = ["signed_order", "identity", "relation"]


class Books(Office):
    def __init__(self) -> None:
        super().__init__()
        office = self.desk.office
        self.first = office.project.today()
        self.act("set_up_books", "finance", project="YQ", bank_account="3301")
        self.act("open_periods", "finance", project="YQ", month=self.first.isoformat())
        make_scheme(self.desk)

    # --- steps -----------------------------------------------------------------------------------

    @rule(at=which, to=which, amount=amounts, end=st.sampled_from(("agree", "agree", "reject", "own", "")))
    def transfer(self, at, to, amount, end):
        """Money beyond what is due goes to another deal, once a second person agrees."""
        paper, target = self.one(Contract.objects.filter(state__in=IN_FORCE), at), self.one(Deal.objects.all(), to)
        if paper is None or target is None:
            return
        owed = Receivable.objects.filter(deal=paper.deal_id, voided=False, money="cash", balance__gt=0)
        all_of_it = (owed.aggregate(s=Sum("balance"))["s"] or ZERO) + Decimal(amount)
        self.act("receive_on_contract", "finance", paper, amount=str(all_of_it), way="pos", confirm_surplus=True)
        facts = {"to": target.pk, "amount": amount, "reason": "转款", "proofs": PROOFS}
        asked = self.act("transfer_money", "finance", Deal.objects.get(pk=paper.deal_id), **facts)
        if asked and end == "reject":
            self.act("reject_refund", "director", asked, reason="不同意")
        elif asked and end:
            self.act("approve_transfer", "finance" if end == "own" else "director", asked)
            assert end == "agree" or Refund.objects.get(pk=asked.pk).state == "requested"

    @rule(
        at=which, days=st.sampled_from((0, 3, 100)),
        steps=st.lists(st.sampled_from(("charge", "ask", "approve", "reject", "pay")), max_size=4),
    )  # fmt: skip
    def late_fee(self, at, days, steps):
        self.now += dt.timedelta(days=days)
        self.act("compute_late_fees", "finance", project="YQ")
        for step in steps:
            fee = self.one(LateFee.objects.all(), at)
            if fee is None:
                return
            if step == "charge":
                self.act("charge_late_fee", "finance", fee)
            elif step == "ask":
                wanted = max(Decimal("0.01"), ((fee.amount - fee.waived) / 2).quantize(ZERO))
                self.act("ask_waiver", "finance", fee, amount=str(wanted), reason="协商")
            elif step == "pay":
                self.pay_late_fee(fee)
            else:
                self.act(f"{step}_waiver", "director", fee)

    def pay_late_fee(self, fee):
        line = fee.charged
        if line is not None and line.balance > 0:
            parts = [{"receivable": str(line.pk), "amount": str(line.balance)}]
            money = {"amount": str(line.balance), "way": "cash", "allocations": parts}
            self.act("receive_on_contract", "finance", fee.contract, **money)

    @rule(at=which, off=st.sampled_from(("0", "0", "-0.01", "7")), out=st.sampled_from((False, False, False, True)))
    def bank_says(self, at, off, out):
        """A line like something that is owed or was paid, sometimes a little off."""
        like = self.one(Refund.objects.filter(state="paid") if out else Receivable.objects.filter(balance__gt=0), at)
        size = max(Decimal("0.01"), (like.amount if out else like.balance) + Decimal(off)) if like else Decimal("9.99")
        ctx = Context(self.desk.office.access("finance"), self.desk.office.project)
        row = StatementRow(
            row=1, day=ctx.business_date, amount=-size if out else size, account="3301",
            counterparty=like.deal.customer.name if like else "某某", voucher=f"V{BankLine.objects.count()}",
            note="个人住房贷款放款" if like and like.money == "bank" else "购房款",
        )  # fmt: skip
        import_bank_lines(ctx, [row])
        ctx.flush()
        self.act("match_bank_lines", "finance", project="YQ")

    @rule(at=which, to=which, how=st.sampled_from(("clear", "clear", "deal", "own", "split", "explain", "back")))
    def bank_line(self, at, to, how):
        if (line := self.one(BankLine.objects.all(), at)) is None:
            return
        if how == "clear":
            self.act("confirm_bank_line", "finance", line)
        elif how == "explain":
            self.act("explain_bank_line", "finance", line, note="利息")
        elif how == "back":
            self.act("unmatch_bank_line", "finance", line, reason="错")
        elif how == "split":
            deals = Contract.objects.filter(state__in=IN_FORCE).order_by("-id").values_list("deal_id", flat=True)[:2]
            part = max(Decimal("0.01"), (abs(line.amount) / 3).quantize(ZERO))
            parts = [{"deal": pk, "amount": str(part)} for pk in deals]
            self.act("split_bank_line", "finance", line, parts=parts, confirm_surplus=True)
        elif how == "deal" and (deal := self.one(Deal.objects.exclude(state="ended"), to)):
            self.act("confirm_bank_line", "finance", line, deal=deal.pk, confirm_surplus=True)
        elif how == "own":
            name, model = ("receipt", Receipt) if line.amount > 0 else ("refund", Refund)
            if found := self.one(model.objects.all(), to):
                self.act("confirm_bank_line", "finance", line, **{name: found.pk})

    @rule()
    def follow_pay(self):
        ctx = Context(self.system, self.desk.office.project)
        follow(ctx, list(Deal.objects.values_list("pk", flat=True)))
        ctx.flush()
        for line in Line.objects.filter(state="accrued"):
            self.act("confirm_line", "manager", line)

    @rule(steps=st.integers(1, 3))
    def statements(self, steps):
        self.follow_pay()
        self.act("prepare_statements", "finance", month=self.desk.office.project.today().isoformat())
        for state, name in (("open", "close_statement"), ("closed", "pay_statement"))[: steps - 1]:
            for found in Statement.objects.filter(state=state):
                self.act(name, "finance", found)

    @rule()
    def make_vouchers(self):
        """Afterwards the money accounts hold what came less what went: every document has its voucher."""
        self.act("generate_vouchers", "finance", project="YQ", first=self.first.isoformat())
        assert not VoucherRejection.objects.exists(), list(VoucherRejection.objects.values("event", "code", "detail"))
        money = VoucherLine.objects.filter(account_code__in=("1001", "1002", "1012"))
        booked = money.aggregate(s=Sum(F("debit") - F("credit")))["s"] or ZERO
        got = Receipt.objects.aggregate(s=Sum("amount"))["s"] or ZERO
        gone = Refund.objects.filter(state="paid").aggregate(s=Sum("amount"))["s"] or ZERO
        paid = Statement.objects.filter(state="paid").aggregate(s=Sum("to_pay"))["s"] or ZERO
        assert booked == got - gone - paid

    # --- what always holds -----------------------------------------------------------------------

    @invariant()
    def vouchers_balance(self):
        sides = VoucherLine.objects.values_list("voucher").annotate(d=Sum("debit"), c=Sum("credit"))
        found = {pk: (debit, credit) for pk, debit, credit in sides}
        for pk, total in Voucher.objects.values_list("pk", "total"):
            assert found[pk] == (total, total)

    @invariant()
    def bank_lines_are_explained_by_their_matches(self):
        sums = dict(BankMatch.objects.values_list("line").annotate(s=Sum("amount")).values_list("line", "s"))
        assert {pk: s for pk, s in sums.items() if s} == dict(
            BankLine.objects.exclude(explained=0).values_list("pk", "explained")
        )
        taken = BankMatch.objects.filter(receipt__isnull=False).values("receipt", "source").annotate(s=Sum("amount"))
        assert not taken.filter(Q(s__lt=0) | Q(s__gt=F("receipt__amount"))).exists()

    @invariant()
    def late_fees_ask_for_what_is_to_pay(self):
        """The receivable asks for the fee less what was waived, or for what was paid of it where that is more."""
        assert not LateFee.objects.filter(Q(amount__lt=0) | Q(waived__lt=0) | Q(waived__gt=F("amount"))).exists()
        for fee in LateFee.objects.filter(charged__isnull=False).select_related("charged"):
            line = fee.charged
            wanted = max(fee.payable, line.allocated)
            assert (line.voided and not wanted) or line.amount == wanted or line.deal.state == "ended"

    @invariant()
    def pay_adds_up(self):
        live = Line.objects.exclude(state="void").filter(earning__isnull=False)
        sums = dict(live.values_list("earning").annotate(s=Sum("amount")).values_list("earning", "s"))
        for pk, amount in Earning.objects.values_list("pk", "amount"):
            assert sums.get(pk, ZERO) == amount
        for one in Statement.objects.exclude(state="open"):
            held = Line.objects.filter(statement=one).aggregate(s=Sum("amount"))["s"] or ZERO
            assert held == one.lines_total and one.to_pay >= 0


def test_every_ledger_holds_whatever_happens(desk, monkeypatch):
    monkeypatch.setattr(Office, "desk", desk, raising=False)
    run_state_machine_as_test(
        Books,
        settings=settings(
            max_examples=8, stateful_step_count=40, deadline=None, database=None, derandomize=False,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
