"""Comparison with the bureau (网签对账, BS05): lists come in, differences are found, followed and ended.

A unit that the bureau has as signed while it is free here gets a lock: it can't be sold before the bureau has revoked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _

from anchang.affairs import rules_bureau as rules
from anchang.affairs.bureau_file import BureauFileRow
from anchang.affairs.models import BureauDifference, BureauList, BureauRow
from anchang.affairs.queries_bureau import our_standings, their_standings
from anchang.inventory.commands.states import add_lock, announce, clear_locks
from anchang.inventory.models import Unit
from anchang.inventory.rules import LOCK_BUREAU
from anchang.kernel.errors import Refusal
from anchang.platform import bulk
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.importing.rows import Problem
from anchang.platform.inputs import Input, Label, Reason
from anchang.platform.people import with_permission

TASK = "bureau_difference"
State = BureauDifference.State


class ExplainInput(Input):
    reason: Annotated[Reason, Label(_("Reason"))]


# --- a list comes in ------------------------------------------------------------------------------


def import_bureau_list(ctx: Context, rows: Sequence[BureauFileRow], name: str) -> dict[str, Any]:
    """Keep the list and compare at once. Rows of units that we don't know are reported; of a unit that is there twice
    the last row counts."""
    found, refused = _matched(ctx, rows)
    made = BureauList(
        project=ctx.here, name=name[:200], received_on=ctx.business_date, units=len(found), unknown=len(refused),
        created_by_id=ctx.user_id,
    )  # fmt: skip
    made.save(force_insert=True)
    bulk.create(
        [
            BureauRow(
                project=ctx.here, list=made, unit_id=unit_id, state=row.state, online_number=row.online_number,
                filing_number=row.filing_number,
            )
            for unit_id, row in found.items()
        ],
        ids=False,
    )  # fmt: skip
    compare(ctx, made)
    ctx.index([made], fresh=True)
    return {"created": len(found), "updated": 0, "unchanged": len(rows) - len(found) - len(refused), "refused": refused}


def _matched(
    ctx: Context, rows: Sequence[BureauFileRow]
) -> tuple[dict[int, BureauFileRow], list[dict[str, Any]]]:
    """Unit -> its row, and a report for each row whose unit isn't here."""
    known: dict[tuple[str, str], int] = {}
    units = Unit.objects.filter(project=ctx.here).values_list(
        "pk", "building__code", "building__name", "section", "room", "code", "label"
    )
    for pk, code, building, section, room, unit_code, label in units:
        for key in {rules.building_key(code), rules.building_key(building)}:
            for name in {*rules.room_keys(section, room), *rules.room_keys("", unit_code)}:
                known.setdefault((key, name), pk)
        known[("", rules.bare(label))] = pk
    found: dict[int, BureauFileRow] = {}
    refused: list[dict[str, Any]] = []
    for row in rows:
        keys = [(rules.building_key(row.building), name) for name in rules.room_keys(row.section, row.room)]
        keys.append(("", rules.bare(row.building + row.section + row.room)))
        unit_id = next((known[key] for key in keys if key in known), None)
        if unit_id is None:
            text = f"{row.building} {row.section} {row.room}".replace("  ", " ").strip()
            refused.append(Problem(row.row, "", text, "unit_unknown").as_dict())
        else:
            found[unit_id] = row
    return found, refused


# --- comparing ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Found:
    """A difference as it is now."""

    unit_id: int
    kind: str
    ours: rules.Standing
    theirs: rules.Standing
    contract_id: int | None


def compare(ctx: Context, newest: BureauList) -> int:
    """Bring the differences to what both sides say now; answers how many are open. Set-based: a fixed number of
    statements and those of the units whose lock changes."""
    theirs = their_standings(ctx.here)
    ours, contracts = our_standings(ctx.here, theirs)
    now = {
        unit_id: _Found(unit_id, kind, ours[unit_id], theirs[unit_id], contracts.get(unit_id))
        for unit_id in theirs
        if (kind := rules.difference(ours[unit_id], theirs[unit_id]))
    }
    explained = _explained(ctx, now)
    now = {unit_id: found for unit_id, found in now.items() if (unit_id, found.kind) not in explained}
    rows = BureauDifference.objects.select_for_update(no_key=True).filter(project=ctx.here, state=State.OPEN)
    standing = {row.unit_id: row for row in rows.order_by("pk")}
    over = [row for unit_id, row in standing.items() if unit_id not in now or now[unit_id].kind != row.kind]
    _end(ctx, over)
    fresh = [found for unit_id, found in now.items() if unit_id not in standing or standing[unit_id] in over]
    _open(ctx, newest, fresh)
    _lock_units(ctx, {unit_id for unit_id, found in now.items() if found.kind in rules.BLOCKING})
    BureauList.objects.filter(pk=newest.pk).update(compared_at=ctx.now, open_differences=len(now))
    return len(now)


def _explained(ctx: Context, now: Mapping[int, _Found]) -> set[tuple[int, str]]:
    """What somebody explained stays explained while nothing changes at the bureau."""
    rows = BureauDifference.objects.filter(project=ctx.here, state=State.EXPLAINED, unit__in=list(now))
    return {
        (row.unit_id, row.kind)
        for row in rows
        if (row.theirs, row.ours) == (now[row.unit_id].theirs.state, now[row.unit_id].ours.state)
    }


def _open(ctx: Context, newest: BureauList, fresh: Sequence[_Found]) -> None:
    made = [
        BureauDifference(
            project=ctx.here, unit_id=f.unit_id, contract_id=f.contract_id, list=newest, kind=f.kind, ours=f.ours.state,
            theirs=f.theirs.state, our_number=f.ours.filing_number or f.ours.online_number,
            their_number=f.theirs.filing_number or f.theirs.online_number, found_on=ctx.business_date,
            created_by_id=ctx.user_id,
        )
        for f in fresh
    ]  # fmt: skip
    BureauDifference.objects.bulk_create(made, batch_size=1000)
    people = with_permission(ctx, "contracts.file") if made else []
    labels = dict(Unit.objects.filter(pk__in=[row.unit_id for row in made]).values_list("pk", "label"))
    for row in made:
        unit = labels[row.unit_id]
        ctx.event("bureau.differs", row, unit=unit, kind=row.kind)
        for user_id in people:
            ctx.task(user_id, TASK, row, unit=unit, kind=row.kind)
    ctx.index(made, fresh=True)


def _end(ctx: Context, over: Sequence[BureauDifference]) -> None:
    """Both agree again, or differ in another way."""
    ids = [row.pk for row in over]
    BureauDifference.objects.filter(pk__in=ids).update(
        state=State.RESOLVED, ended_on=ctx.business_date, updated_at=ctx.now
    )
    if ids:
        ctx.finish_tasks("bureau-differences", ids, TASK)
    for row in over:
        ctx.event("bureau.agrees", row, kind=row.kind)


def _lock_units(ctx: Context, wanted: Iterable[int]) -> None:
    """Locks follow the differences: those that block a sale have one, no other unit has."""
    wanted = set(wanted)
    rows = Unit.objects.select_for_update(no_key=True, of=("self",)).filter(project=ctx.here)
    locked = list(rows.filter(locks__contains=[LOCK_BUREAU]).order_by("pk"))
    missing = list(rows.filter(pk__in=wanted - {unit.pk for unit in locked}).order_by("pk"))
    for unit in missing:
        add_lock(ctx, unit, LOCK_BUREAU)
    gone = [unit for unit in locked if unit.pk not in wanted]
    for unit in gone:
        clear_locks(ctx, unit, (LOCK_BUREAU,), "")
    announce(ctx, [*missing, *gone])


# --- by hand --------------------------------------------------------------------------------------


@command(BureauList, verb="compare", label=_("Compare now"), icon="refresh", shape="primary")
def compare_bureau_list(ctx: Context, listed: BureauList) -> BureauList:
    """Compare the newest state of every building with ours once more."""
    compare(ctx, listed)
    listed.refresh_from_db()
    return listed


def why_not_explain(difference: BureauDifference) -> Refusal | None:
    return None if difference.state == State.OPEN else Refusal("state_refused", {"state": difference.state})


@command(
    BureauDifference, verb="explain", label=_("Explain"), icon="message-check", refuses=why_not_explain,
    show=lambda d: d.state == "open",
)  # fmt: skip
def explain_difference(ctx: Context, difference: BureauDifference, data: ExplainInput) -> BureauDifference:
    """The difference is right as it is, for the reason given; a lock that it set is cleared."""
    difference.state, difference.reason, difference.ended_on = State.EXPLAINED, data.reason, ctx.business_date
    difference.save(update_fields=["state", "reason", "ended_on", "updated_at"])
    ctx.finish_tasks("bureau-differences", [difference.pk], TASK)
    unit = Unit.objects.select_for_update(no_key=True, of=("self",)).get(pk=difference.unit_id)
    if LOCK_BUREAU in unit.locks:
        clear_locks(ctx, unit, (LOCK_BUREAU,), data.reason)
        announce(ctx, [unit])
    ctx.event("bureau.explained", difference, unit=unit.label, kind=difference.kind)
    difference.refresh_from_db()
    return difference

