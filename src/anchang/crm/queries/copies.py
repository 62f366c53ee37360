"""Everything that is kept about one customer, as sheets for the person himself (PIPL 45)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import models
from django.utils.encoding import force_str
from django.utils.translation import gettext as _

from anchang.crm.models import Customer, CustomerIdentity, CustomerPhone
from anchang.crm.queries import belonging
from anchang.platform import personal, reading, resources
from anchang.platform.context import Context
from anchang.platform.database import project_models
from anchang.platform.documents.sheets import Column, Sheet
from anchang.platform.models.base import ProjectKey
from anchang.platform.resources import Resource


def sheets_of(ctx: Context, customer_id: int) -> list[Sheet]:
    """Profile with full numbers, then one sheet for each kind of record that names the customer, in every app, and
    for what hangs on those records (receipts of a deal, tours of a visit)."""
    customer = Customer.objects.get(pk=customer_id)
    files = Customer.everything.filter(project=ctx.here, merged_into=customer_id)
    ids = [customer_id, *files.values_list("pk", flat=True)]
    found = [_profile(ctx, customer, ids)]
    for resource, keys in _records(ctx, ids):
        found.append(_sheet(ctx, resource, keys))
    return found


def _profile(ctx: Context, customer: Customer, ids: list[int]) -> Sheet:
    resource = resources.get("customers")
    rows = _lines(ctx, resource, [customer.pk])
    facts = list(zip([force_str(f.label) for f in _fields(ctx, resource)], rows[0], strict=True)) if rows else []
    facts = [(label, value) for label, value in facts if value not in ("", None)]
    for model, label in ((CustomerPhone, _("Phone")), (CustomerIdentity, _("Identity document"))):
        numbers: Any = model.objects.filter(customer__in=ids).order_by("-active", "id")
        facts += [(label, personal.decrypt(row.cipher)) for row in numbers]
    columns = [Column(_("What"), width=24), Column(_("Value"), width=48)]
    return Sheet(force_str(resource.label), columns, facts, note=ctx.here.name)


def _records(ctx: Context, ids: list[int]) -> Iterator[tuple[Resource, list[int]]]:
    """Each kind of record with the ids of the person's ones; kinds without any are left out."""
    keys: dict[type[models.Model], list[int]] = {}
    for model, name in belonging.references():
        rows = model._base_manager.filter(project=ctx.here, **{f"{name}__in": ids})
        keys.setdefault(model, []).extend(rows.values_list("pk", flat=True))
    for model in project_models():
        if model in keys or model is Customer or model._meta.proxy:
            continue
        for field in model._meta.concrete_fields:
            if isinstance(field, ProjectKey) and keys.get(field.related_model):  # type: ignore[arg-type]
                rows = model._base_manager.filter(
                    project=ctx.here, **{f"{field.name}__in": keys[field.related_model]}  # type: ignore[index]
                )
                found = list(rows.values_list("pk", flat=True))
                if (resource := resources.of_model(model)) is not None and found:
                    yield resource, sorted(found)
                break
    for model, found in keys.items():
        if (resource := resources.of_model(model)) is not None and found:
            yield resource, sorted(set(found))


def _sheet(ctx: Context, resource: Resource, ids: list[int]) -> Sheet:
    columns = [Column(force_str(f.label)) for f in _fields(ctx, resource)]
    return Sheet(force_str(resource.plural)[:31], columns, _lines(ctx, resource, ids), note=ctx.here.name)


def _fields(ctx: Context, resource: Resource) -> list[Any]:
    seen = reading.visible_fields(resource, ctx.access, [ctx.here.pk])
    return [f for f in seen if f.value is None]


def _lines(ctx: Context, resource: Resource, ids: list[int]) -> list[list[Any]]:
    fields = _fields(ctx, resource)
    items = reading.rows_by_ids(resource, fields, ids)
    return [[_text(f, item.get(f.name), ctx.here.pk) for f in fields] for item in items]


def _text(field: Any, value: Any, project_id: int) -> str:
    if value is None:
        return ""
    if field.kind == "choice":
        return force_str(resources.choices_of(field, project_id).get(value, value))
    if isinstance(value, dict) and "label" in value:
        return force_str(value["label"])
    return force_str(value)
