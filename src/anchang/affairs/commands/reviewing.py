"""The clerk's review of a draft (K04) and the lawyer's of what leaves the standard terms (K05)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from django.utils.translation import gettext_lazy as _

from anchang.affairs import rules_terms
from anchang.affairs.models import LegalReview, ReviewPoint, ReviewResult
from anchang.deals import rules
from anchang.deals.models import Contract
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.commands import command, constraint_errors
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Line, Reason
from anchang.platform.people import with_permission

constraint_errors({
    "contract_legal": "legal_review_open", "legal_review_four_eyes": "own_request",
    "affairs_legalreview_posted": "state_refused", "review_point_once": "already_exists",
})  # fmt: skip
TASK = "legal_review"
_RESULTS = dict(ReviewResult.Result.choices)


class ResultRow(Input):
    point: Annotated[Line, Label(_("Point of review"))]
    result: Annotated[
        Literal["passed", "failed", "absent"] | None, Label(_("Result"), kind="choice", choices=_RESULTS)
    ] = None
    note: Annotated[Line, Label(_("Note"))] = ""


class ReviewInput(Input):
    """`results`: [{point, result passed|failed|absent, note?}], a point by its id or its name; every point of the
    office's list once."""

    results: Annotated[list[dict[str, Any]], Label(_("Points of review"), kind="json", rows=ResultRow)] = []


class OpinionInput(Input):
    opinion: Annotated[Line, Label(_("Opinion"))] = ""


class ReturnInput(Input):
    opinion: Annotated[Reason, Label(_("Opinion"))]


def points_of(contract: Contract) -> list[ReviewPoint]:
    return list(ReviewPoint.objects.filter(project_id=contract.project_id).order_by("order", "id"))


def open_points(contract: Contract) -> dict[str, Any]:
    """A line for each point, its result still to be said."""
    return {"results": [{"point": point.name, "result": "", "note": ""} for point in points_of(contract)]}


@command(
    Contract, verb="review", label=_("Reviewed"), icon="checks", shape="primary", prefill=open_points,
    show=lambda c: c.state == "draft", refuses=lambda c: rules.why_not_go("contract", c.state, "reviewed"),
)  # fmt: skip
def review_contract(ctx: Context, contract: Contract, data: ReviewInput) -> Contract:
    """The clerk has gone through the draft point by point. All in order: it is reviewed, and terms beyond the standard
    go to the lawyer; something to be corrected: it stays a draft. 422 on `results.<n>.<column>`."""
    points = points_of(contract)
    results = _read(points, data.results)
    failed = [points[i].name for i, one in enumerate(results) if one.result == "failed"]
    for one, point in zip(results, points, strict=True):
        one.project, one.contract, one.point, one.name = ctx.here, contract, point, point.name
        one.reviewed_by_id, one.reviewed_at = ctx.user_id, ctx.now
    ReviewResult.objects.bulk_create(results)
    facts: dict[str, Any] = {"customer_id": contract.customer_id, "deal": contract.deal_id, "number": contract.number}
    if failed:
        ctx.event("contract.review_failed", contract, points="、".join(failed), **facts)
        ctx.notify([contract.deal.consultant_id], "contract_review_failed", contract, number=contract.number,
                   points="、".join(failed))  # fmt: skip
    else:
        contract.state = Contract.State.REVIEWED
        contract.save(update_fields=["state", "updated_at"])
        ctx.event("contract.reviewed", contract, **facts)
        route_to_lawyer(ctx, contract)
    contract.refresh_from_db()
    return contract


def _read(points: Sequence[ReviewPoint], given: Sequence[Mapping[str, Any]]) -> list[ReviewResult]:
    """One unsaved result for each point, in their order. Raises 422 naming each wrong or missing one."""
    names = {point.name: i for i, point in enumerate(points)} | {str(p.pk): i for i, p in enumerate(points)}
    found: dict[int, ReviewResult] = {}
    problems: dict[str, str] = {}
    for n, row in enumerate(given):
        at, said = f"results.{n}", row if isinstance(row, Mapping) else {}
        asked = said.get("point")
        place = names.get(str(asked.get("id") if isinstance(asked, Mapping) else asked).strip())
        note = str(said.get("note") or "").strip()[:200]
        if place is None or place in found:
            problems[f"{at}.point"] = "point_unknown" if place is None else "point_twice"
        elif said.get("result") not in ReviewResult.Result.values:
            problems[f"{at}.result"] = "choice_invalid" if said.get("result") else "required"
        elif said["result"] == "failed" and not note:
            problems[f"{at}.note"] = "required"
        else:
            found[place] = ReviewResult(result=said["result"], note=note)
    left = [point.name for i, point in enumerate(points) if i not in found]
    if left and not problems:
        raise DomainError("review_incomplete", status=422, fields={"results": "required"}, points="、".join(left))
    if problems:
        raise DomainError("bad_input", status=422, fields=problems)
    return [found[i] for i in range(len(points))]


# --- the lawyer -----------------------------------------------------------------------------------


def terms_of(ctx: Context, contract: Contract) -> rules_terms.Terms:
    """What of the contract leaves the standard of the office; nothing where no lawyer is asked (parameter)."""
    if not ctx.param("affairs.legal_review"):
        return []
    return rules_terms.beyond_standard(contract.clauses, dict(ctx.param("deals.contract_clauses")))


def _newest(contract: Contract) -> LegalReview | None:
    rows = LegalReview.objects.filter(project_id=contract.project_id, contract=contract)
    return rows.order_by("-id").first()


def route_to_lawyer(ctx: Context, contract: Contract) -> LegalReview | None:
    """Put terms beyond the standard before a lawyer, unless one has passed exactly these."""
    terms = terms_of(ctx, contract)
    digest, newest = rules_terms.digest_of(terms), _newest(contract)
    if newest is not None and newest.state == LegalReview.State.ASKED:
        if terms and newest.digest == digest:
            return newest
        newest.state = LegalReview.State.DROPPED
        newest.save(update_fields=["state", "updated_at"])
        ctx.finish_tasks("legal-reviews", [newest.pk], TASK)
    elif newest is not None and newest.state == LegalReview.State.PASSED and newest.digest == digest:
        return newest
    if not terms:
        return None
    made = LegalReview(
        project=ctx.here, contract=contract, terms=terms, digest=digest, asked_by_id=ctx.user_id,
        created_by_id=ctx.user_id,
    )  # fmt: skip
    made.save(force_insert=True)
    ctx.event(
        "legal.asked", made, customer_id=contract.customer_id, deal=contract.deal_id, number=contract.number,
        terms=len(terms),
    )  # fmt: skip
    for user_id in with_permission(ctx, "legal-reviews.pass"):
        if user_id != ctx.user_id:
            ctx.task(user_id, TASK, made, number=contract.number, unit=contract.unit.label)
    return made


def check_legal(ctx: Context, contract: Contract) -> None:
    """Called before a reviewed contract is signed. Raises legal_review_open unless a lawyer passed these very terms."""
    terms = terms_of(ctx, contract)
    if not terms:
        return
    newest = _newest(contract)
    passed = newest is not None and newest.state == LegalReview.State.PASSED
    if newest is None or not passed or newest.digest != rules_terms.digest_of(terms):
        raise DomainError("legal_review_open")


def why_not_decide_legal(review: LegalReview) -> Refusal | None:
    return None if review.state == "asked" else Refusal("state_refused", {"state": review.state})


_OPEN: dict[str, Any] = {"refuses": why_not_decide_legal, "show": lambda review: review.state == "asked"}


@command(LegalReview, verb="pass", label=_("Terms are acceptable"), icon="check", shape="primary",
         name="pass_legal_review", **_OPEN)  # fmt: skip
def pass_legal_review(ctx: Context, review: LegalReview, data: OpinionInput) -> LegalReview:
    """The terms may stand as they are. Raises own_request for who asked."""
    return _decide(ctx, review, LegalReview.State.PASSED, data.opinion)


@command(LegalReview, verb="return", label=_("Send back"), icon="arrow-back-up", shape="danger",
         name="return_legal_review", **_OPEN)  # fmt: skip
def return_legal_review(ctx: Context, review: LegalReview, data: ReturnInput) -> LegalReview:
    """The terms can't stand: the contract is a draft again."""
    return _decide(ctx, review, LegalReview.State.RETURNED, data.opinion)


def _decide(ctx: Context, review: LegalReview, state: str, opinion: str) -> LegalReview:
    if ctx.user_id is not None and ctx.user_id == review.asked_by_id:
        raise DomainError("own_request", status=403)
    contract = Contract.objects.select_for_update(no_key=True).get(project=ctx.here, pk=review.contract_id)
    review.state, review.opinion, review.decided_by_id, review.decided_at = state, opinion, ctx.user_id, ctx.now
    review.save(update_fields=["state", "opinion", "decided_by", "decided_at", "updated_at"])
    if state == LegalReview.State.RETURNED and contract.state == Contract.State.REVIEWED:
        contract.state = Contract.State.DRAFT
        contract.save(update_fields=["state", "updated_at"])
    ctx.finish_tasks("legal-reviews", [review.pk], TASK)
    ctx.event(
        f"legal.{state}", review, customer_id=contract.customer_id, deal=contract.deal_id, number=contract.number,
        note=opinion,
    )  # fmt: skip
    ctx.notify([review.asked_by_id], "legal_review_decided", review, number=contract.number, state=state)
    review.refresh_from_db()
    return review
