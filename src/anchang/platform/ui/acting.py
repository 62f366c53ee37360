"""Command forms: `/r/<resource>/new`, `/r/<resource>/do/<verb>`, `/r/<resource>/<id>/do/<verb>`.

GET opens the form (dialog or page). POST runs the command once per key; a refusal answers with the same form,
filled as it was sent. `?preview=1` runs it, tells what would happen, and takes everything back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from anchang.kernel.errors import DomainError, forbidden, not_found
from anchang.platform import commands, idempotency, reading, resources
from anchang.platform.access import Access
from anchang.platform.commands import Command
from anchang.platform.context import watching
from anchang.platform.resources import Resource
from anchang.platform.ui import forms, parameter_form, rows  # noqa: F401 (parameters shape their own fields)
from anchang.platform.ui.consequences import consequence_of
from anchang.platform.ui.errors import is_fragment
from anchang.platform.ui.forms import FormField
from anchang.platform.ui.gate import access_of, project_ids_of, project_of
from anchang.platform.ui.lists import resource_of, saved_query, state_of
from anchang.platform.ui.overlays import go, overlay, refresh, toast
from anchang.platform.ui.refusals import errors_of
from anchang.platform.wording import worded

MAX_BULK = 500
_OWN_NAMES = ("csrfmiddlewaretoken", "idempotency_key", "stay")
_SHOWN_ONCE = ("link", "token", "text", "sms")


@dataclass
class Deed:
    """One use of a command: by whom, on what, where."""

    request: HttpRequest
    resource: Resource
    cmd: Command
    access: Access
    subject: Any
    project_id: int | None

    @property
    def project_ids(self) -> tuple[int, ...]:
        return (self.project_id,) if self.project_id else project_ids_of(self.request)

    @property
    def here(self) -> str:
        base = f"/r/{self.resource.name}/"
        if self.subject is not None:
            return f"{base}{self.subject.pk}/do/{self.cmd.verb}"
        return f"{base}new" if self.cmd.kind == "create" else f"{base}do/{self.cmd.verb}"

    @property
    def back(self) -> str:
        base = f"/r/{self.resource.name}/"
        return base if self.subject is None else f"{base}{self.subject.pk}/"


def deed_of(request: HttpRequest, name: str, verb: str, record_id: int | None) -> Deed:
    """Raises not_found for unknown commands and records out of scope, forbidden without the right."""
    resource = resource_of(name)
    cmd = commands.find(resource, verb)
    if cmd is None or (cmd.kind in ("record", "edit")) != (record_id is not None):
        raise not_found()
    access, right = access_of(request), commands.permission_of(cmd)
    if not access.may(right):
        raise forbidden(right)
    subject = None
    if record_id is not None:
        reading.get_record(resource, access, record_id)
        try:
            subject = reading.get_record(resource, access, record_id, right)
        except DomainError:
            raise forbidden(right) from None
    chosen = project_of(request)
    project_id = getattr(subject, "project_id", None) or (chosen.pk if chosen else None)
    if project_id is None and subject is None and not resource.group_level:
        able = [p for p in access.project_ids if access.may(right, p)]
        project_id = able[0] if len(able) == 1 else None
    return Deed(request, resource, cmd, access, subject, project_id)


def fields_for(deed: Deed) -> list[FormField]:
    """Without the project where it is known."""
    given = deed.request.POST if deed.request.method == "POST" else deed.request.GET
    found = forms.fields_of(deed.cmd, deed.access, deed.project_ids, deed.project_id, given)
    if deed.project_id and not deed.resource.group_level:
        found = [f for f in found if f.name != "project"]
    return [f for f in found if _meant(f, found, deed.subject)]


def _meant(f: FormField, fields: Sequence[FormField], subject: Any) -> bool:
    """Not of a field that has a meaning only with another value than the record has: a mail channel has no headers."""
    other, values = f.only
    if not other or subject is None or any(one.name == other for one in fields):
        return True
    return str(getattr(subject, other, "")) in values.split(" ")


@require_http_methods(["GET", "HEAD", "POST"])
def command_page(request: HttpRequest, name: str, verb: str, record_id: int | None = None) -> HttpResponse:
    deed = deed_of(request, name, verb, record_id)
    fields = fields_for(deed)
    if request.method != "POST":
        return form_page(deed, fields, opening_values(deed, fields))
    if request.GET.get("preview"):
        return preview(deed, fields)
    try:
        return once(deed, lambda: run(deed, fields))
    except DomainError as exc:
        if is_fragment(request) and request.htmx.target not in ("dialog-host", "panel-host"):  # type: ignore[attr-defined]
            raise
        return refused(deed, fields, exc)


def opening_values(deed: Deed, fields: Sequence[FormField]) -> dict[str, Any]:
    """What stands in the form when it opens: the record (edit), the command's own values, what the address gives."""
    sent = deed.request.GET
    given: dict[str, Any] = {
        f.name: sent.getlist(f.name) if f.shape == "list" else sent[f.name] for f in fields if f.name in sent
    }
    for f in fields:
        if f.condition is not None and (view := deed.request.GET.get(f"{f.name}.view")):
            given[f.name] = saved_query(deed.request, resources.get(f.condition.resource), view).get("where")
    if deed.cmd.kind == "edit":
        return reading.get_row(deed.resource, deed.access, deed.subject.pk) | given
    if deed.cmd.prefill is not None and deed.subject is not None:
        return {**deed.cmd.prefill(deed.subject), **given}
    return given


def form_page(
    deed: Deed, fields: Sequence[FormField], values: Mapping[str, Any], *, error: str = "",
    errors: Mapping[str, str] | None = None, status: int = 200, what_to_do: str = "",
) -> HttpResponse:  # fmt: skip
    cmd = deed.cmd
    edit = cmd.kind == "edit"
    context = {
        "cmd": cmd,
        "here": deed.here,
        "back": deed.back,
        "help": cmd.help,
        "fields": _reloading(forms.widgets(fields, values, errors or {}, deed.access), deed.here),
        "had": [f.name for f in fields] if edit else [],
        "version": version_shown(deed) if cmd.kind in ("edit", "record") else "",
        "error": error,
        "what_to_do": what_to_do,
        "tone": "danger" if cmd.shape == "danger" else "primary",
        "asks_first": cmd.kind == "record",
        "key": deed.request.POST.get("idempotency_key", "") if deed.request.method == "POST" else "",
        "stay": deed.request.GET.get("stay") or deed.request.POST.get("stay", ""),
        "sure": _("Save") if edit else str(cmd.label),
    }
    subject = f" · {label_of(deed)}" if deed.subject is not None else ""
    return overlay(deed.request, "platform/command.html", f"{cmd.label or _('Edit')}{subject}", context, status=status)


def _reloading(found: list[dict[str, Any]], here: str) -> list[dict[str, Any]]:
    """A field on which the others depend draws the form again."""
    for one in found:
        if one.pop("reloads", False):
            one["attrs"] = {
                "hx-get": here, "hx-trigger": "change", "hx-include": "closest form", "hx-target": "closest form",
                "hx-select": "form.command-form", "hx-swap": "outerHTML",
            }  # fmt: skip
    return found


def label_of(deed: Deed) -> str:
    f = deed.resource.by_name[deed.resource.label_field]
    items = reading.rows_by_ids(deed.resource, (f,), [deed.subject.pk])
    return rows.told(f, items[0].get(f.name), deed.project_id) if items else ""


def version_shown(deed: Deed) -> Any:
    """The version that the form was opened on: after a stale save the reader sees the new one and decides."""
    sent = deed.request.POST.get("version", "") if deed.request.method == "POST" else ""
    return sent or getattr(deed.subject, "version", "")


def version_of(deed: Deed) -> int | None:
    """Only an edit is bound to the version; other commands ask the record's state."""
    text = deed.request.POST.get("version", "")
    if deed.cmd.kind != "edit" or not (text.isascii() and text.isdigit() and len(text) < 10):
        return None
    return int(text)


# --- running -------------------------------------------------------------------------------------


def data_for(deed: Deed, fields: Sequence[FormField]) -> dict[str, Any]:
    data = forms.data_of(fields, deed.request.POST)
    forms.missing(fields, data)
    if deed.cmd.kind == "edit":
        before = reading.get_row(deed.resource, deed.access, deed.subject.pk)
        return forms.changed(fields, data, deed.request.POST, before)
    if deed.project_id and "project" in (deed.cmd.input.model_fields if deed.cmd.input else ()):
        data["project"] = deed.project_id
    return data


def execute(deed: Deed, data: Mapping[str, Any]) -> Any:
    """In a savepoint, so that a refusal leaves the connection able to draw the form again."""
    if deed.cmd.kind in ("create", "project"):
        return commands.execute(deed.cmd, deed.access, data=data)
    return commands.execute(deed.cmd, deed.access, subject_id=deed.subject.pk, data=data, version=version_of(deed))


def once(deed: Deed, work: Any) -> HttpResponse:
    """One effect per key of the form; a repeated click gets the first one's answer."""
    request = deed.request
    key = request.headers.get("Idempotency-Key") or request.POST.get("idempotency_key", "")
    if not key:
        return answer(deed, work())
    sent = sorted((k, v) for k, v in request.POST.lists() if k not in _OWN_NAMES)
    digest = idempotency.request_hash("page", request.path, sent)
    principal = deed.access.actor.principal
    known = idempotency.claim(principal, key, digest)
    if known is not None:
        return answer(deed, known[1])
    told = work()
    kept = {k: ("…" if k in _SHOWN_ONCE else v) for k, v in told.get("show", {}).items()}
    idempotency.settle(principal, key, 200, told | ({"show": kept} if kept else {}))
    return answer(deed, told)


def run(deed: Deed, fields: Sequence[FormField]) -> dict[str, Any]:
    """Do it; where to go and what to say, as plain data."""
    result = execute(deed, data_for(deed, fields))
    said = str(deed.cmd.done or "") or _("Done: %(what)s") % {"what": deed.cmd.label or _("Edit")}
    if isinstance(result, list) and len(result) == 1:
        result = result[0]
    made = resources.of_model(type(result)) if isinstance(result, models.Model) else None
    same = (
        made is not None and deed.subject is not None and made.model is deed.cmd.model and result.pk == deed.subject.pk
    )
    if made is not None and not same and not is_line_of(deed, made) and deed.access.may(f"{made.name}.view"):
        return {"go": f"/r/{made.name}/{result.pk}/", "said": said}
    if isinstance(result, dict) and (shown := {k: rows.as_text(v) for k, v in result.items() if k in _SHOWN_ONCE}):
        return {"show": shown, "said": said}
    if deed.cmd.verb == "delete":
        return {"go": f"/r/{deed.resource.name}/", "said": said}
    return {"refresh": deed.back, "said": said}


def is_line_of(deed: Deed, made: Resource) -> bool:
    """A follow-up of a customer, unlike a subscription of a unit, is read where it belongs."""
    belongs = {related.resource for related in deed.resource.related} if deed.subject is not None else set()
    return made.name in belongs and not made.state_field


def answer(deed: Deed, told: Mapping[str, Any]) -> HttpResponse:
    request, said = deed.request, str(told.get("said", ""))
    if "show" in told:
        context = {"values": [(key, str(value)) for key, value in told["show"].items()], "origin": _origin(request)}
        return overlay(request, "platform/shown_once.html", said, context)
    if request.POST.get("stay") and is_fragment(request):
        return toast(HttpResponse(status=204), said, events={"record:changed": True, "dialog:close": True})
    if "go" in told:
        return go(request, told["go"], said)
    return refresh(request, told["refresh"], said)


def _origin(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}"


def refused(deed: Deed, fields: Sequence[FormField], exc: DomainError) -> HttpResponse:
    """The form again, as it was sent, with a sentence per field in the reader's language."""
    if exc.status not in (409, 422):
        raise exc
    message, errors = errors_of(exc, fields)
    advice = ""
    values = forms.data_of(fields, deed.request.POST)
    if exc.code == "changed_meanwhile":
        advice = _("Close this form and open it again to see what is there now.")
    blank = {f.name: None for f in fields if f.name not in values}
    return form_page(deed, fields, blank | values, error=message, errors=errors, status=exc.status, what_to_do=advice)


def preview(deed: Deed, fields: Sequence[FormField]) -> HttpResponse:
    """What would change, who would be told. Nothing of it stays."""
    try:
        with transaction.atomic():
            before = snapshot(deed)
            with watching() as seen:
                result = execute(deed, data_for(deed, fields))
            told = consequence_of(deed, before, snapshot(deed), result, seen)
            transaction.set_rollback(True)
    except DomainError as exc:
        # While fields are still empty there is nothing to tell; a refusal by the state is worth telling now.
        told = {"refused": "" if exc.status == 422 else worded(exc.code, exc.params)}
    return HttpResponse(render_to_string("platform/consequence.html", told, deed.request).strip())


def snapshot(deed: Deed) -> dict[str, Any]:
    if deed.subject is None:
        return {}
    fields = reading.visible_fields(deed.resource, deed.access, deed.project_ids)
    plain = tuple(f for f in fields if f.value is None and f.kind != "json")
    items = reading.rows_by_ids(deed.resource, plain, [deed.subject.pk])
    return items[0] if items else {}


# --- several records at once ---------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def bulk_page(request: HttpRequest, name: str, verb: str) -> HttpResponse:
    """One command on many records, each by itself: what is refused doesn't hold up the others."""
    resource = resource_of(name)
    cmd = commands.find(resource, verb)
    if cmd is None or cmd.kind != "record" or not (cmd.bulk or cmd.verb == "restore"):
        raise not_found()
    access, right = access_of(request), commands.permission_of(cmd)
    if not access.may(right):
        raise forbidden(right)
    chosen = project_of(request)
    deed = Deed(request, resource, cmd, access, None, chosen.pk if chosen else None)
    fields = fields_for(deed)
    given = request.POST if request.method == "POST" else request.GET
    ids = [int(i) for i in given.get("ids", "").split(",") if i.isascii() and i.isdigit() and len(i) < 19][:MAX_BULK]
    if not ids and request.method != "POST" and given.get("view"):
        ids = _ids_of_view(request, resource)
    if request.method == "POST":
        return _bulk_run(deed, fields, ids)
    context = {
        "cmd": cmd, "here": f"/r/{name}/bulk/{verb}", "back": f"/r/{name}/", "ids": ",".join(map(str, ids)),
        "fields": forms.widgets(fields, {}, {}, access), "tone": "danger" if cmd.shape == "danger" else "primary",
        "sure": cmd.label, "note": _("%(count)s records") % {"count": len(ids)}, "help": cmd.help,
    }  # fmt: skip
    return overlay(request, "platform/command.html", str(cmd.label), context)


def _ids_of_view(request: HttpRequest, resource: Resource) -> list[int]:
    """The newest records of a saved view: a segment's batch."""
    state = state_of(request, resource)
    found, _ids = reading.filtered(resource, state.access, state.query())
    return list(found.order_by("-pk").values_list("pk", flat=True)[:MAX_BULK])


def _bulk_run(deed: Deed, fields: Sequence[FormField], ids: Sequence[int]) -> HttpResponse:
    data = forms.data_of(fields, deed.request.POST)
    done, refusals = 0, Counter[str]()
    for record_id in ids:
        try:
            commands.execute(deed.cmd, deed.access, subject_id=record_id, data=data)
            done += 1
        except DomainError as exc:
            refusals[errors_of(exc, fields)[0] if exc.fields else worded(exc.code, exc.params)] += 1
    said = _("%(label)s: %(done)s done.") % {"label": deed.cmd.label, "done": done}
    for reason, count in refusals.most_common(5):
        said += " " + _("%(count)s refused: %(reason)s") % {"count": count, "reason": reason}
    messages.add_message(deed.request, messages.WARNING if refusals else messages.SUCCESS, said)
    return refresh(deed.request, f"/r/{deed.resource.name}/")


# --- one fact, one secret ------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def fact_page(request: HttpRequest, name: str, record_id: int, field: str) -> HttpResponse:
    """Edit one fact where it stands. The answer is the content of its <dd>."""
    deed = deed_of(request, name, "edit", record_id)
    fields = [f for f in fields_for(deed) if f.name == field]
    if not fields:
        raise not_found()
    if request.method == "POST":
        try:
            changed = data_for(deed, fields)
            if changed:
                execute(deed, changed)
        except DomainError as exc:
            if exc.status not in (409, 422):
                raise
            message, errors = errors_of(exc, fields)
            typed = {f.name: None for f in fields} | forms.data_of(fields, request.POST)
            return _fact_form(deed, fields, typed, errors or {field: message}, exc.status)
        response = render(request, "platform/fact.html", _fact(deed, field))
        return toast(response, _("Saved"), events={"record:edited": True}) if changed else response
    if request.GET.get("show"):
        return render(request, "platform/fact.html", _fact(deed, field))
    return _fact_form(deed, fields, reading.get_row(deed.resource, deed.access, record_id), {})


def _fact(deed: Deed, name: str) -> dict[str, Any]:
    item = reading.get_row(deed.resource, deed.access, deed.subject.pk)
    f = deed.resource.by_name[name]
    read = rows.reader_of(deed.resource, f, deed.access, deed.project_id)
    return {"url": f"/r/{deed.resource.name}/{deed.subject.pk}/fact/{name}", "kind": rows.kind_of(deed.resource, f),
            "content": read(item["id"], item.get(name)), "label": f.label}  # fmt: skip


def _fact_form(
    deed: Deed, fields: Sequence[FormField], values: Mapping[str, Any], errors: Mapping[str, str], status: int = 200
) -> HttpResponse:
    context = {
        "fields": forms.widgets(fields, values, errors, deed.access), "had": [f.name for f in fields],
        "url": f"/r/{deed.resource.name}/{deed.subject.pk}/fact/{fields[0].name}", "version": version_shown(deed),
    }  # fmt: skip
    return render(deed.request, "platform/fact_form.html", context, status=status)


@require_POST
def reveal(request: HttpRequest, name: str, record_id: int, field: str) -> HttpResponse:
    """A masked value in full, by the resource's reveal command, which logs it."""
    resource = resource_of(name)
    f = resource.by_name.get(field)
    cmd = rows.reveal_command(resource, f) if f else None
    if cmd is None:
        raise not_found()
    result = commands.execute(cmd, access_of(request), subject_id=record_id, data={})
    value = (
        result if isinstance(result, str) else next((result[k] for k in ("value", field, "phone") if k in result), "")
    )
    return JsonResponse({"value": value}, json_dumps_params={"ensure_ascii": False})
