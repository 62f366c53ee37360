"""The ledger of the seller's delays (BS26): computed anew from handovers and titles, provided for by month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.affairs import rules
from anchang.affairs.models import Handover, Negotiation, Provision, SellerLiability, TitleRegistration
from anchang.deals.models import Contract
from anchang.kernel.errors import DomainError
from anchang.platform import bulk
from anchang.platform.commands import command, constraint_errors, project_command
from anchang.platform.context import Context
from anchang.platform.inputs import Day, Input, Label, Reason, Ref

constraint_errors({"provision_once": "provided_already", "liability_provided": ("database_refused", 422)})

#: Contracts whose seller still owes, or has done, his part. A terminated one is settled by its termination.
_LIVE = ("signed", "filed", "delivered", "titled", "change_pending", "terminating")


class ProvideInput(Input):
    """`through`: the last day of the month before when not given."""

    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None
    through: Annotated[Day | None, Label(_("Computed through"))] = None


class ExcuseInput(Input):
    days: Annotated[int, Field(ge=0, le=36500), Label(_("Excused days"))]
    reason: Annotated[Reason, Label(_("Reason of excuse"))]


@project_command(
    SellerLiability, verb="compute", label=_("Compute the seller's delays"), permission="seller-liabilities.compute",
    icon="refresh",
)  # fmt: skip
def compute_liabilities(ctx: Context, data: ProvideInput) -> dict[str, Any]:
    """Bring the ledger up to the day. Answers how many delays there are."""
    return {"delays": compute(ctx, data.through or ctx.business_date)}


@project_command(
    SellerLiability, verb="provide", label=_("Provide for the seller's delays"),
    permission="seller-liabilities.provide", icon="report-money",
)  # fmt: skip
def provide_liabilities(ctx: Context, data: ProvideInput) -> dict[str, Any]:
    """Compute through a day and provide for what isn't provided yet. A repeated call adds nothing."""
    through = data.through or ctx.business_date.replace(day=1) - dt.timedelta(days=1)
    if through > ctx.business_date:
        raise DomainError("date_in_future", status=422, fields={"through": "date_in_future"})
    return {"provisions": provide(ctx, through), "through": through.isoformat()}


@command(SellerLiability, verb="excuse", label=_("Excuse days"), icon="calendar-off")
def excuse_days(ctx: Context, one: SellerLiability, data: ExcuseInput) -> SellerLiability:
    """Days of force majeure or of the buyer's own delay don't count. The amount follows at once."""
    one.excused_days, one.excuse, one.excused_by_id = data.days, data.reason, ctx.user_id
    _count(one, one.through)
    one.save(update_fields=["excused_days", "excuse", "excused_by", "days", "amount", "updated_at"])
    one.refresh_from_db()
    ctx.event(
        "liability.excused", one, customer_id=one.contract.customer_id, deal=one.deal_id, days=data.days,
        note=data.reason,
    )  # fmt: skip
    return one


def _count(one: SellerLiability, through: dt.date) -> None:
    found = rules.seller_delay(
        one.base, one.due_on, one.ended_on, through, rules.DelayTerms.read(one.terms), one.excused_days
    )
    one.through, one.days, one.amount = through, found.days, found.amount


def compute(ctx: Context, through: dt.date) -> int:
    """Every delay of the project as of the day; how many there are. A fixed number of queries."""
    known = {
        (one.deal_id, one.kind): one
        for one in SellerLiability.objects.select_for_update(no_key=True, of=("self",)).filter(project=ctx.here)
    }
    fresh: list[SellerLiability] = []
    changed: list[SellerLiability] = []
    for contract, kind, due_on, ended_on, terms in _delays(ctx, through):
        one = known.pop((contract.deal_id, kind), None) or SellerLiability(
            project=ctx.here, deal_id=contract.deal_id, kind=kind, created_by_id=ctx.user_id
        )
        one.contract, one.base, one.due_on, one.ended_on = contract, contract.total, due_on, ended_on
        one.terms = dict(terms)
        _count(one, through)
        (changed if one.pk else fresh).append(one)
    for one in known.values():  # no longer late: the day was moved, or the contract has ended
        one.ended_on, one.through, one.days, one.amount = one.due_on, through, 0, Decimal("0.00")
        changed.append(one)
    bulk.create(fresh)
    columns = ["contract", "base", "due_on", "ended_on", "terms", "through", "days", "amount"]
    SellerLiability.objects.bulk_update(changed, columns, batch_size=500)
    return len([one for one in (*fresh, *changed) if one.days])


Delay = tuple[Contract, str, dt.date, dt.date | None, Mapping[str, Any]]


def _delays(ctx: Context, through: dt.date) -> list[Delay]:
    """Contracts that were handed over or titled after the agreed day, or are not yet."""
    rows = Contract.objects.filter(project=ctx.here, state__in=_LIVE).select_related("unit__building")
    contracts = list(rows.order_by("pk"))
    handed = dict(Handover.objects.filter(project=ctx.here).values_list("deal", "on"))
    titles = TitleRegistration.objects.filter(project=ctx.here)
    issued = dict(titles.exclude(issued_on=None).values_list("contract__deal", "issued_on"))
    agreed = dict(
        Negotiation.objects.filter(project=ctx.here, handover_on__isnull=False, subscription__isnull=False)
        .values_list("subscription", "handover_on")
    )  # fmt: skip
    usual, days = dict(ctx.param("deals.late_fee")), title_days(ctx)
    found: list[Delay] = []
    for contract in contracts:
        terms = dict(contract.late_fee_policy) or usual
        due = agreed.get(contract.subscription_id or 0) or contract.unit.building.handover_due_on
        on = handed.get(contract.deal_id)
        done = contract.state in ("delivered", "titled")
        if due is not None and (on or through) > due and (on is not None or not done):
            found.append((contract, "delivery", due, on, terms))
        title_due = on + dt.timedelta(days=days) if on is not None else None
        got = issued.get(contract.deal_id)
        if title_due is not None and (got or through) > title_due:
            found.append((contract, "title", title_due, got, {**terms, "later_rate": terms["rate"]}))
    return found


def title_days(ctx: Context) -> int:
    """Days from handover to the certificate: as the project's contracts say, else the 90-day rule (SPC art. 14)."""
    agreed = str(dict(ctx.param("deals.contract_facts")).get("title_days") or "")
    return int(agreed) if agreed.isascii() and agreed.isdigit() else int(ctx.param("affairs.title_days"))


def provide(ctx: Context, through: dt.date) -> int:
    """Provisions through the day; how many were made. Raises provided_already for a day before the last one."""
    if Provision.objects.filter(project=ctx.here, through__gt=through).exists():
        raise DomainError("provided_already")
    compute(ctx, through)
    rows = SellerLiability.objects.filter(project=ctx.here).exclude(open=0)
    done = Provision.objects.filter(project=ctx.here, through=through).values("liability")
    late = list(rows.exclude(pk__in=done).select_related("contract"))
    bulk.create([
        Provision(project=ctx.here, liability=one, through=through, days=one.days, amount=one.open, at=ctx.now)
        for one in late
    ])  # fmt: skip
    for one in late:
        ctx.event(
            "liability.provided", one, customer_id=one.contract.customer_id, deal=one.deal_id, amount=str(one.open),
            days=one.days, through=through.isoformat(),
        )  # fmt: skip
    return len(late)
