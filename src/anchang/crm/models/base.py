"""What several customer models share."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.db.models import Q

#: Rows that aren't in the recycle bin: the condition of partial indexes and unique constraints.
ALIVE = Q(deleted_at__isnull=True)


class LogManager(models.Manager):
    """Rows of a log whose subject (`customer`, `lead`) isn't in the recycle bin: what nobody may change or delete goes
    out of sight with it, and comes back with it."""

    def __init__(self, subject: str) -> None:
        super().__init__()
        self.subject = subject

    def get_queryset(self) -> models.QuerySet:
        return super().get_queryset().filter(**{f"{self.subject}__deleted_at__isnull": True})


def one_of(column: str, choices: Iterable[str], name: str) -> models.CheckConstraint:
    """The database refuses any other value."""
    return models.CheckConstraint(condition=Q(**{f"{column}__in": list(choices)}), name=name)
