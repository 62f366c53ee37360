"""What comes before an opening: the launch scheme, queue tickets with sincerity money, the lottery."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anchang.deals.models.chain import Deal
from anchang.platform.models.base import ProjectKey, ProjectModel
from anchang.platform.models.fields import yuan

_ALIVE = Q(deleted_at__isnull=True)


class LaunchScheme(ProjectModel):
    """How a batch of units is launched (开盘方案): under which licence, with which checklist, queue and lottery.

    `checks`: [{item, mandatory, done_on, done_by}]; an opening can't start before every mandatory item is ticked.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        REGISTERING = "registering", _("Taking registrations")
        REGISTERED = "registered", _("Registration closed")
        DRAWN = "drawn", _("Drawn")
        DONE = "done", _("Done")

    code = models.CharField(_("Code"), max_length=20)
    name = models.CharField(_("Name"), max_length=50)
    licence = ProjectKey("inventory.Licence", null=True, blank=True, verbose_name=_("Licence"))
    release_batch = ProjectKey("inventory.ReleaseBatch", null=True, blank=True, verbose_name=_("Release batch"))
    planned_on = models.DateField(_("Planned for"), null=True, blank=True)
    sincerity_money = yuan(_("Sincerity money"), default=0)
    checks = models.JSONField(_("Checklist"), default=list, blank=True)
    state = models.CharField(_("State"), max_length=12, choices=State.choices, default=State.DRAFT)
    last_number = models.PositiveIntegerField(_("Tickets issued"), default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "code", condition=_ALIVE, name="launch_code_once"),
            models.CheckConstraint(condition=Q(sincerity_money__gte=0), name="launch_money"),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "registering", "registered", "drawn", "done")), name="launch_state"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class QueueTicket(ProjectModel):
    """A numbered priority before the opening (排号, 认筹), once per customer and scheme.

    Its deal has no unit yet and carries the sincerity money; the unit that the ticket turns into joins that deal,
    so the money stays where it is.
    """

    class State(models.TextChoices):
        VALID = "valid", _("Valid")
        CALLED = "called", _("Called")
        CONVERTED = "converted", _("Converted")
        MISSED = "missed", _("Missed")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        REFUNDED = "refunded", _("Refunded")

    class Qualified(models.TextChoices):
        OPEN = "", _("Not checked")
        YES = "yes", _("Qualified")
        NO = "no", _("Not qualified")

    scheme = ProjectKey(LaunchScheme, verbose_name=_("Launch scheme"))
    number = models.PositiveIntegerField(_("Ticket number"))
    customer = ProjectKey("crm.Customer", verbose_name=_("Customer"))
    deal = ProjectKey(Deal, verbose_name=_("Deal"))
    state = models.CharField(_("State"), max_length=10, choices=State.choices, default=State.VALID)
    qualified = models.CharField(
        _("Qualification"), max_length=3, choices=Qualified.choices, default=Qualified.OPEN, blank=True
    )
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    wishes = models.JSONField(_("Wished units"), default=list, blank=True)
    place = models.PositiveIntegerField(_("Drawn place"), null=True)
    missed = models.PositiveSmallIntegerField(_("Times missed"), default=0)
    rejoined_at = models.PositiveIntegerField(_("Place after rejoining"), null=True)
    issued_on = models.DateField(_("Issued on"))
    called_at = models.DateTimeField(_("Called at"), null=True)
    ended_at = models.DateTimeField(_("Ended at"), null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "scheme", "number", name="ticket_number_once"),
            models.UniqueConstraint(
                "project", "scheme", "customer", condition=_ALIVE & ~Q(state__in=("withdrawn", "refunded")),
                name="ticket_once",
            ),
            models.UniqueConstraint("project", "deal", name="ticket_of_deal"),
            models.UniqueConstraint("project", "scheme", "place", name="ticket_place_once"),
            models.CheckConstraint(
                condition=Q(state__in=("valid", "called", "converted", "missed", "withdrawn", "refunded")),
                name="ticket_state",
            ),
            models.CheckConstraint(condition=Q(qualified__in=("", "yes", "no")), name="ticket_qualified"),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["project", "customer"], name="ticket_customer"),
            models.Index(fields=["project", "scheme", "state"], name="ticket_state_order"),
        ]

    def __str__(self) -> str:
        return f"{self.number}"


class Lottery(ProjectModel):
    """The draw of a scheme's order (摇号). `entrants` and the seed's hash stand before the draw and never change."""

    class State(models.TextChoices):
        COMMITTED = "committed", _("Announced")
        DRAWN = "drawn", _("Drawn")

    class Source(models.TextChoices):
        OWN = "own", _("Own draw")
        IMPORTED = "imported", _("Imported result")

    frozen = (
        "scheme_id", "source", "commitment", "entrants_digest", "entrants", "public_source", "committed_at", "seed",
        "public_value", "result", "drawn_at", "state",
    )  # fmt: skip
    frozen_when = "OLD.state = 'drawn'"

    scheme = ProjectKey(LaunchScheme, verbose_name=_("Launch scheme"))
    source = models.CharField(_("Source"), max_length=8, choices=Source.choices, default=Source.OWN)
    commitment = models.CharField(_("Hash of the seed"), max_length=64, blank=True)
    public_source = models.CharField(_("Public value to come"), max_length=200, blank=True)
    entrants = models.JSONField(_("Entrants"), default=list)
    entrants_digest = models.CharField(_("Hash of the entrants"), max_length=64)
    committed_at = models.DateTimeField(_("Announced at"))
    seed = models.CharField(_("Seed"), max_length=200, blank=True)
    public_value = models.CharField(_("Public value"), max_length=200, blank=True)
    result = models.JSONField(_("Order drawn"), default=list)
    drawn_at = models.DateTimeField(_("Drawn at"), null=True)
    state = models.CharField(_("State"), max_length=10, choices=State.choices, default=State.COMMITTED)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "scheme", condition=_ALIVE, name="lottery_once"),
            models.CheckConstraint(
                condition=Q(state="committed", drawn_at__isnull=True, seed="")
                | Q(state="drawn", drawn_at__isnull=False),
                name="lottery_state",
            ),
            models.CheckConstraint(condition=Q(source__in=("own", "imported")), name="lottery_source"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"
