"""Leads: new, edited, assigned, claimed, recycled, judged (DOMAIN §3; L01, L08, L12, L14, L15)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.crm import lead_errors as lead_errors
from anchang.crm import lead_parameters as lead_parameters
from anchang.crm import rules
from anchang.crm.commands.channels import ChannelKey, find_channels
from anchang.crm.commands.filing import AnyNeed, NeedInput
from anchang.crm.commands.lead_handling import change_state, give_leads, send_to_pool
from anchang.crm.commands.lead_intake import Enquiry, take_in
from anchang.crm.commands.numbers import PhoneText, split
from anchang.crm.commands.personal import RevealInput, count_reveal
from anchang.crm.models import HELD, OPEN, Lead, LeadPhone, LeadState
from anchang.crm.queries.leads import invalid_reason_choices, owners_to_name
from anchang.crm.queries.people import check_consultants
from anchang.kernel.errors import DomainError, Refusal, forbidden
from anchang.platform import personal, reading, resources
from anchang.platform.commands import command, constraint_errors, creates, edits
from anchang.platform.context import Context
from anchang.platform.inputs import Between, Input, Label, Moment, Name, Note, Ref

constraint_errors({"lead_phone_once": "lead_taken", "claim_counter_once": "busy"})

Word = Annotated[str, Field(max_length=50)]
TYPE = Literal["ordinary", "high_end", "investor", "company"]
TYPES = dict(Lead.CustomerType.choices)
SEX = Literal["", "male", "female"]


class LeadInput(Input):
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None
    name: Annotated[Name, Label(_("Full name"))]
    phone: Annotated[PhoneText, Label(_("Phone"), "phone")]
    channel: Annotated[ChannelKey, Label(_("Channel"), "ref:channels")]
    campaign: Annotated[str | None, Field(max_length=100), Label(_("Campaign"))] = None
    sex: Annotated[SEX, Label(_("Sex"), choices=dict(Lead.Sex.choices))] = ""
    city: Annotated[Word, Label(_("City"))] = ""
    region: Annotated[Word, Label(_("Region"))] = ""
    customer_type: Annotated[TYPE, Label(_("Customer type"), choices=TYPES)] = "ordinary"
    score: Annotated[int | None, Between(0, 1000), Label(_("Score"))] = None
    external_id: Annotated[str, Field(max_length=100), Label(_("Number at the source"))] = ""
    captured_at: Annotated[Moment | None, Label(_("Captured at"))] = None
    need: AnyNeed = None
    note: Annotated[Note | None, Label(_("Note"), "longtext")] = None
    owner: Annotated[Ref("users") | None, Label(_("Owner"))] = None


@creates(Lead, label=_("New lead"), shape="primary", icon="user-plus")
def add_leads(ctx: Context, rows: list[LeadInput]) -> list[Lead]:
    """Each lead goes to the first matching rule's next consultant who is present, else to the pool (L12).

    A known phone is the known lead, asked again. Naming the owner needs the right to assign; where the project
    lets consultants keep what they enter, they name themselves without it, but a known customer's lead stays
    with the customer's consultant. Raises lead_known or lead_in_pool when the phone is a lead that the actor may
    not see.
    """
    channels = find_channels(ctx, {row.channel for row in rows})
    _check_owners(ctx, rows)
    taken = take_in(ctx, [_enquiry(ctx, row, channels) for row in rows])
    _check_seen(ctx, [t.lead_id for t in taken if t.outcome != "created"])
    found = Lead.objects.in_bulk([t.lead_id for t in taken])
    return [found[t.lead_id] for t in taken]


def _enquiry(ctx: Context, row: LeadInput, channels: dict[Any, Any]) -> Enquiry:
    if row.captured_at and row.captured_at > ctx.now:
        raise DomainError("bad_input", status=422, fields={"captured_at": "visit_in_future"})
    return Enquiry(
        split(row.phone),
        row.name,
        channels[row.channel],
        row.campaign or "",
        row.external_id,
        row.captured_at or ctx.now,
        row.sex,
        row.city,
        row.region,
        row.customer_type,
        row.score,
        need_json(row.need),
        row.note or "",
        row.owner.pk if row.owner else None,
    )


def need_json(need: NeedInput | None) -> dict[str, Any]:
    """What is wanted, as it is kept on the lead."""
    if need is None:
        return {}
    return {k: v for k, v in need.model_dump(mode="json").items() if v not in (None, "", [])}


def _check_owners(ctx: Context, rows: list[LeadInput]) -> None:
    named = {row.owner.pk: row.owner for row in rows if row.owner}
    nameable = owners_to_name(ctx.access, ctx.here, ctx.business_date) if named else "any"
    if nameable != "any" and (not nameable or set(named) != {ctx.user_id}):
        raise forbidden("leads.assign")
    check_consultants(ctx, named.values())


def _check_seen(ctx: Context, ids: list[int]) -> None:
    if not ids:
        return
    within = reading.reach(resources.get("leads"), "leads.view", ctx.access, [ctx.here.pk])
    hidden = Lead.objects.filter(project=ctx.here, pk__in=ids)
    if within is not None:
        hidden = hidden.exclude(within)
    first = hidden.values_list("state", "owner__name").first()
    if first is not None:
        code = "lead_in_pool" if first[0] == LeadState.POOL else "lead_known"
        raise DomainError(code, fields={"phone": code}, owner=first[1] or "")


class LeadEdit(Input):
    name: Annotated[Name | None, Label(_("Full name"))] = None
    sex: Annotated[SEX | None, Label(_("Sex"), choices=dict(Lead.Sex.choices))] = None
    city: Annotated[Word | None, Label(_("City"))] = None
    region: Annotated[Word | None, Label(_("Region"))] = None
    customer_type: Annotated[TYPE | None, Label(_("Customer type"), choices=TYPES)] = None
    score: Annotated[int | None, Between(0, 1000), Label(_("Score"))] = None
    need: AnyNeed = None
    note: Annotated[Note | None, Label(_("Note"), "longtext")] = None


@edits(Lead, label=_("Edit"), icon="edit")
def edit_lead(ctx: Context, lead: Lead, data: LeadEdit) -> Lead:
    """Where a lead came from (channel, campaign, time) is never edited (L01); its state has own commands."""
    sent = sorted(data.model_fields_set)
    locked = [n for n in sent if ctx.access.field_mode("leads", n, [lead.project_id])]
    if locked:
        raise DomainError("bad_input", status=422, fields=dict.fromkeys(locked, "forbidden"))
    if not sent:
        return lead
    for name in sent:
        value = getattr(data, name)
        if name == "need":
            value = need_json(value)
        elif value is None and name != "score":
            value = "ordinary" if name == "customer_type" else ""
        setattr(lead, name, value)
    lead.save(update_fields=[*sent, "updated_at"])
    ctx.event("lead.edited", lead, customer_id=lead.customer_id, fields=", ".join(sent))
    if "name" in sent:
        ctx.index([lead])
    return lead


# --- owners --------------------------------------------------------------------------------------


def recycle_policy(ctx: Context) -> rules.RecyclePolicy:
    return rules.RecyclePolicy(
        first_contact_hours=ctx.param("crm.first_contact_hours"),
        grade_hours=ctx.param("crm.grade_limit_hours"),
        warn_hours=ctx.param("crm.recycle_warn_hours"),
        barred_days=ctx.param("crm.barred_days"),
        daily_quota=ctx.param("crm.claims_per_day"),
    )


def why_not_assign(lead: Lead) -> Refusal | None:
    if rules.why_not_reassign(lead.state):
        return Refusal("state_refused", {"state": lead.get_state_display()})
    return None


class AssignInput(Input):
    user: Annotated[Ref("users"), Label(_("Consultant"))]
    reason: Annotated[str, Field(max_length=200), Label(_("Reason"))] = ""


@command(
    Lead,
    verb="assign",
    label=_("Assign"),
    icon="user-share",
    refuses=why_not_assign,
    bulk=True,
    show=lambda lead: lead.state in (*OPEN, "pool"),
)
def assign_lead(ctx: Context, lead: Lead, data: AssignInput) -> Lead:
    """A manager gives an open lead to a consultant, whose clock starts now. Raises same_lead_owner,
    owner_not_here."""
    if lead.owner_id == data.user.pk:
        raise DomainError("same_lead_owner")
    check_consultants(ctx, [data.user], "user")
    give_leads(ctx, [lead.pk], data.user.pk, "transferred", reason=data.reason)
    lead.refresh_from_db()
    return lead


def _why_not_recycle(lead: Lead) -> Refusal | None:
    return None if lead.state in HELD else Refusal("state_refused", {"state": lead.get_state_display()})


class OptionalReason(Input):
    reason: Annotated[str, Field(max_length=200), Label(_("Reason"))] = ""


@command(
    Lead,
    verb="recycle",
    label=_("Back to the pool"),
    icon="recycle",
    refuses=_why_not_recycle,
    bulk=True,
    show=lambda lead: lead.state in HELD,
)
def recycle_lead(ctx: Context, lead: Lead, data: OptionalReason) -> Lead:
    """The owner gives the lead back, or a manager takes it; the last owner can't claim it for some days."""
    send_to_pool(ctx, "l.id = %s", [lead.pk], data.reason or "by_hand")
    lead.refresh_from_db()
    return lead


# --- judgement -----------------------------------------------------------------------------------


def _why_not_close(lead: Lead) -> Refusal | None:
    if rules.why_not_lead(lead.state, rules.INVALID):
        return Refusal("state_refused", {"state": lead.get_state_display()})
    return None


class InvalidInput(Input):
    reason: Annotated[
        str, Field(min_length=1, max_length=200), Label(_("Reason"), choices=invalid_reason_choices)
    ]


@command(
    Lead,
    verb="mark-invalid",
    label=_("Invalid"),
    icon="user-x",
    shape="danger",
    refuses=_why_not_close,
    bulk=True,
    show=lambda lead: lead.state in (*OPEN, "pool"),
)
def mark_invalid(ctx: Context, lead: Lead, data: InvalidInput) -> Lead:
    """Not a real enquiry (L08). A reason of the list counts as itself, other words as `other` with its
    text."""
    known = {str(label): code for code, label in invalid_reason_choices(ctx.here.pk).items()}
    codes = set(known.values())
    code = data.reason if data.reason in codes else known.get(data.reason, "other")
    note = data.reason if code == "other" and data.reason != "other" else ""
    return change_state(
        ctx, lead, LeadState.INVALID, reason=data.reason, valid=False, invalid_reason=code, closed_note=note
    )


@command(
    Lead,
    verb="mark-valid",
    label=_("Valid"),
    icon="user-check",
    show=lambda lead: lead.valid is not True and lead.state not in ("invalid", "lost"),
    refuses=lambda lead: (
        Refusal("state_refused", {"state": lead.get_state_display()}) if lead.state == "invalid" else None
    ),
)
def mark_valid(ctx: Context, lead: Lead) -> Lead:
    """A real enquiry: it counts in the funnel's second step. An invalid lead is reopened first."""
    lead.valid = True
    lead.save(update_fields=["valid", "updated_at"])
    ctx.event("lead.edited", lead, customer_id=lead.customer_id, fields="valid")
    return lead


class LostInput(Input):
    reason: Annotated[str, Field(min_length=1, max_length=200), Label(_("Reason"))]


@command(
    Lead,
    verb="mark-lost",
    label=_("Lost"),
    icon="mood-sad",
    shape="danger",
    refuses=_why_not_close,
    name="mark_lead_lost",
    bulk=True,
    show=lambda lead: lead.state in (*OPEN, "pool"),
)
def mark_lead_lost(ctx: Context, lead: Lead, data: LostInput) -> Lead:
    """A real enquiry that came to nothing."""
    return change_state(ctx, lead, LeadState.LOST, reason=data.reason, closed_note=data.reason)


class ReopenInput(Input):
    user: Annotated[Ref("users") | None, Label(_("Consultant"))] = None
    reason: Annotated[str, Field(max_length=200), Label(_("Reason"))] = ""


@command(
    Lead,
    verb="reopen",
    label=_("Reopen"),
    icon="refresh",
    name="reopen_lead",
    show=lambda lead: lead.state in ("invalid", "lost"),
    refuses=lambda lead: (
        None
        if lead.state in ("invalid", "lost")
        else Refusal("state_refused", {"state": lead.get_state_display()})
    ),
)
def reopen_lead(ctx: Context, lead: Lead, data: ReopenInput) -> Lead:
    """A manager opens a closed lead again: for a consultant, or into the pool."""
    if data.user is not None:
        check_consultants(ctx, [data.user], "user")
    lead.valid, lead.invalid_reason, lead.closed_note = None, "", ""
    lead.save(update_fields=["valid", "invalid_reason", "closed_note", "updated_at"])
    send_to_pool(
        ctx, "l.id = %s", [lead.pk], data.reason or "reopened", states=("invalid", "lost"), kind="state"
    )
    if data.user is not None:
        give_leads(ctx, [lead.pk], data.user.pk, "transferred", reason=data.reason)
    lead.refresh_from_db()
    return lead


def _why_not_step(to: str) -> Any:
    def refuses(lead: Lead) -> Refusal | None:
        if rules.steps_towards(lead.state, to):
            return None
        return Refusal("state_refused", {"state": lead.get_state_display()})

    return refuses


@command(
    Lead,
    verb="qualify",
    label=_("Qualified"),
    icon="circle-check",
    name="qualify_lead",
    refuses=_why_not_step(rules.QUALIFIED),
    show=lambda lead: lead.state in ("assigned", "contacted"),
)
def qualify_lead(ctx: Context, lead: Lead) -> Lead:
    """The interest is real. A lead that nobody had contacted yet counts as contacted by this."""
    return change_state(ctx, lead, LeadState.QUALIFIED, valid=True)


@command(
    Lead,
    verb="appoint",
    label=_("Will come"),
    icon="calendar-check",
    name="appoint_lead",
    refuses=_why_not_step(rules.APPOINTED),
    show=lambda lead: lead.state in ("assigned", "contacted", "qualified"),
)
def appoint_lead(ctx: Context, lead: Lead) -> Lead:
    """The person has agreed to come."""
    return change_state(ctx, lead, LeadState.APPOINTED, valid=True)


@command(Lead, verb="reveal", label=_("Show the phone"), icon="eye", name="reveal_lead", private_answer=True)
def reveal_lead(ctx: Context, lead: Lead, data: RevealInput) -> dict[str, Any]:
    """The full numbers; logged and limited per person and day (BS15)."""
    count_reveal(ctx, "phone", lead, data.reason, lead.customer_id or 0)
    numbers = lead_numbers(lead)
    return {"id": lead.pk, "phone": numbers[0], "phones": numbers}


def lead_numbers(lead: Lead) -> list[str]:
    """The lead's phones in full, main one first."""
    rows = LeadPhone.objects.filter(lead=lead).order_by("id").values_list("cipher", flat=True)
    return [personal.decrypt(c) for c in (lead.phone_cipher, *rows)]
