"""Visits, tours, calls, follow-ups, appointments as objects. A consultant's own rows are those that he had a
part in, not those of his customers."""

from __future__ import annotations

from django.db.models import Case, CharField, Value, When
from django.utils.translation import gettext_lazy as _

from anchang.crm.models import Appointment, CallIn, FollowUp, Tour, TruthCheck, Visit
from anchang.platform.resources import Calendar, Field, Related, Resource, register

VISITS = register(
    Resource(
        name="visits",
        model=Visit,
        label=_("Visit"),
        plural=_("Visits"),
        area="crm",
        icon="door-enter",
        menu_order=30,
        label_field="business_date",
        owner="consultant",
        team="team",
        order="-arrived_at",
        calendar=Calendar("arrived_at", title="customer"),
        fields=(
            Field("customer", list=True, to="customers"),
            Field("seq", list=True),
            Field(
                "visit_kind",
                _("First or repeat"),
                kind="choice",
                expr=Case(
                    When(seq=1, then=Value("first")), default=Value("repeat"), output_field=CharField()
                ),
                choices={"first": _("First visit"), "repeat": _("Repeat visit")},
                list=True,
            ),
            Field("arrived_at", list=True),
            Field("consultant", list=True, to="users"),
            Field("channel", list=True, to="channels"),
            Field("purpose", list=True),
            Field("grade_before"),
            Field("grade_after", list=True),
            Field("business_date"),
            Field("left_at"),
            Field("receptionist", to="users"),
            Field("assistant", to="users"),
            Field("team"),
            Field("content"),
            Field("people", sum=True),
            Field("companions"),
            Field("feedback", filter=False, sort=False),
            Field("loss_reason"),
            Field("created_at"),
        ),
        related=(Related("tours", "visit", _("Tours")),),
    )
)

TOURS = register(
    Resource(
        name="tours",
        model=Tour,
        label=_("Tour"),
        plural=_("Tours"),
        icon="walk",
        label_field="started_at",
        owner="visit__consultant",
        team="visit__team",
        order="-started_at",
        fields=(
            Field("visit", list=True, to="visits"),
            Field("customer", _("Customer"), source="visit__customer", to="customers", list=True),
            Field("unit", list=True, to="units"),
            Field("place", list=True),
            Field("consultant", to="users"),
            Field("started_at", list=True),
            Field("ended_at", list=True),
            Field("reaction", list=True),
        ),
    )
)

CALL_INS = register(
    Resource(
        name="call-ins",
        model=CallIn,
        label=_("Incoming call"),
        plural=_("Incoming calls"),
        area="crm",
        icon="phone-incoming",
        menu_order=40,
        label_field="caller",
        owner="passed_to",
        team="team",
        order="-called_at",
        search=("caller",),
        fields=(
            Field("caller", list=True),
            Field(
                "phone", _("Phone"), source="phone_masked", kind="phone", list=True, filter=False, sort=False
            ),
            Field("question", list=True),
            Field("channel", list=True, to="channels"),
            Field("passed_to", list=True, to="users"),
            Field("called_at", list=True),
            Field("first", list=True),
            Field("customer", list=True, to="customers"),
            Field("taken_by", to="users"),
            Field("business_date"),
        ),
    )
)

FOLLOW_UPS = register(
    Resource(
        name="follow-ups",
        model=FollowUp,
        label=_("Follow-up"),
        plural=_("Follow-ups"),
        area="crm",
        icon="message-circle",
        menu_order=35,
        label_field="at",
        owner="author",
        team="team",
        order="-at",
        fields=(
            Field("customer", list=True, to="customers"),
            Field("method", list=True),
            Field("content", list=True),
            Field("next_at", list=True),
            Field("grade"),
            Field(
                "intent",
                kind="choice",
                choices={"strong": _("Strong"), "normal": _("Ordinary"), "weak": _("Weak")},
            ),
            Field("author", list=True, to="users"),
            Field("at", list=True),
            Field("effective"),
            Field("duration"),
            Field("result"),
            Field("identity_confirmed"),
            Field("business_date"),
        ),
    )
)

APPOINTMENTS = register(
    Resource(
        name="appointments",
        model=Appointment,
        label=_("Appointment"),
        plural=_("Appointments"),
        area="crm",
        icon="calendar",
        menu_order=45,
        label_field="starts_at",
        owner="consultant",
        team="team",
        order="-starts_at",
        state_field="state",
        calendar=Calendar("starts_at", title="customer"),
        fields=(
            Field("customer", list=True, to="customers"),
            Field("consultant", list=True, to="users"),
            Field("starts_at", list=True),
            Field("ends_at", list=True),
            Field("purpose", list=True),
            Field("state", list=True),
            Field("state_reason"),
            Field("visit", to="visits"),
            Field("moved_times"),
            Field("business_date"),
        ),
    )
)

TRUTH_CHECKS = register(
    Resource(
        name="truth-checks", model=TruthCheck, label=_("Truth check"), plural=_("Truth checks"), area="crm",
        icon="shield-check", menu_order=90, label_field="rule_id", order="-created_at", state_field="state",
        fields=(
            Field("customer", list=True, to="customers"),
            Field("rule_id", _("Rule"), list=True, kind="choice", choices={
                "same-words": _("Equal follow-ups"), "crowded-visits": _("Too many first visits in an hour"),
                "sample": _("Sample"),
            }),
            Field("user", list=True, to="users"),
            Field("visit", to="visits"),
            Field("follow_up", to="follow-ups"),
            Field("state", list=True),
            Field("result", list=True),
            Field("checked_by", to="users"),
            Field("checked_at"),
            Field("created_at", list=True),
        ),
    )
)  # fmt: skip
