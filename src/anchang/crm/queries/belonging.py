"""What hangs on a customer, in every app, read from the models: merging, copies and erasure forget nothing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from django.db import models

from anchang.crm.models import Customer
from anchang.platform.database import project_models
from anchang.platform.models import SearchRecord, SearchToken
from anchang.platform.models.base import ProjectKey

#: These name two files of one customer on purpose.
_OF_TWO = ("CustomerMerge", "Customer")


@lru_cache(maxsize=1)
def references() -> tuple[tuple[type[models.Model], str], ...]:
    """Every model with a key to a customer, and the key's name."""
    return tuple(_references())


def _references() -> Iterator[tuple[type[models.Model], str]]:
    for model in project_models():
        if model._meta.proxy or model.__name__ in _OF_TWO:
            continue
        for field in model._meta.concrete_fields:
            if isinstance(field, ProjectKey) and field.related_model is Customer:
                yield model, field.name


@lru_cache(maxsize=1)
def remarks() -> tuple[type[models.Model], ...]:
    """Every model whose rows name any record by resource and id: to-dos, notices, files."""
    found = []
    for model in project_models():
        names = {f.name for f in model._meta.concrete_fields}
        if {"resource", "record_id"} <= names and model not in (SearchRecord, SearchToken) and not model._meta.proxy:
            found.append(model)
    return tuple(found)


def may_change(model: Any, name: str) -> bool:
    """Whether rows may be pointed elsewhere: neither a log nor frozen by its model in every state."""
    column = model._meta.get_field(name).column
    return not model.append_only and (bool(model.frozen_when) or column not in model.frozen)
