"""Housekeeping jobs."""

from __future__ import annotations

import datetime as dt

from django.db import connections
from django.utils import timezone

from anchang.platform import database, idempotency
from anchang.platform.jobs import JobRun, job
from anchang.platform.models import ApiToken


@job("platform.house", every="17 3 * * *", per_project=False)
def keep_house(run: JobRun) -> None:
    """Forget old idempotency keys and dead tokens; make the audit table's next months."""
    idempotency.forget_old()
    ApiToken.objects.filter(expires_at__lt=timezone.now() - dt.timedelta(days=90)).delete()
    with connections["owner"].cursor() as cursor:
        for statement in database.month_partitions(timezone.localdate()):
            cursor.execute(statement)
