"""Before signing, on one page: both sides of the facts, notices per buyer, steps in order."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anchang.affairs.models import SigningCheck
from anchang.deals.models import Deal, Subscription
from anchang.kernel.errors import DomainError, not_found
from anchang.paperwork.models import RiskNotice
from anchang.paperwork.notice_paper import notice_pdf
from anchang.paperwork.queries import notices_of
from anchang.platform.context import Context
from anchang.platform.documents.serving import PDF, served
from anchang.platform.ui.gate import access_of
from anchang.platform.ui.overlays import go
from anchang.platform.wording import key_word
from anchang.processes import before_signing
from anchang.processes.chains import chain_of
from anchang.processes.filing import record_scan
from anchang.processes.offers import item_label
from anchang.processes.signing_facts import differences, facts_of
from anchang.processes.special_facts import role_names
from anchang.processes.views import doing


def _subscription(request: HttpRequest, unit_id: int) -> Subscription:
    """The subscription of the unit in the reader's reach. Raises not_found."""
    chain = chain_of(access_of(request), doing.record(request, "units", unit_id))
    if chain.subscription is None:
        raise not_found()
    found: Subscription = doing.record(request, "subscriptions", chain.subscription.pk)
    return found


@require_http_methods(["GET", "HEAD", "POST"])
def signing_page(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Raises not_found out of reach or without a subscription."""
    subscription = _subscription(request, unit_id)
    if request.method != "POST":
        return _page(request, subscription)
    act = ACTS.get(request.POST.get("act", ""))
    if act is None:
        raise not_found()

    def work() -> dict[str, Any]:
        act(request, subscription)
        return {"url": reverse("before-signing", args=[unit_id])}

    try:
        told = doing.once(request, work)
    except DomainError as exc:
        message, errors = doing.told_errors(exc)
        return _page(request, subscription, message=message, errors=errors, status=exc.status)
    return go(request, told["url"])


def _ask(request: HttpRequest, subscription: Subscription) -> None:
    doing.run(request, "ask_signing_check", subscription.pk, {})


def _decide(name: str) -> Callable[[HttpRequest, Subscription], None]:
    def act(request: HttpRequest, subscription: Subscription) -> None:
        check = before_signing.newest_check(subscription)
        data = {"opinion": request.POST.get("opinion", "").strip()}
        doing.run(request, name, check.pk if check else 0, data)

    return act


def _step(request: HttpRequest, subscription: Subscription) -> None:
    data = {"step": doing.number(request.POST.get("step", "")), "note": request.POST.get("note", "").strip()}
    doing.run(request, "take_signing_step", subscription.pk, data)


def _step_back(request: HttpRequest, subscription: Subscription) -> None:
    data = {"step": doing.number(request.POST.get("step", "")), "reason": request.POST.get("reason", "").strip()}
    doing.run(request, "take_step_back", subscription.pk, data)


def _paper(request: HttpRequest, subscription: Subscription) -> None:
    upload = request.FILES.get("file")
    if upload is None:
        raise DomainError("bad_input", status=422, fields={"file": "required"})
    buyers = [doing.number(pk) for pk in request.POST.getlist("buyers")]
    record_scan(
        access_of(request), subscription, upload, notice=doing.number(request.POST.get("notice", "")), buyers=buyers
    )


def _esign(request: HttpRequest, subscription: Subscription) -> None:
    doing.run(request, "esign_notice", subscription.pk, {"notice": doing.number(request.POST.get("notice", ""))})


ACTS: dict[str, Callable[[HttpRequest, Subscription], None]] = {
    "ask": _ask, "confirm": _decide("confirm_signing_check"), "return": _decide("return_signing_check"),
    "step": _step, "back": _step_back, "paper": _paper, "esign": _esign,
}  # fmt: skip


def _page(
    request: HttpRequest, subscription: Subscription, *, message: str = "", errors: dict[str, str] | None = None,
    status: int = 200, stored: SigningCheck | None = None,
) -> HttpResponse:  # fmt: skip
    access, deal = access_of(request), subscription.deal
    here, pid = reverse("before-signing", args=[subscription.unit_id]), subscription.project_id
    facts = stored.facts if stored else facts_of(deal, subscription)
    check = stored or before_signing.newest_check(subscription)
    apart = set(differences(facts))
    open_ = stored is None and before_signing.why_not_prepare(subscription) is None
    asked = check is not None and check.state == "asked"
    context = {
        "one": subscription, "unit": subscription.unit, "deal": deal, "here": here, "message": message,
        "errors": errors or {}, "given": request.POST, "check": check, "open": open_,
        "facts": [
            {"label": key_word("field", f["field"]), "agreed": _text(f, "agreed"), "now": _text(f, "now"),
             "apart": f["field"] in apart}
            for f in facts
        ],
        "changed": check is not None and check.facts != facts,
        "may_ask": open_ and not asked and access.may("subscriptions.ask-check", pid),
        "may_decide": asked and check is not None and access.may("signing-checks.confirm", pid)
        and access.actor.user_id != check.asked_by_id,
        "notices": _notices(subscription), "may_record": open_ and access.may("subscriptions.sign-notice", pid),
        "may_send": open_ and access.may("subscriptions.esign-notice", pid),
        "steps": _steps(request, subscription, open_),
    }  # fmt: skip
    return render(request, "processes/before_signing.html", context, status=status)


def _text(fact: dict[str, str], side: str) -> str:
    """As people read it: words for codes, thousands apart."""
    text = fact[side]
    if fact["field"] == "ownership":
        return str(dict(Deal.Ownership.choices).get(text, text))
    if fact["field"] in ("list_total", "total", "deposit"):
        return f"{Decimal(text):,.2f}"
    if fact["field"] != "plan":
        return text
    return " · ".join(
        " ".join([str(item_label(part.split(" ")[0])), *part.split(" ")[1:]]) for part in text.split(" · ")
    )


def _notices(subscription: Subscription) -> list[dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for one in notices_of(subscription.deal):
        shown = found.setdefault(one.notice.pk, {"notice": one.notice, "signed": [], "unsigned": []})
        shown["signed" if one.signed else "unsigned"].append(
            {"buyer": one.buyer, "way": one.signed.get_way_display() if one.signed else "",
             "on": one.signed.signed_on if one.signed else None}
        )  # fmt: skip
    return list(found.values())


def _steps(request: HttpRequest, subscription: Subscription, open_: bool) -> list[dict[str, Any]]:
    access = access_of(request)
    ctx = Context.for_record(access, subscription)
    steps = before_signing.steps_of(subscription)
    following = next((step.pk for step, done in steps if done is None), None) if open_ else None
    last = next((step.pk for step, done in reversed(steps) if done is not None), None) if open_ else None
    right = access.may("subscriptions.take-step", subscription.project_id)
    names = role_names([step.role for step, _done in steps])
    return [
        {"step": step, "done": done, "role": names.get(step.role, step.role), "now": step.pk == following,
         "may": step.pk == following and right and before_signing.may_take(ctx, step),
         "may_back": step.pk == last and right and before_signing.may_take(ctx, step)}
        for step, done in steps
    ]  # fmt: skip


@require_safe
def check_page(request: HttpRequest, record_id: int) -> HttpResponse:
    """A check: on the page of its subscription while that is under way, else as it was confirmed."""
    found: SigningCheck = doing.record(request, "signing-checks", record_id)
    newest = before_signing.newest_check(found.subscription)
    if newest == found and before_signing.why_not_prepare(found.subscription) is None:
        return HttpResponseRedirect(reverse("before-signing", args=[found.subscription.unit_id]))
    return _page(request, found.subscription, stored=found)


@require_POST
def notice_paper(request: HttpRequest, unit_id: int, record_id: int) -> HttpResponse:
    """A notice to print and sign by hand."""
    subscription = _subscription(request, unit_id)
    found: RiskNotice = doing.record(request, "risk-notices", record_id)
    pdf = notice_pdf(found, subscription, by=access_of(request).actor.name or "")
    return served(pdf, f"{found.title}-{subscription.number}.pdf", PDF, "inline")
