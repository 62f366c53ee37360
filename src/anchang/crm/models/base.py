"""What several customer models share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import Q

#: Rows that aren't in the recycle bin: the condition of partial indexes and unique constraints.
ALIVE = Q(deleted_at__isnull=True)


def user_key(label: Any, **options: Any) -> models.ForeignKey:
    """A member of staff. Users belong to the group, so this is a plain key; a model names the indexes that it
    needs, which start with the project."""
    return models.ForeignKey(
        "platform.User", models.PROTECT, related_name="+", db_index=False, verbose_name=label, **options
    )


def one_of(column: str, choices: Iterable[str], name: str) -> models.CheckConstraint:
    """The database refuses any other value."""
    return models.CheckConstraint(condition=Q(**{f"{column}__in": list(choices)}), name=name)
