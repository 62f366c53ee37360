"""Contact with a lead, and what contact with its customer does to it.

A lead has no history of its own beyond its trace: the first follow-up makes or finds the customer's file by
phone, and every follow-up, appointment and visit stands there. The lead keeps the state for the funnel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anchang.crm.commands.filing import NeedInput, ensure_customer, need_columns
from anchang.crm.commands.followups import FollowUpData, FollowUpInput, add_follow_ups
from anchang.crm.commands.hooks import follow_up_hooks, hand_over_hooks, merge_hooks, visit_hooks
from anchang.crm.commands.lead_handling import give_leads
from anchang.crm.commands.leads import lead_numbers
from anchang.crm.commands.standing import give
from anchang.crm.models import HELD, OPEN, Customer, CustomerPhone, FollowUp, Lead, LeadState, LeadTransfer
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform import bulk
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import read_input
from anchang.platform.office.commands import belongings


def _why_not_follow_up(lead: Lead) -> Refusal | None:
    if lead.state in (*HELD, LeadState.VISITED):
        return None
    return Refusal("state_refused", {"state": lead.get_state_display()})


class LeadFollowUp(FollowUpData):
    pass


@command(
    Lead,
    verb="follow-up",
    label=_("Follow up"),
    icon="message-plus",
    shape="primary",
    name="follow_up_lead",
    permission="follow-ups.create",
    refuses=_why_not_follow_up,
    show=lambda lead: lead.state in (*HELD, "visited"),
)
def follow_up_lead(ctx: Context, lead: Lead, data: LeadFollowUp) -> FollowUp:
    """Record a contact with the person behind the lead; the owner's first one makes it contacted (DOMAIN
    §3)."""
    customer = join(ctx, lead)
    row = FollowUpInput.model_construct(**{n: getattr(data, n) for n in FollowUpData.model_fields})
    row.customer = customer
    return add_follow_ups(ctx, [row])[0]


@command(
    Lead,
    verb="join",
    label=_("Make a customer"),
    icon="user-plus",
    name="join_lead",
    permission="leads.edit",
    refuses=_why_not_follow_up,
    show=lambda lead: lead.customer_id is None and lead.state in HELD,
)
def join_lead(ctx: Context, lead: Lead) -> Customer:
    """Make or find the customer's file of this lead."""
    return join(ctx, lead)


def join(ctx: Context, lead: Lead) -> Customer:
    """The customer of a locked lead, made from it when nobody has its phones. One who has no owner becomes
    the lead owner's."""
    if lead.customer_id:
        customer = Customer.objects.select_for_update(no_key=True).get(pk=lead.customer_id)
    else:
        found, _new = ensure_customer(
            ctx,
            lead_numbers(lead),
            lead.name or lead.phone_masked,
            owner_id=lead.owner_id,
            team_id=lead.team_id,
            channel_id=lead.channel_id,
            campaign=lead.campaign,
            source="lead",
            captured_at=lead.captured_at,
            need=_need(lead),
            columns={"sex": lead.sex},
        )
        customer = Customer.objects.select_for_update(no_key=True).get(pk=found.pk)
        lead.customer = customer
        lead.save(update_fields=["customer", "updated_at"])
        ctx.event("lead.joined", lead, customer_id=customer.pk)
    if customer.owner_id is None and lead.owner_id:
        give(ctx, [(customer, lead.owner_id)], reason="lead")
    return customer


def _need(lead: Lead) -> dict[str, Any] | None:
    try:
        return need_columns(
            read_input(NeedInput, {k: v for k, v in lead.need.items() if k in NeedInput.model_fields})
        )
    except DomainError:
        # What a file said may be no orderly need; it stays on the lead.
        return None


# --- what happens to customers -------------------------------------------------------------------


def after_follow_ups(ctx: Context, follow_ups: Sequence[FollowUp]) -> None:
    """The owner's first follow-up: the lead is contacted and its clock has done its work."""
    pairs = {(f.customer_id, f.author_id) for f in follow_ups if f.author_id}
    if not pairs:
        return
    rows = Lead.objects.select_for_update(no_key=True).filter(
        project=ctx.here, customer__in={c for c, _a in pairs}, state__in=HELD
    )
    mine = [lead for lead in rows.order_by("pk") if (lead.customer_id, lead.owner_id) in pairs]
    _advance(
        ctx, [lead for lead in mine if lead.state == LeadState.ASSIGNED], LeadState.CONTACTED, "follow_up"
    )


def after_visits(ctx: Context, visits: Sequence[Any]) -> None:
    """A visit ends the lead, from any open state or the pool, and joins it to the customer (DOMAIN §3)."""
    by_customer = {v.customer_id: v for v in visits}
    phones = dict(
        CustomerPhone.objects.filter(
            project=ctx.here, customer__in=list(by_customer), active=True
        ).values_list("digest", "customer_id")
    )
    rows = Lead.objects.select_for_update(no_key=True).filter(
        Q(customer__in=list(by_customer)) | Q(phone_digest__in=list(phones)), project=ctx.here
    )
    found = list(rows.order_by("pk"))
    for lead in found:
        lead.customer_id = lead.customer_id or phones[lead.phone_digest]
    Lead.objects.bulk_update(found, ["customer"], batch_size=1000)
    arrived = [lead for lead in found if lead.state in (*OPEN, LeadState.POOL)]
    _advance(ctx, arrived, LeadState.VISITED, "visit")
    for lead in arrived:
        lead.owner_id = lead.owner_id or by_customer[lead.customer_id].consultant_id
        lead.valid = True if lead.valid is None else lead.valid
    Lead.objects.bulk_update(arrived, ["owner", "valid"], batch_size=1000)


def _advance(ctx: Context, leads: Sequence[Lead], to: str, reason: str) -> None:
    """All of these locked leads to the state, with trace and events."""
    if not leads:
        return
    ids = [lead.pk for lead in leads]
    rows = Lead.objects.filter(project=ctx.here, pk__in=ids)
    rows.filter(first_contacted_at__isnull=True).update(first_contacted_at=ctx.now)
    rows.update(state=to, updated_at=ctx.now)
    owners = [lead.owner_id for lead in leads]
    bulk.insert(
        LeadTransfer,
        {
            "lead_id": ids,
            "from_owner_id": owners,
            "to_owner_id": owners,
            "from_state": [str(lead.state) for lead in leads],
        },
        {
            "project_id": ctx.here.pk,
            "kind": "state",
            "at": ctx.now,
            "actor_id": ctx.user_id,
            "to_state": str(to),
            "reason": reason,
        },
    )
    bulk.add_events(
        ctx,
        "lead.state",
        "leads",
        ids,
        [{"old": str(lead.state), "new": str(to), "reason": reason} for lead in leads],
        [lead.customer_id for lead in leads],
    )
    ctx.finish_tasks("leads", ids, "lead_first_contact")


def after_merge(ctx: Context, kept: Customer, gone: Customer) -> None:
    """Leads of a merged file belong to the one that stays."""
    Lead.objects.filter(project=ctx.here, customer=gone).update(customer=kept, updated_at=ctx.now)


def after_hand_over(ctx: Context, leaver_id: int, heir_ids: Sequence[int]) -> None:
    """A leaver's open leads go to the heirs in turn (Z04)."""
    rows = Lead.objects.filter(project=ctx.here, owner=leaver_id, state__in=HELD).order_by("pk")
    ids = list(rows.values_list("pk", flat=True))
    for at, heir in enumerate(heir_ids):
        if mine := ids[at :: len(heir_ids)]:
            give_leads(ctx, mine, heir, "transferred", reason="hand_over")


def held_by(user_id: int) -> int:
    """Customers and open leads that a person still has, in the projects that are in sight."""
    customers = Customer.objects.filter(owner=user_id).exclude(state__in=("merged", "erased")).count()
    return customers + Lead.objects.filter(owner=user_id, state__in=HELD).count()


def _once(hooks: list[Any], hook: Any) -> None:
    if hook not in hooks:
        hooks.append(hook)


_once(follow_up_hooks, after_follow_ups)
_once(visit_hooks, after_visits)
_once(merge_hooks, after_merge)
_once(hand_over_hooks, after_hand_over)
_once(belongings, held_by)
