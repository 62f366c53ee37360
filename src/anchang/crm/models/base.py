"""What several customer models share."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.db.models import Q

#: Rows that aren't in the recycle bin: the condition of partial indexes and unique constraints.
ALIVE = Q(deleted_at__isnull=True)


def one_of(column: str, choices: Iterable[str], name: str) -> models.CheckConstraint:
    """The database refuses any other value."""
    return models.CheckConstraint(condition=Q(**{f"{column}__in": list(choices)}), name=name)
