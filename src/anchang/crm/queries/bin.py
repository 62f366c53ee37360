"""What keeps a customer's file out of the recycle bin: records of other apps that stand on it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from django.db import models

from anchang.crm.models import Customer
from anchang.crm.queries import belonging
from anchang.platform import resources
from anchang.platform.models.base import has_bin


def _is_ours(model: type[models.Model]) -> bool:
    return model._meta.app_label == Customer._meta.app_label


def along() -> Iterator[tuple[type[models.Model], str]]:
    """The customer work's own records that go to the bin with a customer, and their key to him."""
    return ((m, name) for m, name in belonging.references() if _is_ours(m) and has_bin(m))


def standing_on(project_id: int, customer_ids: Collection[int]) -> type[models.Model] | None:
    """A kind of record of another app (deals, tickets, quotations, …) that refers to one of these customers."""
    for model, name in belonging.references():
        if _is_ours(model):
            continue
        rows = model._base_manager.filter(project=project_id, **{f"{name}__in": customer_ids})
        if (rows.filter(deleted_at__isnull=True) if has_bin(model) else rows).exists():
            return model
    return None


def name_of(model: type[models.Model]) -> str:
    resource = resources.of_model(model)
    return str(resource.plural if resource else model._meta.verbose_name_plural)


__all__ = ["along", "name_of", "standing_on"]
