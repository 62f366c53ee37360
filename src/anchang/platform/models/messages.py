"""To-dos and in-app notices."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.platform.models.base import ProjectFact, ProjectModel


class Task(ProjectModel):
    """A to-do (待办) of one person about one record. `code` and `params` make its sentence."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("state", "Open")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")

    assignee = models.ForeignKey("platform.User", models.PROTECT, related_name="+", verbose_name=_("Assignee"))
    code = models.CharField(_("Kind"), max_length=60)
    params = models.JSONField(default=dict)
    resource = models.CharField(max_length=60)
    record_id = models.BigIntegerField()
    due_at = models.DateTimeField(_("Due"), null=True)
    state = models.CharField(_("State"), max_length=10, choices=State.choices, default=State.OPEN)
    done_at = models.DateTimeField(_("Done at"), null=True)
    period_key = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "project", "code", "resource", "record_id", "assignee", "period_key", name="task_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["project", "assignee", "due_at"], condition=models.Q(state="open"), name="task_open"
            )
        ]

    def __str__(self) -> str:
        return self.code


class Notice(ProjectFact):
    """A message to one person (消息)."""

    user = models.ForeignKey("platform.User", models.CASCADE, related_name="+")
    code = models.CharField(max_length=60)
    params = models.JSONField(default=dict)
    resource = models.CharField(max_length=60, blank=True)
    record_id = models.BigIntegerField(null=True)
    at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["project", "user", "-at"], name="notice_user"),
            models.Index(
                fields=["project", "user"], condition=models.Q(read_at__isnull=True), name="notice_unread"
            ),
        ]
