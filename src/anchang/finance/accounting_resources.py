"""What users see of accounts, vouchers, invoices and marketing expenses."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.finance import queries_accounting as queries
from anchang.finance.models import (
    Account,
    AccountingPeriod,
    Expense,
    ExpensePayment,
    ExpensePlan,
    ExpenseSubject,
    ExpenseTarget,
    Invoice,
    InvoiceReceipt,
    MarketingContract,
    Voucher,
    VoucherBatch,
    VoucherLine,
    VoucherRejection,
    VoucherTemplate,
    VoucherTemplateLine,
)
from anchang.finance.sources import AMOUNT_LABELS, documents_of, event_labels
from anchang.platform.resources import Field, Related, Resource, register


def _amounts(project_id: int | None = None) -> dict[str, Any]:
    return AMOUNT_LABELS


#: Why a document became no voucher; the figures stand beside it.
REASONS = {
    "voucher_amount_unknown": _("Amount unknown"), "voucher_account_unused": _("Account not in use"),
    "voucher_item_missing": _("Auxiliary item missing"), "voucher_one_sided": _("One side is empty"),
    "voucher_unbalanced": _("Does not balance"), "no_open_period": _("No open period"),
}  # fmt: skip
_VOUCHERS = "vouchers"

register(
    Resource(
        name="accounts", model=Account, label=_("Ledger account"), plural=_("Chart of accounts"), area="accounting",
        icon="list-numbers", menu_order=70, plain=True, search=("code", "name"), order="code", label_field="title",
        create_label=_("New ledger account"), key_field="code",
        fields=(
            Field("title", label=_("Ledger account"), source="name"),
            Field("code", list=True, form="create"), Field("name", list=True, form="both"),
            Field("kind", list=True, form="both"), Field("by_customer", list=True, form="both"),
            Field("by_unit", list=True, form="both"), Field("by_project", list=True, form="both"),
            Field("by_bank_account", list=True, form="both"), Field("active", list=True, form="both"),
        ),
        related=(Related("voucher-lines", "account"), Related("voucher-template-lines", "account")),
    )
)  # fmt: skip

register(
    Resource(
        name="accounting-periods", model=AccountingPeriod, label=_("Accounting period"),
        plural=_("Accounting periods"), area="accounting", icon="calendar-month", menu_order=71, order="-month",
        label_field="month", state_field="state",
        fields=(
            Field("month", list=True, form="create"), Field("state", list=True), Field("closed_on", list=True),
            Field("created_at"),
        ),
        related=(Related(_VOUCHERS, "period"), Related("voucher-batches", "period")),
    )
)  # fmt: skip

register(
    Resource(
        name="voucher-templates", model=VoucherTemplate, label=_("Voucher template"), plural=_("Voucher templates"),
        area="accounting", icon="template", menu_order=72, plain=True, state_field="state", order="event",
        fields=(
            Field("name", list=True, form="both"),
            Field("event", kind="choice", choices=event_labels, list=True, form="create"),
            Field("word", list=True, form="both"), Field("state", list=True), Field("created_at"),
        ),
        related=(Related("voucher-template-lines", "template"), Related(_VOUCHERS, "template")),
    )
)  # fmt: skip

register(
    Resource(
        name="voucher-template-lines", model=VoucherTemplateLine, label=_("Template line"),
        plural=_("Template lines"), icon="list", plain=True, order="seq", label_field="title",
        fields=(
            Field("title", label=_("Template line"), source="template__name"),
            Field("template", list=True, form="create"), Field("seq", list=True, form="both", required=True),
            Field("side", list=True, form="both"), Field("account", list=True, form="both"),
            Field("amount", kind="choice", choices=_amounts, list=True, form="both"),
            Field("summary", list=True, form="both", help=_("May name {number}, {unit} and {date}")),
            Field("bank_account", form="both", help=_("Where the document names none")),
        ),
    )
)  # fmt: skip

register(
    Resource(
        name=_VOUCHERS, model=Voucher, label=pgettext_lazy("bookkeeping", "Voucher"),
        plural=pgettext_lazy("bookkeeping", "Vouchers"), area="accounting", icon="file-invoice",
        menu_order=60, order="-id", label_field="number", state_field="state", key_field="number",
        search=("number", "source_number"),
        fields=(
            Field("number", list=True), Field("voucher_date", list=True), Field("period"), Field("word"),
            Field("event", kind="choice", choices=event_labels, list=True), Field("source_number", list=True),
            Field("total", list=True, sum=True), Field("state", list=True), Field("template"), Field("batch"),
            Field("receipt"), Field("refund"), Field("contract"), Field("receivable"), Field("invoice"),
            Field("expense"), Field("payment"), Field("area_settlement"), Field("remittance_line"), Field("created_at"),
            Field("documents", label=_("Source document"), kind="many", value=documents_of),
            Field("entries", label=_("Entries"), value=queries.entries_of_vouchers),
        ),
        related=(Related("voucher-lines", "voucher"),),
    )
)  # fmt: skip

register(
    Resource(
        name="voucher-lines", model=VoucherLine, label=_("Voucher entry"), plural=_("Voucher entries"),
        icon="list-details", order="-id", label_field="title",
        fields=(
            Field("title", label=_("Voucher entry"), source="voucher__number"), Field("voucher", list=True),
            Field("seq", list=True),
            Field("voucher_date", label=_("Voucher date"), source="voucher__voucher_date", list=True),
            Field("account_code", list=True), Field("account_name", list=True), Field("account"),
            Field("summary", list=True), Field("debit", list=True, sum=True), Field("credit", list=True, sum=True),
            Field("customer", list=True), Field("unit", list=True), Field("by_project"), Field("bank_account"),
        ),
    )
)  # fmt: skip

register(
    Resource(
        name="voucher-rejections", model=VoucherRejection, label=_("Refused voucher"), plural=_("Refused vouchers"),
        area="accounting", icon="file-x", menu_order=61, order="-id", label_field="source_number",
        fields=(
            Field("source_number", list=True),
            Field("event", kind="choice", choices=event_labels, list=True), Field("day", list=True),
            Field("code", kind="choice", choices=REASONS, list=True), Field("detail", list=True),
            Field("at", list=True),
        ),
    )
)  # fmt: skip

register(
    Resource(
        name="voucher-batches", model=VoucherBatch, label=_("Voucher export"), plural=_("Voucher exports"),
        area="accounting", icon="file-export", menu_order=62, order="-id", label_field="made_at",
        fields=(
            Field("made_at", list=True), Field("format", list=True, form="create"),
            Field("period", list=True, form="create"), Field("vouchers", list=True), Field("lines", list=True),
            Field("debit", list=True), Field("credit", list=True), Field("made_by", list=True),
            Field("sha256", label="SHA-256"),
        ),
        related=(Related(_VOUCHERS, "batch"),),
    )
)  # fmt: skip

register(
    Resource(
        name="invoices", model=Invoice, label=_("Invoice"), plural=_("Invoices"), area="finance", icon="receipt-tax",
        menu_order=50, order="-id", label_field="number", owner="deal__consultant", team="deal__team",
        search=("number", "buyer"), create_label=_("New invoice"),
        fields=(
            Field("number", list=True), Field("code"), Field("kind", list=True),
            Field("unit", label=_("Unit"), source="deal__unit", to="units", list=True),
            Field("customer", label=_("Customer"), source="deal__customer", to="customers"), Field("deal"),
            Field("contract", list=True), Field("buyer", list=True), Field("tax_number"),
            Field("amount", list=True, sum=True), Field("net", list=True, sum=True),
            Field("tax", list=True, sum=True), Field("tax_rate", kind="percent"), Field("issued_on", list=True),
            Field("red_of", list=True), Field("reason"), Field("created_at"),
            Field("receipts", label=_("Exchanged receipts"), value=queries.receipts_of_invoices),
        ),
        related=(
            Related("invoice-receipts", "invoice"), Related(_VOUCHERS, "invoice"), Related("invoices", "red_of"),
        ),
    )
)  # fmt: skip

register(
    Resource(
        name="invoice-receipts", model=InvoiceReceipt, label=_("Exchanged receipt"), plural=_("Exchanged receipts"),
        icon="arrows-exchange", order="-id", label_field="title", owner="invoice__deal__consultant",
        team="invoice__deal__team",
        fields=(
            Field("title", label=_("Receipt"), source="receipt__number"), Field("invoice", list=True),
            Field("receipt", list=True), Field("amount", list=True, sum=True),
        ),
    )
)  # fmt: skip

register(
    Resource(
        name="expense-subjects", model=ExpenseSubject, label=_("Expense subject"), plural=_("Expense subjects"),
        area="setup", icon="category", menu_order=80, plain=True, order="code", key_field="code",
        search=("name", "code"),
        fields=(
            Field("code", list=True, form="create"), Field("name", list=True, form="both"),
            Field("active", list=True, form="both"),
        ),
        related=(
            Related("expense-targets", "subject"), Related("expense-plans", "subject"), Related("expenses", "subject"),
        ),
    )
)  # fmt: skip

register(
    Resource(
        name="expense-targets", model=ExpenseTarget, label=_("Expense target"), plural=_("Expense targets"),
        area="marketing", icon="target", menu_order=80, order="-year", label_field="title", state_field="state",
        fields=(
            Field("title", label=_("Expense target"), source="subject__name"), Field("year", list=True),
            Field("subject", list=True), Field("rate", list=True, kind="percent"), Field("sales_plan"),
            Field("amount", list=True, sum=True),
            Field("planned", label=_("Monthly plans"), expr=queries.YEAR_PLANNED, kind="money", list=True, sum=True),
            Field("incurred", label=_("Incurred"), expr=queries.YEAR_INCURRED, kind="money", list=True, sum=True),
            Field("paid", label=_("Paid"), expr=queries.YEAR_PAID, kind="money", list=True, sum=True),
            Field(
                "remaining", label=_("Left of the target"), expr=queries.YEAR_REMAINING, kind="money", list=True,
                sum=True,
            ),
            Field("state", list=True), Field("approved_by"), Field("approved_on"),
        ),
    )
)  # fmt: skip

register(
    Resource(
        name="expense-plans", model=ExpensePlan, label=_("Monthly expense plan"), plural=_("Monthly expense plans"),
        area="marketing", icon="calendar-stats", menu_order=81, order="-month", label_field="title",
        state_field="state",
        fields=(
            Field("title", label=_("Monthly expense plan"), source="subject__name"), Field("month", list=True),
            Field("subject", list=True), Field("amount", list=True, sum=True),
            Field("incurred", label=_("Incurred"), expr=queries.MONTH_INCURRED, kind="money", list=True, sum=True),
            Field("paid", label=_("Paid"), expr=queries.MONTH_PAID, kind="money", list=True, sum=True),
            Field("state", list=True), Field("over_target", list=True), Field("reason"), Field("approved_by"),
            Field("approved_on"),
        ),
    )
)  # fmt: skip

register(
    Resource(
        name="marketing-contracts", model=MarketingContract, label=_("Marketing contract"),
        plural=_("Marketing contracts"), area="marketing", icon="file-description", menu_order=82, order="-id",
        label_field="number", state_field="state", key_field="number", search=("number", "title", "supplier"),
        fields=(
            Field("number", list=True), Field("title", list=True), Field("supplier", list=True),
            Field("subject", list=True), Field("amount", list=True, sum=True),
            Field("incurred", list=True, sum=True), Field("paid", list=True, sum=True),
            Field("balance", kind="money", list=True, sum=True), Field("signed_on", list=True),
            Field("state", list=True), Field("note"), Field("created_at"),
        ),
        related=(Related("expenses", "contract"),),
    )
)  # fmt: skip

register(
    Resource(
        name="expenses", model=Expense, label=pgettext_lazy("marketing", "Expense"),
        plural=_("Marketing expenses"), area="marketing", icon="shopping-cart", menu_order=83, order="-id",
        label_field="number", state_field="state", search=("number", "supplier"),
        fields=(
            Field("number", list=True), Field("contract", list=True), Field("subject", list=True),
            Field("supplier", list=True), Field("content"), Field("amount", list=True, sum=True),
            Field("paid", list=True, sum=True), Field("unpaid", kind="money", list=True, sum=True),
            Field("incurred_on", list=True), Field("state", list=True), Field("approved_by"),
            Field("approved_on"), Field("void_reason"), Field("created_at"),
        ),
        related=(Related("expense-payments", "expense"), Related(_VOUCHERS, "expense")),
    )
)  # fmt: skip

register(
    Resource(
        name="expense-payments", model=ExpensePayment, label=_("Expense payment"), plural=_("Expense payments"),
        area="marketing", icon="cash", menu_order=84, order="-id", label_field="title",
        fields=(
            Field("title", label=_("Expense payment"), source="expense__number"), Field("expense", list=True),
            Field("amount", list=True, sum=True), Field("paid_on", list=True), Field("account", list=True),
            Field("reference", list=True), Field("reverses"), Field("reason"), Field("paid_by", list=True),
            Field("at"),
        ),
        related=(Related(_VOUCHERS, "payment"),),
    )
)  # fmt: skip
