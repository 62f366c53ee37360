"""The statement of a person and a month (佣金结算单)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.commission.models import guards
from anchang.commission.models.schemes import Payee
from anchang.platform.models.base import ProjectKey, ProjectModel
from anchang.platform.models.fields import user_key, yuan

_ALIVE = Q(deleted_at__isnull=True)


class Statement(ProjectModel):
    """What is settled with a payee for a month. Closed it never changes, nor do its lines; only its payment
    follows.

    `lines_total` = earned − taken_back; `carried`: the debt of the statement before (zero or negative);
    to_pay − the debt handed on = lines_total + carried.
    """

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("commission", "Open")
        CLOSED = "closed", pgettext_lazy("commission", "Closed")
        PAID = "paid", _("Paid")

    guard_sql = guards.STATEMENT_SQL
    frozen = (
        "number", "payee_id", "period", "lines", "earned", "taken_back", "lines_total", "carried", "to_pay",
        "carry_on", "closed_on", "closed_by_id", "deleted_at",
    )  # fmt: skip
    frozen_when = "OLD.state <> 'open'"

    number = models.CharField(_("Number"), max_length=30)
    payee = ProjectKey(Payee, verbose_name=_("Payee"))
    period = models.DateField(_("Month"))
    state = models.CharField(_("State"), max_length=8, choices=State.choices, default=State.OPEN)
    lines = models.PositiveIntegerField(_("Lines"), default=0)
    earned = yuan(pgettext_lazy("commission", "Earned"), default=0)
    taken_back = yuan(_("Clawed back"), default=0)
    lines_total = yuan(_("Sum of lines"), default=0)
    carried = yuan(_("Brought forward"), default=0)
    to_pay = yuan(_("To pay"), default=0)
    carry_on = yuan(_("Carried forward"), default=0)
    closed_on = models.DateField(_("Closed on"), null=True)
    closed_by = user_key(_("Closed by"), null=True)
    paid_on = models.DateField(_("Paid on"), null=True)
    paid_by = user_key(_("Paid by"), null=True)
    reference = models.CharField(_("Bank reference"), max_length=60, blank=True)
    prints = models.PositiveSmallIntegerField(_("Prints"), default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "number", name="pay_statement_number_once"),
            models.UniqueConstraint("project", "payee", "period", condition=_ALIVE, name="pay_statement_of_month"),
            models.UniqueConstraint(
                "project", "payee", condition=_ALIVE & Q(state="open"), name="pay_statement_open_once"
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_on__isnull=True, paid_on__isnull=True)
                | Q(state="closed", closed_on__isnull=False, paid_on__isnull=True)
                | Q(state="paid", closed_on__isnull=False, paid_on__isnull=False),
                name="pay_statement_state",
            ),
            models.CheckConstraint(
                condition=Q(to_pay__gte=0, carry_on__lte=0, carried__lte=0, earned__gte=0, taken_back__gte=0),
                name="pay_statement_signs",
            ),
        ]
        indexes = [models.Index(fields=["project", "period"], name="pay_statement_month")]

    def __str__(self) -> str:
        return self.number
