"""The buyer's page (a link on a phone), the manager's live board, and the log for the notary."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from anchang.kernel.actor import Actor
from anchang.kernel.errors import DomainError, forbidden, not_found
from anchang.opening import identifying, passes, queries
from anchang.opening.models import Opening, OpeningBuyer
from anchang.platform import commands, reading, resources
from anchang.platform.access import Access
from anchang.platform.documents.serving import served
from anchang.platform.scope import set_scope
from anchang.platform.ui.gate import access_of, project_ids_of
from anchang.platform.wording import worded

BUYER = Actor("buyer", None, "buyer")


# --- the buyer -----------------------------------------------------------------------------------


def _enter(request: HttpRequest, text: str) -> OpeningBuyer:
    """Open the request's scope for the buyer whom the pass names: his project, his commands, nothing else."""
    try:
        who = passes.read(text, timezone.now().timestamp())
    except ValueError:
        who = None
    if who is None or not who.buyer:
        raise DomainError("pass_invalid", status=403)
    set_scope([who.project], BUYER)
    buyer = queries.buyer_of(who)
    if buyer is None:
        raise DomainError("pass_invalid", status=403)
    return buyer


def _own_access(buyer: OpeningBuyer) -> Access:
    rights = ("opening-buyers.favour", "opening-claims.confirm", "units.view")
    return Access(BUYER, {buyer.project_id: dict.fromkeys(rights, "project")})


@login_not_required
@require_safe
def choose(request: HttpRequest, text: str) -> HttpResponse:
    """Units, favourites, countdown, choosing. What changes comes by server-sent events."""
    buyer = _enter(request, text)
    if not identifying.is_identified(request, buyer):
        return _ask_who(request, buyer, text)
    opening = buyer.opening
    context = {
        "opening": opening, "name": buyer.customer.name, "place": buyer.place,
        "units": queries.offered_units(opening),
        "settings": {
            "pass": text, "opening": opening.pk, "limit": buyer.unit_limit,
            "claim_url": f"/opening/{opening.pk}/claim/", "events_url": f"/opening/{opening.pk}/events",
            "confirm_url": reverse("choose-confirm", args=[text]), "favour_url": reverse("choose-favour", args=[text]),
            "starts": int((buyer.starts_at or opening.starts_at).timestamp() * 1000),
            "ends": int(opening.ends_at.timestamp() * 1000), "favourites": queries.favourites_of(buyer),
            "state": opening.state, "taken": queries.taken_units(opening),
        },
        "words": choosing_words(),
    }  # fmt: skip
    return render(request, "opening/choose.html", context)


def _ask_who(
    request: HttpRequest, buyer: OpeningBuyer, text: str, message: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "opening": buyer.opening, "text": text, "kind": identifying.asked_for(buyer), "message": message,
    }  # fmt: skip
    answer = render(request, "opening/identify.html", context, status=status)
    answer.keep_writes = True  # type: ignore[attr-defined]  # a wrong try counts
    return answer


@login_not_required
@require_POST
def identify(request: HttpRequest, text: str) -> HttpResponse:
    """The end of the buyer's number (`ends`). A wrong one shows the form again, and too many pause him."""
    buyer = _enter(request, text)
    page = reverse("choose", args=[text])
    if not identifying.is_identified(request, buyer):
        try:
            known = identifying.identify(buyer, request.POST.get("ends", "").strip())
        except DomainError as exc:
            return _ask_who(request, buyer, text, worded(exc.code), exc.status)
        if not known:
            return _ask_who(request, buyer, text, worded("identity_tail_wrong"), 422)
    answer = redirect(page)
    identifying.remember(request, answer, buyer, page)
    return answer


def choosing_words() -> dict[str, str]:
    return {
        "draft": _("The opening is being prepared."), "ready": _("Starts in"), "open": _("Choose now"),
        "rehearsal": _("Rehearsal: nothing is sold"), "closed": _("The opening is over."),
        "ended": _("The opening is over."), "waiting": _("Starts in"),
        "free": pgettext("opening", "Free"), "taken": pgettext("opening", "Taken"),
        "left": pgettext("opening", "Not chosen"),
        "mine": pgettext("opening", "Yours"), "confirmed": pgettext("opening", "Confirmed"),
        "choose": _("Choose this unit"), "favour": _("Mark as favourite"), "unfavour": _("No longer a favourite"),
        "confirm": _("Confirm"), "confirm_until": _("Yours. Confirm within {time}"),
        "done": _("Confirmed. Please come to the sales office to subscribe."),
        "won": _("{unit} is yours."), "result_taken": _("{unit} is taken by somebody else."),
        "result_limit": _("You have as many units as you may choose."),
        "result_not_started": _("It has not started yet."), "result_ended": _("The opening is over."),
        "result_not_eligible": _("You may not choose in this opening."),
        "result_unavailable": _("{unit} is not for sale at the moment."),
        "result_busy": _("Please tap once more."), "result_not_open": _("It is not open now."),
        "result_not_offered": _("{unit} is not for sale at the moment."),
        "asking": _("One moment …"), "again": _("No answer yet; asking again …"),
        "failed": _("No connection. Check whether the unit is yours, then tap again."),
        "lost": _("The time to confirm {unit} is over."), "no_favourites": _("No favourites yet."),
    }  # fmt: skip


@login_not_required
@require_POST
def favour(request: HttpRequest, text: str) -> HttpResponse:
    """The whole list of favourites, as JSON {"units": [ids]}."""
    buyer = _enter(request, text)
    identifying.check_identified(request, buyer)
    try:
        data = json.loads(request.body)
    except ValueError:
        raise DomainError("bad_input", status=422) from None
    found = commands.execute(commands.get("mark_favourites"), _own_access(buyer), subject_id=buyer.pk, data=data)
    return JsonResponse(found)


@login_not_required
@require_POST
def confirm(request: HttpRequest, text: str) -> HttpResponse:
    """Confirm the buyer's own unit (`unit` in the form)."""
    buyer = _enter(request, text)
    identifying.check_identified(request, buyer)
    number = request.POST.get("unit", "")
    claim = queries.live_claim(buyer, int(number)) if number.isascii() and number.isdigit() else None
    if claim is None:
        return JsonResponse({"code": "claim_over"}, status=409)
    try:
        done = commands.execute(commands.get("confirm_claim"), _own_access(buyer), subject_id=claim.pk)
    except DomainError as exc:
        return JsonResponse({"code": exc.code}, status=exc.status)
    return JsonResponse({"unit": done.unit_id, "state": done.state})


# --- the office ----------------------------------------------------------------------------------


def _opening(request: HttpRequest, opening_id: int, permission: str = "openings.view") -> Opening:
    found: Opening = reading.get_record(resources.get("openings"), access_of(request), opening_id, permission)
    return found


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Every opening in the reader's reach, newest first, with the way to its live board."""
    access = access_of(request)
    access.require("openings.view")
    within = reading.reach(resources.get("openings"), "openings.view", access, project_ids_of(request))
    lotteries = reading.reach(resources.get("lotteries"), "lotteries.view", access, project_ids_of(request))
    found = {"openings": queries.openings(within), "lotteries": queries.lotteries(lotteries)}
    return render(request, "opening/home.html", found)


@require_safe
def live_board(request: HttpRequest, opening_id: int) -> HttpResponse:
    """The opening as it happens: units, clocks, attempts a second, favourites beforehand."""
    opening = _opening(request, opening_id)
    hot = queries.heat(opening)
    units = queries.offered_units(opening)
    for unit in units:
        unit["heat"] = hot.get(unit["id"], 0)
    access = access_of(request)
    context = {
        "opening": opening, "units": units, "facts": queries.board_facts(opening),
        "hottest": sorted((u for u in units if u["heat"]), key=lambda u: -u["heat"])[:20],
        "most": max((u["heat"] for u in units), default=0),
        "may_links": access.may("opening-buyers.renew-pass", opening.project_id),
        "may_log": access.may("openings.close", opening.project_id),
        "settings": {
            "events_url": f"/opening/{opening.pk}/events", "pass": queries.pass_for(opening, None), "board": True,
            "starts": int(opening.starts_at.timestamp() * 1000), "ends": int(opening.ends_at.timestamp() * 1000),
            "state": opening.state, "taken": queries.taken_units(opening),
        },
        "words": choosing_words() | {"rate": _("{n} attempts/s")},
    }  # fmt: skip
    return render(request, "opening/board.html", context)


@require_safe
def log_file(request: HttpRequest, opening_id: int, form: str) -> HttpResponse:
    """The whole log of the last round, as CSV or JSON, with what its verification needs."""
    opening = _opening(request, opening_id)
    if not access_of(request).may("openings.close", opening.project_id):
        raise forbidden("openings.close")
    if form not in ("csv", "json"):
        raise not_found()
    head = queries.log_head(opening)
    text = io.StringIO()
    if form == "json":
        rows = [dict(zip(queries.LOG_COLUMNS, row, strict=True)) for row in queries.log_rows(opening)]
        json.dump(head | {"log": rows}, text, ensure_ascii=False)
    else:
        text.write("# " + json.dumps(head, ensure_ascii=False) + "\n")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(queries.LOG_COLUMNS)
        writer.writerows(queries.log_rows(opening))
    kind = "application/json" if form == "json" else "text/csv; charset=utf-8"
    return served(text.getvalue(), f"opening-{opening.pk}-{opening.round_no}.{form}", kind)


@require_safe
def links(request: HttpRequest, opening_id: int) -> HttpResponse:
    """Each buyer's own link, to be handed out one by one."""
    opening = _opening(request, opening_id)
    if not access_of(request).may("opening-buyers.renew-pass", opening.project_id):
        raise forbidden("opening-buyers.renew-pass")
    rows: list[dict[str, Any]] = [
        {
            "place": buyer.place, "name": buyer.customer.name, "phone": buyer.customer.phone_masked,
            "blocked": buyer.blocked, "url": request.build_absolute_uri(reverse("choose", args=[text])),
        }
        for buyer, text in queries.buyers_with_links(opening)
    ]  # fmt: skip
    over = opening.state == Opening.State.CLOSED
    return render(request, "opening/links.html", {"opening": opening, "rows": rows, "over": over})
