"""Personal data: consents, identity documents, and every look at a full number (PIPL)."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from pydantic import Field

from anchang.crm.commands.writable import why_not_write
from anchang.crm.models import Consent, Customer, CustomerIdentity, CustomerPhone
from anchang.kernel import identity
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform import personal
from anchang.platform.commands import command, creates
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Moment, Ref
from anchang.platform.models import RevealLog, User

# --- consents ------------------------------------------------------------------------------------

PURPOSE = Literal["service", "marketing", "sharing", "identity", "face"]
PURPOSES = dict(Consent.Purpose.choices)


class ConsentData(Input):
    purpose: Annotated[PURPOSE, Label(_("Purpose"), choices=PURPOSES)]
    text_version: Annotated[str, Field(min_length=1, max_length=30), Label(_("Text version"))]
    given_at: Annotated[Moment | None, Label(_("Given at"))] = None
    way: Annotated[str, Field(max_length=50), Label(_("Given by way of"))] = ""


class ConsentInput(ConsentData):
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None
    customer: Annotated[Ref("customers"), Label(_("Customer"))]


@creates(Consent, label=_("Record a consent"), shape="primary", icon="checkbox")
def add_consents(ctx: Context, rows: list[ConsentInput]) -> list[Consent]:
    """Raises consent_exists while one to the same purpose is in force."""
    return [_give(ctx, row.customer, row) for row in rows]


@command(Customer, verb="add-consent", label=_("Record a consent"), icon="checkbox", refuses=why_not_write)
def add_consent(ctx: Context, customer: Customer, data: ConsentData) -> Consent:
    return _give(ctx, customer, data)


def _give(ctx: Context, customer: Customer, data: ConsentData) -> Consent:
    if data.given_at and data.given_at > ctx.now:
        raise DomainError("bad_input", status=422, fields={"given_at": "visit_in_future"})
    if Consent.objects.filter(customer=customer, purpose=data.purpose, withdrawn_at__isnull=True).exists():
        raise DomainError("consent_exists")
    made = Consent.objects.create(
        project=ctx.here, customer=customer, purpose=data.purpose, text_version=data.text_version,
        given_at=data.given_at or ctx.now, way=data.way, created_by_id=ctx.user_id,
    )  # fmt: skip
    ctx.event("consent.given", made, customer_id=customer.pk, purpose=data.purpose, text=data.text_version)
    return made


def _must_stand(consent: Consent) -> Refusal | None:
    return Refusal("consent_withdrawn") if consent.withdrawn_at else None


@command(Consent, verb="withdraw", label=_("Withdraw"), icon="x", refuses=_must_stand,
         show=lambda c: c.withdrawn_at is None, shape="danger")  # fmt: skip
def withdraw_consent(ctx: Context, consent: Consent) -> Consent:
    consent.withdrawn_at = ctx.now
    consent.save(update_fields=["withdrawn_at", "updated_at"])
    ctx.event("consent.withdrawn", consent, customer_id=consent.customer_id, purpose=consent.purpose)
    return consent


# --- identity documents --------------------------------------------------------------------------

ID_TYPE = Literal["id_card", "passport", "hk_mo_permit", "tw_permit", "birth_cert", "credit_code"]


class IdentityInput(Input):
    id_type: Annotated[ID_TYPE, Label(_("Document"), choices=dict(CustomerIdentity.Type.choices))] = "id_card"
    id_number: Annotated[str, Field(min_length=1, max_length=30), Label(pgettext_lazy("identity", "Number"))]


@command(Customer, verb="add-identity", label=_("Add a document"), icon="id", refuses=why_not_write)
def add_identity(ctx: Context, customer: Customer, data: IdentityInput) -> Customer:
    """Raises bad_input for an impossible number, identity_taken when another active customer has it."""
    number = identity.clean_number(data.id_number)
    problem = identity.number_problem(data.id_type, number, ctx.business_date)
    if problem and problem not in identity.SOFT_PROBLEMS:
        raise DomainError("bad_input", status=422, fields={"id_number": problem})
    digest = personal.digest(f"{data.id_type}:{number}")
    held = CustomerIdentity.objects.filter(project=ctx.here, digest=digest, active=True)
    other = held.values_list("customer_id", "customer__owner__name").first()
    if other and other[0] != customer.pk:
        raise DomainError("identity_taken", fields={"id_number": "identity_taken"}, owner=other[1] or "")
    if other:
        return customer
    CustomerIdentity.objects.create(
        project=ctx.here,
        customer=customer,
        id_type=data.id_type,
        cipher=personal.encrypt(number),
        digest=digest,
        masked=identity.mask_number(number),
        tail=number[-4:],
    )
    ctx.event("customer.identity_added", customer, customer_id=customer.pk, id_type=data.id_type)
    ctx.index([customer])
    return customer


# --- full numbers --------------------------------------------------------------------------------


class RevealInput(Input):
    reason: Annotated[str, Field(max_length=200), Label(_("Reason"))] = ""


@command(Customer, verb="reveal-phone", label=_("Show the phone"), icon="eye", private_answer=True)
def reveal_phone(ctx: Context, customer: Customer, data: RevealInput) -> dict[str, Any]:
    """The full numbers, main one first. Logged, counted, limited per person and day (BS15)."""
    count_reveal(ctx, "phone", customer, data.reason)
    rows = CustomerPhone.objects.filter(customer=customer, active=True).order_by("-main", "id")
    numbers = [personal.decrypt(row.cipher) for row in rows]
    return {"id": customer.pk, "phone": numbers[0] if numbers else "", "phones": numbers}


@command(Customer, verb="reveal-id", label=_("Show the document number"), icon="eye", private_answer=True)
def reveal_id(ctx: Context, customer: Customer, data: RevealInput) -> dict[str, Any]:
    """As reveal_phone, for identity documents."""
    count_reveal(ctx, "id", customer, data.reason)
    rows = CustomerIdentity.objects.filter(customer=customer, active=True).order_by("id")
    found = [{"id_type": row.id_type, "id_number": personal.decrypt(row.cipher)} for row in rows]
    return {"id": customer.pk, "identities": found}


def count_reveal(ctx: Context, kind: str, record: Any, reason: str, customer_id: int | None = None) -> None:
    """Write the log, or raise reveal_quota_used (429). The person's row is locked, so that a burst of
    requests can't pass the limit together."""
    if ctx.user_id is None:
        raise DomainError("reveal_needs_person", status=403)
    User.objects.select_for_update(no_key=True).get(pk=ctx.user_id)
    limit = ctx.param("crm.reveals_per_day")
    since = dt.datetime.combine(ctx.business_date, dt.time(), ctx.zone)
    used = RevealLog.objects.filter(
        project=ctx.here, user=ctx.user_id, kind__in=("phone", "id"), at__gte=since
    ).aggregate(sum=Sum("count"))["sum"]  # fmt: skip
    if (used or 0) >= limit:
        raise DomainError("reveal_quota_used", status=429, limit=limit)
    from anchang.platform.resources import of_model

    resource = of_model(type(record))
    RevealLog.objects.create(
        project=ctx.here, kind=kind, resource=resource.name if resource else "", record_id=record.pk,
        user_id=ctx.user_id, reason=reason,
    )  # fmt: skip
    ctx.event("customer.revealed", record, customer_id=customer_id or record.pk, kind=kind, reason=reason)
