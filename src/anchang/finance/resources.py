"""What users see of money."""

from __future__ import annotations

from django.db.models import Case, CharField, DateField, F, Func, Value, When
from django.utils.translation import gettext_lazy as _

from anchang.finance import (  # noqa: F401 (each registers its own)
    accounting_resources,
    banking_resources,
    obligations,
    queries,
)
from anchang.finance.models import Allocation, DayClose, Receipt, Receivable, Refund
from anchang.finance.models.ledger import Item
from anchang.inventory.words import reason_text
from anchang.platform.resources import Field, Related, Resource, register

_CONSULTANT = Field("consultant", label=_("Consultant"), source="deal__consultant", to="users", list=True)
_UNIT = Field("unit", label=_("Unit"), source="deal__unit", to="units", list=True)
_CUSTOMER = Field("customer", label=_("Customer"), source="deal__customer", to="customers", list=True)

#: The day in the project's own time zone.
TODAY = Func(
    F("project__time_zone"), template="(statement_timestamp() AT TIME ZONE %(expressions)s)::date",
    output_field=DateField(),
)  # fmt: skip

#: The same as rules.receivable_state, in SQL: derived, never stored. Due today is not overdue.
_STATE = Case(
    When(voided=True, then=Value("void")),
    When(balance=0, then=Value("settled")),
    When(due_on__lt=TODAY, then=Value("overdue")),
    When(allocated__gt=0, then=Value("partial")),
    When(due_on=TODAY, then=Value("due")),
    default=Value("planned"),
    output_field=CharField(),
)
STATES = {
    "planned": _("Planned"), "due": _("Due"), "partial": _("Partly paid"), "settled": _("Settled"),
    "overdue": _("Overdue"), "void": _("Void"),
}  # fmt: skip
_CLASS = Case(When(money="cash", then=Value("cash")), default=Value("bank"), output_field=CharField())
CLASSES = {"cash": _("Cash class"), "bank": _("Bank class")}

register(
    Resource(
        name="receivables", model=Receivable, label=_("Receivable"), plural=_("Receivables"), area="finance",
        icon="calendar-dollar", menu_order=10,
        fields=(
            Field("title", label=_("Receivable"), source="item", kind="choice", choices=dict(Item.choices)),
            _UNIT, _CUSTOMER, _CONSULTANT, Field("contract", list=True), Field("deal"),
            Field("item", kind="choice", choices=dict(Item.choices), list=True), Field("seq", list=True),
            Field("money"),
            Field("way_class", label=_("Money class"), expr=_CLASS, kind="choice", choices=CLASSES),
            Field("house"), Field("due_on", list=True), Field("amount", list=True, sum=True),
            Field("allocated", list=True, sum=True), Field("balance", kind="money", list=True, sum=True),
            Field("state", label=_("State"), expr=_STATE, kind="choice", choices=STATES, list=True),
            Field("bank"), Field("voided"), Field("settled_on"), Field("note"), Field("created_at"),
        ),
        label_field="title", owner="deal__consultant", team="deal__team", order="due_on", state_field="state",
        related=(Related("vouchers", "receivable"),),
    )
)  # fmt: skip

register(
    Resource(
        name="receipts", model=Receipt, label=_("Receipt"), plural=_("Receipts"), area="finance",
        icon="receipt",
        menu_order=20,
        fields=(
            Field("number", list=True), _UNIT, _CUSTOMER, _CONSULTANT, Field("deal"),
            Field("contract", list=True),
            Field("amount", list=True, sum=True), Field("allocated"), Field("way", list=True), Field("money"),
            Field("way_class", label=_("Money class"), expr=_CLASS, kind="choice", choices=CLASSES),
            Field("kind"),
            Field("account"), Field("payer", list=True), Field("reference"), Field("received_on", list=True),
            Field("business_date"), Field("cashier"), Field("state", list=True), Field("reverses"),
            Field("reason"),
            Field("prints"), Field("created_at"),
            Field("allocations", label=_("Allocations"), value=queries.allocations_of),
        ),
        label_field="number", owner="deal__consultant", team="deal__team", order="-id", state_field="state",
        search=("number", "payer", "reference"), key_field="number",
        related=(
            Related("allocations", "receipt"), Related("vouchers", "receipt"), Related("invoice-receipts", "receipt"),
        ),
    )
)  # fmt: skip

register(
    Resource(
        name="refunds", model=Refund, label=_("Refund"), plural=_("Refunds"), area="finance", icon="cash-off",
        menu_order=30, create_label=_("New refund"),
        fields=(
            Field("title", label=_("Refund"), source="deal__unit__label"), _UNIT, _CUSTOMER, _CONSULTANT,
            Field("deal"), Field("to_deal"), Field("contract"), Field("kind", list=True), Field("money"),
            Field("amount", list=True, sum=True), Field("payee", list=True), Field("payee_account"),
            Field("payer_receives"), Field("reason", words=reason_text, list=True), Field("state", list=True),
            Field("due_on", list=True),
            Field("requested_by"), Field("approved_by"), Field("approved_on"),
            Field("way", kind="choice", choices=dict(Receipt.Way.choices)), Field("paid_on"),
            Field("paid_by"), Field("reference"), Field("reject_reason"), Field("created_at"),
        ),
        label_field="title", owner="deal__consultant", team="deal__team", order="-id", state_field="state",
        related=(Related("vouchers", "refund"),),
    )
)  # fmt: skip

register(
    Resource(
        name="allocations", model=Allocation, label=_("Allocation"), plural=_("Allocations"),
        fields=(
            Field("title", label=_("Allocation"), source="receipt__number"), Field("receipt", list=True),
            Field("receivable", list=True), Field("refund"), Field("amount", list=True, sum=True),
            Field("at"),
            Field("business_date", list=True),
        ),
        label_field="title", owner="receipt__deal__consultant", team="receipt__deal__team", order="-id",
    )
)  # fmt: skip

register(
    Resource(
        name="day-closes", model=DayClose, label=_("Closed day"), plural=_("Closed days"), area="finance",
        icon="lock", menu_order=40,
        fields=(
            Field("day", list=True), Field("cashier", list=True), Field("receipts", list=True),
            Field("booked", filter=False, sort=False), Field("counted", filter=False, sort=False),
            Field("difference", list=True), Field("note", list=True), Field("closed_at"),
        ),
        label_field="day", owner="cashier", order="-id",
    )
)  # fmt: skip
