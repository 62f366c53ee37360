"""Single customers, visits and leads into the recycle bin by hand, and back with all that went along.

What goes together carries one moment in `deleted_at`: by it the restore finds exactly that again. Follow-ups and logs,
which nobody deletes by themselves, go out of sight with the file. A record that deals stand on stays where it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Annotated, Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from anchang.crm.commands.grades import settle_stages
from anchang.crm.commands.lead_intake import leads_with
from anchang.crm.commands.merging import renumber_visits
from anchang.crm.commands.numbers import holders, taken
from anchang.crm.commands.visit_import import recount
from anchang.crm.commands.writable import why_not_write
from anchang.crm.models import (
    Contact,
    Customer,
    CustomerIdentity,
    CustomerPhone,
    Lead,
    LeadPhone,
    PersonalRequest,
    Tour,
    TruthCheck,
    Visit,
)
from anchang.crm.queries import bin as kept
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.binning import take_from_bin
from anchang.platform.commands import command, constraint_errors
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Line
from anchang.platform.models import OutgoingMessage, StoredFile, Task

constraint_errors({"visit_import_once": "visit_there_again"})

#: Of a person's numbers, who may have the number now.
_NUMBERS = (CustomerPhone, CustomerIdentity)


class DeleteInput(Input):
    reason: Annotated[Line, Label(_("Reason"))] = ""


def _answer(ctx: Context, record: Any) -> dict[str, Any]:
    return {"id": record.pk, "deleted_at": ctx.now.isoformat()}


def _put(ctx: Context, rows: Any, moment: dt.datetime | None, was: dt.datetime | None = None) -> None:
    """Into the bin (rows that are alive), or out of it (rows that went there at `was`)."""
    names = {f.name for f in rows.model._meta.concrete_fields}
    rows = rows.filter(deleted_at__isnull=True) if moment else rows.filter(deleted_at=was)
    rows.update(deleted_at=moment, **({"updated_at": ctx.now} if "updated_at" in names else {}))


def _in(model: type[models.Model], ctx: Context, **where: Any) -> Any:
    return model._base_manager.filter(project=ctx.here, **where)


def _beside(ctx: Context, resource: str, ids: Collection[int], moment: Any, was: Any = None) -> None:
    """To-dos and papers about these records."""
    for model in (Task, StoredFile):
        _put(ctx, _in(model, ctx, resource=resource, record_id__in=ids), moment, was)


# --- customers -----------------------------------------------------------------------------------


@command(Customer, verb="delete", label=_("Delete"), icon="trash", shape="danger", refuses=why_not_write,
         name="delete_customer")  # fmt: skip
def delete_customer(ctx: Context, customer: Customer, data: DeleteInput) -> dict[str, Any]:
    """The file with its contacts, needs, leads, visits, follow-ups, to-dos and papers; its numbers are free for others.
    Files that were merged into it go along. Raises customer_in_use when deals or other papers stand on it,
    customer_has_request when the person waits for an answer about his data."""
    ids = _files(ctx, customer, None)
    if PersonalRequest.objects.filter(project=ctx.here, customer__in=ids, state=PersonalRequest.State.OPEN).exists():
        raise DomainError("customer_has_request")
    if found := kept.standing_on(ctx.here.pk, ids):
        raise DomainError("customer_in_use", what=kept.name_of(found))
    _move_customer(ctx, ids, ctx.now, None)
    for model in _NUMBERS:
        model.objects.filter(project=ctx.here, customer__in=ids, active=True).update(active=False, ended_at=ctx.now)
    ctx.event("customer.deleted", customer, customer_id=customer.pk, reason=data.reason)
    return _answer(ctx, customer)


def _files(ctx: Context, customer: Customer, was: dt.datetime | None) -> list[int]:
    merged = _in(Customer, ctx, merged_into=customer.pk, deleted_at=was)
    return [customer.pk, *merged.values_list("pk", flat=True)]


def _move_customer(ctx: Context, ids: list[int], moment: dt.datetime | None, was: dt.datetime | None) -> None:
    visits = list(_in(Visit, ctx, customer__in=ids).values_list("pk", flat=True))
    leads = list(_in(Lead, ctx, customer__in=ids).values_list("pk", flat=True))
    _put(ctx, _in(Customer, ctx, pk__in=ids), moment, was)
    for model, name in kept.along():
        _put(ctx, _in(model, ctx, **{f"{name}__in": ids}), moment, was)
    _put(ctx, _in(Tour, ctx, visit__in=visits), moment, was)
    _put(ctx, _in(OutgoingMessage, ctx, customer_id__in=ids), moment, was)
    for resource, records in (("customers", ids), ("visits", visits), ("leads", leads)):
        _beside(ctx, resource, records, moment, was)


@command(Customer, verb="restore", label=_("Restore"), icon="arrow-back-up", shape="", name="restore_customer")
def restore_customer(ctx: Context, customer: Customer) -> Customer:
    """Everything that went with him comes back, his numbers too. Raises phone_taken when somebody else has one of them
    by now, phone_has_lead when a lead has."""
    was = customer.deleted_at
    if was is None:
        return customer
    ids = _files(ctx, customer, was)
    numbers = _in(CustomerPhone, ctx, customer__in=ids, active=False, ended_at=was)
    if found := holders(ctx, numbers.values_list("digest", flat=True)):
        raise taken(next(iter(found.values())))
    _require_free(ctx, _in(Lead, ctx, customer__in=ids, deleted_at=was))
    _move_customer(ctx, ids, None, was)
    for model in _NUMBERS:
        _in(model, ctx, customer__in=ids, active=False, ended_at=was).update(active=True, ended_at=None)
    customer.refresh_from_db()
    ctx.event("customer.restored", customer, customer_id=customer.pk)
    ctx.index([customer])
    return customer


# --- visits --------------------------------------------------------------------------------------


@command(Visit, verb="delete", label=_("Delete"), icon="trash", shape="danger", name="delete_visit")
def delete_visit(ctx: Context, visit: Visit, data: DeleteInput) -> dict[str, Any]:
    """With its tours and checks; the customer's other visits are counted and numbered anew."""
    Customer.objects.select_for_update(no_key=True).get(pk=visit.customer_id)
    _move_visit(ctx, visit, ctx.now, None)
    _in(Visit, ctx, pk=visit.pk).update(seq=None)
    _beside(ctx, "visits", [visit.pk], ctx.now)
    _count_anew(ctx, visit.customer_id)
    ctx.event("visit.deleted", visit, customer_id=visit.customer_id, reason=data.reason)
    return _answer(ctx, visit)


def _move_visit(ctx: Context, visit: Visit, moment: dt.datetime | None, was: dt.datetime | None) -> None:
    _put(ctx, _in(Visit, ctx, pk=visit.pk), moment, was)
    _put(ctx, _in(Tour, ctx, visit=visit.pk), moment, was)
    _put(ctx, _in(TruthCheck, ctx, visit=visit.pk), moment, was)


def _count_anew(ctx: Context, customer_id: int) -> None:
    renumber_visits(ctx.here.pk, [customer_id])
    recount(ctx, [customer_id], give=False)  # whoever lost him to the pool doesn't get him back by it
    settle_stages(ctx, Customer.objects.filter(pk=customer_id))


def _customer_in_bin(record: Any) -> Refusal | None:
    """A part of a file comes back with the file."""
    customer = record.customer if record.customer_id else None
    return Refusal("customer_in_bin") if customer is not None and customer.deleted_at else None


@command(Visit, verb="restore", label=_("Restore"), icon="arrow-back-up", shape="", refuses=_customer_in_bin,
         name="restore_visit")  # fmt: skip
def restore_visit(ctx: Context, visit: Visit) -> Visit:
    """It gets the number that its arrival gives it. Raises customer_in_bin, visit_there_again."""
    was = visit.deleted_at
    if was is None:
        return visit
    Customer.objects.select_for_update(no_key=True).get(pk=visit.customer_id)
    last = Visit.objects.filter(customer=visit.customer_id).aggregate(last=models.Max("seq"))["last"] or 0
    _in(Visit, ctx, pk=visit.pk).update(seq=last + 1)
    _move_visit(ctx, visit, None, was)
    _beside(ctx, "visits", [visit.pk], None, was)
    _count_anew(ctx, visit.customer_id)
    visit.refresh_from_db()
    ctx.event("visit.restored", visit, customer_id=visit.customer_id)
    return visit


# --- leads ---------------------------------------------------------------------------------------


@command(Lead, verb="delete", label=_("Delete"), icon="trash", shape="danger", name="delete_lead")
def delete_lead(ctx: Context, lead: Lead, data: DeleteInput) -> dict[str, Any]:
    """With its trace; its phone is free for a new lead. Raises customer_in_use when its customer has deals: the lead
    tells where they came from."""
    if lead.customer_id and (found := kept.standing_on(ctx.here.pk, [lead.customer_id])):
        raise DomainError("customer_in_use", what=kept.name_of(found))
    _put(ctx, _in(Lead, ctx, pk=lead.pk), ctx.now)
    _beside(ctx, "leads", [lead.pk], ctx.now)
    ctx.event("lead.deleted", lead, customer_id=lead.customer_id, reason=data.reason)
    return _answer(ctx, lead)


@command(Lead, verb="restore", label=_("Restore"), icon="arrow-back-up", shape="", refuses=_customer_in_bin,
         name="restore_lead")  # fmt: skip
def restore_lead(ctx: Context, lead: Lead) -> Lead:
    """Raises customer_in_bin, phone_has_lead when a newer lead has its phone."""
    was = lead.deleted_at
    if was is None:
        return lead
    _require_free(ctx, _in(Lead, ctx, pk=lead.pk))
    _put(ctx, _in(Lead, ctx, pk=lead.pk), None, was)
    _beside(ctx, "leads", [lead.pk], None, was)
    lead.refresh_from_db()
    ctx.event("lead.restored", lead, customer_id=lead.customer_id)
    return lead


def _require_free(ctx: Context, coming_back: Any) -> None:
    """A phone, main or further, is one lead. Raises phone_has_lead."""
    further = LeadPhone.objects.filter(project=ctx.here, lead__in=coming_back)
    own = [*coming_back.values_list("phone_digest", flat=True), *further.values_list("digest", flat=True)]
    if leads_with(ctx, own):
        raise DomainError("phone_has_lead")


@command(Contact, verb="restore", label=_("Restore"), icon="arrow-back-up", shape="", refuses=_customer_in_bin,
         name="restore_contact")  # fmt: skip
def restore_contact(ctx: Context, contact: Contact) -> Contact:
    """Raises customer_in_bin."""
    return take_from_bin(ctx, contact)


__all__ = [
    "delete_customer", "delete_lead", "delete_visit", "restore_contact", "restore_customer", "restore_lead",
    "restore_visit",
]  # fmt: skip
