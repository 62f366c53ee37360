"""Receivable, receipt, the ledger between them, and the cashier's closed days."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anchang.deals.models import Contract, Deal
from anchang.finance.models import guards
from anchang.platform.models.base import ProjectFact, ProjectKey, ProjectModel
from anchang.platform.models.fields import rest, user_key, yuan


class Money(models.TextChoices):
    """What kind of money pays a line: own money, or the payout of a bank or housing-fund loan."""

    CASH = "cash", _("Own money")
    BANK = "bank", _("Bank loan")
    FUND = "fund", _("Housing fund")


class Item(models.TextChoices):
    """Items that the system makes itself; a payment plan may name others."""

    DEPOSIT = "deposit", _("Earnest deposit")
    FIRST_PAYMENT = "first_payment", _("First payment")
    HOUSE_PRICE = "house_price", _("House price")
    LUMP_SUM = "lump_sum", _("House price in one sum")
    INSTALMENT = "instalment", _("Instalment")
    BALANCE = "balance", _("Final balance")
    BANK_LOAN = "bank_loan", _("Bank loan payout")
    FUND_LOAN = "fund_loan", _("Housing fund payout")
    DECORATION = "decoration", _("Decoration price")
    LATE_FEE = "late_fee", _("Late fee")
    FORFEITURE = "forfeiture", _("Forfeited deposit")
    PENALTY = "penalty", _("Penalty")
    AREA_DIFFERENCE = "area_difference", _("Area difference")
    AGENCY_DEED_TAX = "agency_deed_tax", _("Deed tax on behalf")
    AGENCY_MAINTENANCE = "agency_maintenance", _("Maintenance fund on behalf")


class Receivable(ProjectModel):
    """One amount that a deal owes. Its state is derived from amount, allocated, due date and `voided`.

    `house`: part of the deal's total. Fees on behalf, late fees, penalties and forfeitures are not.
    """

    guard_sql = guards.RECEIVABLE_SQL
    frozen = ("deal_id", "item", "money", "house")

    deal = ProjectKey(Deal, verbose_name=_("Deal"))
    contract = ProjectKey(Contract, null=True, verbose_name=_("Contract"))
    item = models.CharField(_("Item"), max_length=30)
    seq = models.PositiveSmallIntegerField(_("No."))
    money = models.CharField(_("Paid by"), max_length=8, choices=Money.choices, default=Money.CASH)
    house = models.BooleanField(_("House money"), default=True)
    due_on = models.DateField(_("Due on"))
    amount = yuan(_("Amount"))
    allocated = yuan(_("Received"), default=0)
    balance = rest(_("Balance"), "amount", "allocated")
    bank = models.CharField(_("Bank"), max_length=60, blank=True)
    voided = models.BooleanField(_("Void"), default=False)
    settled_on = models.DateField(_("Settled on"), null=True)
    note = models.CharField(_("Note"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="receivable_amount"),
            models.CheckConstraint(
                condition=Q(allocated__gte=0, allocated__lte=F("amount")), name="receivable_allocated"
            ),
            models.CheckConstraint(condition=Q(money__in=("cash", "bank", "fund")), name="receivable_money"),
            models.CheckConstraint(
                condition=Q(voided=False) | Q(allocated=0), name="receivable_void_is_unpaid"
            ),
            models.UniqueConstraint("project", "deal", "seq", name="receivable_seq_once"),
        ]
        indexes = [
            models.Index(fields=["project", "contract"], name="receivable_contract"),
            models.Index(fields=["project", "deal"], name="receivable_deal"),
            # Reports add up lines from this index alone.
            models.Index(
                fields=["project", "due_on"],
                include=["amount", "allocated", "balance", "money"],
                condition=Q(voided=False, house=True, deleted_at__isnull=True),
                name="receivable_due",
            ),
            models.Index(
                fields=["project", "due_on", "id"],
                condition=Q(voided=False, balance__gt=0),
                name="receivable_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.seq}"


class DayClose(ProjectFact):
    """A cashier closed a day by count: money counted against money booked, by way. The day takes no more
    receipts of this cashier."""

    append_only = True
    audited = True

    day = models.DateField(_("Day"))
    cashier = user_key(_("Cashier"))
    receipts = models.PositiveIntegerField(_("Receipts"))
    booked = models.JSONField(_("Booked by way"))
    counted = models.JSONField(_("Counted by way"))
    difference = yuan(_("Difference"))
    note = models.CharField(_("Note"), max_length=200, blank=True)
    closed_at = models.DateTimeField(_("Closed at"))

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "day", "cashier", name="day_close_once"),
            models.CheckConstraint(
                condition=Q(difference=0) | ~Q(note=""), name="day_close_difference_explained"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day}"


class Receipt(ProjectModel):
    """Money received (收据), gross. Posted receipts never change and are never deleted; a mirror
    reverses one.

    `allocated` is what the ledger used of it, for receivables and refunds.
    """

    class Way(models.TextChoices):
        CASH = "cash", _("Cash")
        POS = "pos", _("POS")
        TRANSFER = "transfer", _("Bank transfer")
        MORTGAGE = "mortgage", _("Mortgage payout")
        FUND = "fund", _("Housing fund payout")
        ONLINE = "online", _("Online payment")
        CHEQUE = "cheque", _("Cheque")
        TRANSFER_IN = "transfer_in", _("Transferred in")
        OFFSET = "offset", _("Offset")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        POSTED = "posted", _("Posted")
        DAY_CLOSED = "day_closed", _("Day closed")
        REVERSED = "reversed", _("Reversed")

    class Kind(models.TextChoices):
        HOUSE = "house", _("House money")
        AGENCY = "agency", _("On behalf")
        LATE_FEE = "late_fee", _("Late fee")

    guard_sql = guards.RECEIPT_SQL
    frozen = (
        "number", "book", "book_seq", "deal_id", "amount", "way", "money", "kind", "account", "payer",
        "reference",
        "received_on", "business_date", "cashier_id", "reverses_id", "reason",
    )  # fmt: skip
    frozen_when = "OLD.state <> 'draft'"

    number = models.CharField(_("Number"), max_length=30)
    book = models.CharField(max_length=10)
    book_seq = models.BigIntegerField()
    deal = ProjectKey(Deal, verbose_name=_("Deal"))
    contract = ProjectKey(Contract, null=True, verbose_name=_("Contract"))
    amount = yuan(_("Amount"))
    allocated = yuan(_("Allocated"), default=0)
    way = models.CharField(_("Way"), max_length=12, choices=Way.choices)
    money = models.CharField(_("Kind of money"), max_length=8, choices=Money.choices)
    kind = models.CharField(_("Purpose"), max_length=10, choices=Kind.choices, default=Kind.HOUSE)
    account = models.CharField(_("Account"), max_length=60, blank=True)
    payer = models.CharField(_("Payer"), max_length=100, blank=True)
    reference = models.CharField(_("Bank reference"), max_length=60, blank=True)
    received_on = models.DateField(_("Received on"))
    business_date = models.DateField(_("Business date"))
    cashier = user_key(_("Cashier"), null=True)
    state = models.CharField(_("State"), max_length=10, choices=State.choices, default=State.POSTED)
    reverses = ProjectKey("self", null=True, verbose_name=_("Reverses"))
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    day_close = ProjectKey(DayClose, null=True)
    prints = models.PositiveSmallIntegerField(_("Prints"), default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "number", name="receipt_number_once"),
            models.UniqueConstraint("project", "book", "book_seq", name="receipt_book_once"),
            models.UniqueConstraint("project", "reverses", name="receipt_reversed_once"),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "posted", "day_closed", "reversed")), name="receipt_state"
            ),
            models.CheckConstraint(
                condition=Q(
                    way__in=(
                        "cash",
                        "pos",
                        "transfer",
                        "mortgage",
                        "fund",
                        "online",
                        "cheque",
                        "transfer_in",
                        "offset",
                    )
                ),
                name="receipt_way",
            ),
            models.CheckConstraint(
                condition=Q(money="bank", way="mortgage")
                | Q(money="fund", way="fund")
                | Q(money="cash") & ~Q(way__in=("mortgage", "fund")),
                name="receipt_money",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=("house", "agency", "late_fee")), name="receipt_kind"
            ),
            models.CheckConstraint(
                condition=Q(reverses__isnull=True, amount__gt=0, allocated__gte=0, allocated__lte=F("amount"))
                | Q(reverses__isnull=False, amount__lt=0, allocated=0),
                name="receipt_allocated",
            ),
            models.CheckConstraint(
                condition=~Q(state="reversed") | Q(allocated=0, reverses__isnull=True),
                name="receipt_reversed_is_free",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "deal"], name="receipt_deal"),
            models.Index(fields=["project", "contract"], name="receipt_contract"),
            # Reports add up days from this index alone.
            models.Index(
                fields=["project", "business_date"],
                include=["amount", "kind", "way", "state", "deleted_at"],
                name="receipt_day",
            ),
            models.Index(fields=["project", "cashier", "business_date"], name="receipt_cashier"),
        ]

    def __str__(self) -> str:
        return self.number


class Allocation(ProjectFact):
    """The ledger: what part of a receipt settles a receivable or goes back by a refund. Append-only; a
    correction is a negative row. Its trigger keeps `allocated` of both sides."""

    append_only = True
    guard_sql = guards.ALLOCATION_SQL

    receipt = ProjectKey(Receipt, verbose_name=_("Receipt"))
    receivable = ProjectKey(Receivable, null=True, verbose_name=_("Receivable"))
    refund = ProjectKey("finance.Refund", null=True, verbose_name=_("Refund"))
    amount = yuan(_("Amount"))
    at = models.DateTimeField(_("At"))
    business_date = models.DateField(_("Business date"))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="allocation_amount"),
            models.CheckConstraint(
                condition=Q(receivable__isnull=False, refund__isnull=True)
                | Q(receivable__isnull=True, refund__isnull=False),
                name="allocation_target",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "receipt"], name="allocation_receipt"),
            models.Index(fields=["project", "receivable"], name="allocation_receivable"),
            models.Index(
                fields=["project", "refund"], condition=Q(refund__isnull=False), name="allocation_refund"
            ),
        ]
