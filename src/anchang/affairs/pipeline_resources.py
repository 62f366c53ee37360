"""Declarations of the way to a subscription: opportunities and talks."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.affairs.models import Negotiation, Opportunity
from anchang.platform.resources import Calendar, Field, Kanban, Related, Resource, register
from anchang.platform.ui.beginnings import begins

register(Resource(
    name="opportunities", model=Opportunity, label=_("Opportunity"), plural=_("Opportunities"), area="deals",
    icon="target-arrow", label_field="title", owner="customer__owner", team="customer__team", state_field="stage",
    order="-id", menu_order=28,
    kanban=Kanban("stage", {"negotiating": "negotiate", "agreed": "agree", "lost": "lose", "interested": "reopen"}),
    calendar=Calendar("expected_on", title="title"),
    fields=(
        Field("title", label=_("Opportunity"), source="customer__name"),
        Field("customer", list=True, form="create"), Field("stage", list=True),
        Field("unit", list=True, form="both"), Field("layout", list=True, form="both"),
        Field("amount", list=True, form="both", sum=True), Field("expected_on", list=True, form="both"),
        Field("consultant", label=_("Consultant"), source="customer__owner", to="users", list=True),
        Field("note", form="both"), Field("lost_reason"), Field("closed_on"), Field("subscription"),
        Field("created_at"),
    ),
    related=(Related("negotiations", "opportunity"),),
))  # fmt: skip

register(Resource(
    name="negotiations", model=Negotiation, label=_("Closing talks"), plural=_("Closing talks"), area="deals",
    icon="messages", label_field="title", owner="opportunity__customer__owner", team="opportunity__customer__team",
    state_field="state", order="-id", menu_order=29,
    fields=(
        Field("title", label=_("Closing talks"), source="opportunity__customer__name", list=True),
        Field("opportunity"), Field("unit", list=True), Field("state", list=True),
        Field("asked_total", list=True, form="edit"), Field("total", list=True, form="edit"),
        Field("payment_plan", form="edit"), Field("deposit", form="edit"), Field("handover_on", form="edit"),
        Field("terms", form="edit"), Field("approver", list=True, to="users"), Field("opinion"),
        Field("closes_at", list=True), Field("closed_at"), Field("binds_until", list=True), Field("reason"),
        Field("subscription"), Field("created_at"),
    ),
))  # fmt: skip

begins(
    "negotiations",
    _("They begin at an opportunity: open one and start closing talks there."),
    "/r/opportunities/", _("Opportunities"), "opportunities.negotiate",
)  # fmt: skip
