"""What happened: events (business facts), audit rows (row changes), reveals, idempotency keys."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from anchang.platform.models.base import ProjectFact


class Xid8Field(models.BigIntegerField):
    """A PostgreSQL transaction id (xid8)."""

    def db_type(self, connection: object) -> str:
        return "xid8"


class Event(ProjectFact):
    """A business fact, written by the command in its transaction (事件).

    `xid` is the transaction that wrote it: readers take only events below the snapshot's xmin, in
    order of (xid, id), so that a late commit is never skipped.
    """

    append_only = True

    name = models.CharField(_("Event"), max_length=60)
    resource = models.CharField(max_length=60)
    record_id = models.BigIntegerField()
    customer_id = models.BigIntegerField(null=True)
    actor_kind = models.CharField(max_length=10)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=50)
    at = models.DateTimeField()
    business_date = models.DateField()
    data = models.JSONField(default=dict)
    command_id = models.UUIDField(default=uuid.uuid4)
    xid = Xid8Field(db_default=models.Func(function="pg_current_xact_id"), editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["project", "resource", "record_id", "id"], name="event_record"),
            models.Index(
                fields=["project", "customer_id", "id"],
                condition=models.Q(customer_id__isnull=False),
                name="event_customer",
            ),
            models.Index(fields=["project", "id"], name="event_order"),
            models.Index(fields=["xid", "id"], name="event_commit"),
        ]


class AuditRow(models.Model):
    """Row changes, written by one database trigger into a table partitioned by month (platform.database)."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    project_id = models.BigIntegerField(null=True)
    table_name = models.CharField(max_length=63)
    row_id = models.BigIntegerField(null=True)
    op = models.CharField(max_length=1)
    changes = models.JSONField()
    actor = models.CharField(max_length=40)
    command_id = models.UUIDField(null=True)

    class Meta:
        managed = False
        db_table = "platform_audit"


class RevealLog(ProjectFact):
    """Each full phone or ID number shown, and each export, with who, when, of whom and why."""

    append_only = True

    kind = models.CharField(max_length=10)  # phone, id, export
    resource = models.CharField(max_length=60)
    record_id = models.BigIntegerField(null=True)
    count = models.PositiveIntegerField(default=1)
    user = models.ForeignKey("platform.User", models.PROTECT, null=True, related_name="+")  # none: command line
    reason = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["project", "-at"], name="reveal_time")]


class IdempotencyKey(models.Model):
    """One effect per (principal, key); the answer is kept for seven days."""

    principal = models.CharField(max_length=40)
    key = models.CharField(max_length=100)
    request_hash = models.CharField(max_length=64)
    status = models.SmallIntegerField(null=True)
    answer = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("principal", "key", name="idempotency_once")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_age")]
