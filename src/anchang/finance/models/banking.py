"""Lines of bank statements, POS lists and payout lists, what explains them, and what the matching proposes."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anchang.finance.models import banking_guards as guards
from anchang.finance.models.ledger import Receipt
from anchang.finance.models.refunds import Refund
from anchang.platform.models.base import ProjectFact, ProjectKey, ProjectModel
from anchang.platform.models.fields import rest, user_key, yuan


class Source(models.TextChoices):
    BANK = "bank", _("Bank statement")
    POS = "pos", _("POS list")
    LOAN = "loan", _("Payout list of a lender")


class BankLine(ProjectModel):
    """One line of a statement (银行流水), as it was imported; it never changes. Money in is positive.

    `key` knows a line again, whatever file brings it. `explained` is what the matches say, by their trigger alone.
    """

    guard_sql = guards.LINE_SQL
    frozen = (
        "key", "source", "account", "day", "time", "voucher", "amount", "fee", "balance", "counterparty",
        "counter_account", "note", "way", "lender",
    )  # fmt: skip

    key = models.CharField(max_length=64, editable=False)
    source = models.CharField(_("Source"), max_length=4, choices=Source.choices, default=Source.BANK)
    account = models.CharField(_("Account"), max_length=60, blank=True)
    day = models.DateField(_("Day"))
    time = models.CharField(_("Time"), max_length=8, blank=True)
    voucher = models.CharField(_("Bank voucher"), max_length=64, blank=True)
    amount = yuan(_("Amount"))
    fee = yuan(_("POS fee"), default=0)
    balance = yuan(_("Balance"), null=True)
    counterparty = models.CharField(_("Other side"), max_length=100, blank=True)
    counter_account = models.CharField(_("Other side's account"), max_length=60, blank=True)
    note = models.CharField(_("Note"), max_length=200, blank=True)
    way = models.CharField(_("Way"), max_length=12, choices=Receipt.Way.choices, default=Receipt.Way.TRANSFER)
    lender = models.CharField(_("Lender"), max_length=60, blank=True)
    explained = yuan(_("Explained"), default=0)
    open_amount = rest(_("Not explained"), "amount", "explained")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="bank_line_amount"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, explained__gte=0, explained__lte=F("amount"))
                | Q(amount__lt=0, explained__lte=0, explained__gte=F("amount")),
                name="bank_line_explained",
            ),
            models.CheckConstraint(condition=Q(source__in=Source.values), name="bank_line_source"),
            models.CheckConstraint(
                condition=Q(deleted_at__isnull=True) | Q(explained=0), name="bank_line_gone_is_open"
            ),
            models.UniqueConstraint(
                "project", "key", condition=Q(deleted_at__isnull=True), name="bank_line_once"
            ),
        ]
        indexes = [
            models.Index(fields=["project", "day", "id"], name="bank_line_day"),
            models.Index(
                fields=["project", "id"], condition=~Q(open_amount=0) & Q(deleted_at__isnull=True),
                name="bank_line_open",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.day} {self.amount}"


class BankMatch(ProjectFact):
    """What a part of a line is: a receipt, a refund paid, a fee withheld, or something that a person named.
    Append-only; taking a match back is a negative row."""

    class Kind(models.TextChoices):
        RECEIPT = "receipt", _("Receipt")
        REFUND = "refund", _("Refund")
        FEE = "fee", _("Fee withheld")
        OTHER = "other", _("Other")

    append_only = True
    audited = True
    guard_sql = guards.MATCH_SQL

    line = ProjectKey(BankLine, verbose_name=_("Bank line"))
    source = models.CharField(_("Source"), max_length=4, choices=Source.choices, default=Source.BANK)
    kind = models.CharField(_("Kind"), max_length=8, choices=Kind.choices)
    receipt = ProjectKey(Receipt, null=True, verbose_name=_("Receipt"))
    refund = ProjectKey(Refund, null=True, verbose_name=_("Refund"))
    amount = yuan(_("Amount"))
    note = models.CharField(_("Note"), max_length=200, blank=True)
    user = user_key(_("By"), null=True)
    at = models.DateTimeField(_("At"))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="bank_match_amount"),
            models.CheckConstraint(
                condition=Q(kind="receipt", receipt__isnull=False, refund__isnull=True)
                | Q(kind="refund", refund__isnull=False, receipt__isnull=True)
                | Q(kind="fee", receipt__isnull=True, refund__isnull=True)
                | Q(kind="other", receipt__isnull=True, refund__isnull=True) & ~Q(note=""),
                name="bank_match_kind",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "line"], name="bank_match_line"),
            models.Index(
                fields=["project", "receipt"], condition=Q(receipt__isnull=False), name="bank_match_receipt"
            ),
            models.Index(
                fields=["project", "refund"], condition=Q(refund__isnull=False), name="bank_match_refund"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"


class BankProposal(ProjectFact):
    """What the last matching found for an open line. Nothing is posted by it; the next matching replaces it.

    `candidates`, best first: [{kind: due | receipt | refund | batch, id, deal, score, why, difference}]; a clear
    match has one. They are ids of the moment, read again in scope when a person confirms.
    """

    class Finding(models.TextChoices):
        EXACT = "exact", _("One clear match")
        DIFFERENCE = "difference", _("Amount differs")
        AMBIGUOUS = "ambiguous", _("Several possible")
        NONE = "none", _("Nothing found")

    line = ProjectKey(BankLine, indexed=False)
    finding = models.CharField(_("Finding"), max_length=10, choices=Finding.choices)
    score = models.SmallIntegerField(_("Score"), default=0)
    difference = yuan(_("Difference"), default=0)
    candidates = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint("project", "line", name="bank_proposal_once")]
        indexes = [models.Index(fields=["project", "finding", "line"], name="bank_proposal_finding")]
