"""Customers and what belongs to them, as objects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models import Count, F, JSONField, OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.crm import dictionaries
from anchang.crm.lead_errors import MOVE_REASONS
from anchang.crm.models import (
    Consent,
    Contact,
    Customer,
    CustomerIdentity,
    CustomerPhone,
    CustomerTag,
    GradeChange,
    Household,
    IdleFile,
    MessageStop,
    Need,
    OwnerChange,
    PersonalRequest,
    PoolCustomer,
    RetentionList,
    Tag,
)
from anchang.platform.resources import Field, Related, Resource, Through, register


def _phones(ids: Sequence[int]) -> dict[int, Any]:
    """Masked numbers, main one first."""
    found: dict[int, Any] = defaultdict(list)
    rows = CustomerPhone.objects.filter(customer__in=ids, active=True).order_by("-main", "id")
    for customer_id, pk, masked, main in rows.values_list("customer_id", "pk", "masked", "main"):
        found[customer_id].append({"id": pk, "phone": masked, "main": main})
    return found


def _identities(ids: Sequence[int]) -> dict[int, Any]:
    found: dict[int, Any] = defaultdict(list)
    rows = CustomerIdentity.objects.filter(customer__in=ids, active=True).order_by("id")
    for customer_id, pk, id_type, masked in rows.values_list("customer_id", "pk", "id_type", "masked"):
        found[customer_id].append({"id": pk, "id_type": id_type, "id_number": masked})
    return found


class _Rows(Subquery):
    """Rows of another table as a JSON list, in the page's own statement; none: null."""

    template = "(SELECT jsonb_agg(to_jsonb(r)) FROM (%(subquery)s) r)"
    output_field = JSONField()


_MINE = {"project": OuterRef("project_id"), "customer": OuterRef("pk"), "active": True}
_PHONES = _Rows(
    CustomerPhone.objects.filter(**_MINE).order_by("-main", "id").values("id", "main", phone=F("masked"))
)
_IDENTITIES = _Rows(
    CustomerIdentity.objects.filter(**_MINE).order_by("id").values("id", "id_type", id_number=F("masked"))
)


def _tokens(records: Sequence[Customer]) -> dict[int, list[str]]:
    """Number, and phones' and documents' tails and digests. Fresh records bring their phones' along."""
    found = {r.pk: [f"k{r.pk:09d}"] for r in records}
    unknown = []
    for record in records:
        brought = record.__dict__.get("search_numbers")
        if brought is None:
            unknown.append(record.pk)
        else:
            found[record.pk] += brought
    if unknown:
        for model in (CustomerPhone, CustomerIdentity):
            rows = model.objects.filter(customer__in=unknown, active=True)
            for customer_id, tail, digest in rows.values_list("customer_id", "tail", "digest"):
                found[customer_id] += ["#" + tail, "=" + digest]
    return found


CUSTOMERS = register(
    Resource(
        name="customers",
        model=Customer,
        label=_("Customer"),
        plural=_("Customers"),
        area="crm",
        icon="users",
        menu_order=5,
        owner="owner",
        team="team",
        search=("name",),
        extra_tokens=_tokens,
        story=lambda customer: Q(customer_id=customer.pk),
        order="-created_at",
        state_field="state",
        fields=(
            Field("name", list=True),
            Field("number"),
            Field(
                "phone", _("Phone"), source="phone_masked", kind="phone", list=True, filter=False, sort=False
            ),
            Field("grade", list=True),
            Field("stage", list=True),
            Field("owner", list=True, to="users"),
            Field("team"),
            Field("channel", list=True, to="channels"),
            Field("last_follow_up_at", list=True),
            Field("next_follow_at", list=True),
            Field("visit_count", list=True),
            Field("last_visit_at"),
            Field("kind"),
            Field("sex"),
            Field("value_class"),
            Field("email"),
            Field("licence_number"),
            Field("occupation", kind="choice", choices=dictionaries.choices("occupation")),
            Field("age_band", kind="choice", choices=dictionaries.choices("age_band")),
            Field("residence", kind="choice", choices=dictionaries.choices("area")),
            Field("workplace", kind="choice", choices=dictionaries.choices("area")),
            Field("tags", _("Tags"), to="tags", through=Through(CustomerTag, "customer", "tag", "tag__name")),
            Field("household", to="households"),
            Field("household_relation"),
            Field("grade_until"),
            Field("idle_since"),
            Field("source"),
            Field("campaign"),
            Field("captured_at"),
            Field("business_date"),
            Field("state"),
            Field("state_reason"),
            Field("merged_into", to="customers"),
            Field("last_owner", to="users"),
            Field("pool_since"),
            Field("note"),
            Field("phones", _("Phones"), value=_phones, expr=_PHONES),
            Field("identities", pgettext_lazy("identity", "Documents"), value=_identities, expr=_IDENTITIES),
            Field("created_at", list=True),
        ),
        related=(
            Related("follow-ups", "customer", _("Follow-ups")),
            Related("visits", "customer", _("Visits")),
            Related("appointments", "customer", _("Appointments")),
            Related("needs", "customer", _("Needs")),
            Related("contacts", "customer", _("Contacts")),
            Related("call-ins", "customer", _("Incoming calls")),
            Related("consents", "customer", _("Consents")),
            Related("grade-changes", "customer", _("Grade changes")),
            Related("owner-changes", "customer", _("Hand-overs")),
            Related("personal-requests", "customer", _("Requests about personal data")),
        ),
    )
)



def _tagged(ids: Sequence[int]) -> dict[int, Any]:
    """How many customers have each tag."""
    rows = CustomerTag.objects.filter(tag__in=ids, customer__deleted_at__isnull=True).values_list("tag").order_by()
    return dict.fromkeys(ids, 0) | dict(rows.annotate(count=Count("pk")))


TAGS = register(
    Resource(
        name="tags", model=Tag, label=_("Tag"), plural=_("Tags"), area="crm", icon="tag", menu_order=82, order="name",
        search=("name",), key_field="name",
        fields=(
            Field("name", list=True),
            Field("category", list=True),
            Field("condition", list=True, to="customers", filter=False, sort=False),
            Field("active", list=True),
            Field("customers", _("Customers"), kind="int", value=_tagged, list=True),
            Field("applied_at", list=True),
            Field("created_at"),
        ),
    )
)  # fmt: skip

POOL_CUSTOMERS = register(
    Resource(
        name="pool-customers", model=PoolCustomer, label=_("Customer in the pool"), plural=_("Customers in the pool"),
        area="crm", icon="pool", menu_order=12, order="-idle_since", search=("name",), search_as="customers",
        state_field="stage",
        fields=(
            Field("name", list=True),
            Field(
                "phone", _("Phone"), source="phone_masked", kind="phone", list=True, filter=False, sort=False
            ),
            Field("grade", list=True),
            Field("stage", list=True),
            Field("channel", list=True, to="channels"),
            Field("residence", list=True, kind="choice", choices=dictionaries.choices("area")),
            Field("visit_count", list=True),
            Field("last_visit_at", list=True),
            Field("last_follow_up_at"),
            Field("pool_since", list=True),
            Field("idle_since"),
            Field("owner", to="users"),
        ),
    )
)  # fmt: skip

NEEDS = register(
    Resource(
        name="needs", model=Need, label=_("Need"), plural=_("Needs"), icon="target", label_field="seq",
        owner="customer__owner", team="customer__team",
        fields=(
            Field("customer", list=True, to="customers"),
            Field("seq", list=True),
            Field("current", list=True),
            Field("budget_low", list=True),
            Field("budget_high", list=True),
            Field("area_low", kind="area", list=True),
            Field("area_high", kind="area", list=True),
            Field("layouts", list=True, filter=False, sort=False),
            Field("purpose", list=True),
            Field("family"),
            Field("heard_from"),
            Field("note"),
            Field("created_at"),
        ),
    )
)  # fmt: skip

CONTACTS = register(
    Resource(
        name="contacts",
        model=Contact,
        label=_("Contact"),
        plural=_("Contacts"),
        icon="address-book",
        owner="customer__owner",
        team="customer__team",
        plain=True,
        fields=(
            Field("customer", list=True, to="customers"),
            Field("name", list=True, form="edit"),
            Field("relation", list=True, form="edit"),
            Field(
                "phone", _("Phone"), source="phone_masked", kind="phone", list=True, filter=False, sort=False
            ),
            Field("note", list=True, form="edit"),
        ),
    )
)

HOUSEHOLDS = register(
    Resource(
        name="households",
        model=Household,
        label=_("Household"),
        plural=_("Households"),
        icon="home",
        fields=(Field("name", list=True), Field("created_at")),
        related=(Related("customers", "household"),),
    )
)

CONSENTS = register(
    Resource(
        name="consents", model=Consent, label=_("Consent"), plural=_("Consents"), icon="checkbox",
        label_field="purpose", owner="customer__owner", team="customer__team",
        fields=(
            Field("customer", list=True, to="customers"),
            Field("purpose", list=True),
            Field("text_version", list=True),
            Field("given_at", list=True),
            Field("withdrawn_at", list=True),
            Field("way"),
        ),
    )
)  # fmt: skip

MESSAGE_STOPS = register(
    Resource(
        name="message-stops", model=MessageStop, label=_("No messages"), plural=_("Customers without messages"),
        icon="message-off", label_field="since", owner="customer__owner", team="customer__team",
        fields=(
            Field("customer", list=True, to="customers"),
            Field("since", list=True),
            Field("lifted_at", list=True),
            Field("way", list=True),
        ),
    )
)  # fmt: skip

GRADE_CHANGES = register(
    Resource(
        name="grade-changes",
        model=GradeChange,
        label=_("Grade change"),
        plural=_("Grade changes"),
        icon="stars",
        label_field="at",
        owner="customer__owner",
        team="customer__team",
        fields=(
            Field("customer", list=True, to="customers"),
            Field("old", list=True),
            Field("new", list=True),
            Field("by", list=True, to="users"),
            Field("rule_id", list=True),
            Field("reason", list=True),
            Field("at", list=True),
        ),
    )
)

OWNER_CHANGES = register(
    Resource(
        name="owner-changes", model=OwnerChange, label=_("Hand-over"), plural=_("Hand-overs"),
        icon="arrows-exchange", label_field="at", owner="customer__owner", team="customer__team",
        fields=(
            Field("customer", list=True, to="customers"),
            Field("old", list=True, to="users"),
            Field("new", list=True, to="users"),
            Field("by", list=True, to="users"),
            Field("reason", kind="choice", choices=MOVE_REASONS, list=True),
            Field("at", list=True),
        ),
    )
)  # fmt: skip

RETENTION_LISTS = register(
    Resource(
        name="retention-lists", model=RetentionList, label=_("List of idle files"), plural=_("Idle files"), area="crm",
        icon="archive", menu_order=96, label_field="made_on", order="-id", state_field="state",
        fields=(
            Field("made_on", list=True),
            Field("months", list=True),
            Field("files", list=True),
            Field("state", list=True),
            Field("closed_at", list=True),
        ),
        related=(Related("idle-files", "list"),),
    )
)  # fmt: skip

IDLE_FILES = register(
    Resource(
        name="idle-files", model=IdleFile, label=_("Idle file"), plural=_("Files to decide on"), icon="archive",
        label_field="customer", order="idle_since", state_field="state",
        fields=(
            Field("customer", list=True, to="customers"),
            Field("idle_since", list=True),
            Field("state", list=True),
            Field("reason", list=True),
            Field("list", list=True),
            Field("decided_by", list=True, to="users"),
            Field("decided_at"),
            Field("erased_rows"),
        ),
    )
)  # fmt: skip

PERSONAL_REQUESTS = register(
    Resource(
        name="personal-requests", model=PersonalRequest, label=_("Request about personal data"),
        plural=_("Requests about personal data"), area="crm", icon="file-certificate", menu_order=95,
        label_field="received_on", owner="customer__owner", team="customer__team", order="-received_on",
        state_field="state",
        fields=(
            Field("customer", list=True, to="customers"),
            Field("kind", list=True),
            Field("received_on", list=True),
            Field("due_on", list=True),
            Field("way"),
            Field("note"),
            Field("state", list=True),
            Field("answer", list=True),
            Field("closed_at", list=True),
            Field("closed_by", to="users"),
            Field("erased_rows"),
            Field("created_at"),
        ),
    )
)  # fmt: skip
