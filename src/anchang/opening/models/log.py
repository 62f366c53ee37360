"""What an opening leaves: claims, and the log of every attempt."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anchang.opening.models import deciding
from anchang.opening.models.hall import Opening, OpeningBuyer
from anchang.opening.rules import RESULTS
from anchang.platform.models.base import ProjectFact, ProjectKey

LIVE = Q(state__in=("won", "confirmed"))


class OpeningClaim(ProjectFact):
    """A unit that a buyer won in a round. Beside it stand the unit claim, deal and hold of any other sale; a
    rehearsal's claim has none of them.

    The limit per buyer is a numbered slot: (buyer, slot) is unique while the claim lives. Its history is the log and
    the events; deal, hold and unit are audited as always.
    """

    class State(models.TextChoices):
        WON = "won", _("Won, to be confirmed")
        CONFIRMED = "confirmed", _("Confirmed")
        LAPSED = "lapsed", _("Lapsed")

    opening = ProjectKey(Opening, verbose_name=_("Opening"), db_index=False)
    round_no = models.PositiveIntegerField(_("Round"))
    rehearsal = models.BooleanField(_("Rehearsal"), default=False)
    unit = ProjectKey("inventory.Unit", verbose_name=_("Unit"), db_index=False)
    buyer = ProjectKey(OpeningBuyer, verbose_name=_("Buyer"), db_index=False)
    slot = models.PositiveSmallIntegerField(_("Slot"))
    slots = models.PositiveSmallIntegerField(_("Units"))
    seq = models.BigIntegerField(_("Entry of the log"))
    state = models.CharField(_("State"), max_length=10, choices=State.choices, default=State.WON)
    deal = ProjectKey("deals.Deal", null=True, verbose_name=_("Deal"))
    hold = ProjectKey("deals.Hold", null=True, verbose_name=_("Hold"))
    won_at = models.DateTimeField(_("Won at"))
    confirm_by = models.DateTimeField(_("Confirm by"))
    confirmed_at = models.DateTimeField(_("Confirmed at"), null=True)
    ended_at = models.DateTimeField(_("Ended at"), null=True)
    # Whether the customer's stage followed and the consultant was told: after the rush (commands.claims).
    told = models.BooleanField(default=False, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "unit", "opening", "round_no", condition=LIVE, name="opening_unit_once"),
            models.UniqueConstraint("project", "buyer", "round_no", "slot", condition=LIVE, name="opening_slot_once"),
            models.UniqueConstraint("project", "opening", "round_no", "seq", name="opening_claim_entry"),
            models.CheckConstraint(condition=Q(slot__gte=1, slot__lte=F("slots")), name="opening_slot_in_limit"),
            models.CheckConstraint(condition=Q(state__in=("won", "confirmed", "lapsed")), name="opening_claim_state"),
            models.CheckConstraint(
                condition=Q(rehearsal=True, deal__isnull=True, hold__isnull=True)
                | Q(rehearsal=False, deal__isnull=False, hold__isnull=False),
                name="opening_claim_deal",
            ),
        ]
        indexes = [
            models.Index(
                fields=["project", "confirm_by"], condition=Q(state="won"), name="opening_claim_due"
            ),
            models.Index(fields=["project", "id"], condition=Q(told=False), name="opening_claim_untold"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.pk}"


class Attempt(models.Model):
    """One entry of the log of a round: who tried for which unit when, and what came of it. Written by the
    deciding function alone, numbered without gaps; `hash` chains it to the entry before (rules.link).

    Without foreign keys, whose checks would cost more than the entry; the function has read what they name.
    """

    append_only: ClassVar[bool] = True
    frozen: ClassVar[tuple[str, ...]] = ()
    frozen_when: ClassVar[str] = ""
    audited: ClassVar[bool] = False
    guard_sql = deciding.SQL

    pk = models.CompositePrimaryKey("project_id", "opening_id", "round_no", "seq")
    project = models.ForeignKey(
        "platform.Project", models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    opening_id = models.BigIntegerField()
    round_no = models.IntegerField()
    seq = models.BigIntegerField(_("Entry"))
    at = models.BigIntegerField(_("At, microseconds since 1970"))
    buyer_id = models.BigIntegerField(_("Buyer"))
    unit_id = models.BigIntegerField(_("Unit"))
    key = models.CharField(max_length=64, db_collation="C")
    result = models.CharField(_("Result"), max_length=12, choices=[(r, r) for r in RESULTS])
    hash = models.BinaryField()

    class Meta:
        constraints = [
            # A buyer belongs to one opening.
            models.UniqueConstraint("project", "buyer_id", "key", "round_no", name="attempt_key_once"),
            models.CheckConstraint(condition=Q(result__in=RESULTS), name="attempt_result"),
        ]

    def __str__(self) -> str:
        return f"{self.seq}"
