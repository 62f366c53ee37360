"""Customer files: create, edit, phones, needs, tags."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.db.models import Max
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.crm import dictionaries
from anchang.crm.commands.channels import ChannelKey
from anchang.crm.commands.criteria import require_for_new
from anchang.crm.commands.filing import (
    AnyNeed,
    NeedInput,
    NewCustomer,
    channel_ids,
    make_customers,
    need_columns,
    phone_mask,
)
from anchang.crm.commands.numbers import PhoneText, holders_and_ids, phone_rows, split, taken
from anchang.crm.commands.tagging import TagKeys, hand_tags, replace_tags, tag_rows
from anchang.crm.commands.writable import why_not_write
from anchang.crm.models import Customer, CustomerPhone, Grade, Need
from anchang.crm.queries.people import check_consultants, teams_of
from anchang.kernel.errors import DomainError
from anchang.platform import personal
from anchang.platform.commands import command, constraint_errors, creates, edits
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Name, Note, Ref

constraint_errors(
    {
        "customer_phone_once": "phone_taken",
        "customer_identity_once": "identity_taken",
        "consent_once": "consent_exists",
        "visit_seq_once": "busy",
    }
)

GRADE = Literal["A", "B", "C", "D"]
GRADES = dict(Grade.choices)
Word = Annotated[str, Field(max_length=50)]
Short = Annotated[str, Field(max_length=20)]


class CustomerInput(Input):
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None
    name: Annotated[Name, Label(_("Full name"))]
    phone: Annotated[PhoneText, Label(_("Phone"), "phone")]
    kind: Annotated[Literal["person", "company"], Label(_("Kind"), choices=dict(Customer.Kind.choices))] = (
        "person"
    )
    sex: Annotated[Literal["", "male", "female"], Label(_("Sex"), choices=dict(Customer.Sex.choices))] = ""
    licence_number: Annotated[str, Field(max_length=30), Label(_("Licence number"))] = ""
    channel: Annotated[ChannelKey | None, Label(_("Channel"))] = None
    campaign: Annotated[str | None, Field(max_length=100), Label(_("Campaign"))] = None
    grade: Annotated[GRADE | None, Label(_("Grade"), choices=GRADES)] = None
    owner: Annotated[Ref("users") | None, Label(_("Owner"))] = None
    email: Annotated[str, Field(max_length=100), Label(_("Mail"))] = ""
    occupation: Annotated[Word, Label(_("Occupation"), choices=dictionaries.choices("occupation"))] = ""
    age_band: Annotated[Short, Label(_("Age band"), choices=dictionaries.choices("age_band"))] = ""
    residence: Annotated[Word, Label(_("Residence area"), choices=dictionaries.choices("area"))] = ""
    workplace: Annotated[Word, Label(_("Workplace area"), choices=dictionaries.choices("area"))] = ""
    tags: Annotated[TagKeys | None, Label(_("Tags"), "ref:tags")] = None
    need: AnyNeed = None
    note: Annotated[Note | None, Label(_("Note"), "longtext")] = None


COPIED = ("kind", "sex", "licence_number", "email")


@creates(Customer, label=_("New customer"), shape="primary", icon="user-plus")
def add_customers(ctx: Context, rows: list[CustomerInput]) -> list[Customer]:
    """New files. A consultant's new customer is his own; whoever may give customers to others names the
    owner.

    Raises phone_taken (409), which names the present owner and nothing else, and grade_criteria_unmet. One row
    costs five statements, and one more with a channel, and with tags."""
    ids = check_free(ctx, [n for row in rows for n in split(row.phone)], new=len(rows))
    owners = [owner_of(ctx, row.owner) for row in rows]
    check_consultants(ctx, [row.owner for row in rows if row.owner and row.owner.pk != ctx.user_id])
    teams = teams_of(ctx, owners)
    channels = channel_ids(ctx, [row.channel for row in rows])
    made = make_customers(ctx, [
        NewCustomer(
            row.name, split(row.phone), owner_id=owner, team_id=teams.get(owner) if owner else None,
            channel_id=channels.get(row.channel), campaign=row.campaign or "", grade=row.grade or "",
            need=need_columns(row.need),
            columns={name: getattr(row, name) for name in COPIED}
            | dictionaries.read_words(ctx, {name: getattr(row, name) for name in dictionaries.LISTS})
            | {"note": row.note or ""},
        )
        for row, owner in zip(rows, owners, strict=True)
        if _licensed(row.kind, row.licence_number)
    ], ids)  # fmt: skip
    require_for_new(ctx, made, [row.grade for row in rows])
    tags = hand_tags(ctx, [key for row in rows for key in row.tags or ()])
    if tags:
        pairs = zip(made, rows, strict=True)
        ctx.create_at_end([one for c, row in pairs for one in tag_rows(ctx, c, {tags[k] for k in row.tags or ()})])
    return made


def _licensed(kind: str, licence_number: str) -> bool:
    if kind == "company" and not licence_number:
        raise DomainError("bad_input", status=422, fields={"licence_number": "licence_needed"})
    return True


def check_free(ctx: Context, numbers: list[str], field: str = "phone", new: int = 0) -> list[int]:
    """Raises phone_taken when an active customer of the project has one of them, or the batch has it
    twice. Returns ids for `new` customers."""
    if len(set(numbers)) < len(numbers):
        raise DomainError("phone_taken", status=409, fields={field: "phone_taken"}, owner=ctx.actor.name)
    found, ids = holders_and_ids(ctx, [personal.digest(n) for n in numbers], new)
    if found:
        raise taken(next(iter(found.values())))
    return ids


def owner_of(ctx: Context, named: Any, permission: str = "customers.create") -> int | None:
    """The owner of a new customer: the named person, else the consultant who enters him, else nobody yet.

    Whoever may act only for himself can't name another. Raises only_own.
    """
    scope = ctx.access.scope(permission, ctx.here.pk)
    if named is not None and named.pk != ctx.user_id and scope == "own":
        raise DomainError("only_own", status=403, fields={"owner": "only_own"})
    if named is not None:
        return int(named.pk)
    return ctx.user_id if scope == "own" or ctx.here.pk in ctx.access.teams else None


class CustomerEdit(Input):
    name: Annotated[Name | None, Label(_("Full name"))] = None
    kind: Annotated[
        Literal["person", "company"] | None, Label(_("Kind"), choices=dict(Customer.Kind.choices))
    ] = None
    sex: Annotated[
        Literal["", "male", "female"] | None, Label(_("Sex"), choices=dict(Customer.Sex.choices))
    ] = None
    licence_number: Annotated[str | None, Field(max_length=30), Label(_("Licence number"))] = None
    email: Annotated[str | None, Field(max_length=100), Label(_("Mail"))] = None
    value_class: Annotated[
        Literal["high", "normal", "low"] | None, Label(_("Value class"), choices=dict(Customer.Worth.choices))
    ] = None
    occupation: Annotated[Word | None, Label(_("Occupation"), choices=dictionaries.choices("occupation"))] = (
        None
    )
    age_band: Annotated[Short | None, Label(_("Age band"), choices=dictionaries.choices("age_band"))] = None
    residence: Annotated[Word | None, Label(_("Residence area"), choices=dictionaries.choices("area"))] = None
    workplace: Annotated[Word | None, Label(_("Workplace area"), choices=dictionaries.choices("area"))] = None
    tags: Annotated[TagKeys | None, Label(_("Tags"), "ref:tags")] = None
    note: Annotated[Note | None, Label(_("Note"), "longtext")] = None


EDITED_EMPTY = {"value_class": "normal", "kind": "person"}


@edits(Customer, label=_("Edit"), icon="edit", refuses=why_not_write)
def edit_customer(ctx: Context, customer: Customer, data: CustomerEdit) -> Customer:
    """First source, owner, grade, stage and state have their own commands or none."""
    sent = sorted(data.model_fields_set)
    locked = [n for n in sent if ctx.access.field_mode("customers", n, [customer.project_id])]
    if locked:
        raise DomainError("bad_input", status=422, fields=dict.fromkeys(locked, "forbidden"))
    if not sent:
        return customer
    columns = [name for name in sent if name != "tags"]
    for name in columns:
        value = getattr(data, name)
        if name == "name" and not value:
            raise DomainError("bad_input", status=422, fields={"name": "required"})
        setattr(customer, name, EDITED_EMPTY.get(name, "") if value is None else value)
    words = dictionaries.read_words(ctx, {n: getattr(data, n) for n in columns if n in dictionaries.LISTS})
    for name, code in words.items():
        setattr(customer, name, code)
    _licensed(customer.kind, customer.licence_number)
    if "tags" in sent:
        replace_tags(ctx, customer, data.tags or [])
    customer.save(update_fields=[*columns, "updated_at"])
    ctx.event("customer.edited", customer, customer_id=customer.pk, fields=", ".join(sent))
    if "name" in sent:
        ctx.index([customer])
    return customer


class PhoneInput(Input):
    phone: Annotated[PhoneText, Label(_("Phone"), "phone")]
    main: Annotated[bool, Label(_("Main number"))] = False


@command(Customer, verb="add-phone", label=_("Add a phone"), icon="phone-plus", refuses=why_not_write)
def add_phone(ctx: Context, customer: Customer, data: PhoneInput) -> Customer:
    """Raises phone_taken."""
    numbers = split(data.phone)
    check_free(ctx, numbers)
    has_main = CustomerPhone.objects.filter(customer=customer, active=True, main=True).exists()
    if data.main and has_main:
        CustomerPhone.objects.filter(customer=customer, active=True, main=True).update(main=False)
        has_main = False
    CustomerPhone.objects.bulk_create(phone_rows(customer, numbers, has_main=has_main))
    if not has_main:
        _show_main(customer, phone_mask(numbers))
    ctx.event("customer.phone_added", customer, customer_id=customer.pk)
    ctx.index([customer])
    return customer


def _show_main(customer: Customer, masked: str) -> None:
    customer.phone_masked = masked
    customer.save(update_fields=["phone_masked", "updated_at"])


class PhoneChoice(Input):
    phone: Annotated[str, Field(min_length=1, max_length=60), Label(_("Phone"), "phone")]


@command(Customer, verb="remove-phone", label=_("Remove a phone"), icon="phone-minus", refuses=why_not_write)
def remove_phone(ctx: Context, customer: Customer, data: PhoneChoice) -> Customer:
    """By full number, row id or, where one alone fits, masked number. The row stays, ended."""
    rows = list(CustomerPhone.objects.filter(customer=customer, active=True).order_by("-main", "id"))
    wanted = _chosen(rows, data.phone)
    if len(rows) < 2:
        raise DomainError("last_phone")
    CustomerPhone.objects.filter(pk=wanted.pk).update(active=False, main=False, ended_at=ctx.now)
    if wanted.main:
        heir = next(row for row in rows if row.pk != wanted.pk)
        CustomerPhone.objects.filter(pk=heir.pk).update(main=True)
        _show_main(customer, heir.masked)
    ctx.event("customer.phone_removed", customer, customer_id=customer.pk)
    ctx.index([customer])
    return customer


def _chosen(rows: list[CustomerPhone], text: str) -> CustomerPhone:
    from anchang.kernel.phone import normalise

    number = normalise(text)
    digest = personal.digest(number) if number else ""
    found = [r for r in rows if r.digest == digest or str(r.pk) == text or r.masked == text]
    if len(found) != 1:
        raise DomainError("bad_input", status=422, fields={"phone": "phone_not_there"})
    return found[0]


# --- needs ---------------------------------------------------------------------------------------


class NeedOf(NeedInput):
    customer: Annotated[Ref("customers"), Label(_("Customer"))]
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None


@creates(Need, label=_("Record a need"), shape="primary", icon="target")
def add_needs(ctx: Context, rows: list[NeedOf]) -> list[Need]:
    """A new edition of the customer's need; earlier ones stay."""
    return [write_need(ctx, row.customer, row) for row in rows]


@command(Customer, verb="add-need", label=_("Record a need"), icon="target", refuses=why_not_write)
def add_need(ctx: Context, customer: Customer, data: NeedInput) -> Need:
    return write_need(ctx, customer, data)


def write_need(ctx: Context, customer: Customer, data: NeedInput) -> Need:
    """The customer's row is locked, so that two editions don't take one number."""
    values = data.model_dump(exclude={"customer", "project"})
    need = need_columns(NeedInput(**values))
    if need is None:
        raise DomainError("bad_input", status=422, fields={"note": "required"})
    Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    last = Need.objects.filter(customer=customer).aggregate(last=Max("seq"))["last"] or 0
    if last:
        Need.objects.filter(customer=customer, current=True).update(current=False)
    made = Need.objects.create(
        project=ctx.here, customer=customer, seq=last + 1, created_by_id=ctx.user_id, **need
    )
    ctx.event("customer.need_changed", customer, customer_id=customer.pk, edition=made.seq)
    return made


__all__ = ["add_customers", "add_need", "add_needs", "add_phone", "edit_customer", "remove_phone"]
