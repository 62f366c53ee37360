"""What users see of bank lines, late fees, area settlements, fees paid on and closed months."""

from __future__ import annotations

from django.db.models import Case, CharField, OuterRef, Subquery, Value, When
from django.utils.translation import gettext_lazy as _

from anchang.finance.models import (
    AreaSettlement,
    BankLine,
    BankMatch,
    BankProposal,
    LateFee,
    PeriodClose,
    Remittance,
    RemittanceLine,
)
from anchang.finance.models.ledger import Item
from anchang.platform.resources import Field, Related, Resource, register

_PROPOSAL = BankProposal.objects.filter(project=OuterRef("project"), line=OuterRef("pk"))
_STATE = Case(
    When(open_amount=0, then=Value("matched")),
    When(explained=0, then=Value("open")),
    default=Value("partly"),
    output_field=CharField(),
)
LINE_STATES = {"open": _("Open"), "partly": _("Partly explained"), "matched": _("Explained")}
_UNIT = Field("unit", label=_("Unit"), source="deal__unit", to="units", list=True)
_CUSTOMER = Field("customer", label=_("Customer"), source="deal__customer", to="customers", list=True)

register(
    Resource(
        name="bank-lines", model=BankLine, label=_("Bank line"), plural=_("Bank lines"), area="finance",
        icon="building-bank", menu_order=25,
        fields=(
            Field("day", list=True), Field("time"), Field("amount", list=True, sum=True),
            Field("counterparty", list=True), Field("note", list=True), Field("way", list=True),
            Field("state", label=_("State"), expr=_STATE, kind="choice", choices=LINE_STATES, list=True),
            Field(
                "finding", label=_("Finding"), expr=Subquery(_PROPOSAL.values("finding")[:1]), kind="choice",
                choices=dict(BankProposal.Finding.choices), list=True,
            ),
            Field("open_amount", kind="money", sum=True), Field("explained"), Field("source"), Field("account"),
            Field("voucher"), Field("lender"), Field("fee"), Field("balance"), Field("counter_account"),
            Field("created_at"),
        ),
        label_field="day", order="-day", state_field="state", search=("counterparty", "note", "voucher"),
        related=(Related("bank-matches", "line"),),
    )
)  # fmt: skip

register(
    Resource(
        name="bank-matches", model=BankMatch, label=_("Match"), plural=_("Matches of bank lines"),
        fields=(
            Field("at", list=True), Field("line", list=True), Field("kind", list=True), Field("receipt", list=True),
            Field("refund", list=True), Field("amount", list=True, sum=True), Field("note", list=True),
            Field("source"), Field("user", list=True),
        ),
        label_field="kind", order="-id",
    )
)  # fmt: skip

register(
    Resource(
        name="late-fees", model=LateFee, label=_("Late fee"), plural=_("Late fees"), area="finance",
        icon="alarm", menu_order=45,
        fields=(
            Field("title", label=_("Late fee"), source="source__item", kind="choice", choices=dict(Item.choices)),
            _UNIT, _CUSTOMER, Field("source", list=True), Field("delay", list=True), Field("rate", kind="decimal"),
            Field("amount", list=True, sum=True), Field("waived", list=True, sum=True),
            Field("payable", kind="money", list=True, sum=True), Field("waiver", list=True), Field("waiver_amount"),
            Field("waiver_reason"), Field("asked_by"), Field("decided_by"), Field("charged", list=True),
            Field("as_of"), Field("parts", filter=False, sort=False), Field("contract"), Field("deal"),
        ),
        label_field="title", owner="deal__consultant", team="deal__team", order="-id", state_field="waiver",
    )
)  # fmt: skip

register(
    Resource(
        name="area-settlements", model=AreaSettlement, label=_("Area settlement"), plural=_("Area settlements"),
        area="finance", icon="ruler-measure", menu_order=50,
        fields=(
            Field("title", label=_("Area settlement"), source="contract__number"), _UNIT, _CUSTOMER,
            Field("contract", list=True), Field("contract_area", kind="area", list=True),
            Field("measured_area", kind="area", list=True), Field("ratio", kind="decimal", list=True),
            Field("amount", list=True, sum=True), Field("state", list=True), Field("basis"), Field("unit_price"),
            Field("may_terminate"), Field("parts", filter=False, sort=False), Field("approved_by"),
            Field("approved_on"), Field("posted_on"), Field("receivable"), Field("refund"), Field("reject_reason"),
            Field("deal"), Field("created_at"),
        ),
        label_field="title", owner="deal__consultant", team="deal__team", order="-id", state_field="state",
        related=(Related("vouchers", "area_settlement"),),
    )
)  # fmt: skip

register(
    Resource(
        name="remittances", model=Remittance, label=_("Payment to the authority"),
        plural=_("Payments to authorities"), area="finance", icon="building-community", menu_order=55,
        create_label=_("Pay fees on to the authority"),
        fields=(
            Field("payee", list=True), Field("item", kind="choice", choices=dict(Item.choices), list=True),
            Field("paid_on", list=True), Field("amount", list=True, sum=True), Field("reference", list=True),
            Field("paid_by", list=True), Field("created_at"),
        ),
        label_field="payee", order="-id", related=(Related("remittance-lines", "remittance"),),
    )
)  # fmt: skip

register(
    Resource(
        name="remittance-lines", model=RemittanceLine, label=_("Fee paid on"), plural=_("Fees paid on"),
        fields=(
            Field("title", label=_("Item"), source="receivable__item", kind="choice", choices=dict(Item.choices)),
            Field("remittance", list=True), Field("receivable", list=True),
            Field("unit", label=_("Unit"), source="receivable__deal__unit", to="units", list=True),
            Field("customer", label=_("Customer"), source="receivable__deal__customer", to="customers", list=True),
            Field("amount", list=True, sum=True),
        ),
        label_field="title", order="-id",
        related=(Related("vouchers", "remittance_line"),),
    )
)  # fmt: skip

register(
    Resource(
        name="period-closes", model=PeriodClose, label=_("Closed month"), plural=_("Closed months"), area="finance",
        icon="calendar-lock", menu_order=41,
        fields=(
            Field("month", list=True), Field("last_day", list=True), Field("receipts", list=True),
            Field("received", list=True), Field("refunded", list=True), Field("late", list=True),
            Field("sums", filter=False, sort=False), Field("late_entries", filter=False, sort=False),
            Field("closed_by", list=True), Field("closed_at"),
        ),
        label_field="month", order="-last_day",
    )
)  # fmt: skip
