"""Unit states: the one function that changes them, sales control, locks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from anchang.inventory import rules
from anchang.inventory.models import Building, ReleaseBatch, Unit, UnitLock, UnitStateChange
from anchang.inventory.models.units import Lock
from anchang.inventory.queries import board_cell, unit_facts
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.commands import command, project_command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Reason, Ref
from anchang.platform.models import StoredFile

#: Locks that only the pricing side clears.
PRICE_LOCKS = (rules.LOCK_PRICE, rules.LOCK_RECONFIRM)


# --- the one way to change a state ---------------------------------------------------------------


def change_unit_state(
    ctx: Context, unit: Unit, to: str, *, reason: str = "", until: dt.datetime | None = None, lock: str = "",
    deal_id: int | None = None,
) -> Unit:  # fmt: skip
    """Move one unit, which the caller has locked, to another state. The only writer of `Unit.state`.

    until    the end of a hold, shown on the board.
    lock     a lock to set along with it (RECONFIRM_PRICE after a cancellation).
    Raises `unit_taken` or `state_refused` for a step that isn't in the table. The event `unit.changed`
    carries the complete new board cell. Events of units carry no free text: every consultant reads them.
    """
    move_units(ctx, [unit], to, reason=reason, until=until, deal_id=deal_id)
    if lock:
        add_lock(ctx, unit, lock, reason)
    announce(ctx, [unit])
    return unit


def move_units(
    ctx: Context, units: Sequence[Unit], to: str, *, reason: str = "", until: dt.datetime | None = None,
    deal_id: int | None = None,
) -> None:  # fmt: skip
    """The same for many units at once, without the events: one update, one insert of history."""
    for unit in units:
        why = rules.why_not_move(unit.state, to)
        if why:
            raise DomainError(why.code, **{**why.params, "unit": unit.label})
    if not units:
        return
    UnitStateChange.objects.bulk_create(
        [state_row(ctx, unit, to, reason=reason, deal_id=deal_id) for unit in units], batch_size=2000
    )
    kept = reason if to in (rules.CONTROLLED, rules.RETAINED) else ""
    if kept and rules.cause_of(to, deal_id is not None) == "deal_ended":
        kept = "deal_ended"  # everybody reads it on the board; the text stays with the deal
    changes: dict[str, Any] = {
        "state": to,
        "state_since": ctx.now,
        "state_until": until,
        "control_reason": kept,
        "updated_at": ctx.now,
    }
    released = [unit for unit in units if to == rules.AVAILABLE and unit.state == rules.CONTROLLED]
    Unit.objects.filter(project=ctx.here, pk__in=[unit.pk for unit in units]).update(**changes)
    for unit in units:
        for name, value in changes.items():
            setattr(unit, name, value)
        unit.version += 1
    _mark_released(ctx, released)


def _mark_released(ctx: Context, units: Sequence[Unit]) -> None:
    """On sale since today. A hold that ends doesn't start this anew; the first day ever is kept."""
    if not units:
        return
    today = ctx.business_date
    Unit.objects.filter(project=ctx.here, pk__in=[unit.pk for unit in units]).update(
        available_since=today, ever_available_on=Coalesce("ever_available_on", Value(today))
    )
    for unit in units:
        unit.available_since = today
        unit.ever_available_on = unit.ever_available_on or today
        unit.version += 1


def state_row(
    ctx: Context, unit: Unit, to: str, *, reason: str = "", deal_id: int | None = None, cause: str = ""
) -> UnitStateChange:
    return UnitStateChange(
        project=ctx.here, unit=unit, at=ctx.now, business_date=ctx.business_date,
        from_state=unit.state if to != unit.state else "", to_state=to, reason=reason,
        cause=cause or rules.cause_of(to, deal_id is not None),
        actor_id=ctx.user_id, actor_name=ctx.actor.name, list_total=unit.list_total, deal_id=deal_id,
    )  # fmt: skip


def set_unit_clock(ctx: Context, unit: Unit, until: dt.datetime | None) -> Unit:
    """The end of the hold moved (extension): one clock per hold, seen by all."""
    unit.state_until = until
    unit.save(update_fields=["state_until", "updated_at"])
    unit.version += 1
    announce(ctx, [unit])
    return unit


def announce(ctx: Context, units: Sequence[Unit]) -> None:
    """Tell every open board: the event is the new cell, so nobody fetches again."""
    for unit in units:
        ctx.event("unit.changed", unit, **board_cell(unit))


# --- sales control -------------------------------------------------------------------------------


def why_not_release(unit: Unit) -> Refusal | None:
    """Licence, published price, and the checklist of the unit's batch."""
    facts = unit_facts(unit)
    if unit.state == rules.UNRELEASED:
        facts = replace(facts, state=rules.CONTROLLED)
    why = rules.why_not_release(facts, unit.project.today())
    batch = unit.release_batch
    if why is None and batch is not None and (missing := batch.open_checks):
        return Refusal("batch_not_ready", {"batch": batch.name, "item": missing[0]})
    return why


def why_not_control(unit: Unit) -> Refusal | None:
    """Holding back is for units that aren't in a deal; one in a deal is given back by ending the deal."""
    if unit.state in rules.IN_DEAL:
        return Refusal("unit_taken", {"state": unit.state, "to": rules.CONTROLLED})
    return rules.why_not_move(unit.state, rules.CONTROLLED)


def why_not_retain(unit: Unit) -> Refusal | None:
    return rules.why_not_move(unit.state, rules.RETAINED)


class ReleaseInput(Input):
    reason: Annotated[str, Label(_("Reason"), kind="longtext")] = ""


class ControlInput(Input):
    reason: Annotated[Reason, Label(_("Reason"), kind="longtext")]


@command(
    Unit, verb="release", label=_("Put on sale"), shape="primary", bulk=True, refuses=why_not_release,
    show=lambda unit: unit.state in (rules.UNRELEASED, rules.CONTROLLED),
)  # fmt: skip
def release_unit(ctx: Context, unit: Unit, data: ReleaseInput) -> Unit:
    """Put a unit on sale (推售)."""
    _release(ctx, [unit], data.reason)
    return unit


@command(
    Unit, verb="control", label=_("Hold back"), bulk=True, refuses=why_not_control,
    show=lambda unit: unit.state in (rules.UNRELEASED, rules.AVAILABLE),
)  # fmt: skip
def control_unit(ctx: Context, unit: Unit, data: ControlInput) -> Unit:
    """Hold a unit back from sale (销控), with the reason."""
    _control(ctx, [unit], data.reason)
    return unit


@command(
    Unit, verb="retain", label=_("Retain"), bulk=True, refuses=why_not_retain,
    show=lambda unit: unit.state == rules.AVAILABLE,
)  # fmt: skip
def retain_unit(ctx: Context, unit: Unit, data: ControlInput) -> Unit:
    """The developer keeps the unit for itself (自留)."""
    move_units(ctx, [unit], rules.RETAINED, reason=data.reason)
    ctx.event("unit.retained", unit, unit=unit.label)
    announce(ctx, [unit])
    return unit


class ManyUnits(Input):
    """Units by name, of a building or of a batch."""

    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    units: Annotated[list[Ref("units")], Label(_("Units"))] = []
    building: Annotated[Ref("buildings") | None, Label(_("Building"))] = None
    release_batch: Annotated[Ref("release-batches") | None, Label(_("Release batch"))] = None


class ReleaseMany(ManyUnits):
    reason: Annotated[str, Label(_("Reason"))] = ""


class ControlMany(ManyUnits):
    reason: Annotated[Reason, Label(_("Reason"))]


@project_command(Unit, verb="release-units", label=_("Put units on sale"), permission="units.release")
def release_units(ctx: Context, data: ReleaseMany) -> dict[str, Any]:
    """All of the named units that aren't on sale yet, or none: the first refusal ends it."""
    units = chosen_units(ctx, data, (rules.UNRELEASED, rules.CONTROLLED))
    for unit in units:
        why = why_not_release(unit)
        if why:
            raise DomainError(why.code, **{**why.params, "unit": unit.label})
    _release(ctx, units, data.reason)
    return {"changed": len(units), "units": [u.pk for u in units]}


@project_command(Unit, verb="control-units", label=_("Hold units back"), permission="units.control")
def control_units(ctx: Context, data: ControlMany) -> dict[str, Any]:
    """All of the named units that are on sale or unreleased."""
    units = chosen_units(ctx, data, (rules.UNRELEASED, rules.AVAILABLE))
    _control(ctx, units, data.reason)
    return {"changed": len(units), "units": [u.pk for u in units]}


def chosen_units(ctx: Context, data: ManyUnits, states: Sequence[str] | None = None) -> list[Unit]:
    """Lock the units that the input names, in the given states; named units in other states are refused."""
    rows: QuerySet[Unit] = Unit.objects.filter(project=ctx.here)
    if data.units:
        rows = rows.filter(pk__in=[u.pk for u in data.units])
    elif isinstance(data.building, Building):
        rows = rows.filter(building=data.building)
    elif isinstance(data.release_batch, ReleaseBatch):
        rows = rows.filter(release_batch=data.release_batch)
    else:
        raise DomainError("bad_input", status=422, fields={"units": "required"})
    locked = rows.select_for_update(no_key=True, of=("self",)).select_related("licence", "release_batch")
    found = list(locked.order_by("pk"))
    if states is None:
        return found
    if data.units:
        for unit in found:
            if unit.state not in states:
                code = "unit_taken" if unit.state in rules.IN_DEAL else "state_refused"
                raise DomainError(code, unit=unit.label, state=unit.state)
    return [unit for unit in found if unit.state in states]


def _release(ctx: Context, units: Sequence[Unit], reason: str) -> None:
    move_units(ctx, [u for u in units if u.state == rules.UNRELEASED], rules.CONTROLLED, reason=reason)
    move_units(ctx, units, rules.AVAILABLE, reason=reason)
    for unit in units:
        ctx.event("unit.released", unit, unit=unit.label)
    announce(ctx, units)


def _control(ctx: Context, units: Sequence[Unit], reason: str) -> None:
    move_units(ctx, units, rules.CONTROLLED, reason=reason)
    for unit in units:
        ctx.event("unit.controlled", unit, unit=unit.label)
    announce(ctx, units)


# --- locks ---------------------------------------------------------------------------------------


class LockInput(Input):
    kind: Annotated[Lock, Label(_("Lock"), kind="choice", choices=dict(Lock.choices))]
    reason: Annotated[Reason, Label(_("Reason"))]


class UnlockInput(LockInput):
    pass


class ConfirmPrice(Input):
    reason: Annotated[Reason, Label(_("Reason"))]


def add_lock(ctx: Context, unit: Unit, kind: str, reason: str = "") -> None:
    """Set a lock on a locked unit; setting one twice changes nothing."""
    if kind in unit.locks:
        return
    UnitLock.objects.create(
        project=ctx.here, unit=unit, kind=kind, reason=reason, set_by_id=ctx.user_id, set_at=ctx.now,
        created_by_id=ctx.user_id,
    )  # fmt: skip
    _write_locks(unit, [*unit.locks, kind])
    ctx.event("unit.locked", unit, unit=unit.label, kind=kind)


def clear_locks(ctx: Context, unit: Unit, kinds: Sequence[str], reason: str) -> None:
    gone = [kind for kind in unit.locks if kind in kinds]
    UnitLock.objects.filter(project=ctx.here, unit=unit, kind__in=gone, cleared_at=None).update(
        cleared_at=ctx.now, cleared_by_id=ctx.user_id, clear_reason=reason, updated_at=ctx.now
    )
    _write_locks(unit, [kind for kind in unit.locks if kind not in gone])
    for kind in gone:
        ctx.event("unit.unlocked", unit, unit=unit.label, kind=kind)


def _write_locks(unit: Unit, locks: list[str]) -> None:
    unit.locks = sorted(locks)
    unit.save(update_fields=["locks", "updated_at"])
    unit.version += 1


def _not_by_hand(kind: str) -> None:
    """What the bureau says is set and cleared by the comparison with its lists."""
    if kind == rules.LOCK_BUREAU:
        raise DomainError("lock_of_bureau", fields={"kind": "lock_of_bureau"})


@command(Unit, verb="lock", label=_("Lock"), bulk=True)
def lock_unit(ctx: Context, unit: Unit, data: LockInput) -> Unit:
    """Block new deals on the unit."""
    _not_by_hand(str(data.kind))
    add_lock(ctx, unit, str(data.kind), data.reason)
    announce(ctx, [unit])
    return unit


@command(
    Unit, verb="unlock", label=_("Unlock"), bulk=True, show=lambda unit: set(unit.locks) - set(PRICE_LOCKS)
)
def unlock_unit(ctx: Context, unit: Unit, data: UnlockInput) -> Unit:
    """Clear a selection lock, or a mortgage or seizure whose release paper is stored (BS32)."""
    if data.kind in PRICE_LOCKS:
        raise DomainError("lock_needs_price", fields={"kind": "lock_needs_price"})
    _not_by_hand(str(data.kind))
    if data.kind not in unit.locks:
        raise DomainError("lock_not_set", unit=unit.label)
    _release_paper(ctx, unit, str(data.kind))
    clear_locks(ctx, unit, [str(data.kind)], data.reason)
    announce(ctx, [unit])
    return unit


def _release_paper(ctx: Context, unit: Unit, kind: str) -> None:
    """A charge or seizure ends by a paper (解押、解封文件, or the lender's written consent), stored with the unit or
    its building since the lock was set. Raises release_paper_missing."""
    if kind not in (rules.LOCK_MORTGAGED, rules.LOCK_SEIZED):
        return
    lock = UnitLock.objects.get(project=ctx.here, unit=unit, kind=kind, cleared_at=None)
    place = Q(resource="units", record_id=unit.pk) | Q(resource="buildings", record_id=unit.building_id)
    if not StoredFile.objects.filter(place, project=ctx.here, created_at__gte=lock.set_at).exists():
        raise DomainError("release_paper_missing", unit=unit.label)


@command(
    Unit, verb="confirm-price", label=_("Confirm the price"), bulk=True,
    show=lambda unit: set(unit.locks) & set(PRICE_LOCKS),
)  # fmt: skip
def confirm_price(ctx: Context, unit: Unit, data: ConfirmPrice) -> Unit:
    """The pricing officer has looked at the price again: the price locks are cleared."""
    clear_locks(ctx, unit, PRICE_LOCKS, data.reason)
    announce(ctx, [unit])
    return unit
