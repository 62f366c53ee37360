"""The deal desk: customer, unit, discounts, plan, buyers and deposit on one page; then sign and file there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from anchang.deals.commands.checklist import checklist
from anchang.deals.models import Buyer, Deal
from anchang.finance.queries import contract_account
from anchang.inventory.models import Unit
from anchang.kernel.errors import DomainError
from anchang.paperwork.queries import active_template
from anchang.platform import resources
from anchang.platform.access import Access
from anchang.platform.ui import filters, records
from anchang.platform.ui.components import Action
from anchang.platform.ui.gate import access_of
from anchang.platform.ui.overlays import go
from anchang.platform.wording import worded
from anchang.processes.bundle_offers import BundleOffer, bundle_offer
from anchang.processes.bundles import bundle_card
from anchang.processes.bundling import RULES
from anchang.processes.chains import Chain, chain_of
from anchang.processes.changing import affair_of
from anchang.processes.offers import Offer, item_label, offer
from anchang.processes.special_facts import usable_requests
from anchang.processes.subscribing import why_not_subscribe
from anchang.processes.views import doing
from anchang.processes.views.asking import (
    BUYER_FIELDS,
    LOAN_FIELDS,
    PART_FIELDS,
    asked_of,
    bundle_data,
    lines_of,
    subscription_data,
)
from anchang.processes.views.changes import compared
from anchang.processes.views.filing import files_context
from anchang.processes.views.grid import state_words
from anchang.processes.views.refused_loan import short_loans


@require_http_methods(["GET", "HEAD", "POST"])
def desk_page(request: HttpRequest, unit_id: int) -> HttpResponse:
    """A form while the unit is free or held for us; afterwards what is next with the deal."""
    unit = doing.record(request, "units", unit_id)
    if request.method == "POST":
        return _submit(request, unit)
    chain = chain_of(access_of(request), unit)
    if chain.subscription is not None or chain.contract is not None:
        return _progress(request, unit, chain)
    if chain.taken:
        words = state_words()
        context = {"unit": unit, "state": {"value": unit.state, "label": words.get(unit.state, unit.state)}}
        return render(request, "processes/deal_taken.html", context)
    given = request.GET.copy()
    if "customer" not in given and chain.deal is not None:
        given["customer"] = str(chain.deal.customer_id)
    return form_page(request, unit, given, chain=chain)


# --- the form ------------------------------------------------------------------------------------


def form_page(
    request: HttpRequest, unit: Unit, given: Any, *, chain: Chain | None = None, message: str = "",
    errors: Mapping[str, str] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    access, found_errors = access_of(request), dict(errors or {})
    found = offer(access, unit, asked_of(given))
    why = why_not_subscribe(unit)
    context: dict[str, Any] = {
        "unit": unit, "offer": found, "errors": found_errors, "message": message, "stage": 0,
        "here": reverse("deal", args=[unit.pk]), "key": given.get("idempotency_key", ""),
        "hold": chain.hold if chain else None, "state": state_words().get(unit.state, unit.state),
        "customer": _customer(access, given.get("customer", "")), "given": given,
        "buyers": _buyers(given, found_errors, _customer(access, given.get("customer", ""))),
        "blank_buyer": _buyer_fields("__index__", {}, {}),
        "parts": _part_rows(access, given), "part_columns": _part_columns(), "bundle_rules": RULES.items(),
        "part_errors": [t for place, t in found_errors.items() if place.split(".")[0] in ("parts", "total", "rule")],
        "bundle": _bundle_offer(access, found, given),
        "loans": _loan_rows(given), "loan_columns": _loan_columns(),
        "loan_errors": [t for place, t in found_errors.items() if place.split(".")[0] == "loans"],
        "buyers_error": found_errors.get("buyers", ""), "ownerships": Deal.Ownership.choices,
        "refusal": worded(why.code, why.params) if why else "", "specials": usable_requests(access, unit),
        "may_subscribe": access.may("units.subscribe", unit.project_id), **files_context(request, chain or Chain()),
    }  # fmt: skip
    return render(request, "processes/deal.html", context, status=status)


def _customer(access: Access, text: str) -> dict[str, Any] | None:
    pk = doing.number(text)
    labels = filters.labels_of(resources.get("customers"), [pk], access) if pk else {}
    return {"id": pk, "label": labels[str(pk)]} if str(pk) in labels else None


def _buyers(given: Any, errors: Mapping[str, str], customer: Mapping[str, Any] | None) -> list[list[dict[str, Any]]]:
    """What was typed, line by line; the customer's name starts the first line."""
    lines = lines_of(given, "buyers", BUYER_FIELDS)
    if not lines:
        lines = [{"name": str(customer["label"]) if customer else ""}]
    return [_buyer_fields(index, line, _of_buyer(index, errors)) for index, line in enumerate(lines)]


def _of_buyer(index: int, errors: Mapping[str, str]) -> dict[str, str]:
    return {name.split(".", 2)[2]: text for name, text in errors.items() if name.startswith(f"buyers.{index}.")}


def _buyer_fields(index: object, line: Mapping[str, str], errors: Mapping[str, str]) -> list[dict[str, Any]]:
    kinds = [("person", _("A natural person")), ("company", _("A company"))]
    shapes: tuple[tuple[str, Any, str, dict[str, Any]], ...] = (
        ("name", _("Buyer's name"), "text", {"required": True, "maxlength": 100}),
        ("kind", _("Kind"), "select", {"choices": kinds, "required": True}),
        ("id_type", _("Document"), "select", {"choices": Buyer.IdType.choices, "required": True}),
        ("id_number", _("Document number"), "text", {"required": True, "maxlength": 40, "sensitive": True}),
        ("phone", _("Phone"), "phone", {"maxlength": 30}),
        ("share", _("Share, %"), "number", {}),
        ("guardian", _("Guardian of a minor"), "text", {"maxlength": 100}),
        ("agent", _("Authorised agent"), "text", {"maxlength": 100}),
    )
    presets = {"kind": "person", "id_type": "id_card"}
    return [
        {
            "name": f"buyers-{index}-{name}", "label": label, "kind": kind, "choices": (),
            "error": errors.get(name, ""),
            "value": line.get(name) or presets.get(name, ""), "maxlength": None, "required": False, "sensitive": False,
            **more,
        }
        for name, label, kind, more in shapes
    ]  # fmt: skip


def _loan_columns() -> list[dict[str, Any]]:
    return [
        {"name": "kind", "label": _("Loan"), "kind": "select", "required": True,
         "choices": [("bank", _("Bank loan")), ("fund", _("Housing fund"))]},
        {"name": "bank", "label": _("Bank"), "kind": "text"},
        {"name": "amount", "label": _("Amount"), "kind": "money"},
    ]  # fmt: skip


def _loan_rows(given: Any) -> list[list[str]]:
    return [[line[name] for name in LOAN_FIELDS] for line in lines_of(given, "loans", LOAN_FIELDS)]


def _part_columns() -> list[dict[str, Any]]:
    return [
        {"name": "unit", "label": _("Unit"), "kind": "ref", "url": "/r/units/pick", "required": True},
        {"name": "price", "label": _("Agreed price"), "kind": "money"},
        {"name": "deposit", "label": _("Deposit"), "kind": "money"},
    ]  # fmt: skip


def _part_rows(access: Access, given: Any) -> list[list[Any]]:
    lines = lines_of(given, "parts", PART_FIELDS)
    ids = [doing.number(line["unit"]) for line in lines]
    labels = filters.labels_of(resources.get("units"), ids, access) if ids else {}
    shown = [{"id": line["unit"], "label": labels.get(line["unit"], line["unit"])} for line in lines]
    return [[unit, line["price"], line["deposit"]] for unit, line in zip(shown, lines, strict=True)]


def _bundle_offer(access: Access, found: Offer, given: Any) -> BundleOffer | None:
    data = bundle_data(given)
    if not data:
        return None
    return bundle_offer(access, found, data["parts"], data.get("rule", "fixed"), data.get("total", ""))


@require_POST
def desk_price(request: HttpRequest, unit_id: int) -> HttpResponse:
    """The price for what stands in the form now, and the discounts that go with its plan."""
    unit = doing.record(request, "units", unit_id, "units.quote")
    access = access_of(request)
    found = offer(access, unit, asked_of(request.POST))
    context = {"offer": found, "swap": True, "unit": unit, "bundle": _bundle_offer(access, found, request.POST)}
    return render(request, "processes/deal_price.html", context)


def _submit(request: HttpRequest, unit: Unit) -> HttpResponse:
    """Subscribe. A refusal brings the form back as it was typed, with a sentence at each field."""
    try:
        told = doing.once(request, lambda: _subscribe(request, unit))
    except DomainError as exc:
        message, errors = doing.told_errors(exc)
        chain = chain_of(access_of(request), unit)
        return form_page(request, unit, request.POST, chain=chain, message=message, errors=errors, status=exc.status)
    return go(request, reverse("deal", args=[unit.pk]), _("Subscribed: %(number)s") % {"number": told["number"]})


def _subscribe(request: HttpRequest, unit: Unit) -> dict[str, Any]:
    """With a new customer both are written, or neither."""
    data = subscription_data(request.POST)
    with transaction.atomic():
        if "customer" not in data:
            data["customer"] = _new_customer(request, unit)
        along = bundle_data(request.POST)
        made = doing.run(request, "subscribe_bundle" if along else "subscribe_unit", unit.pk, data | along)
    return {"id": made.pk, "number": made.number}


def _new_customer(request: HttpRequest, unit: Unit) -> int:
    name, phone = (request.POST.get(f, "").strip() for f in ("new_name", "new_phone"))
    if not name and not phone:
        raise DomainError("customer_missing", status=422, fields={"customer": "required"})
    data = {"project": unit.project_id, "name": name, "phone": phone}
    try:
        return int(doing.run(request, "add_customers", None, data).pk)
    except DomainError as exc:
        exc.fields = {f"new_{field}": code for field, code in exc.fields.items()} or {"new_phone": exc.code}
        raise


# --- afterwards: sign, file, documents, papers ----------------------------------------------------


def _progress(request: HttpRequest, unit: Unit, chain: Chain) -> HttpResponse:
    access = access_of(request)
    assert chain.deal is not None
    papers = []
    if chain.subscription is not None and access.may("subscriptions.view", unit.project_id):
        papers.append(_paper(request, "subscriptions", chain.subscription.pk, "subscription-paper"))
    if chain.contract is not None and access.may("contracts.view", unit.project_id):
        papers.append(_paper(request, "contracts", chain.contract.pk, "contract-paper"))
    papers = [one for one in papers if one is not None]
    newest = papers[-1] if papers else None
    papers += _affair(request, chain.deal)
    context = {
        "unit": unit, "deal": chain.deal, "stage": chain.stage, "papers": papers, "newest": newest,
        "here": reverse("deal", args=[unit.pk]), "state": state_words().get(unit.state, unit.state),
        "bundle": bundle_card(access, chain.deal),
        "account": _account(access, chain), "cashier_url": _cashier_url(access, chain.deal),
        "short_loans": short_loans(request, chain.contract),
        **_documents(request, chain.deal), **files_context(request, chain),
    }  # fmt: skip
    return render(request, "processes/deal_progress.html", context)


def _affair(request: HttpRequest, deal: Deal) -> list[dict[str, Any]]:
    """The special affair that waits for somebody; only a demand has a letter."""
    change = affair_of(deal) if access_of(request).may("deal-changes.view", deal.project_id) else None
    shown = _paper(request, "deal-changes", change.pk, "demand-paper") if change else None
    if change is None or shown is None:
        return []
    shown["comparison"] = compared(request, change)
    return [shown | {"affair": True} | ({} if change.deadline else {"print_url": ""})]


def _paper(request: HttpRequest, name: str, record_id: int, printed_by: str) -> dict[str, Any] | None:
    """A paper with its next command, the others, and its print."""
    try:
        shown = records.shown_of(request, name, record_id)
    except DomainError:
        return None
    head = records.head_of(shown, empties=False)
    printing = records.in_reach(shown, f"{name}.print")
    others = [_staying(a) for a in head["others"] if not a.url.endswith(("/print", "/receive"))]
    plan = [line | {"label": item_label(line["item"])} for line in shown.item.get("plan") or ()]
    wanted = ("total", "decoration_total", "list_total",
              "unit_price", "deposit", "payment_plan", "subscribed_on", "sign_by",
              "approve_by", "signed_on", "online_number", "filing_due_on", "filing_number", "filed_on", "kind",
              "obligations", "reason", "new_unit", "new_total", "difference", "amount", "cause",
              "deadline")  # fmt: skip
    labels = [str(shown.resource.by_name[w].label) for w in wanted if w in shown.resource.by_name]
    facts = [f for section in head["sections"] for f in section["facts"] if str(f["label"]) in labels]
    return {
        "label": shown.resource.label, "title": shown.label, "url": shown.url, "state": head["state"],
        "primary": _staying(head["primary"]), "others": others, "facts": facts, "plan": plan,
        "buyers": shown.item.get("buyers") or [], "prints": shown.item.get("prints") or 0,
        "print_url": reverse(printed_by, args=[record_id]) if printing else "", "has_summary": name == "contracts",
        "has_decoration": name == "contracts" and bool(shown.record.decoration_total),
        "word_url": _word_url(shown, name, record_id) if printing else "",
    }  # fmt: skip


def _word_url(shown: records.Shown, name: str, record_id: int) -> str:
    """The paper by the office's own Word template, when one is in force."""
    kind = {"subscriptions": "subscription", "contracts": "contract"}.get(name, "")
    unit = shown.record.unit if kind else None
    if unit is None or active_template(unit.project, kind, unit.product_type, unit.project.today()) is None:
        return ""
    return reverse("word-paper", args=[kind, record_id])


def _staying(action: Action | None) -> Action | None:
    """After the dialog the reader is still here."""
    if action is None or action.opens != "dialog" or action.reason:
        return action
    return replace(action, url=f"{action.url}?stay=1")


def _account(access: Access, chain: Chain) -> list[dict[str, Any]]:
    if chain.contract is None or not access.may("receivables.view", chain.contract.project_id):
        return []
    return [line | {"label": item_label(line["item"])} for line in contract_account(chain.contract.pk)]


def _cashier_url(access: Access, deal: Deal) -> str:
    rights = ("contracts.receive", "subscriptions.receive", "holds.receive")
    return f"{reverse('cashier')}?deal={deal.pk}" if any(access.may(r, deal.project_id) for r in rights) else ""


def _documents(request: HttpRequest, deal: Deal) -> dict[str, Any]:
    shown = records.shown_of(request, "deals", deal.pk)
    return {
        "documents": checklist(deal), "may_tick": records.in_reach(shown, "deals.receive-documents"),
        "documents_url": reverse("deal-documents", args=[deal.unit_id]),
    }  # fmt: skip


@require_POST
def tick_document(request: HttpRequest, unit_id: int) -> HttpResponse:
    """One document of the list came in, or its tick is taken back. Answers the list."""
    unit = doing.record(request, "units", unit_id)
    chain = chain_of(access_of(request), unit)
    if chain.deal is None:
        raise DomainError("not_found", status=404)
    line = {"document": request.POST.get("document"), "buyer": request.POST.get("buyer")}
    data = {"documents": [line], "received": "received" in request.POST}
    doing.run(request, "receive_documents", chain.deal.pk, data)
    return render(request, "processes/deal_documents.html", _documents(request, chain.deal))
