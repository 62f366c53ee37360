"""Forms of the special screens: a command's own fields, fewer and in the order of the hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from anchang.crm.models import Channel
from anchang.inventory.models import Layout
from anchang.kernel.errors import DomainError
from anchang.platform import commands, parameters
from anchang.platform.access import Access
from anchang.platform.models import Project
from anchang.platform.ui import forms
from anchang.platform.ui.forms import FormField
from anchang.platform.wording import worded

FEW_CHANNELS = 12
_SATURDAY = 5


class QuickForm:
    """The fields of a command on a small form. `changes`: dotted field name -> what is different here; `without`:
    fields that this reader may not fill in."""

    def __init__(
        self,
        name: str,
        access: Access,
        project: Project,
        changes: Mapping[str, Mapping[str, Any]] | None = None,
        without: Sequence[str] = (),
    ) -> None:
        cmd = commands.get(name)
        found = forms.fields_of(cmd, access, (project.pk,), project.pk)
        self.access = access
        self.fields = [_changed(f, changes or {}, "") for f in found if f.name not in ("project", *without)]

    def has(self, name: str) -> bool:
        return any(f.name == name for f in self.fields)

    def data(self, post: QueryDict) -> dict[str, Any]:
        return forms.data_of(self.fields, post)

    def shown(self, values: Mapping[str, Any], errors: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        """Dotted name -> arguments of the `field` tag. Unfilled fields show nothing instead of defaults."""
        blank = {f.name: None for f in self.fields if f.name not in values and f.kind != "group"}
        return dict(_flat(forms.widgets(self.fields, blank | dict(values), errors, self.access)))

    def errors(self, exc: DomainError) -> tuple[str, dict[str, str]]:
        """(what concerns the whole form, sentence per dotted field)."""
        flat = {name for f in self.fields for name in _names(f, "")}
        places = {str(p): worded(str(code), exc.params) for p, code in exc.fields.items()}
        known = {p: t for p, t in places.items() if p in flat}
        rest = [t for p, t in places.items() if p not in flat]
        if known and not rest:
            return (worded("bad_input") if exc.code == "bad_input" else worded(exc.code, exc.params)), known
        return " ".join([worded(exc.code, exc.params), *rest]), known


def _changed(f: FormField, changes: Mapping[str, Mapping[str, Any]], prefix: str) -> FormField:
    name = prefix + f.name
    if f.shape == "group":
        return replace(f, parts=tuple(_changed(p, changes, f"{name}.") for p in f.parts))
    return replace(f, **changes[name]) if name in changes else f


def _names(f: FormField, prefix: str) -> list[str]:
    name = prefix + f.name
    return [n for p in f.parts for n in _names(p, f"{name}.")] if f.shape == "group" else [name]


def _flat(widgets: Sequence[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for one in widgets:
        if one.get("group"):
            found += _flat(one["fields"])
        elif not one.get("lines"):
            found.append((one["name"], one))
    return found


# --- choices that are quicker than lists ---------------------------------------------------------


def channel_chips(project: Project) -> dict[str, Any]:
    """Channels as chips where they are few; many stay a list to search in."""
    rows = Channel.objects.filter(project=project, active=True, parent=None).order_by("name")
    found = tuple((str(pk), name) for pk, name in rows.values_list("pk", "name")[: FEW_CHANNELS + 1])
    if not found or len(found) > FEW_CHANNELS:
        return {}
    return {"kind": "choice", "shape": "value", "choices": found, "ref": ""}


def layout_chips(project: Project) -> dict[str, Any]:
    rows = Layout.objects.filter(project=project).order_by("code")
    found = tuple((code, name or code) for code, name in rows.values_list("code", "name")[: FEW_CHANNELS + 1])
    if not found or len(found) > FEW_CHANNELS:
        return {}
    return {"kind": "checks", "shape": "list", "choices": found}


def next_chips(project: Project, now: dt.datetime | None = None) -> list[tuple[str, str]]:
    """Dates for the next contact, at the project's hour: (moment, words). The weekend is the coming Saturday."""
    zone = ZoneInfo(project.time_zone)
    today = (now or timezone.now()).astimezone(zone).date()
    at = dt.time(int(parameters.value("crm.follow_up_hour", project, today)))
    to_saturday = (_SATURDAY - today.weekday()) % 7 or 7
    days = ((1, _("Tomorrow")), (3, _("In 3 days")), (to_saturday, _("Weekend")), (7, _("In a week")))
    found = []
    for count, words in days:
        moment = dt.datetime.combine(today + dt.timedelta(days=count), at, zone)
        found.append((moment.isoformat(), f"{words} {moment:%m-%d}"))
    return found


def digits_of(text: str) -> str:
    return "".join(c for c in text if c.isascii() and c.isdigit())
