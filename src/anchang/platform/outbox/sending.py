"""Out of the outbox: take what is due, send it outside any transaction, write down how it ended.

A message is taken by moving its next attempt ahead: a worker that dies leaves it to the next one. So it may go out
twice, never not at all; the gateway gets the message's key to tell a repetition.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db.models import Count

from anchang.platform import personal
from anchang.platform.context import Context
from anchang.platform.jobs import JobRun
from anchang.platform.models import MessageChannel, OutgoingMessage
from anchang.platform.outbox import kinds, rules
from anchang.platform.outbox.queueing import content, mark_done
from anchang.platform.outbox.ways import Outcome, Parcel, deliver
from anchang.platform.scope import open_scope

State = OutgoingMessage.State
BATCH = 20


def send_due(run: JobRun) -> int:
    """Everything that is due now, batch by batch; how many were accepted."""
    sent = 0
    while True:
        with open_scope(run.access):
            ctx = Context(run.access, run.here)
            timeout = float(ctx.param("platform.message_timeout_seconds"))
            seen, parcels = take(ctx, timeout)
            ctx.flush()
        if not seen:
            return sent
        outcomes = [(parcel, deliver(parcel, timeout)) for parcel in parcels]
        with open_scope(run.access):
            ctx = Context(run.access, run.here)
            sent += settle(ctx, outcomes)
            ctx.flush()


def take(ctx: Context, timeout: float) -> tuple[int, list[Parcel]]:
    """(rows looked at, what of them is to be sent). What may not go out now is put off or given up."""
    due = OutgoingMessage.objects.select_for_update(no_key=True, skip_locked=True, of=("self",)).filter(
        project=ctx.here, state__in=(State.QUEUED, State.FAILED), next_at__lte=ctx.now
    )
    rows = list(due.select_related("channel").order_by("-urgent", "next_at", "id")[:BATCH])
    refusals, full = _refusals(ctx, rows), _over_limit(ctx, rows)
    held_until = _held_until(ctx)
    leased = ctx.now + dt.timedelta(seconds=timeout * 2 * BATCH)
    parcels = []
    for one in rows:
        if why := _why_never(ctx, one, refusals):
            mark_done(ctx, one, State.GIVEN_UP, why)
        elif wait := _wait(ctx, one, held_until, full):
            one.next_at = wait
            one.save(update_fields=["next_at", "updated_at"])
        else:
            one.attempts, one.next_at = one.attempts + 1, leased
            one.save(update_fields=["attempts", "next_at", "updated_at"])
            parcels.append(_parcel(one))
            full[one.customer_id or 0] = full.get(one.customer_id or 0, 0) - 1
    return len(rows), parcels


def _why_never(ctx: Context, one: OutgoingMessage, refusals: dict[tuple[str, int], str]) -> str:
    if one.expires_at is not None and one.expires_at <= ctx.now:
        return "too_late"
    if one.content is None:
        return "erased"
    if one.channel is None or one.channel.deleted_at is not None or not one.channel.active:
        return "channel_closed"
    return refusals.get((one.kind, one.customer_id or 0), "")


def _refusals(ctx: Context, rows: Iterable[OutgoingMessage]) -> dict[tuple[str, int], str]:
    """Consent withdrawn since a message was queued."""
    by_kind: dict[str, set[int]] = {}
    for one in rows:
        if one.customer_id:
            by_kind.setdefault(one.kind, set()).add(one.customer_id)
    found: dict[tuple[str, int], str] = {}
    for name, ids in by_kind.items():
        if (kind := kinds.find(name)) is not None:
            found |= {(name, pk): code for pk, code in kinds.refused(ctx, kind, sorted(ids)).items()}
    return found


def _over_limit(ctx: Context, rows: Iterable[OutgoingMessage]) -> dict[int, int]:
    """customer -> how many messages he may still get today."""
    ids = {one.customer_id for one in rows if one.customer_id}
    limit = int(ctx.param("platform.messages_per_day"))
    midnight = dt.datetime.combine(ctx.business_date, dt.time(), ctx.zone)
    mine = OutgoingMessage.objects.filter(project=ctx.here, customer_id__in=ids)
    counted = mine.filter(state=State.SENT, sent_at__gte=midnight)
    used = dict(counted.values_list("customer_id").annotate(n=Count("id")).order_by()) if ids else {}
    return {pk: limit - used.get(pk, 0) for pk in ids}


def _held_until(ctx: Context) -> dt.datetime | None:
    """The end of the quiet hours while they last."""
    start, end = ctx.param("platform.quiet_hours")
    local = ctx.now.astimezone(ctx.zone)
    return rules.end_of_quiet(local, end) if rules.is_quiet(local, start, end) else None


def _wait(
    ctx: Context, one: OutgoingMessage, held_until: dt.datetime | None, left: dict[int, int]
) -> dt.datetime | None:
    if one.urgent or one.audience != OutgoingMessage.Audience.CUSTOMER:
        return None
    if held_until is not None:
        return held_until
    if one.customer_id and left.get(one.customer_id, 1) <= 0:
        tomorrow = ctx.business_date + dt.timedelta(days=1)
        midnight = dt.datetime.combine(tomorrow, dt.time(), ctx.zone)
        start, end = ctx.param("platform.quiet_hours")
        return rules.end_of_quiet(midnight, end) if rules.is_quiet(midnight, start, end) else midnight
    return None


def _parcel(one: OutgoingMessage) -> Parcel:
    words = content(one)
    assert one.channel is not None, "asked before"
    to = personal.decrypt(one.to_cipher) if one.to_cipher else ""
    return Parcel(
        one.pk, one.attempts, one.key, one.kind, to, words["text"], words["number"], words["values"], one.channel
    )


def settle(ctx: Context, outcomes: Sequence[tuple[Parcel, Outcome]]) -> int:
    """How each attempt ended. One that somebody else took over or ended meanwhile is left as it is."""
    rows = OutgoingMessage.objects.select_for_update(no_key=True, of=("self",)).filter(
        project=ctx.here, pk__in=[p.id for p, _o in outcomes], state__in=(State.QUEUED, State.FAILED)
    )
    found = {one.pk: one for one in rows}
    sent = 0
    for parcel, outcome in outcomes:
        one = found.get(parcel.id)
        if one is None or one.attempts != parcel.attempts:
            continue
        if outcome.ok:
            one.remote_number = outcome.number
            mark_done(ctx, one, State.SENT)
            sent += 1
        else:
            _failed(ctx, one, outcome)
    accepted = {p.channel.pk for p, o in outcomes if o.ok}
    MessageChannel.objects.filter(project=ctx.here, pk__in=accepted).update(tested_at=ctx.now)
    return sent


def _failed(ctx: Context, one: OutgoingMessage, outcome: Outcome) -> None:
    minutes = [int(m) for m in ctx.param("platform.message_retry_minutes")]
    again = None if outcome.final else rules.next_attempt(ctx.now, one.attempts, minutes)
    if again is None:
        mark_done(ctx, one, State.GIVEN_UP, outcome.error)
        ctx.notify([one.owner_id], "message_given_up", one, message=one.kind)
        return
    one.state, one.next_at, one.error = State.FAILED, again, outcome.error
    one.save(update_fields=["state", "next_at", "error", "updated_at"])
