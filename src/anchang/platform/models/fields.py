"""Columns that every app has."""

from __future__ import annotations

from typing import Any

from django.db import models


def user_key(label: Any, **options: Any) -> models.ForeignKey:
    """A member of staff. Users belong to the group, so this is a plain key; a model names the indexes that it
    needs, which start with the project."""
    options.setdefault("related_name", "+")
    return models.ForeignKey("platform.User", models.PROTECT, db_index=False, verbose_name=label, **options)


def yuan(label: Any, **options: Any) -> models.DecimalField:
    """Yuan with two places."""
    return models.DecimalField(label, max_digits=18, decimal_places=2, **options)


def rest(label: Any, whole: str, part: str) -> models.GeneratedField:
    """Yuan of one column less another, kept by the database itself."""
    return models.GeneratedField(
        expression=models.F(whole) - models.F(part),
        output_field=models.DecimalField(label, max_digits=18, decimal_places=2),
        db_persist=True,
        verbose_name=label,
    )
