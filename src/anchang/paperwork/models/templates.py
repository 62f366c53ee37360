"""Word templates of the office's papers (文书模板)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.platform.models.base import ProjectKey, ProjectModel


class DocumentTemplate(ProjectModel):
    """One edition of a template. Its file never changes; a new one is the next edition."""

    class Kind(models.TextChoices):
        SUBSCRIPTION = "subscription", _("Subscription form")
        CONTRACT = "contract", _("Sale contract")
        RECEIPT = "receipt", _("Receipt")
        NOTICE = "notice", _("Notice to the buyer")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ACTIVE = "active", _("In use")
        RETIRED = "retired", _("Retired")

    frozen = ("kind", "product_type", "edition", "file_id", "active_from")
    frozen_when = "OLD.state <> 'draft'"

    kind = models.CharField(pgettext_lazy("paper", "Paper"), max_length=12, choices=Kind.choices)
    name = models.CharField(_("Name"), max_length=100)
    product_type = models.CharField(_("Product type"), max_length=30, blank=True)
    edition = models.PositiveSmallIntegerField(_("Version"), default=1)
    active_from = models.DateField(_("Valid from"))
    state = models.CharField(_("State"), max_length=8, choices=State.choices, default=State.DRAFT)
    file = ProjectKey("platform.StoredFile", verbose_name=_("File"))
    problems = models.JSONField(_("Problems"), default=list)
    checked_at = models.DateTimeField(_("Checked at"), null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=("subscription", "contract", "receipt", "notice")), name="template_kind"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("draft", "active", "retired")), name="template_state"
            ),
            models.UniqueConstraint(
                "project", "kind", "product_type", "edition", name="template_edition_once"
            ),
            models.UniqueConstraint("project", "file", name="template_file_once"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name
