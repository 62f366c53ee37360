"""What users see of deals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.db.models import Case, F, Func, IntegerField, Value, When
from django.utils.translation import gettext_lazy as _

from anchang.deals import (  # noqa: F401 (register their own)
    bundle_resources,
    change_resources,
    connected_resources,
    launch_resources,
    obligations,
    offer_resources,
    queries,
)
from anchang.deals.commands.checklist import checklist
from anchang.deals.models import (
    Buyer,
    Contract,
    Deal,
    DealFile,
    Hold,
    ReceivedDocument,
    RequiredDocument,
    Subscription,
)
from anchang.deals.words import FAULTS, buyers_text, clauses_text, late_fee_text, plan_text, price_check_text
from anchang.inventory.words import reason_text, snapshot_text
from anchang.platform.resources import Field, Related, Resource, register


def _documents(ids: Sequence[int]) -> Mapping[int, Any]:
    """Checklists of a page; the resource shows them on single records, so a page is one."""
    return {deal.pk: checklist(deal) for deal in Deal.objects.filter(pk__in=ids)} if len(ids) == 1 else {}


def _days_over(due: str, *states: str) -> Case:
    """Days past the due date in the project's own zone, while in one of the states; else empty."""
    days = Func(
        F("project__time_zone"), F(due), arg_joiner=")::date - ", output_field=IntegerField(),
        template="((statement_timestamp() AT TIME ZONE %(expressions)s)",
    )  # fmt: skip
    over = Func(days, Value(0), function="greatest", output_field=IntegerField())
    return Case(
        When(state__in=states, then=Func(over, Value(0), function="nullif", output_field=IntegerField())),
        output_field=IntegerField(),
    )


_CONSULTANT = Field("consultant", label=_("Consultant"), source="deal__consultant", to="users", list=True)
_TEAM = Field("team", label=_("Team"), source="deal__team", to="teams", detail=True)

register(
    Resource(
        name="deals", model=Deal, label=_("Deal"), plural=_("Deals"), area="deals", icon="link",
        menu_order=40,
        fields=(
            Field("title", label=_("Deal"), source="unit__label"),
            Field("unit", list=True), Field("customer", list=True), Field("consultant", list=True),
            Field("team"),
            Field("state", list=True), Field("sales_mode", list=True, form="edit"),
            Field("agency", form="edit"), Field("connected"),
            Field("ownership"), Field("list_total"), Field("total", list=True, sum=True),
            Field("opened_on", list=True), Field("ended_on"), Field("end_reason", words=reason_text), Field("previous"),
            Field("created_at"),
            Field("buyers", label=_("Buyers"), value=queries.buyers_by_deal, words=buyers_text),
            Field("documents", label=_("Signing documents"), value=_documents),
        ),
        label_field="title", owner="consultant", team="team", state_field="state", order="-id",
        story=queries.story_of_deal,
        related=(
            Related("holds", "deal"), Related("subscriptions", "deal"), Related("contracts", "deal"),
            Related("receivables", "deal"), Related("receipts", "deal"), Related("refunds", "deal"),
            Related("deal-files", "deal"), Related("deal-changes", "deal"),
        ),
    )
)  # fmt: skip

register(
    Resource(
        name="holds", model=Hold, label=_("Hold"), plural=_("Holds"), area="deals", icon="lock",
        menu_order=10,
        fields=(
            Field("title", label=_("Hold"), source="unit__label"),
            Field("unit", list=True), Field("customer", list=True), _CONSULTANT, _TEAM, Field("deal"),
            Field("kind", list=True), Field("state", list=True), Field("started_at"),
            Field("expires_at", list=True),
            Field("extensions", list=True), Field("deposit", list=True),
            Field("ended_at"), Field("business_date"), Field("created_at"),
        ),
        label_field="title", owner="deal__consultant", team="deal__team", state_field="state", order="-id",
        search_through=("customer", "unit"), related=(Related("deal-files", "hold"),),
    )
)  # fmt: skip

register(
    Resource(
        name="subscriptions", model=Subscription, label=_("Subscription"), plural=_("Subscriptions"),
        area="deals",
        icon="file-pencil", menu_order=20,
        fields=(
            Field("number", list=True), Field("unit", list=True), Field("customer", list=True), _CONSULTANT,
            _TEAM,
            Field("deal"), Field("state", list=True), Field("total", list=True, sum=True),
            Field("list_total"),
            Field("decoration_total"), Field("depth", kind="decimal"), Field("unit_price"),
            Field("gross_area", kind="area"),
            Field("inner_area", kind="area"), Field("deposit", list=True), Field("payment_plan"),
            Field("subscribed_on", list=True), Field("sign_by", list=True),
            Field("signing_overdue", label=_("Signing overdue, days"), kind="int",
            expr=_days_over("sign_by", "active", "overdue")), Field("activated_on"),
            Field("approve_by"), Field("refused_on"), Field("ended_on"), Field("fault", kind="choice", choices=FAULTS),
            Field("end_reason", words=reason_text), Field("forfeited"),
            Field("sales_mode", label=_("Sales mode"), source="deal__sales_mode"),
            Field("agency", label=_("Agency"), source="deal__agency"),
            Field("ownership", label=_("Ownership"), source="deal__ownership"),
            Field("loans", filter=False, sort=False),
            Field("snapshot", label=_("Price steps"), value=partial(queries.snapshots_of, Subscription),
            words=snapshot_text),
            Field("price_check", label=_("Price computed again"), value=partial(queries.price_checks, Subscription),
            words=price_check_text),
            Field("prints"), Field("created_at"),
            Field("buyers", label=_("Buyers"), value=partial(queries.buyers_of_papers, Subscription),
            words=buyers_text),
            Field("plan", label=_("Payment lines"), value=partial(queries.plans_of, "subscription"),
            words=plan_text),
        ),
        label_field="number", owner="deal__consultant", team="deal__team", state_field="state", order="-id",
        search=("number",), search_through=("customer", "unit"), key_field="number",
        related=(Related("deal-files", "subscription"),),
    )
)  # fmt: skip

register(
    Resource(
        name="contracts", model=Contract, label=_("Contract"), plural=_("Contracts"), area="deals",
        icon="signature", menu_order=30,
        fields=(
            Field("number", list=True), Field("unit", list=True), Field("customer", list=True), _CONSULTANT,
            _TEAM,
            Field("deal"), Field("subscription"), Field("state", list=True), Field("revision"),
            Field("total", list=True, sum=True), Field("decoration_total"), Field("list_total"), Field("unit_price"),
            Field("gross_area", kind="area"), Field("inner_area", kind="area"), Field("deposit"),
            Field("payment_plan"), Field("signed_on", list=True), Field("online_number"),
            Field("filing_number"),
            Field("filed_on", list=True), Field("filing_due_on"),
            Field("filing_overdue", label=_("Filing overdue, days"), kind="int",
            expr=_days_over("filing_due_on", "signed")), Field("area_scheme"),
            Field("area_threshold", kind="decimal"),
            Field("late_fee_policy", words=late_fee_text, filter=False, sort=False),
            Field("clauses", words=clauses_text, filter=False, sort=False),
            Field("terminated_on"), Field("fault", kind="choice", choices=FAULTS),
            Field("end_reason", words=reason_text), Field("forfeited"),
            Field("penalty"),
            Field("compensation"), Field("refund_due_on"),
            Field("snapshot", label=_("Price steps"), value=partial(queries.snapshots_of, Contract),
            words=snapshot_text),
            Field("price_check", label=_("Price computed again"), value=partial(queries.price_checks, Contract),
            words=price_check_text),
            Field("sales_mode", label=_("Sales mode"), source="deal__sales_mode"),
            Field("agency", label=_("Agency"), source="deal__agency"),
            Field("ownership", label=_("Ownership"), source="deal__ownership"),
            Field("obligations", label=_("Open obligations"), value=obligations.by_contract,
            words=obligations.obligations_text),
            Field("prints"), Field("created_at"),
            Field("buyers", label=_("Buyers"), value=partial(queries.buyers_of_papers, Contract),
            words=buyers_text),
            Field("plan", label=_("Payment lines"), value=partial(queries.plans_of, "contract"),
            words=plan_text),
        ),
        label_field="number", owner="deal__consultant", team="deal__team", state_field="state", order="-id",
        search=("number", "filing_number"), search_through=("customer", "unit"), key_field="number",
        related=(
            Related("receivables", "contract"), Related("receipts", "contract"),
            Related("refunds", "contract"), Related("deal-files", "contract"),
            Related("invoices", "contract"), Related("vouchers", "contract"),
            Related("mortgages", "contract"), Related("titles", "contract"), Related("contract-copies", "contract"),
            Related("disputes", "contract"), Related("review-results", "contract"),
            Related("legal-reviews", "contract"), Related("handovers", "contract"), Related("warranties", "contract"),
        ),
    )
)  # fmt: skip

register(
    Resource(
        name="deal-files", model=DealFile, label=_("Deal file"), plural=_("Deal files"), icon="paperclip",
        fields=(
            Field("title", list=True), Field("edition", list=True), Field("current", list=True),
            Field("file", to="files", list=True), Field("deal"), Field("hold"), Field("subscription"),
            Field("contract"), Field("replaces"), Field("note", list=True), Field("created_at", list=True),
        ),
        label_field="title", owner="deal__consultant", team="deal__team", order="-id",
    )
)  # fmt: skip

register(
    Resource(
        name="buyers", model=Buyer, label=_("Buyer"), plural=_("Buyers"),
        fields=(
            Field("deal"), Field("seq"), Field("name", list=True), Field("kind"), Field("id_type", list=True),
            Field("id_number", label=_("Document number"), source="id_masked", filter=False, sort=False,
            list=True),
            Field("phone", label=_("Phone"), source="phone_masked", filter=False, sort=False),
            Field("share", kind="decimal", list=True), Field("minor"),
            Field("guardian", label=_("Guardian"), source="guardian_name"),
            Field("agent", label=_("Authorised agent"), source="agent_name"), Field("warning"),
        ),
        owner="deal__consultant", team="deal__team", order="id",
    )
)  # fmt: skip

register(
    Resource(
        name="checklists", model=RequiredDocument, label=_("Required document"),
        plural=_("Required documents"),
        area="setup", icon="checklist", plain=True, order="order",
        fields=(
            Field("name", list=True, form="both"), Field("needed_for", list=True, form="both"),
            Field("blocks_signing", list=True, form="both"), Field("order", list=True, form="both"),
        ),
    )
)  # fmt: skip

register(
    Resource(
        name="received-documents", model=ReceivedDocument, label=_("Received document"),
        plural=_("Received documents"),
        fields=(
            Field("title", label=_("Document needed"), source="document__name"), Field("deal", label=_("Deal")),
            Field("buyer", label=_("Buyer")),
            Field("document", label=_("Required document")), Field("received_at"), Field("received_by"),
        ),
        label_field="title", owner="deal__consultant", team="deal__team",
    )
)  # fmt: skip
