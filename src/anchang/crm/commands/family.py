"""People around a customer: contacts, households, and two files made one."""

from __future__ import annotations

from typing import Annotated

from django.db import connection
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.crm import dictionaries, rules
from anchang.crm.commands.customers import clean_tags, why_not_write
from anchang.crm.commands.grades import settle_stages
from anchang.crm.commands.hooks import merge_hooks
from anchang.crm.commands.numbers import PhoneText, split
from anchang.crm.models import (
    Appointment,
    CallIn,
    Consent,
    Contact,
    Customer,
    CustomerIdentity,
    CustomerMerge,
    CustomerPhone,
    FollowUp,
    Household,
    Need,
    Visit,
)
from anchang.kernel.errors import DomainError
from anchang.kernel.phone import mask
from anchang.platform import personal
from anchang.platform.commands import command, creates
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Line, Name, Reason, Ref

Relation = Annotated[
    str, Field(min_length=1, max_length=20), Label(_("Relation"), choices=dictionaries.choices("relation"))
]

# --- contacts ------------------------------------------------------------------------------------


class ContactData(Input):
    name: Annotated[Name, Label(_("Full name"))]
    relation: Relation
    phone: Annotated[PhoneText | None, Label(_("Phone"), "phone")] = None
    note: Annotated[Line, Label(_("Note"))] = ""


class ContactInput(ContactData):
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None
    customer: Annotated[Ref("customers"), Label(_("Customer"))]


@creates(Contact, label=_("New contact"), shape="primary", icon="user-plus")
def add_contacts(ctx: Context, rows: list[ContactInput]) -> list[Contact]:
    """A contact's phone may be anybody's: it isn't a customer's phone."""
    return [_add_contact(ctx, row.customer, row) for row in rows]


@command(Customer, verb="add-contact", label=_("Add a contact"), icon="user-plus", refuses=why_not_write)
def add_contact(ctx: Context, customer: Customer, data: ContactData) -> Contact:
    return _add_contact(ctx, customer, data)


def _add_contact(ctx: Context, customer: Customer, data: ContactData) -> Contact:
    number = next(iter(split(data.phone or "")), "")
    made = Contact.objects.create(
        project=ctx.here, customer=customer, name=data.name, relation=data.relation, note=data.note,
        phone_cipher=personal.encrypt(number) if number else None,
        phone_digest=personal.digest(number) if number else "", phone_masked=mask(number) if number else "",
        created_by_id=ctx.user_id,
    )  # fmt: skip
    ctx.event("customer.contact_added", customer, customer_id=customer.pk, relation=data.relation)
    return made


# --- households ----------------------------------------------------------------------------------


class HouseholdInput(Input):
    relative: Annotated[Ref("customers"), Label(_("Relative"))]
    relation: Relation


@command(
    Customer, verb="link-household", label=_("Join as household"), icon="home-link", refuses=why_not_write
)
def link_household(ctx: Context, customer: Customer, data: HouseholdInput) -> Customer:
    """Relatives buy as one (C04): both stand in one household afterwards; two households become one.

    `relation` is what the relative is to the customer.
    """
    relative = Customer.objects.select_for_update(no_key=True).get(pk=data.relative.pk)
    if relative.pk == customer.pk:
        raise DomainError("bad_input", status=422, fields={"relative": "nothing_to_merge"})
    home_id = customer.household_id or relative.household_id
    if home_id is None:
        home_id = Household.objects.create(project=ctx.here, name=customer.name, created_by_id=ctx.user_id).pk
    elif relative.household_id and relative.household_id != home_id:
        Customer.objects.filter(project=ctx.here, household=relative.household_id).update(household=home_id)
    customer.household_id = relative.household_id = home_id
    relative.household_relation = data.relation
    customer.save(update_fields=["household", "updated_at"])
    relative.save(update_fields=["household", "household_relation", "updated_at"])
    for one in (customer, relative):
        ctx.event("customer.household_changed", one, customer_id=one.pk, household=home_id)
    return customer


@command(Customer, verb="leave-household", label=_("Leave the household"), icon="home-off",
         show=lambda c: c.household_id is not None)  # fmt: skip
def leave_household(ctx: Context, customer: Customer) -> Customer:
    customer.household_id, customer.household_relation = None, ""
    customer.save(update_fields=["household", "household_relation", "updated_at"])
    ctx.event("customer.household_changed", customer, customer_id=customer.pk, household=None)
    return customer


# --- merging -------------------------------------------------------------------------------------


class MergeInput(Input):
    other: Annotated[Ref("customers"), Label(_("The file that goes"))]
    reason: Annotated[Reason, Label(_("Reason"))]


@command(
    Customer,
    verb="merge",
    label=_("Merge another file into this"),
    icon="git-merge",
    refuses=why_not_write,
    shape="danger",
)
def merge_customers(ctx: Context, customer: Customer, data: MergeInput) -> Customer:
    """The other file's phones, documents and history come to this one (BS17); the other one is kept as
    `merged`.

    Of single values this file's stand, empty ones are filled; the earlier first source stands. Deals and
    leads join by merge_hooks, which may refuse. Locks both files in the order of their ids."""
    if data.other.pk == customer.pk:
        raise DomainError("nothing_to_merge")
    ids = sorted((customer.pk, data.other.pk))
    rows = {
        c.pk: c for c in Customer.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    }
    kept, gone = rows[customer.pk], rows[data.other.pk]
    if gone.state == "merged":
        raise DomainError("customer_not_active", state=gone.get_state_display())
    deals = [
        rules.customers.Known(
            c.pk, frozenset(), c.created_at, c.owner_id, c.deal_stage in ("subscriber", "buyer")
        )
        for c in (kept, gone)
    ]
    if why := rules.why_not_merge(deals):
        raise DomainError.of(why)
    for hook in merge_hooks:
        hook(ctx, kept, gone)
    moved = _move(kept, gone)
    _fill(kept, gone)
    gone.state, gone.merged_into, gone.state_reason = "merged", kept, data.reason
    gone.next_follow_at, gone.deal_stage = None, ""
    gone.save(
        update_fields=["state", "merged_into", "state_reason", "next_follow_at", "deal_stage", "updated_at"]
    )
    Customer.objects.filter(project=ctx.here, merged_into=gone).update(merged_into=kept)
    ctx.finish_tasks("customers", [gone.pk])
    CustomerMerge.objects.create(
        project=ctx.here, kept=kept, gone=gone, by_id=ctx.user_id, reason=data.reason, moved=moved, at=ctx.now
    )
    ctx.event("customer.merged", kept, customer_id=kept.pk, gone=gone.number, kept=kept.number)
    ctx.event("customer.merged", gone, customer_id=gone.pk, gone=gone.number, kept=kept.number)
    settle_stages(ctx, [kept])
    ctx.index([kept, gone])
    return kept


def _move(kept: Customer, gone: Customer) -> dict[str, int]:
    """Point what belongs to `gone` to `kept`; logs that can't change are read through `merged_into`."""
    has_main = CustomerPhone.objects.filter(customer=kept, active=True, main=True).exists()
    moved = {}
    if has_main:
        CustomerPhone.objects.filter(customer=gone, main=True).update(main=False)
    last_need = Need.objects.filter(customer=kept).order_by("-seq").values_list("seq", flat=True).first() or 0
    for need in Need.objects.filter(customer=gone).order_by("seq"):
        last_need += 1
        keeps = need.current and not Need.objects.filter(customer=kept, current=True).exists()
        Need.objects.filter(pk=need.pk).update(customer=kept, seq=last_need, current=keeps)
    standing = set(
        Consent.objects.filter(customer=kept, withdrawn_at__isnull=True).values_list("purpose", flat=True)
    )
    consents = Consent.objects.filter(customer=gone)
    # Consents never change hands: who gave them stays on record with the merged file.
    moved["consents_left"] = consents.filter(purpose__in=standing).count()
    shift = Visit.objects.filter(customer=kept).order_by("-seq").values_list("seq", flat=True).first() or 0
    for visit in Visit.objects.filter(customer=gone).order_by("seq"):
        shift += 1
        Visit.objects.filter(pk=visit.pk).update(customer=kept, seq=shift)
    renumber_visits(kept.project_id, [kept.pk])
    for model in (CustomerPhone, CustomerIdentity, Contact, FollowUp, Appointment, CallIn):
        moved[model._meta.model_name or ""] = model._base_manager.filter(customer=gone).update(customer=kept)
    return moved


def _fill(kept: Customer, gone: Customer) -> None:
    for name in ("sex", "email", "licence_number", "occupation", "age_band", "residence", "workplace", "note",
                 "phone_masked"):  # fmt: skip
        if not getattr(kept, name):
            setattr(kept, name, getattr(gone, name))
    for name in ("household_id", "owner_id", "team_id"):
        if getattr(kept, name) is None:
            setattr(kept, name, getattr(gone, name))
    if gone.captured_at < kept.captured_at:
        for name in ("captured_at", "channel_id", "campaign", "source", "business_date"):
            setattr(kept, name, getattr(gone, name))
    kept.tags = clean_tags([*kept.tags, *gone.tags])[:30]
    kept.grade = min(kept.grade, gone.grade)
    kept.visit_count += gone.visit_count
    for name in ("last_follow_up_at", "last_visit_at", "idle_since"):
        setattr(kept, name, max(filter(None, (getattr(kept, name), getattr(gone, name))), default=None))
    nexts = [t for t in (kept.next_follow_at, gone.next_follow_at) if t]
    kept.next_follow_at = min(nexts, default=None)
    order = ("", "prospect", "subscriber", "buyer", "owner")
    kept.deal_stage = max(kept.deal_stage, gone.deal_stage, key=order.index)
    kept.save()


_RENUMBER = """
UPDATE crm_visit v SET seq = n.seq FROM (
    SELECT id, row_number() OVER (PARTITION BY customer_id ORDER BY arrived_at, id) AS seq
      FROM crm_visit WHERE project_id = %s AND customer_id = ANY(%s) AND deleted_at IS NULL) n
 WHERE v.project_id = %s AND v.id = n.id AND v.seq <> n.seq
"""


def renumber_visits(project_id: int, customer_ids: list[int]) -> None:
    """First and repeat visits by arrival, after visits came in late. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_RENUMBER, [project_id, customer_ids, project_id])
