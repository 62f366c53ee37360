"""A reception register into visits: set-based, idempotent, with a report per row."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from anchang.crm import dictionaries
from anchang.crm.commands.filing import NewCustomer, channel_ids, check_order, ensure_customers
from anchang.crm.commands.grades import set_grades, settle_stages
from anchang.crm.commands.hooks import visit_hooks
from anchang.crm.commands.merging import renumber_visits
from anchang.crm.models import Customer, CustomerPhone, Need, Visit
from anchang.crm.queries.people import consultants_by_name, teams_of
from anchang.crm.visit_file import VisitRow
from anchang.kernel.errors import DomainError
from anchang.platform import personal
from anchang.platform.context import Context
from anchang.platform.importing.rows import Problem
from anchang.platform.models import ImportJob

Report = dict[str, Any]


def import_visits(ctx: Context, rows: Sequence[VisitRow], job: ImportJob | None = None) -> Report:
    """Write the rows of a register; rows that are there already count as unchanged.

    A row is known by its main phone, day, time and what was talked about. Customers are found or made; one
    that has no owner gets the row's consultant. Visits are numbered by arrival, with those that were there
    before. Consultants that aren't known are reported as warnings and left empty. The report is CONTRACT's.
    """
    fresh, unchanged = _unknown(ctx, rows)
    staff = consultants_by_name(ctx)
    channels = channel_ids(ctx, [r.channel[:50] for r in fresh], make=True)
    dictionaries.learn(ctx, "residence", [text for r in fresh for text in (r.region, r.work_region)])
    made = ensure_customers(ctx, [_customer(ctx, r, staff, channels, job) for r in fresh])
    ids = sorted({c.pk for c, _new in made})
    locked = (
        Customer.objects.select_for_update(no_key=True).filter(project=ctx.here, pk__in=ids).order_by("pk")
    )
    customers = {c.pk: c for c in locked}
    owned = [customers[c.pk] for c, _new in made]
    visits = _write(ctx, fresh, owned, staff, channels, job)
    _after(ctx, fresh, visits, customers, staff)
    return {
        "rows": len(rows), "created": len(visits), "updated": 0, "unchanged": unchanged, "refused": [],
        "warnings": [
            Problem(r.row, "consultant", r.consultant[:200], "consultant_unknown", {}, False)
            for r in fresh
            if r.consultant and r.consultant not in staff
        ],
        "customers_created": sum(new for _c, new in made), "ids": [v.pk for v in visits],
    }  # fmt: skip


def _key(row: VisitRow) -> str:
    """Main phone (its HMAC), moment, kind and content: the same row of any file gives the same key."""
    said = "|".join((row.arrived_at.isoformat(), row.visit_kind, row.content, row.consultant))
    return personal.digest(row.phones[0])[:24] + hashlib.sha256(said.encode()).hexdigest()[:32]


def _unknown(ctx: Context, rows: Sequence[VisitRow]) -> tuple[list[VisitRow], int]:
    by_key: dict[str, VisitRow] = {}
    for row in rows:
        by_key.setdefault(_key(row), row)
    known = set(
        Visit.objects.filter(project=ctx.here, import_key__in=list(by_key)).values_list(
            "import_key", flat=True
        )
    )
    fresh = [row for key, row in by_key.items() if key not in known]
    return fresh, len(rows) - len(fresh)


def _customer(
    ctx: Context, row: VisitRow, staff: Mapping[str, int], channels: Mapping[str, int], job: ImportJob | None
) -> NewCustomer:
    owner = staff.get(row.consultant)
    return NewCustomer(
        name=row.name or "—",
        numbers=list(row.phones),
        owner_id=owner,
        team_id=teams_cached(ctx, staff).get(owner) if owner else None,
        channel_id=channels.get(row.channel[:50]),
        source="import",
        captured_at=row.arrived_at,
        grade=row.grade,
        need=_need(row),
        import_job_id=job.pk if job else None,
        columns={
            "sex": row.sex if row.sex in ("male", "female") else "",
            "residence": (dictionaries.near_code(ctx, "residence", row.region) or "")[:50],
            "workplace": (dictionaries.near_code(ctx, "workplace", row.work_region) or "")[:50],
        },
    )


def teams_cached(ctx: Context, staff: Mapping[str, int]) -> dict[int, int]:
    """Teams of all consultants, read once per command."""
    found = ctx.__dict__.get("_crm_teams")
    if found is None:
        found = ctx.__dict__["_crm_teams"] = teams_of(ctx, set(staff.values()))
    return found


def _need(row: VisitRow) -> dict[str, Any] | None:
    need = {
        "budget_low": row.budget_low, "budget_high": row.budget_high, "area_low": row.area_low,
        "area_high": row.area_high, "layouts": [row.layout_wish[:50]] if row.layout_wish else [],
        "purpose": row.purpose[:50], "heard_from": row.channel[:50],
    }  # fmt: skip
    if not any(need.values()):
        return None
    try:
        check_order(need)
    except DomainError:
        need["budget_low"], need["budget_high"] = sorted(
            (need["budget_low"], need["budget_high"]), key=lambda n: n or 0
        )
        need["area_low"], need["area_high"] = sorted(
            (need["area_low"], need["area_high"]), key=lambda n: n or 0
        )
    return need


def _write(
    ctx: Context, rows: Sequence[VisitRow], customers: Sequence[Customer], staff: Mapping[str, int],
    channels: Mapping[str, int], job: ImportJob | None,
) -> list[Visit]:  # fmt: skip
    teams = teams_cached(ctx, staff)
    last = _last_seqs(ctx, [c.pk for c in customers])
    visits = []
    for row, customer in sorted(
        zip(rows, customers, strict=True), key=lambda pair: (pair[0].arrived_at, pair[0].row)
    ):
        last[customer.pk] = seq = last.get(customer.pk, 0) + 1
        consultant = staff.get(row.consultant) or customer.owner_id
        visits.append(
            Visit(
                project=ctx.here,
                customer=customer,
                seq=seq,
                arrived_at=row.arrived_at,
                business_date=row.arrived_at.astimezone(ctx.zone).date(),
                consultant_id=consultant,
                team_id=teams.get(consultant) if consultant else None,
                channel_id=channels.get(row.channel[:50]),
                purpose=row.purpose[:50],
                content=row.content,
                people=row.people,
                loss_reason=row.loss_reason[:200],
                grade_before=row.grade or customer.grade,
                grade_after=row.grade or customer.grade,
                import_job=job,
                import_key=_key(row),
                created_by_id=ctx.user_id,
            )
        )
    Visit.objects.bulk_create(visits, batch_size=1000)
    renumber_visits(ctx.here.pk, sorted({c.pk for c in customers}))
    for visit in visits:
        ctx.event("visit.registered", visit, customer_id=visit.customer_id, seq=visit.seq, imported=True)
    return visits


def _last_seqs(ctx: Context, customer_ids: Sequence[int]) -> dict[int, int]:
    from django.db.models import Max

    rows = Visit.everything.filter(project=ctx.here, customer__in=set(customer_ids)).values("customer_id")
    return {r["customer_id"]: r["last"] or 0 for r in rows.annotate(last=Max("seq"))}


_COUNT = """
UPDATE crm_customer c SET visit_count = coalesce(n.visits, 0), last_visit_at = n.last, updated_at = %(now)s,
       idle_since = greatest(c.idle_since, coalesce(n.last, c.idle_since)),
       owner_id = CASE WHEN %(give)s THEN coalesce(c.owner_id, n.consultant) ELSE c.owner_id END,
       team_id = CASE WHEN %(give)s THEN coalesce(c.team_id, n.team) ELSE c.team_id END
  FROM unnest(%(ids)s::bigint[]) AS wanted (id)
  LEFT JOIN (SELECT customer_id, count(*) AS visits, max(arrived_at) AS last,
                    (array_agg(consultant_id ORDER BY arrived_at)
                        FILTER (WHERE consultant_id IS NOT NULL))[1] AS consultant,
                    (array_agg(team_id ORDER BY arrived_at)
                        FILTER (WHERE consultant_id IS NOT NULL))[1] AS team
               FROM crm_visit
              WHERE project_id = %(project)s AND customer_id = ANY(%(ids)s) AND deleted_at IS NULL
              GROUP BY customer_id) n ON n.customer_id = wanted.id
 WHERE c.project_id = %(project)s AND c.id = wanted.id
"""


def recount(ctx: Context, customer_ids: list[int], *, give: bool = True) -> None:
    """Visit counters of these locked customers from their visits; with `give` an unowned one gets the first
    consultant."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"now": ctx.now, "ids": customer_ids, "project": ctx.here.pk, "give": give})


def _after(
    ctx: Context, rows: Sequence[VisitRow], visits: list[Visit], customers: Mapping[int, Customer],
    staff: Mapping[str, int],
) -> None:  # fmt: skip
    """Counters, grades of the newest rows, stages, leads."""
    if not visits:
        return
    recount(ctx, sorted(customers))
    current = {c.pk: c for c in Customer.objects.filter(project=ctx.here, pk__in=list(customers))}
    grades: dict[int, tuple[dt.datetime, str]] = {}
    by_key = {_key(r): r for r in rows}
    for visit in visits:
        row = by_key[visit.import_key or ""]
        if row.grade and (visit.customer_id not in grades or grades[visit.customer_id][0] <= row.arrived_at):
            grades[visit.customer_id] = (row.arrived_at, row.grade)
    set_grades(ctx, [
        (current[i], grade) for i, (at, grade) in grades.items()
        if current[i].grade != grade and (current[i].last_visit_at or at) <= at
    ], rule_id="visit-import")  # fmt: skip
    settle_stages(ctx, current.values())
    for hook in visit_hooks:
        hook(ctx, visits)


def undo_visits(ctx: Context, job: ImportJob, ids: Mapping[str, Sequence[int]]) -> None:
    """After the import's visits and customers went to the recycle bin: free the phones, count and number
    anew."""
    gone = list(ids.get("crm_customer", ()))
    CustomerPhone.objects.filter(project=ctx.here, customer__in=gone, active=True).update(
        active=False, main=False, ended_at=ctx.now
    )
    Need.objects.filter(project=ctx.here, customer__in=gone, current=True).update(current=False)
    visits = Visit.everything.filter(project=ctx.here, pk__in=list(ids.get("crm_visit", ())))
    touched = sorted(set(visits.values_list("customer_id", flat=True)) - set(gone))
    visits.update(import_key=None, seq=None)
    alive = list(
        Customer.objects.select_for_update(no_key=True)
        .filter(project=ctx.here, pk__in=touched)
        .order_by("pk")
    )
    if not alive:
        return
    recount(ctx, [c.pk for c in alive])
    renumber_visits(ctx.here.pk, [c.pk for c in alive])
    settle_stages(ctx, Customer.objects.filter(pk__in=[c.pk for c in alive]))
