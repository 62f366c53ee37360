"""Leads, their channels and rules, as objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from anchang.crm.lead_errors import MOVE_REASONS
from anchang.crm.models import (
    AssignmentRule,
    Campaign,
    Channel,
    Lead,
    LeadPhone,
    LeadTransfer,
    PoolLead,
    Touch,
)
from anchang.crm.queries.leads import invalid_reason_choices
from anchang.platform.resources import Field, Kanban, Related, Resource, register


def _tokens(records: Sequence[Lead]) -> dict[int, list[str]]:
    """Tails and digests of the leads' phones."""
    found = {r.pk: ["#" + r.phone_tail, "=" + r.phone_digest] for r in records}
    rows = LeadPhone.objects.filter(lead__in=list(found)).values_list("lead_id", "digest", "masked")
    for lead_id, digest, masked in rows:
        found[lead_id] += ["#" + masked[-4:], "=" + digest]
    return found


def _further(ids: Sequence[int]) -> dict[int, Any]:
    found: dict[int, Any] = {i: [] for i in ids}
    rows = LeadPhone.objects.filter(lead__in=list(ids)).order_by("id").values_list("lead_id", "masked")
    for lead_id, masked in rows:
        found[lead_id].append(masked)
    return found


CHANNELS = register(
    Resource(
        name="channels",
        model=Channel,
        label=_("Channel"),
        plural=_("Channels"),
        area="setup",
        icon="antenna",
        order="name",
        search=("name", "code"),
        key_field="code",
        plain=True,
        fields=(
            Field("code", list=True, form="create"),
            Field("name", list=True, form="both"),
            Field("kind", list=True, form="both"),
            Field("parent", list=True, to="channels", form="both"),
            Field("active", list=True, form="both"),
        ),
    )
)
CAMPAIGNS = register(
    Resource(
        name="campaigns",
        model=Campaign,
        label=_("Campaign"),
        plural=_("Campaigns"),
        area="crm",
        icon="speakerphone",
        menu_order=80,
        order="-starts_on",
        search=("name",),
        key_field="name",
        plain=True,
        fields=(
            Field("name", list=True, form="both"),
            Field("channel", list=True, to="channels", form="both"),
            Field("starts_on", list=True, form="both"),
            Field("ends_on", list=True, form="both"),
            Field("cost", list=True, form="both", sum=True),
            Field("note", form="both"),
        ),
    )
)

_ORIGIN = (
    Field("channel", list=True, to="channels"),
    Field("campaign", list=True),
    Field("captured_at", list=True),
)

LEADS = register(
    Resource(
        name="leads",
        model=Lead,
        label=_("Lead"),
        plural=_("Leads"),
        area="crm",
        icon="address-book",
        menu_order=10,
        owner="owner",
        team="team",
        search=("name",),
        extra_tokens=_tokens,
        order="-created_at",
        state_field="state",
        kanban=Kanban("state", moves={
            "assigned": "assign", "qualified": "qualify", "appointed": "appoint", "pool": "recycle",
            "invalid": "mark-invalid", "lost": "mark-lost",
        }),
        fields=(
            Field("name", list=True),
            Field("number"),
            Field(
                "phone", _("Phone"), source="phone_masked", kind="phone", list=True, filter=False, sort=False
            ),
            *_ORIGIN,
            Field("owner", list=True, to="users"),
            Field("state", list=True),
            Field("first_contact_due_at", list=True),
            Field("city"),
            Field("region", list=True),
            Field("customer_type"),
            Field("score"),
            Field("sex"),
            Field("need", filter=False, sort=False),
            Field("note"),
            Field("team"),
            Field("valid"),
            Field("invalid_reason", kind="choice", choices=invalid_reason_choices),
            Field("closed_note"),
            Field("rule", to="assignment-rules"),
            Field("assigned_at"),
            Field("first_contacted_at"),
            Field("pool_since"),
            Field("last_owner", to="users"),
            Field("barred_until"),
            Field("touch_count"),
            Field("last_touch_at"),
            Field("customer", to="customers"),
            Field("external_id"),
            Field("business_date"),
            Field("further_phones", _("Further phones"), value=_further),
            Field("created_at"),
        ),
        related=(
            Related("touches", "lead", _("Repeat enquiries")),
            Related("lead-transfers", "lead", _("Handling")),
        ),
    )
)
POOL = register(
    Resource(
        name="pool",
        model=PoolLead,
        label=_("Lead in the pool"),
        plural=_("Public pool"),
        area="crm",
        icon="pool",
        menu_order=11,
        order="-pool_since",
        search=("name",),
        search_as="leads",
        state_field="state",
        fields=(
            Field("name", list=True),
            Field(
                "phone", _("Phone"), source="phone_masked", kind="phone", list=True, filter=False, sort=False
            ),
            *_ORIGIN,
            Field("region", list=True),
            Field("city"),
            Field("customer_type", list=True),
            Field("need", filter=False, sort=False),
            Field("pool_since", list=True),
            Field("barred_until"),
            Field("state"),
            Field("owner", to="users"),
        ),
    )
)
TOUCHES = register(
    Resource(
        name="touches",
        model=Touch,
        label=_("Repeat enquiry"),
        plural=_("Repeat enquiries"),
        area="crm",
        icon="repeat",
        menu_order=85,
        owner="lead__owner",
        team="lead__team",
        order="-captured_at",
        label_field="captured_at",
        fields=(
            Field("lead", list=True, to="leads"),
            Field("captured_at", list=True),
            Field("channel", list=True, to="channels"),
            Field("campaign", list=True),
            Field("note", list=True),
            Field("external_id"),
            Field("business_date"),
        ),
    )
)
TRANSFERS = register(
    Resource(
        name="lead-transfers",
        model=LeadTransfer,
        label=_("Step of a lead"),
        plural=_("Handling of leads"),
        owner="lead__owner",
        team="lead__team",
        icon="route",
        order="-at",
        label_field="kind",
        fields=(
            Field("lead", list=True, to="leads"),
            Field("at", list=True),
            Field("kind", list=True),
            Field("actor", list=True, to="users"),
            Field("from_owner", list=True, to="users"),
            Field("to_owner", list=True, to="users"),
            Field("from_state", list=True),
            Field("to_state", list=True),
            Field("rule", list=True, to="assignment-rules"),
            Field("reason", kind="choice", choices=MOVE_REASONS, list=True),
        ),
    )
)
RULES = register(
    Resource(
        name="assignment-rules",
        model=AssignmentRule,
        label=_("Assignment rule"),
        plural=_("Assignment rules"),
        area="setup",
        icon="arrows-split",
        order="position",
        fields=(
            Field("position", list=True, form="both"),
            Field("name", list=True, form="both"),
            Field("conditions", to="leads", list=True, form="both", filter=False, sort=False),
            Field("team", list=True, to="teams", form="both"),
            Field("user", list=True, to="users", form="both"),
            Field("min_level", list=True, form="both"),
            Field("fall_through", form="both"),
            Field("valid_from", form="both"),
            Field("valid_to", form="both"),
            Field("active", list=True, form="both"),
        ),
    )
)
