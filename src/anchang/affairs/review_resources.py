"""Declarations of the review of a draft: the office's points, what was said of each, and the lawyer's reviews."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from anchang.affairs.models import LegalReview, ReviewPoint, ReviewResult
from anchang.deals.commands.contracts import ClausesInput
from anchang.platform.inputs import label_of
from anchang.platform.resources import Field, Resource, register
from anchang.platform.ui.beginnings import begins

_OWNER, _TEAM = "contract__deal__consultant", "contract__deal__team"
_PLACES = {name: label_of(info) for name, info in ClausesInput.model_fields.items()}


def terms_text(terms: Any) -> Any:
    """Terms beyond the standard, a line each: the place of the contract, then its text."""
    return "；".join(f"{_place(one['clause'])}：{one['text'] or _('left out')}" for one in terms or ())


def _place(name: str) -> Any:
    label = _PLACES.get(name)
    return label.text if label else name


register(Resource(
    name="review-points", model=ReviewPoint, label=_("Point of review"), plural=_("Points of review"), area="setup",
    icon="list-check", order="order", plain=True, menu_order=62,
    fields=(
        Field("name", list=True, form="both"), Field("hint", list=True, form="both"),
        Field("order", list=True, form="both"),
    ),
))  # fmt: skip

register(Resource(
    name="review-results", model=ReviewResult, label=_("Result of a review"), plural=_("Results of reviews"),
    icon="checks", label_field="name", owner=_OWNER, team=_TEAM, order="-id",
    fields=(
        Field("name", list=True), Field("contract", list=True), Field("point"), Field("result", list=True),
        Field("note", list=True), Field("reviewed_by", list=True, to="users"), Field("reviewed_at", list=True),
    ),
))  # fmt: skip

register(Resource(
    name="legal-reviews", model=LegalReview, label=_("Legal review"), plural=_("Legal reviews"), area="papers",
    icon="gavel", label_field="title", owner=_OWNER, team=_TEAM, state_field="state", order="-id", menu_order=34,
    fields=(
        Field("title", label=_("Contract"), source="contract__number", list=True), Field("contract"),
        Field("unit", label=_("Unit"), source="contract__unit", to="units", list=True),
        Field("customer", label=_("Customer"), source="contract__customer", to="customers", list=True),
        Field("state", list=True),
        Field("terms", kind="json", filter=False, sort=False, words=terms_text),
        Field("asked_by", list=True, to="users"), Field("created_at", list=True),
        Field("decided_by", list=True, to="users"), Field("decided_at"), Field("opinion"),
    ),
))  # fmt: skip

begins(
    "legal-reviews",
    _("They begin when a clerk reviews a contract whose terms leave the standard."),
    "/r/contracts/", _("Contracts"), "contracts.review",
)  # fmt: skip
