"""The whole customer on one page, his timeline, and the search for doubles."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from anchang.crm.models import (
    Appointment,
    CallIn,
    Consent,
    Contact,
    Customer,
    CustomerIdentity,
    CustomerPhone,
    FollowUp,
    Need,
    Tour,
    Visit,
)
from anchang.kernel.identity import clean_number
from anchang.kernel.phone import matches_mask, normalise
from anchang.platform import personal, reading, resources
from anchang.platform.access import Access
from anchang.platform.context import Context
from anchang.platform.models import Event
from anchang.platform.reading import plain
from anchang.platform.telling import event_text

NEWEST = 50

#: hook(ctx, customer_id) -> {name: rows}: what the apps above add to the 360° page.
profile_hooks: list[Callable[[Context, int], dict[str, Any]]] = []


@dataclass(frozen=True)
class ProfileTab:
    """A tab of the customer's page: lists of these (resource, its field that names the customer)."""

    key: str
    label: Any
    lists: tuple[tuple[str, str], ...]


#: Tabs that the apps above add, in order.
profile_tabs: list[ProfileTab] = []

#: Contacts with the customer: whoever sees him sees all of them, whoever made them.
CONTACT_RESOURCES = ("customers", "leads", "visits", "tours", "follow-ups", "appointments", "call-ins", "needs",
                     "consents", "contacts")  # fmt: skip


def merged_ids(customer: Customer) -> list[int]:
    """The file and those merged into it: their logs are its history."""
    found = Customer.everything.filter(project_id=customer.project_id, merged_into=customer.pk)
    return [customer.pk, *found.values_list("pk", flat=True)]


def customer_360(access: Access, customer_id: int) -> dict[str, Any]:
    """Profile, needs, visits with units and grades, follow-ups, appointments, contacts, consents, household,
    and what the apps above add (deals, payments, tickets). Raises not_found out of the actor's scope.

    Who may see the customer sees all contacts with him, whoever made them; numbers are masked.
    """
    resource = resources.get("customers")
    profile = reading.get_row(resource, access, customer_id)
    customer = Customer.objects.get(pk=customer_id)
    ids = merged_ids(customer)
    found = {
        "customer": profile,
        "needs": _rows("needs", access, Need.objects.filter(customer=customer).order_by("-seq")),
        "visits": _visits(access, customer),
        "follow_ups": _rows(
            "follow-ups", access, FollowUp.objects.filter(customer=customer).order_by("-at", "-id")
        ),
        "appointments": _rows(
            "appointments", access, Appointment.objects.filter(customer=customer).order_by("-starts_at")
        ),
        "call_ins": _rows(
            "call-ins", access, CallIn.objects.filter(customer=customer).order_by("-called_at")
        ),
        "contacts": _rows("contacts", access, Contact.objects.filter(customer=customer).order_by("id")),
        "consents": _rows("consents", access, Consent.objects.filter(customer__in=ids).order_by("-given_at")),
        "household": _household(customer),
    }
    ctx = Context(access, customer.project)
    for hook in profile_hooks:
        found |= hook(ctx, customer_id)
    return found


def _rows(name: str, access: Access, query: Any) -> list[dict[str, Any]]:
    """The newest rows with the fields that the actor may see."""
    resource = resources.get(name)
    pairs = list(query.values_list("pk", "project_id")[:NEWEST])
    if not pairs:
        return []
    fields = reading.visible_fields(resource, access, [pairs[0][1]])
    return reading.rows_by_ids(resource, fields, [pk for pk, _p in pairs])


def _visits(access: Access, customer: Customer) -> list[dict[str, Any]]:
    rows = _rows("visits", access, Visit.objects.filter(customer=customer).order_by("-arrived_at", "-id"))
    shown: dict[int, list[dict[str, Any]]] = defaultdict(list)
    tours = Tour.objects.filter(visit__in=[r["id"] for r in rows]).order_by("started_at", "id")
    for tour in tours.select_related("unit"):
        shown[tour.visit_id].append({
            "id": tour.pk, "unit": {"id": tour.unit_id, "label": str(tour.unit)} if tour.unit_id else None,
            "place": tour.place, "started_at": plain(tour.started_at), "ended_at": plain(tour.ended_at),
            "reaction": tour.reaction,
        })  # fmt: skip
    return [row | {"tours": shown[row["id"]]} for row in rows]


def _household(customer: Customer) -> list[dict[str, Any]]:
    if customer.household_id is None:
        return []
    rows = Customer.objects.filter(project_id=customer.project_id, household=customer.household_id)
    rows = rows.exclude(pk=customer.pk).exclude(state__in=("merged", "erased")).select_related("owner").order_by("id")
    return [
        {"id": c.pk, "name": c.name, "relation": c.household_relation, "phone": c.phone_masked,
         "owner": c.owner.name if c.owner else ""}
        for c in rows
    ]  # fmt: skip


def timeline(
    access: Access, customer_id: int, *, before: int | None = None, limit: int = NEWEST,
    kinds: Collection[str] = (),
) -> dict[str, Any]:  # fmt: skip
    """Everything that happened around the customer, newest first, in one list: events with their sentence,
    and for follow-ups, visits and calls what was said. `before`: the `next` of the page before; `kinds`: only
    of these resources. Events about other objects show to whoever may view those."""
    customer = reading.get_record(resources.get("customers"), access, customer_id)
    ids = merged_ids(customer)
    about = Q(customer_id__in=ids) | Q(resource="customers", record_id__in=ids)
    seen = {
        r.name
        for r in resources.all_resources()
        if r.name in CONTACT_RESOURCES or access.may(f"{r.name}.view", customer.project_id)
    }
    wanted = seen & set(kinds) if kinds else seen
    rows = Event.objects.filter(about, project_id=customer.project_id, resource__in=wanted).order_by("-id")
    if before:
        rows = rows.filter(pk__lt=before)
    events = list(rows[: limit + 1])
    said = _said(events[:limit])
    items = [
        {
            "id": e.pk, "at": plain(e.at), "name": e.name, "text": event_text(e.name, e.data, e.resource),
            "actor": e.actor_name, "resource": e.resource, "record_id": e.record_id, "data": e.data,
            "content": said.get((e.resource, e.record_id), ""),
        }
        for e in events[:limit]
    ]  # fmt: skip
    return {"items": items, "next": events[limit - 1].pk if len(events) > limit else None}


_CONTENT: dict[str, tuple[Any, str]] = {
    "follow-ups": (FollowUp, "content"), "visits": (Visit, "content"), "call-ins": (CallIn, "question"),
}  # fmt: skip


def _said(events: Sequence[Event]) -> dict[tuple[str, int], str]:
    found: dict[tuple[str, int], str] = {}
    for name, (model, column) in _CONTENT.items():
        ids = [e.record_id for e in events if e.resource == name]
        if ids:
            for pk, text in model.objects.filter(pk__in=ids).values_list("pk", column):
                found[name, pk] = text
    return found


def doubles(access: Access, project_id: int, text: str, limit: int = 20) -> list[dict[str, Any]]:
    """Customers of the project who may be the same: by whole phone (their own or a contact's), masked phone
    (138****2302) or its last four digits, by whole document number or its last four, by name (BS17). Masked;
    of customers out of the actor's scope only the owner's name."""
    word = text.strip()
    if not word or "\x00" in word:
        return []
    access.require("customers.view", project_id)
    ids = _double_ids(project_id, word)[:limit]
    resource = resources.get("customers")
    within = reading.reach(resource, "customers.view", access, [project_id])
    mine = (
        set(Customer.objects.filter(within, pk__in=ids).values_list("pk", flat=True))
        if within is not None
        else set()
    )
    rows = (
        Customer.objects.filter(project_id=project_id, pk__in=ids)
        .exclude(state="merged")
        .select_related("owner")
    )
    return [
        {
            "id": c.pk if c.pk in mine else None, "name": c.name if c.pk in mine else c.name[:1] + "**",
            "phone": c.phone_masked, "owner": c.owner.name if c.owner else "", "in_scope": c.pk in mine,
        }
        for c in rows.order_by("id")
    ]  # fmt: skip


#: A number as channels announce it (前三后四, 前四后三): its first and its last digits.
_MASKED = re.compile(r"(\d{3,4})[*＊xX]{3,5}(\d{3,4})", re.ASCII)


def _double_ids(project_id: int, word: str) -> list[int]:
    phones = CustomerPhone.objects.filter(project_id=project_id, active=True)
    papers = CustomerIdentity.objects.filter(project_id=project_id, active=True)
    number = normalise(word)
    if number:
        found = phones.filter(digest=personal.digest(number))
        # A relative's number leads to the customer whose contact he is.
        near = Contact.objects.filter(project_id=project_id, phone_digest=personal.digest(number))
        ids = [*found.values_list("customer_id", flat=True), *near.values_list("customer_id", flat=True)[:200]]
        return list(dict.fromkeys(ids))
    if parts := _MASKED.fullmatch(word):
        found = phones.filter(tail__endswith=parts[2], masked__startswith=parts[1][:3])
        rows = found.values_list("customer_id", "cipher")[:200]
        return [pk for pk, cipher in rows if matches_mask(word, personal.decrypt(cipher))]
    clean = clean_number(word)
    if len(clean) == 4 and clean[:3].isdigit():
        ids = list(phones.filter(tail=clean).values_list("customer_id", flat=True)[:200])
        return ids + list(papers.filter(tail=clean).values_list("customer_id", flat=True)[:200])
    types = [value for value, _label in CustomerIdentity.Type.choices]
    ids = list(
        papers.filter(digest__in=[personal.digest(f"{t}:{clean}") for t in types]).values_list(
            "customer_id", flat=True
        )
    )
    return ids or list(
        Customer.objects.filter(project_id=project_id, name=word).values_list("pk", flat=True)[:200]
    )
