"""Housekeeping jobs."""

from __future__ import annotations

import datetime as dt

from django.db import connections
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anchang.platform import database, idempotency, parameters
from anchang.platform.jobs import JobRun, job
from anchang.platform.models import ApiToken

parameters.declare(
    "platform.audit_months", default=120, kind="int", label=_("Months for which changes of records are kept")
)
parameters.declare("platform.backup_hour", default=3, kind="int", label=_("Hour of the nightly backup"))
parameters.declare("platform.backup_days", default=14, kind="int", label=_("Days for which backups are kept"))


@job("platform.house", every="17 3 * * *", per_project=False)
def keep_house(run: JobRun) -> None:
    """Forget old idempotency keys, dead tokens and the oldest months of the history of changes; make its next ones."""
    idempotency.forget_old()
    ApiToken.objects.filter(expires_at__lt=timezone.now() - dt.timedelta(days=90)).delete()
    with connections["owner"].cursor() as cursor:
        for statement in database.month_partitions(timezone.localdate()):
            cursor.execute(statement)
        months = int(parameters.value("platform.audit_months", None, timezone.localdate()))
        cursor.execute(database.without_old_months(timezone.localdate(), months))
