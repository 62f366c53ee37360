"""Declarations of what follows a signed contract."""

from __future__ import annotations

from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.affairs import (  # noqa: F401 (each registers its own)
    bureau_resources,
    obligations,
    pipeline_resources,
    review_resources,
    signing_resources,
    vouchers,
)
from anchang.affairs.models import (
    ContractCopy,
    CopyLoan,
    Dispute,
    Handover,
    Mortgage,
    Provision,
    SellerLiability,
    TitleRegistration,
    Warranty,
)
from anchang.deals.words import late_fee_text
from anchang.platform.resources import Field, Kanban, Related, Resource, register
from anchang.platform.ui.beginnings import begins

_OWNER, _TEAM = "contract__deal__consultant", "contract__deal__team"
_CUSTOMER = Field("customer", label=_("Customer"), source="contract__customer", to="customers", list=True)
_UNIT = Field("unit", label=_("Unit"), source="contract__unit", to="units", list=True)
_CONSULTANT = Field("consultant", label=_("Consultant"), source=_OWNER, to="users", list=True)

register(Resource(
    name="mortgages", model=Mortgage, label=_("Mortgage"), plural=_("Mortgages"), area="papers", icon="building-bank",
    label_field="bank", owner=_OWNER, team=_TEAM, state_field="state", order="-id", menu_order=60,
    kanban=Kanban("state", {"submitted": "submit", "approved": "approve", "pre_registered": "pre-register",
                            "disbursed": "disburse", "refused": "refuse", "withdrawn": "withdraw"}),
    fields=(
        Field("bank", list=True, form="create"), Field("contract", list=True, form="create"), _UNIT, _CUSTOMER,
        Field("kind", list=True, form="create"), Field("amount", list=True, form="create", sum=True),
        Field("state", list=True), Field("since"), Field("due_on", list=True), Field("submitted_on"),
        Field("approved_on"), Field("approved_amount"), Field("pre_registered_on"), Field("disbursed_on"),
        Field("ended_on"), Field("reason"), _CONSULTANT, Field("created_at"),
    ),
))  # fmt: skip

register(Resource(
    name="titles", model=TitleRegistration, label=_("Title registration"), plural=_("Title registrations"),
    area="papers", icon="certificate", label_field="title", owner=_OWNER, team=_TEAM, state_field="state", order="-id",
    menu_order=61, search=("certificate_number",),
    fields=(
        Field("title", label=_("Title registration"), source="contract__number"),
        Field("contract", list=True, form="create"), _UNIT, _CUSTOMER, Field("state", list=True), Field("since"),
        Field("due_on", list=True), Field("tax_paid_on"), Field("fund_paid_on"), Field("submitted_on"),
        Field("certificate_number", list=True), Field("issued_on", list=True), Field("handed_on"),
        Field("receiver"), _CONSULTANT, Field("created_at"),
    ),
))  # fmt: skip

register(Resource(
    name="contract-copies", model=ContractCopy, label=_("Contract copy"), plural=_("Contract copies"), area="papers",
    icon="books", label_field="title", owner=_OWNER, team=_TEAM, state_field="state", order="-id", menu_order=62,
    fields=(
        Field("title", label=_("Contract copy"), kind="text", expr=Concat(
            F("contract__number"), Value("/"), Cast("number", CharField()), output_field=CharField()
        )),
        Field("contract", list=True, form="create"), _CUSTOMER, Field("number", list=True),
        Field("kind", list=True, form="create"), Field("location", list=True, form="create"),
        Field("state", list=True), Field("created_at"),
    ),
    related=(Related("copy-loans", "copy"),),
))  # fmt: skip

register(Resource(
    name="copy-loans", model=CopyLoan, label=_("Loan of a copy"), plural=_("Loans of copies"), icon="book-upload",
    label_field="title", owner="copy__contract__deal__consultant", team="copy__contract__deal__team", order="-id",
    fields=(
        Field("title", label=_("Contract"), source="copy__contract__number"),
        Field("copy", list=True), Field("borrower", list=True, to="users"), Field("purpose", list=True),
        Field("lent_on", list=True), Field("due_on", list=True), Field("returned_on", list=True),
    ),
))  # fmt: skip

register(Resource(
    name="disputes", model=Dispute, label=_("Dispute"), plural=_("Disputes"), area="papers", icon="gavel",
    label_field="subject", owner=_OWNER, team=_TEAM, state_field="state", order="-id", menu_order=63,
    search=("subject",),
    fields=(
        Field("subject", list=True, form="create"), Field("contract", list=True, form="create"), _UNIT, _CUSTOMER,
        Field("claim", list=True, form="both", kind="money"), Field("state", list=True),
        Field("lawyer", list=True, form="both"), Field("opened_on", list=True, form="create"), Field("closed_on"),
        Field("result"), _CONSULTANT, Field("created_at"),
    ),
))  # fmt: skip

register(Resource(
    name="handovers", model=Handover, label=_("Handover"), plural=_("Handovers"), icon="key", label_field="title",
    owner="deal__consultant", team="deal__team", order="-id",
    fields=(
        Field("title", label=_("Contract"), source="contract__number", list=True), Field("deal"), Field("contract"),
        Field("on", list=True), Field("receiver", list=True), Field("note"), Field("at"),
        Field("property_fee", list=True), Field("property_fee_from"),
    ),
    related=(Related("warranties", "handover"),),
))  # fmt: skip

register(Resource(
    name="warranties", model=Warranty, label=_("Warranty"), plural=_("Warranties"), area="papers", icon="certificate",
    label_field="item", owner=_OWNER, team=_TEAM, order="until", menu_order=65,
    fields=(
        Field("item", list=True), Field("contract", list=True), _UNIT, _CUSTOMER, Field("handover"),
        Field("since", list=True), Field("until", list=True),
    ),
))  # fmt: skip

register(Resource(
    name="seller-liabilities", model=SellerLiability, label=_("Seller's delay"), plural=_("Seller's delays"),
    area="papers", icon="clock-exclamation", label_field="title", owner=_OWNER, team=_TEAM, order="-id", menu_order=64,
    fields=(
        Field("title", label=_("Contract"), source="contract__number", list=True), Field("contract"), Field("deal"),
        _UNIT, _CUSTOMER, Field("kind", list=True), Field("due_on", list=True), Field("ended_on", list=True),
        Field("days", list=True), Field("amount", list=True, sum=True), Field("provided", list=True, sum=True),
        Field("open", list=True, sum=True), Field("base"), Field("excused_days"), Field("excuse"),
        Field("excused_by", to="users"), Field("through"),
        Field("terms", kind="json", words=late_fee_text, filter=False, sort=False),
    ),
    related=(Related("provisions", "liability"),),
))  # fmt: skip

register(Resource(
    name="provisions", model=Provision, label=_("Provision"), plural=_("Provisions"), icon="report-money",
    label_field="through", owner="liability__contract__deal__consultant", team="liability__contract__deal__team",
    order="-id",
    fields=(
        Field("through", list=True), Field("liability", list=True), Field("days", list=True),
        Field("amount", list=True, sum=True), Field("at"),
        Field("vouchers", label=pgettext_lazy("bookkeeping", "Vouchers"), kind="many", to="vouchers",
              value=vouchers.vouchers_of_provisions),
    ),
))  # fmt: skip

begins(
    "seller-liabilities",
    _("They are computed from contracts whose handover or title is late: More actions, Compute the seller's delays."),
    "/r/contracts/", _("Contracts"), "seller-liabilities.compute",
)  # fmt: skip
