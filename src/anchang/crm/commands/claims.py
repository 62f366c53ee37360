"""Claims from the public pool (公海认领): one winner, within the day's quota, not by the last owner (L15, BS18)."""

from __future__ import annotations

import datetime as dt

from django.db import connection
from django.utils.translation import gettext_lazy as _

from anchang.crm import rules
from anchang.crm.commands.lead_handling import give_leads
from anchang.crm.commands.leads import recycle_policy
from anchang.crm.commands.standing import give
from anchang.crm.models import ClaimCounter, Customer, Lead, LeadState, PoolCustomer, PoolLead
from anchang.kernel.errors import DomainError, Refusal, forbidden
from anchang.platform.commands import command
from anchang.platform.context import Context


def why_not_claim(lead: Lead) -> Refusal | None:
    if lead.state == LeadState.POOL:
        return None
    if lead.owner_id:
        return Refusal("lead_taken")
    return Refusal("state_refused", {"state": lead.get_state_display()})


@command(
    Lead, verb="claim", label=_("Claim"), icon="hand-grab", shape="primary", refuses=why_not_claim,
    show=lambda lead: lead.state == LeadState.POOL, bulk=True,
)  # fmt: skip
def claim_lead(ctx: Context, lead: Lead) -> Lead:
    """Take a lead out of the pool for oneself (L15): one winner, within the daily quota, not by its last
    owner for some days. Raises lead_taken, claim_quota_used, last_owner_barred."""
    user_id = _claimer(ctx, lead.state, lead.last_owner_id, lead.pool_since)
    if not give_leads(ctx, [lead.pk], user_id, "claimed", from_states=(LeadState.POOL,)):
        raise DomainError("lead_taken")
    lead.refresh_from_db()
    return lead


@command(
    PoolLead, verb="claim", label=_("Claim"), icon="hand-grab", shape="primary", permission="leads.claim",
    bulk=True, name="claim_pool_lead",
)  # fmt: skip
def claim_pool_lead(ctx: Context, lead: PoolLead) -> Lead:
    """As claim_lead, from the list of the pool."""
    return claim_lead(ctx, Lead.objects.get(pk=lead.pk))


@command(
    PoolCustomer, verb="claim", label=_("Claim"), icon="hand-grab", shape="primary",
    permission="customers.claim", bulk=True, name="claim_pool_customer",
)  # fmt: skip
def claim_pool_customer(ctx: Context, customer: PoolCustomer) -> Customer:
    """Take an unowned customer for oneself, under the same quota and pause as leads; his history comes along.

    Raises claim_quota_used, last_owner_barred. The customer's row is locked: whoever comes second finds him
    out of the pool."""
    user_id = _claimer(ctx, LeadState.POOL, customer.last_owner_id, customer.pool_since)
    found = Customer.objects.get(pk=customer.pk)
    give(ctx, [(found, user_id)], reason="claimed")
    found.refresh_from_db()
    return found


def _claimer(ctx: Context, state: str, last_owner_id: int | None, since: dt.datetime | None) -> int:
    """The actor, when he may claim this now; his claim is counted."""
    if ctx.user_id is None:
        raise forbidden("leads.claim")
    policy = recycle_policy(ctx)
    why = rules.why_not_claim(rules.ClaimFacts(state, 0, last_owner_id, since), ctx.user_id, policy, ctx.now)
    if why:
        params = {
            k: v.astimezone(ctx.zone).strftime("%m-%d %H:%M") if k == "free_at" else v
            for k, v in why.params.items()
        }
        raise DomainError(why.code, **params)
    _count_claim(ctx, policy.daily_quota)
    return ctx.user_id


def _count_claim(ctx: Context, quota: int) -> None:
    """One more claim today, or claim_quota_used: the counter's row is the lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {ClaimCounter._meta.db_table} AS c (project_id, user_id, day, claimed)"
            " SELECT %s, %s, %s, 1 WHERE %s > 0"
            " ON CONFLICT (project_id, user_id, day)"
            " DO UPDATE SET claimed = c.claimed + 1 WHERE c.claimed < %s"
            " RETURNING claimed",
            [ctx.here.pk, ctx.user_id, ctx.business_date, quota, quota],
        )
        if cursor.fetchone() is None:
            raise DomainError("claim_quota_used", limit=quota)
