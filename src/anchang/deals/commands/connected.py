"""The list of staff and connected persons (员工、亲属、关联人名单), and whether a deal's buyers are on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.crm.models import Customer, CustomerPhone
from anchang.deals import rules
from anchang.deals.connected_file import ConnectedRow
from anchang.deals.models import ConnectedPerson, Deal
from anchang.kernel.errors import DomainError
from anchang.kernel.identity import clean_number, mask_number
from anchang.kernel.phone import mask, normalise
from anchang.platform import personal
from anchang.platform.binning import put_in_bin, restorable
from anchang.platform.commands import command, creates
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Line, Ref
from anchang.platform.models import User

_KINDS = dict(ConnectedPerson.Kind.choices)
#: The nearest connection counts.
_ORDER = ("staff", "relative", "connected")


class ConnectedInput(Input):
    """A document number or a phone is needed. `user`: the account of own staff."""

    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    kind: Annotated[Literal["staff", "relative", "connected"], Label(_("Kind"), kind="choice", choices=_KINDS)]
    name: Annotated[str, Field(min_length=1, max_length=100), Label(_("Full name"))]
    id_number: Annotated[str, Field(max_length=40), Label(_("Document number"))] = ""
    phone: Annotated[str, Field(max_length=30), Label(_("Phone"), kind="phone")] = ""
    user: Annotated[Ref("users") | None, Label(_("User"))] = None
    of_name: Annotated[str, Field(max_length=100), Label(_("Relative of"))] = ""
    relation: Annotated[str, Field(max_length=30), Label(_("Relation"))] = ""
    note: Annotated[Line, Label(_("Note"))] = ""


@creates(ConnectedPerson, label=_("New connected person"))
def add_connected_persons(ctx: Context, rows: list[ConnectedInput]) -> list[ConnectedPerson]:
    """Numbers are kept as cipher, digest and mask; nobody reads them back."""
    made = []
    for row in rows:
        number, phone = clean_number(row.id_number), normalise(row.phone) if row.phone else ""
        if phone is None:
            raise DomainError("phone_invalid", status=422, fields={"phone": "phone_invalid"})
        if not number and not phone:
            raise DomainError("connected_needs_number", status=422, fields={"id_number": "connected_needs_number"})
        person = ConnectedPerson(
            project=ctx.here, kind=row.kind, name=row.name, user=row.user, of_name=row.of_name, relation=row.relation,
            note=row.note, created_by_id=ctx.user_id, **_numbers(number, phone),
        )  # fmt: skip
        person.save(force_insert=True)
        ctx.event("record.created", person)
        made.append(person)
    ctx.index(made, fresh=True)
    return made


@command(ConnectedPerson, verb="delete", label=_("Delete"), icon="trash", shape="danger")
def delete_connected_person(ctx: Context, person: ConnectedPerson) -> dict[str, Any]:
    """Off the list: later deals aren't connected by it; deals that are, stay so."""
    return put_in_bin(ctx, person)


restorable(ConnectedPerson, "restore_connected_person")


def _numbers(number: str, phone: str) -> dict[str, Any]:
    return {
        "id_cipher": personal.encrypt(number) if number else None,
        "id_digest": personal.digest(number) if number else "", "id_masked": mask_number(number) if number else "",
        "phone_cipher": personal.encrypt(phone) if phone else None,
        "phone_digest": personal.digest(phone) if phone else "", "phone_masked": mask(phone) if phone else "",
    }  # fmt: skip


def import_connected(ctx: Context, rows: Sequence[ConnectedRow]) -> dict[str, Any]:
    """Who is on the list already (by document, else by phone and name) is brought up to date."""
    accounts = User.objects.filter(staff_number__in={row.staff_number for row in rows} - {""}, is_active=True)
    users = {user.staff_number: user.pk for user in accounts}
    facts = [_facts(row, users) for row in rows]
    digests = {fact["id_digest"] for fact in facts} - {""}
    phones = {fact["phone_digest"] for fact in facts} - {""}
    mine = ConnectedPerson.objects.filter(project=ctx.here)
    known = {
        key: person
        for person in mine.filter(Q(id_digest__in=digests) | Q(phone_digest__in=phones)).order_by("-pk")
        for key in _keys(person.id_digest, person.phone_digest, person.name)
    }
    fresh: dict[int, ConnectedPerson] = {}
    changed: dict[int, ConnectedPerson] = {}
    for fact in facts:
        keys = _keys(fact["id_digest"], fact["phone_digest"], fact["name"])
        person = next((known[key] for key in keys if key in known), None)
        if person is None:
            person = ConnectedPerson(project=ctx.here, created_by_id=ctx.user_id, **fact)
            fresh[id(person)] = person
        elif any(fact[name] and getattr(person, name) != fact[name] for name in _TOLD):
            for name, value in fact.items():
                setattr(person, name, value or getattr(person, name))
            if person.pk:
                changed[person.pk] = person
        known |= dict.fromkeys(keys, person)
    made = ConnectedPerson.objects.bulk_create(fresh.values(), batch_size=1000)
    ConnectedPerson.objects.bulk_update(changed.values(), [*_TOLD, *_SEALED], batch_size=500)
    ctx.index([*made, *changed.values()])
    return {
        "created": len(made), "updated": len(changed), "unchanged": len(rows) - len(made) - len(changed), "refused": [],
    }  # fmt: skip


#: What a row tells, and what only goes along with it (a cipher is another one each time).
_TOLD = ("kind", "name", "user_id", "of_name", "relation", "note", "id_digest", "phone_digest")
_SEALED = ("id_cipher", "id_masked", "phone_cipher", "phone_masked")


def _facts(row: ConnectedRow, users: dict[str, int]) -> dict[str, Any]:
    return {
        "kind": row.kind, "name": row.name, "user_id": users.get(row.staff_number), "of_name": row.of_name,
        "relation": row.relation, "note": row.note, **_numbers(row.id_number, row.phone),
    }  # fmt: skip


def _keys(id_digest: str, phone_digest: str, name: str) -> list[str]:
    return ([id_digest] if id_digest else []) + ([f"{phone_digest}:{name}"] if phone_digest else [])


# --- matching ------------------------------------------------------------------------------------


def connection_of(ctx: Context, buyers: Iterable[rules.Buyer], customer: Customer) -> str:
    """staff, relative or connected when a buyer, guardian or the customer is on the list; else empty.

    By document number or phone; own staff whose account is closed have left. Two queries, compared as digests."""
    numbers, phones = set(), set()
    for buyer in buyers:
        for who in (buyer, buyer.guardian, buyer.agent):
            if who is not None and who.id_number:
                numbers.add(personal.digest(clean_number(who.id_number)))
            if who is not None and who.phone and (normal := normalise(who.phone)):
                phones.add(personal.digest(normal))
    held = CustomerPhone.objects.filter(project=ctx.here, customer=customer, active=True)
    phones |= set(held.values_list("digest", flat=True))
    listed = ConnectedPerson.objects.filter(project=ctx.here).exclude(user__is_active=False)
    found = set(listed.filter(Q(id_digest__in=numbers) | Q(phone_digest__in=phones)).values_list("kind", flat=True))
    return next((kind for kind in _ORDER if kind in found), "")


def connected_chain(ctx: Context, connection: str, approvers: Sequence[str] = ()) -> tuple[str, ...]:
    """The approvers that a price needs, and after them those whom a connected purchase needs (parameter)."""
    more = ctx.param("deals.connected_approvers") if connection else []
    return (*approvers, *(role for role in more if role not in approvers))


def mark_connected(ctx: Context, deal: Deal, connection: str) -> None:
    """Once connected, a deal stays so: a buyer who left it doesn't hide the purchase."""
    if connection and deal.connected != connection:
        deal.connected = connection
        deal.save(update_fields=["connected", "updated_at"])
        ctx.event("deal.connected", deal, customer_id=deal.customer_id, connection=connection)
