"""Who took data out of the house, and who allowed it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.platform.models.base import ProjectKey, ProjectModel
from anchang.platform.models.fields import user_key
from anchang.platform.models.storage import JobReport


class ExportRequest(ProjectModel):
    """One export (导出): what was asked for never changes. Where the project asks for approval, the file is made after
    every role of `chain` has agreed; `step` says whose turn it is."""

    class State(models.TextChoices):
        FREE = "free", _("No approval needed")
        WAITING = "waiting", _("Waiting for approval")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", pgettext_lazy("request", "Refused")
        WITHDRAWN = "withdrawn", pgettext_lazy("request", "Withdrawn")

    frozen = (
        "number", "resource", "params", "rows", "last_id", "columns", "personal_columns", "full", "reason",
        "requested_by_id", "report_id",
    )  # fmt: skip

    number = models.CharField(_("Number"), max_length=30)
    resource = models.CharField(_("List"), max_length=60)
    title = models.CharField(_("What is exported"), max_length=200)
    params = models.JSONField(default=dict)
    rows = models.PositiveIntegerField(_("Rows"))
    # What came into being after the request isn't in the file: nobody has agreed to it.
    last_id = models.BigIntegerField(default=0)
    columns = models.CharField(_("Columns"), max_length=2000)
    personal_columns = models.CharField(_("Columns about persons"), max_length=1000, blank=True)
    full = models.BooleanField(_("With full numbers"), default=False)
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    state = models.CharField(_("State"), max_length=10, choices=State.choices, default=State.FREE)
    chain = models.JSONField(_("Approval chain"), default=list)
    step = models.PositiveSmallIntegerField(_("Approvals so far"), default=0)
    requested_by = user_key(_("Asked by"))
    decided_by = user_key(_("Decided by"), null=True, blank=True)
    decided_at = models.DateTimeField(_("Decided at"), null=True, blank=True)
    opinion = models.CharField(_("Opinion"), max_length=200, blank=True)
    report = ProjectKey(JobReport, verbose_name=_("Job"))
    downloads = models.PositiveSmallIntegerField(_("Downloads"), default=0)
    available_until = models.DateTimeField(_("Can be downloaded until"), null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "number", name="export_request_number_once"),
            models.CheckConstraint(
                condition=Q(state__in=("free", "waiting", "approved", "refused", "withdrawn")),
                name="export_request_state",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("waiting", "approved")) | ~Q(reason=""), name="export_request_reason"
            ),
            # Nobody allows what he asked for himself.
            models.CheckConstraint(
                condition=~Q(state="approved") | ~Q(decided_by=models.F("requested_by")), name="export_request_second"
            ),
        ]
        indexes = [models.Index(fields=["project", "-id"], name="export_request_newest")]

    def __str__(self) -> str:
        return self.number
