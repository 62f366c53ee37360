"""Declarations of what comes before a contract: checks, procedures and their steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from anchang.affairs.models import ProcedureStep, SigningCheck, SigningProcedure, StepBack, StepDone
from anchang.platform.models import Role
from anchang.platform.resources import Field, Related, Resource, register
from anchang.platform.ui.beginnings import begins

_OWNER, _TEAM = "subscription__deal__consultant", "subscription__deal__team"


def roles(project_id: int | None) -> Mapping[str, Any]:
    return dict(Role.objects.order_by("id").values_list("code", "name"))


register(Resource(
    name="signing-checks", model=SigningCheck, label=_("Check before signing"), plural=_("Checks before signing"),
    area="papers", icon="eye-check", label_field="title", owner=_OWNER, team=_TEAM, state_field="state", order="-id",
    menu_order=33,
    fields=(
        Field("title", label=_("Subscription"), source="subscription__number", list=True),
        Field("subscription"),
        Field("unit", label=_("Unit"), source="subscription__unit", to="units", list=True),
        Field("customer", label=_("Customer"), source="subscription__customer", to="customers", list=True),
        Field("state", list=True), Field("differences", list=True),
        Field("facts", kind="json", filter=False, sort=False, detail=False),
        Field("asked_by", list=True, to="users"), Field("created_at", list=True),
        Field("decided_by", list=True, to="users"), Field("decided_at"), Field("opinion"),
    ),
))  # fmt: skip

register(Resource(
    name="signing-procedures", model=SigningProcedure, label=_("Signing procedure"),
    plural=_("Signing procedures"), area="setup", icon="list-numbers", order="-id", state_field="state", plain=True,
    menu_order=61,
    fields=(
        Field("name", list=True, form="both"), Field("state", list=True), Field("active_from", list=True),
        Field("created_at"),
    ),
    related=(Related("procedure-steps", "procedure"),),
))  # fmt: skip

register(Resource(
    name="procedure-steps", model=ProcedureStep, label=_("Signing step"), plural=_("Signing steps"),
    icon="list-check", order="seq", plain=True,
    fields=(
        Field("name", list=True, form="both"), Field("procedure", list=True, form="create"),
        Field("seq", list=True, form="both"), Field("kind", list=True, form="both"),
        Field("role", list=True, form="both", kind="choice", choices=roles),
    ),
))  # fmt: skip

register(Resource(
    name="steps-done", model=StepDone, label=_("Step done"), plural=_("Steps done"), icon="checks",
    label_field="title", owner=_OWNER, team=_TEAM, order="-id",
    fields=(
        Field("title", label=_("Signing step"), source="step__name", list=True), Field("step"),
        Field("subscription", list=True), Field("done_by", list=True, to="users"), Field("done_at", list=True),
        Field("note", list=True),
    ),
))  # fmt: skip

register(Resource(
    name="steps-back", model=StepBack, label=_("Step taken back"), plural=_("Steps taken back"), icon="arrow-back-up",
    label_field="title", owner="done__subscription__deal__consultant", team="done__subscription__deal__team",
    order="-id",
    fields=(
        Field("title", label=_("Signing step"), source="done__step__name", list=True), Field("done", list=True),
        Field("subscription", label=_("Subscription"), source="done__subscription", to="subscriptions", list=True),
        Field("reason", list=True), Field("by", list=True, to="users"), Field("at", list=True),
    ),
))  # fmt: skip

begins(
    "signing-checks",
    _("They begin at a subscription: open it and ask for the check before signing."),
    "/r/subscriptions/", _("Subscriptions"), "subscriptions.ask-check",
)  # fmt: skip
