"""Requests about one's own data (PIPL 45, 47): recorded with a limit, a to-do until answered, a copy or erasure."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.crm.commands.hooks import keep_hooks
from anchang.crm.commands.writable import why_not_write
from anchang.crm.models import CallIn, Customer, Lead, PersonalRequest
from anchang.crm.queries import belonging
from anchang.crm.queries.copies import sheets_of
from anchang.crm.queries.people import role_holders
from anchang.kernel.clock import after_working_days
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform import files, resources
from anchang.platform.commands import command, constraint_errors, creates
from anchang.platform.context import Context
from anchang.platform.documents.sheets import write_xlsx
from anchang.platform.inputs import Day, Input, Label, Reason, Ref
from anchang.platform.models import RevealLog, StoredFile

constraint_errors({"personal_request_once": "request_open"})

KIND = Literal["copy", "erasure"]
TASK = "personal_request"


class RequestData(Input):
    kind: Annotated[KIND, Label(_("Kind"), choices=dict(PersonalRequest.Kind.choices))]
    received_on: Annotated[Day | None, Label(_("Received on"))] = None
    way: Annotated[str, Field(max_length=50), Label(_("Received by way of"))] = ""
    note: Annotated[str, Field(max_length=500), Label(_("Note"))] = ""


class RequestInput(RequestData):
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None
    customer: Annotated[Ref("customers"), Label(_("Customer"))]


@creates(PersonalRequest, label=_("Record a request"), shape="primary", icon="file-certificate")
def add_requests(ctx: Context, rows: list[RequestInput]) -> list[PersonalRequest]:
    """A person asks for a copy of his data, or for its erasure. Whoever answers gets a to-do with the limit, which
    counts working days from receipt. Raises request_open for a second one of the same kind."""
    return [_record(ctx, row.customer, row) for row in rows]


@command(Customer, verb="add-request", label=_("Request about personal data"), icon="file-certificate",
         refuses=why_not_write, permission="personal-requests.create")  # fmt: skip
def request_for_customer(ctx: Context, customer: Customer, data: RequestData) -> PersonalRequest:
    return _record(ctx, customer, data)


def _record(ctx: Context, customer: Customer, data: RequestData) -> PersonalRequest:
    received = data.received_on or ctx.business_date
    if received > ctx.business_date:
        raise DomainError("bad_input", status=422, fields={"received_on": "visit_in_future"})
    if why := why_not_write(customer):
        raise DomainError.of(why)
    due_on = after_working_days(
        received, ctx.param("crm.request_days"), _dates(ctx, "org.holidays"), _dates(ctx, "org.makeup_days")
    )
    made = PersonalRequest.objects.create(
        project=ctx.here, customer=customer, kind=data.kind, received_on=received, due_on=due_on, way=data.way,
        note=data.note, created_by_id=ctx.user_id,
    )  # fmt: skip
    due_at = dt.datetime.combine(due_on, dt.time(18), ctx.zone)
    people = role_holders(ctx, ctx.param("crm.request_roles"))
    for user_id in people:
        ctx.task(user_id, TASK, made, due_at=due_at, name=customer.name)
    ctx.notify(people, TASK, made, name=customer.name)
    ctx.event("personal_request.received", made, customer_id=customer.pk, kind=data.kind)
    return made


def _dates(ctx: Context, key: str) -> set[dt.date]:
    return {dt.date.fromisoformat(str(day)) for day in ctx.param(key)}


def _is_open(request: PersonalRequest) -> bool:
    return request.state == PersonalRequest.State.OPEN


def _must_be_open(request: PersonalRequest) -> Refusal | None:
    return None if _is_open(request) else Refusal("request_closed")


def _for(kind: str, request: PersonalRequest) -> Refusal | None:
    return _must_be_open(request) or (None if request.kind == kind else Refusal("request_other_kind"))


def _close(ctx: Context, request: PersonalRequest, state: str, answer: str = "") -> PersonalRequest:
    request.state, request.answer = state, answer
    request.closed_at, request.closed_by_id = ctx.now, ctx.user_id
    request.save(update_fields=["state", "answer", "closed_at", "closed_by", "erased_rows", "updated_at"])
    ctx.finish_tasks("personal-requests", [request.pk])
    ctx.event(f"personal_request.{state}", request, customer_id=request.customer_id, kind=request.kind)
    return request


@command(PersonalRequest, verb="make-copy", label=_("Make the copy"), icon="file-spreadsheet", shape="primary",
         refuses=lambda r: _for("copy", r), show=lambda r: _is_open(r) and r.kind == "copy")  # fmt: skip
def make_copy(ctx: Context, request: PersonalRequest) -> PersonalRequest:
    """Everything that is kept about the person, in every app, as a workbook attached to the request; on record as
    an export. Full numbers are in it."""
    sheets = sheets_of(ctx, request.customer_id)
    target = io.BytesIO()
    rows = write_xlsx(target, *sheets)
    name = f"{request.customer.number}-{ctx.business_date:%Y%m%d}.xlsx"
    files.save(ctx.here, name, target.getvalue(), resource="personal-requests", record_id=request.pk, kind="copy",
               user_id=ctx.user_id)  # fmt: skip
    RevealLog.objects.create(
        project=ctx.here, kind="export", resource="customers", record_id=request.customer_id, count=rows,
        user_id=ctx.user_id, reason=TASK,
    )  # fmt: skip
    return _close(ctx, request, "done")


class EraseInput(Input):
    confirmed: Annotated[bool, Label(_("I have made sure who asks; this can't be taken back"))]


@command(PersonalRequest, verb="erase", label=_("Erase the data"), icon="eraser", shape="danger",
         refuses=lambda r: _for("erasure", r), show=lambda r: _is_open(r) and r.kind == "erasure")  # fmt: skip
def erase_person(ctx: Context, request: PersonalRequest, data: EraseInput) -> PersonalRequest:
    """Overwrite the person's data in every app, and what history, audit, to-dos and messages kept of it. Numbers for
    reports stay without a person. Raises erase_deal_running, erase_retention while the data must be kept.
    """
    if not data.confirmed:
        raise DomainError("bad_input", status=422, fields={"confirmed": "required"})
    request.erased_rows = erase_file(ctx, request.customer_id)
    request.refresh_from_db(fields=["note", "way", "version"])
    return _close(ctx, request, "done")


def erase_file(ctx: Context, customer_id: int) -> int:
    """Erase one customer's data in every app; the count of rows. Raises erase_deal_running, erase_retention."""
    customer = Customer.objects.select_for_update(no_key=True).get(pk=customer_id)
    ids = merged_into(ctx, customer.pk)
    for hook in keep_hooks:
        if why := hook(ctx, ids):
            raise DomainError.of(why)
    leads = list(Lead.objects.filter(project=ctx.here, customer__in=ids).values_list("pk", flat=True))
    calls = list(CallIn.objects.filter(project=ctx.here, customer__in=ids).values_list("pk", flat=True))
    ctx.finish_tasks("customers", ids)
    ctx.finish_tasks("leads", leads)
    with connection.cursor() as cursor:
        cursor.execute("SELECT anchang_erase(%s, %s)", [ctx.here.pk, customer.pk])
        rows = int(cursor.fetchone()[0])
    _forget_files(ctx, ids)
    # The search words of what stands there now: none that leads to the person.
    for model, keys in ((Customer, ids), (Lead, leads), (CallIn, calls)):
        ctx.index(model._base_manager.filter(project=ctx.here, pk__in=keys))
    return rows


def merged_into(ctx: Context, customer_id: int) -> list[int]:
    """The file and those that were merged into it."""
    rows = Customer.everything.filter(Q(pk=customer_id) | Q(merged_into=customer_id), project=ctx.here)
    return list(rows.values_list("pk", flat=True))


def _forget_files(ctx: Context, ids: Iterable[int]) -> None:
    """Attachments of the person's records, earlier copies among them."""
    for model, name in belonging.references():
        resource = resources.of_model(model)
        if resource is not None:
            mine = model._base_manager.filter(project=ctx.here, **{f"{name}__in": ids}).values("pk")
            _forget(ctx, resource.name, mine)
    _forget(ctx, "customers", ids)


def _forget(ctx: Context, resource: str, ids: Any) -> None:
    for stored in StoredFile.everything.filter(project=ctx.here, resource=resource, record_id__in=ids):
        files.forget(stored)


class RefuseInput(Input):
    reason: Annotated[Reason, Label(_("Reason"))]


@command(PersonalRequest, verb="refuse", label=_("Refuse"), icon="x", refuses=_must_be_open, show=_is_open,
         name="refuse_request")  # fmt: skip
def refuse_request(ctx: Context, request: PersonalRequest, data: RefuseInput) -> PersonalRequest:
    """Answered with a reason: withdrawn by the person, or kept by law."""
    return _close(ctx, request, "refused", data.reason)
