"""What is due today, one set-based read per list. Every function takes the projects and whose work is meant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import Count, F, Max, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from anchang.crm.models import Appointment, Customer, Lead, Visit
from anchang.deals.models import Contract, Hold, Subscription
from anchang.finance.models import DayClose, Receipt, Receivable
from anchang.insight.queries.sums import Days
from anchang.insight.rules import NOTHING, Sums
from anchang.kernel.money import ZERO
from anchang.org.models import Presence
from anchang.platform.models import Task

SHOWN = 30
#: Items of the daily figures that stand on top of the page.
FIGURES = ("lead", "follow_up", "visit", "subscribe", "sign", "receive", "refund")


def end_of_today() -> dt.datetime:
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0) + dt.timedelta(days=1)


# --- a consultant's own --------------------------------------------------------------------------


def new_leads(projects: Collection[int], user_id: int | None) -> list[Lead]:
    """Assigned and not yet contacted, the most urgent first."""
    rows = Lead.objects.filter(project__in=projects, owner=user_id, state="assigned")
    return list(
        rows.select_related("channel").order_by(F("first_contact_due_at").asc(nulls_last=True), "pk")[:SHOWN]
    )


def due_customers(projects: Collection[int], user_id: int | None) -> tuple[list[Customer], int]:
    """Customers to be contacted by tonight, the longest overdue first, and how many there are."""
    rows = Customer.objects.filter(
        project__in=projects,
        owner=user_id,
        state="active",
        next_follow_at__isnull=False,
        next_follow_at__lt=end_of_today(),
    )
    found = list(rows.order_by("next_follow_at", "pk")[: SHOWN + 1])
    return found[:SHOWN], len(found) if len(found) <= SHOWN else rows.count()


def appointments(projects: Collection[int], user_id: int | None) -> list[Appointment]:
    """Today's open ones, and those of the days before that nobody closed. `user_id` None: everybody's."""
    rows = Appointment.objects.filter(project__in=projects, state="open", starts_at__lt=end_of_today())
    rows = rows if user_id is None else rows.filter(consultant=user_id)
    return list(rows.select_related("customer", "consultant").order_by("starts_at", "pk")[:SHOWN])


def visits_today(projects: Collection[int], user_id: int | None, today: dt.date) -> list[Visit]:
    rows = Visit.objects.filter(project__in=projects, business_date=today)
    rows = rows if user_id is None else rows.filter(consultant=user_id)
    return list(
        rows.select_related("customer", "consultant").order_by(
            F("left_at").asc(nulls_first=True), "-arrived_at"
        )[:SHOWN]
    )


def running_holds(projects: Collection[int], user_id: int | None) -> list[Hold]:
    """Holds that end by tomorrow night."""
    rows = Hold.objects.filter(
        project__in=projects, state="active", expires_at__lt=end_of_today() + dt.timedelta(days=1)
    )
    rows = rows if user_id is None else rows.filter(deal__consultant=user_id)
    return list(rows.select_related("unit", "customer").order_by("expires_at", "pk")[:SHOWN])


def to_sign(projects: Collection[int], user_id: int | None, until: dt.date) -> list[Subscription]:
    """Subscriptions not signed yet whose day comes by `until` or is past."""
    rows = Subscription.objects.filter(
        project__in=projects, state__in=("active", "overdue"), sign_by__lte=until
    )
    rows = rows if user_id is None else rows.filter(deal__consultant=user_id)
    return list(rows.select_related("unit", "customer", "deal__consultant").order_by("sign_by", "pk")[:SHOWN])


def dues(projects: Collection[int], user_id: int | None, until: dt.date) -> list[Receivable]:
    """Open lines due by `until`, oldest first."""
    rows = Receivable.objects.filter(project__in=projects, voided=False, balance__gt=0, due_on__lte=until)
    rows = rows.exclude(item="forfeiture").exclude(deal__state="ended")
    rows = rows if user_id is None else rows.filter(deal__consultant=user_id)
    related = ("deal__customer", "deal__unit", "deal__consultant", "contract")
    return list(rows.select_related(*related).order_by("due_on", "pk")[:SHOWN])


def tasks(projects: Collection[int], user_id: int | None, without: Collection[str]) -> list[Task]:
    """To-dos of other kinds than those that the lists above show."""
    rows = Task.objects.filter(project__in=projects, assignee=user_id, state="open").exclude(code__in=without)
    return list(rows.order_by(F("due_at").asc(nulls_last=True), "pk")[:SHOWN])


# --- a manager's ---------------------------------------------------------------------------------


def figures(projects: Sequence[int], today: dt.date) -> dict[str, tuple[Sums, Sums]]:
    """item -> (today, yesterday)."""
    before = today - dt.timedelta(days=1)
    now, then = Days(projects).in_spans(((today, today), (before, before)), ())
    return {item: (now[()].get(item, NOTHING), then[()].get(item, NOTHING)) for item in FIGURES}


def figures_by_project(projects: Sequence[int], today: dt.date) -> dict[int, dict[str, tuple[Sums, Sums]]]:
    """project -> item -> (today, month to date)."""
    month = today.replace(day=1)
    now, to_date = Days(projects).in_spans(((today, today), (month, today)), ("project_id",))
    return {
        p: {item: (now[(p,)].get(item, NOTHING), to_date[(p,)].get(item, NOTHING)) for item in FIGURES}
        for p in projects
    }


def unassigned(projects: Collection[int]) -> dict[str, int]:
    """Leads that nobody has: new ones and the pool."""
    rows = (
        Lead.objects.filter(project__in=projects, state__in=("new", "pool")).order_by().values_list("state")
    )
    return dict(rows.annotate(Count("pk")))


def overdue_by_owner(projects: Collection[int], team_ids: Collection[int] | None) -> list[dict[str, Any]]:
    """Who is late: follow-ups that were due, and leads whose first contact is past."""
    now = timezone.now()
    customers = Customer.objects.filter(
        project__in=projects, state="active", next_follow_at__lt=now, owner__isnull=False
    )
    leads = Lead.objects.filter(project__in=projects, state="assigned", first_contact_due_at__lt=now)
    if team_ids is not None:
        customers, leads = customers.filter(team__in=team_ids), leads.filter(team__in=team_ids)
    found: dict[int, dict[str, Any]] = {}
    grouped = (
        customers.order_by()
        .values("owner_id", "owner__name")
        .annotate(n=Count("pk"), oldest=Max(now - F("next_follow_at")))
    )
    for row in grouped:
        found[row["owner_id"]] = {
            "id": row["owner_id"],
            "name": row["owner__name"],
            "customers": row["n"],
            "leads": 0,
            "days": row["oldest"].days,
        }
    for late in leads.order_by().values("owner_id", "owner__name").annotate(n=Count("pk")):
        one = found.setdefault(
            late["owner_id"], {"id": late["owner_id"], "name": late["owner__name"], "customers": 0, "days": 0}
        )
        one["leads"] = late["n"]
    return sorted(found.values(), key=lambda r: (-(r["customers"] + r["leads"]), r["name"]))[:SHOWN]


def floor(projects: Collection[int], today: dt.date) -> dict[str, int]:
    """How many are here, how many visitors are inside, how many of them nobody receives."""
    here = Presence.objects.filter(project__in=projects, day=today, state__in=("present", "busy")).count()
    inside = Visit.objects.filter(project__in=projects, business_date=today, left_at=None).aggregate(
        inside=Count("pk"), waiting=Count("pk", filter=Q(consultant=None))
    )
    return {"here": here, **inside}


# --- finance, clerk ------------------------------------------------------------------------------


def due_sums(projects: Collection[int], today: dt.date) -> dict[str, Any]:
    """Due today, overdue: number of lines and amount."""
    rows = Receivable.objects.filter(project__in=projects, voided=False, balance__gt=0, due_on__lte=today)
    rows = rows.exclude(item="forfeiture").exclude(deal__state="ended")
    late = Q(due_on__lt=today)
    return rows.aggregate(
        today_count=Count("pk", filter=~late),
        today_sum=Coalesce(Sum("balance", filter=~late), ZERO),
        late_count=Count("pk", filter=late),
        late_sum=Coalesce(Sum("balance", filter=late), ZERO),
    )


def my_till(projects: Collection[int], user_id: int | None, today: dt.date) -> dict[str, Any]:
    """The cashier's receipts of today, and the days before that were not closed."""
    rows = Receipt.objects.filter(project__in=projects, cashier=user_id).exclude(state="draft")
    sums = rows.filter(business_date=today).aggregate(count=Count("pk"), amount=Coalesce(Sum("amount"), ZERO))
    closed = DayClose.objects.filter(project__in=projects, cashier=user_id).values("day")
    open_days = rows.filter(business_date__lt=today, state="posted").exclude(business_date__in=closed)
    days = open_days.order_by("business_date").values_list("business_date", flat=True).distinct()[:5]
    return sums | {"open_days": list(days)}


def to_file(projects: Collection[int], until: dt.date) -> list[Contract]:
    """Signed contracts whose filing is due by `until` or late."""
    rows = Contract.objects.filter(project__in=projects, state="signed", filing_due_on__lte=until)
    return list(rows.select_related("unit", "customer").order_by("filing_due_on", "pk")[:SHOWN])
