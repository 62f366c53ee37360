"""In-app messages that go out to staff as well, by the project's robots or mail (L12)."""

from __future__ import annotations

from collections.abc import Sequence

from anchang.platform import context, parameters, resources
from anchang.platform.context import Context
from anchang.platform.models import MessageChannel, Notice
from anchang.platform.outbox import kinds
from anchang.platform.outbox.queueing import tell_staff

#: project -> (stamp of the configuration, whether it has a channel to its staff).
_reaches: dict[int, tuple[int, bool]] = {}


def push(ctx: Context, notices: Sequence[Notice]) -> None:
    """Queue those that have a message to staff. Costs nothing where none has, or the project has no such channel."""
    told = [(notice, kind) for notice in notices if (kind := kinds.for_notice(notice.code))]
    if not told or ctx.project is None or not _reaches_staff(ctx):
        return
    for notice, kind in told:
        key = f"{notice.resource}:{notice.record_id}:{ctx.command_id}"
        tell_staff(ctx, kind, [notice.user_id], key, _record(notice), **notice.params)


def _record(notice: Notice) -> object:
    resource = resources.find(notice.resource)
    return resource.model(pk=notice.record_id) if resource and notice.record_id else None


def _reaches_staff(ctx: Context) -> bool:
    stamp = parameters.request_stamp()
    known = _reaches.get(ctx.here.pk)
    if known is None or known[0] != stamp:
        rows = MessageChannel.objects.filter(project=ctx.here, active=True).exclude(kind__in=("sms_http", "by_hand"))
        known = _reaches[ctx.here.pk] = (stamp, rows.exists())
    return known[1]


context.notice_hooks.append(push)
