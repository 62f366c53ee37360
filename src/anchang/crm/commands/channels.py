"""Channels by the names that people, forms and files use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from pydantic import BeforeValidator, WithJsonSchema

from anchang.crm.models import Channel
from anchang.kernel.errors import DomainError
from anchang.platform import bulk, commands
from anchang.platform.context import Context
from anchang.platform.inputs import MAX_ID

commands.constraint_errors(
    {"channel_code_once": "channel_code_once", "campaign_name_once": "campaign_exists"}
)

#: What a project starts with when its first lead comes; the office renames and adds.
STANDARD: tuple[tuple[str, Any, str], ...] = (
    ("walk_in", _("Walk-in"), "walk_in"),
    ("hotline", _("Hotline"), "hotline"),
    ("advert", _("Advertising"), "advert"),
    ("media", _("Own media"), "media"),
    ("referral", _("Referral"), "referral"),
    ("broker", _("Broker"), "broker"),
    ("event", _("Offline event"), "event"),
    ("partner", _("Partner site"), "partner"),
)


def _key(value: Any) -> int | str:
    if isinstance(value, dict):
        value = value.get("id")
    if isinstance(value, str):
        value = value.strip()
        if value.isascii() and value.isdigit() and len(value) <= 19:
            value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        raise ValueError("bad_reference")
    if isinstance(value, int) and not 0 < value <= MAX_ID:
        raise ValueError("bad_reference")
    if isinstance(value, str) and (len(value) > 50 or any(ord(c) < 32 for c in value)):
        raise ValueError("bad_reference")
    return value


_SCHEMA = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "minLength": 1, "maxLength": 50}]}
#: A channel by id, code or name.
ChannelKey = Annotated[Any, BeforeValidator(_key), WithJsonSchema(_SCHEMA)]


def standard_channels(ctx: Context) -> None:
    """Give a project without channels the usual ones."""
    if Channel.objects.filter(project=ctx.here).exists():
        return
    bulk.insert(
        Channel,
        {
            "code": [c for c, _n, _k in STANDARD],
            "name": [str(n) for _c, n, _k in STANDARD],
            "kind": [k for _c, _n, k in STANDARD],
        },
        {"project_id": ctx.here.pk},
        ignore_conflicts=True,
    )


def find_channels(ctx: Context, keys: Iterable[int | str], *, make: bool = False) -> dict[int | str, Channel]:
    """key -> channel, by id, code or name. Unknown names become channels when `make`, else bad_input
    (422)."""
    wanted = set(keys)
    if not wanted:
        return {}
    found = _look_up(ctx, wanted)
    if len(found) < len(wanted):
        standard_channels(ctx)
        found = _look_up(ctx, wanted)
    missing = {k for k in wanted if k not in found}
    if missing and not make:
        raise DomainError("bad_input", status=422, fields={"channel": "not_found"})
    names = [str(k) for k in missing]
    if names:
        bulk.insert(
            Channel,
            {"code": [n[:40] for n in names], "name": [n[:50] for n in names]},
            {"project_id": ctx.here.pk},
            ignore_conflicts=True,
        )
        found |= _look_up(ctx, missing)
    return found


def _look_up(ctx: Context, keys: set[int | str]) -> dict[int | str, Channel]:
    ids = [k for k in keys if isinstance(k, int)]
    names = [str(k) for k in keys]
    rows = Channel.objects.filter(
        Q(pk__in=ids) | Q(code__in=[n[:40] for n in names]) | Q(name__in=[n[:50] for n in names]),
        project=ctx.here,
    ).order_by("-id")
    found: dict[int | str, Channel] = {}
    by_name: dict[str, Channel] = {}
    for channel in rows:
        by_name[channel.name] = channel
    for channel in rows:
        by_name[channel.code] = channel
    by_id = {c.pk: c for c in rows}
    for key in keys:
        hit = by_id.get(key) if isinstance(key, int) else by_name.get(key) or by_name.get(key[:40])
        if hit is not None:
            found[key] = hit
    return found
