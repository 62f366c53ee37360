"""The cashier: scan or type, see what is due, take the money, print; the day's receipts and their close."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anchang.deals.models import Contract, Deal, Subscription
from anchang.finance import rules
from anchang.finance.commands.days import CloseDayInput
from anchang.finance.models import DayClose, Receipt, Receivable
from anchang.finance.models.ledger import Money
from anchang.finance.queries import booked_by_way, cash_paid_back, unclosed_days
from anchang.kernel.errors import DomainError, forbidden
from anchang.kernel.money import ZERO, parse_money
from anchang.platform import reading, resources
from anchang.platform.access import Access
from anchang.platform.context import Context
from anchang.platform.models import Project
from anchang.platform.ui.gate import access_of, choose_project, project_of
from anchang.platform.ui.overlays import go
from anchang.platform.wording import worded
from anchang.processes.chains import papers_of
from anchang.processes.offers import item_label
from anchang.processes.views import doing
from anchang.processes.views.asking import amount as plain_amount

#: Days that wait for their closing, as the page names them.
SHOWN_DAYS = 6

RIGHTS = ("contracts.receive", "subscriptions.receive", "holds.receive")
FOUND = 20
EACH = 12
WAYS = ("cash", "pos", "transfer", "mortgage", "fund", "online", "cheque")
FIELDS = ("amount", "way", "account", "received_on", "payer", "reference", "confirm_surplus")


def _may(access: Access, project_id: int | None = None) -> None:
    if not any(access.may(right, project_id) for right in RIGHTS):
        raise forbidden(RIGHTS[0])


def _today(access: Access, project: Project) -> dt.date:
    return Context(access, project).business_date


@require_safe
def cashier_page(request: HttpRequest) -> HttpResponse:
    """`?q=` finds deals, `?deal=` opens one, `?receipt=` shows what was just taken."""
    access = access_of(request)
    _may(access)
    project = project_of(request)
    if project is None:
        return choose_project(request, _("Cash desk"))
    _may(access, project.pk)
    q = request.GET.get("q", "").replace("\x00", "").strip()[:60]
    deals = find_deals(access, project, q) if q else []
    deal_id = doing.number(request.GET.get("deal", ""))
    if not deal_id and len(deals) == 1:
        deal_id = deals[0]["id"]
    deal = doing.record(request, "deals", deal_id) if deal_id else None
    return page(request, project, q=q, deals=deals, deal=deal, given=request.GET)


def page(
    request: HttpRequest, project: Project, *, q: str = "", deals: Sequence[Mapping[str, Any]] = (),
    deal: Deal | None = None, given: Any = None, message: str = "", errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    access = access_of(request)
    context: dict[str, Any] = {
        "q": q, "deals": deals, "message": message, "errors": errors or {}, "ways": _ways(), "given": given or {},
        "today": _today(access, project), "key": request.POST.get("idempotency_key", ""),
        "taken": _taken(request, deal), **_day(access, project),
    }  # fmt: skip
    if deal is not None:
        context |= deal_context(access, deal, given, errors or {})
    return render(request, "processes/cashier.html", context, status=status)


def _ways() -> list[tuple[str, str]]:
    return [(str(v), str(label)) for v, label in Receipt.Way.choices if v in WAYS]


# --- finding -------------------------------------------------------------------------------------


def find_deals(access: Access, project: Project, q: str) -> list[dict[str, Any]]:
    """Deals by customer, phone tail, unit or the number of a paper; running ones first."""
    within = reading.reach(resources.get("deals"), "deals.view", access, [project.pk])
    if within is None:
        return []
    places = ("customers", "units", "subscriptions", "contracts", "receipts")
    ids = {name: _ids(access, project, name, q) for name in places}
    wanted = Q(customer_id__in=ids["customers"]) | Q(unit_id__in=ids["units"])
    for model, name in ((Subscription, "subscriptions"), (Contract, "contracts"), (Receipt, "receipts")):
        if ids[name]:
            hits = model._default_manager.filter(project=project, pk__in=ids[name])
            wanted |= Q(pk__in=hits.values("deal_id"))
    rows = Deal.objects.filter(within).filter(wanted).select_related("unit", "customer")
    found = sorted(rows.order_by("-id")[: FOUND * 2], key=lambda deal: deal.state == Deal.State.ENDED)[:FOUND]
    owed = dict(
        Receivable.objects.filter(project=project, deal__in=[d.pk for d in found], voided=False, balance__gt=0)
        .order_by().values("deal").annotate(sum=Sum("balance")).values_list("deal", "sum")
    )  # fmt: skip
    return [
        {
            "id": d.pk, "unit": d.unit.label if d.unit else _("Queue ticket"), "customer": d.customer.name,
            "phone": d.customer.phone_masked,
            "state": {"value": d.state, "label": d.get_state_display()}, "owed": owed.get(d.pk, ZERO),
        }
        for d in found
    ]  # fmt: skip


def _ids(access: Access, project: Project, name: str, q: str) -> list[int]:
    resource = resources.get(name)
    if not access.may(f"{name}.view", project.pk):
        return []
    query = reading.Query(project_ids=(project.pk,), q=q, limit=EACH, columns=(resource.label_field,))
    return [item["id"] for item in reading.list_rows(resource, access, query).items]


# --- one deal ------------------------------------------------------------------------------------


def open_lines(deal: Deal) -> list[Receivable]:
    rows = Receivable.objects.filter(project_id=deal.project_id, deal=deal, voided=False, balance__gt=0)
    return list(rows.exclude(item="forfeiture").order_by("due_on", "seq", "id"))


def deal_context(access: Access, deal: Deal, given: Any, errors: Mapping[str, str]) -> dict[str, Any]:
    chain = papers_of(deal)
    paper = chain.contract or chain.subscription or chain.hold or chain.ticket
    licence = deal.unit.licence if deal.unit else None  # a queue ticket has no unit yet
    today = _today(access, deal.project)
    lines = open_lines(deal)
    monies = dict(Money.choices)
    return {
        "deal": deal, "paper": paper, "escrow": licence.escrow_account if licence else "",
        "why_not": "" if paper is not None else worded("nothing_to_receive_on"),
        "lines": [
            {
                "id": line.pk, "label": item_label(line.item), "money": str(monies.get(line.money, line.money)),
                "due_on": line.due_on, "amount": line.amount, "balance": line.balance,
                "state": rules.receivable_state(line.amount, line.allocated, line.due_on, today),
                "part": given.get(f"part-{line.pk}", "") if given else "", "error": errors.get(f"part-{line.pk}", ""),
            }
            for line in lines
        ],
        "owed": sum((line.balance for line in lines), ZERO),
        "due": sum((line.balance for line in lines if line.due_on <= today), ZERO),
    }  # fmt: skip


def _named(given: Any, lines: Sequence[Receivable]) -> list[dict[str, Any]]:
    """The amounts that the payer names line by line, if any."""
    found = [{"receivable": line.pk, "amount": plain_amount(given.get(f"part-{line.pk}", ""))} for line in lines]
    return [each for each in found if each["amount"]]


@require_POST
def preview(request: HttpRequest, deal_id: int) -> HttpResponse:
    """Where the money would go. Writes nothing."""
    deal = doing.record(request, "deals", deal_id)
    _may(access_of(request), deal.project_id)
    lines = open_lines(deal)
    context: dict[str, Any] = {}
    try:
        amount = parse_money(plain_amount(request.POST.get("amount", "")))
        open_ = [rules.OpenLine(r.pk, r.seq, r.item, r.money, r.due_on, r.balance) for r in lines]
        named = rules.read_allocations(_named(request.POST, lines))
        spread = rules.allocate(amount, request.POST.get("way", ""), open_, named)
        by_id = {line.pk: line for line in lines}
        context = {
            "parts": [
                {"label": item_label(by_id[pk].item), "due_on": by_id[pk].due_on, "amount": part,
                 "left": by_id[pk].balance - part}
                for pk, part in spread.parts
            ],
            "rest": spread.unallocated, "confirmed": "confirm_surplus" in request.POST,
        }  # fmt: skip
    except DomainError as exc:
        context = {"problem": worded(exc.code, exc.params) if request.POST.get("amount", "").strip() else ""}
    return render(request, "processes/allocation.html", context)


@require_POST
def receive(request: HttpRequest, deal_id: int) -> HttpResponse:
    """Take money on the deal's newest paper. A refusal keeps what was typed."""
    deal = doing.record(request, "deals", deal_id)
    project = deal.project
    try:
        told = doing.once(request, lambda: _receive(request, deal))
    except DomainError as exc:
        message, errors = doing.told_errors(exc)
        named = _named(request.POST, open_lines(deal))
        for place in list(errors):
            index = place.removeprefix("allocations.").split(".")[0]
            if place.startswith("allocations.") and index.isdigit() and int(index) < len(named):
                errors[f"part-{named[int(index)]['receivable']}"] = errors[place]
        return page(
            request, project, deal=deal, given=request.POST, message=message, errors=errors, status=exc.status
        )
    said = _("Receipt %(number)s") % {"number": told["number"]}
    return go(request, f"{reverse('cashier')}?deal={deal.pk}&receipt={told['id']}", said)


def _receive(request: HttpRequest, deal: Deal) -> dict[str, Any]:
    chain = papers_of(deal)
    data: dict[str, Any] = {f: request.POST[f].strip() for f in FIELDS if request.POST.get(f, "").strip()}
    if "amount" in data:
        data["amount"] = plain_amount(data["amount"])
    if named := _named(request.POST, open_lines(deal)):
        data["allocations"] = named
    for paper, command in (
        (chain.contract, "receive_on_contract"), (chain.subscription, "receive_on_subscription"),
        (chain.hold, "receive_on_hold"), (chain.ticket, "receive_on_ticket"),
    ):  # fmt: skip
        if paper is not None:
            made = doing.run(request, command, paper.pk, data)
            return {"id": made.pk, "number": made.number}
    raise DomainError("nothing_to_receive_on")


def _taken(request: HttpRequest, deal: Deal | None) -> Receipt | None:
    pk = doing.number(request.GET.get("receipt", ""))
    if not pk or deal is None:
        return None
    within = reading.reach(resources.get("receipts"), "receipts.view", access_of(request), [deal.project_id])
    return None if within is None else Receipt.objects.filter(within, pk=pk, deal=deal).first()


# --- the day -------------------------------------------------------------------------------------


def _day(access: Access, project: Project) -> dict[str, Any]:
    """Today's receipts in the reader's reach, newest first, with sums by way."""
    today = _today(access, project)
    within = reading.reach(resources.get("receipts"), "receipts.view", access, [project.pk])
    rows = Receipt.objects.none() if within is None else Receipt.objects.filter(within, business_date=today)
    receipts = list(rows.select_related("deal__unit", "deal__customer", "cashier").order_by("-id")[:200])
    sums: dict[str, Decimal] = {}
    for one in receipts:
        sums[str(one.get_way_display())] = sums.get(str(one.get_way_display()), ZERO) + one.amount
    closed = DayClose.objects.filter(project=project, day=today, cashier_id=access.actor.user_id).first()
    unclosed = [day for _who, day in unclosed_days(project, today, access.actor.user_id or 0)]
    return {
        "receipts": receipts, "sums": sums, "sum": sum(sums.values(), ZERO), "closed": closed,
        "may_reverse": access.may("receipts.reverse", project.pk),
        "may_print": access.may("receipts.print", project.pk),
        "may_close": access.may("day-closes.close", project.pk) and closed is None,
        "unclosed": unclosed[:SHOWN_DAYS], "unclosed_more": max(0, len(unclosed) - SHOWN_DAYS),
    }  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def close_page(request: HttpRequest) -> HttpResponse:
    """The reader's own day: what was booked beside what was counted. A difference needs a note."""
    access = access_of(request)
    access.require("day-closes.close")
    project = project_of(request)
    if project is None:
        return choose_project(request, _("Close my day"))
    message, status = "", 200
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            doing.once(request, lambda: {"id": doing.run(request, "close_day", None, _counted(request, project)).pk})
            return go(request, reverse("cashier"), _("The day is closed."))
        except DomainError as exc:
            message, errors = doing.told_errors(exc)
            status = exc.status
    day = _day_asked(request, access, project)
    mine = Receipt.objects.filter(project=project, cashier_id=access.actor.user_id, business_date=day)
    booked = booked_by_way(project, access.actor.user_id, day)
    given = request.POST if request.method == "POST" else {}
    ways = [
        {"name": way, "label": label, "booked": booked.get(way, ZERO), "value": given.get(way, ""),
         "error": errors.get(way, "")}
        for way, label in _ways() if booked.get(way) or given.get(way) or way in ("cash", "pos", "transfer")
    ]  # fmt: skip
    context = {
        "ways": ways, "day": day, "count": mine.count(),
        "paid_back": cash_paid_back(project, access.actor.user_id, day), "message": message, "errors": errors,
        "note": given.get("note", ""), "total": sum(booked.values(), ZERO), "key": given.get("idempotency_key", ""),
        "closed": DayClose.objects.filter(project=project, day=day, cashier_id=access.actor.user_id).first(),
    }  # fmt: skip
    return render(request, "processes/close.html", context, status=status)


def _day_asked(request: HttpRequest, access: Access, project: Project) -> dt.date:
    try:
        return dt.date.fromisoformat(request.POST.get("day") or request.GET.get("day") or "")
    except ValueError:
        return _today(access, project)


def _counted(request: HttpRequest, project: Project) -> dict[str, Any]:
    given = {name: request.POST.get(name, "").strip() for name in CloseDayInput.model_fields if name != "project"}
    found: dict[str, Any] = {k: plain_amount(v) if k in WAYS else v for k, v in given.items() if v}
    return found | {"project": project.pk}
