"""People around a customer: contacts and households."""

from __future__ import annotations

from typing import Annotated

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.crm import dictionaries
from anchang.crm.commands.numbers import PhoneText, split
from anchang.crm.commands.writable import why_not_write
from anchang.crm.models import Contact, Customer, Household
from anchang.kernel.errors import DomainError
from anchang.kernel.phone import mask
from anchang.platform import personal
from anchang.platform.commands import command, creates
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Line, Name, Ref

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
