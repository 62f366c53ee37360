"""The life of an opening: ready, rehearsed, open, closed. Times and limits are decided by the database's clock."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from anchang.deals.commands.claims import why_not_deal
from anchang.deals.models import LaunchScheme
from anchang.deals.rules import queue
from anchang.inventory import rules as stock
from anchang.inventory.commands.states import announce
from anchang.inventory.models import Unit, UnitLock
from anchang.kernel.errors import DomainError, Refusal
from anchang.opening import rules
from anchang.opening.models import Attempt, OfferedUnit, Opening, OpeningBuyer
from anchang.opening.models.deciding import LOCK_CLASS
from anchang.platform.commands import command
from anchang.platform.context import Context


def take_turn(opening_id: int) -> None:
    """Wait for the batch that is being decided; no other begins before this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_CLASS, opening_id % 2147483647])


def _only_in(*states: str) -> Any:
    def refuses(opening: Opening) -> Refusal | None:
        return None if opening.state in states else Refusal("state_refused", {"state": opening.state})

    return refuses


def _shown_in(*states: str) -> Any:
    return lambda opening: opening.state in states


def _move(ctx: Context, opening: Opening, to: str, **changes: Any) -> Opening:
    if why := rules.why_not_go(opening.state, to):
        raise DomainError.of(why)
    old = opening.state
    take_turn(opening.pk)
    Opening.objects.filter(project=ctx.here, pk=opening.pk).update(
        state=to, epoch=F("epoch") + 1, updated_at=ctx.now, **changes
    )
    opening.refresh_from_db()
    ctx.event("opening.state", opening, old=old, new=to)
    return opening


def _offered(ctx: Context, opening: Opening) -> list[Unit]:
    """The offered units, locked in the order of their ids."""
    ids = OfferedUnit.objects.filter(project=ctx.here, opening=opening).values("unit_id")
    rows = Unit.objects.filter(project=ctx.here, pk__in=ids).select_for_update(no_key=True, of=("self",))
    return list(rows.select_related("licence", "project").order_by("pk"))


@command(
    Opening, verb="make-ready", label=_("Make ready"), icon="checks", shape="primary", refuses=_only_in("draft"),
    show=_shown_in("draft"),
)  # fmt: skip
def make_ready(ctx: Context, opening: Opening) -> Opening:
    """Every offered unit may be sold today (licence, published price, on sale, no lock) and is kept from the desks
    from now on by a selection lock; units and buyers no longer change."""
    units = _offered(ctx, opening)
    if not units:
        raise DomainError("no_units_offered")
    if not OpeningBuyer.objects.filter(project=ctx.here, opening=opening).exists():
        raise DomainError("no_buyers_admitted")
    for unit in units:
        if why := why_not_deal(unit):
            raise DomainError.of(why)
    UnitLock.objects.bulk_create(
        [
            UnitLock(
                project=ctx.here, unit=unit, kind=stock.LOCK_SELECTION, reason=opening.name, set_by_id=ctx.user_id,
                set_at=ctx.now, created_by_id=ctx.user_id,
            )
            for unit in units
        ],
        batch_size=2000,
    )  # fmt: skip
    _set_locks(ctx, units, [stock.LOCK_SELECTION])
    return _move(ctx, opening, Opening.State.READY)


def _set_locks(ctx: Context, units: list[Unit], locks: list[str]) -> None:
    Unit.objects.filter(project=ctx.here, pk__in=[u.pk for u in units]).update(locks=locks, updated_at=ctx.now)
    for unit in units:
        unit.locks = locks
        unit.version += 1
    announce(ctx, units)


def free_selection(ctx: Context, units: list[Unit]) -> None:
    """Take the selection lock off those that still have it."""
    locked = [unit for unit in units if stock.LOCK_SELECTION in unit.locks]
    UnitLock.objects.filter(
        project=ctx.here, unit__in=[u.pk for u in locked], kind=stock.LOCK_SELECTION, cleared_at=None
    ).update(cleared_at=ctx.now, cleared_by_id=ctx.user_id, clear_reason="opening_over", updated_at=ctx.now)
    by_locks: dict[tuple[str, ...], list[Unit]] = {}
    for unit in locked:
        by_locks.setdefault(tuple(k for k in unit.locks if k != stock.LOCK_SELECTION), []).append(unit)
    for locks, many in by_locks.items():
        _set_locks(ctx, many, list(locks))


@command(
    Opening, verb="back-to-draft", label=_("Back to draft"), icon="arrow-back-up", refuses=_only_in("ready"),
    show=_shown_in("ready"),
)  # fmt: skip
def back_to_draft(ctx: Context, opening: Opening) -> Opening:
    """The units go back to the desks."""
    free_selection(ctx, _offered(ctx, opening))
    return _move(ctx, opening, Opening.State.DRAFT)


@command(
    Opening, verb="start-rehearsal", label=_("Start a rehearsal"), icon="player-play", refuses=_only_in("ready"),
    show=_shown_in("ready"),
)  # fmt: skip
def start_rehearsal(ctx: Context, opening: Opening) -> Opening:
    """The same path, open to the same buyers at once; nothing is sold, and the end wipes it."""
    return _move(ctx, opening, Opening.State.REHEARSAL, round_no=F("round_no") + 1)


@command(
    Opening, verb="end-rehearsal", label=_("End the rehearsal"), icon="player-stop", shape="primary",
    refuses=_only_in("rehearsal"), show=_shown_in("rehearsal"),
)  # fmt: skip
def end_rehearsal(ctx: Context, opening: Opening) -> Opening:
    """Wipes the rehearsal's attempts and claims."""
    take_turn(opening.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT anchang_opening_wipe(%s, %s)", [ctx.here.pk, opening.pk])
        wiped = cursor.fetchone()[0]
    ctx.event("opening.rehearsed", opening, attempts=wiped)
    return _move(ctx, opening, Opening.State.READY)


def why_not_open(opening: Opening) -> Refusal | None:
    if opening.state != Opening.State.READY:
        return Refusal("state_refused", {"state": opening.state})
    return queue.why_not_ready(opening.scheme.checks)


@command(
    Opening, verb="open", label=_("Open"), icon="rocket", shape="primary", refuses=why_not_open,
    show=_shown_in("ready"),
)  # fmt: skip
def open_opening(ctx: Context, opening: Opening) -> Opening:
    """From now on the clock decides: attempts win from `starts_at` to `ends_at`. Needs the whole checklist of the
    scheme, and every unit still as `make_ready` found it."""
    scheme = LaunchScheme.objects.get(project=ctx.here, pk=opening.scheme_id)
    if why := queue.why_not_ready(scheme.checks):
        raise DomainError.of(why)
    if opening.ends_at <= ctx.now:
        raise DomainError("opening_over")
    for unit in _offered(ctx, opening):
        if unit.locks != [stock.LOCK_SELECTION]:
            raise DomainError("unit_locked", unit=unit.label, lock=", ".join(unit.locks))
        unit.locks = []
        if why := why_not_deal(unit):
            raise DomainError.of(why)
    return _move(ctx, opening, Opening.State.OPEN, round_no=F("round_no") + 1)


@command(
    Opening, verb="close", label=_("Close"), icon="flag", shape="danger", refuses=_only_in("open"),
    show=_shown_in("open"),
)  # fmt: skip
def close_opening(ctx: Context, opening: Opening) -> Opening:
    """No attempt wins any more. States the length and last hash of the log, and gives unsold units to the desks."""
    take_turn(opening.pk)
    free_selection(ctx, _offered(ctx, opening))
    last = Attempt.objects.filter(project=ctx.here, opening_id=opening.pk, round_no=opening.round_no)
    end = last.order_by("-seq").values_list("seq", "hash").first()
    start = rules.genesis(opening.pk, opening.round_no)
    entries, digest = (end[0], bytes(end[1])) if end else (0, start)
    return _move(ctx, opening, Opening.State.CLOSED, closed_at=ctx.now, log_entries=entries, log_hash=digest.hex())
