"""The papers of a deal as PDF: proposal (置业方案), subscription form (认购书), sale contract (买卖合同) and its
summary (合同摘要).

Pure functions over values: no model, no database. The forms are Chinese legal texts and are not translated.
Amounts are yuan, areas square metres, both Decimal with two places; labels (way, id type, plan item) come
worded by the caller, identity numbers and phones masked or not as the caller may show them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from anchang.kernel.money import chinese_capitals
from anchang.platform.documents.typst import qr_svg, render

FORMS = Path(__file__).parent / "forms"


@dataclass(frozen=True, kw_only=True)
class Seller:
    """Who sells and where: the head of every form."""

    company: str
    project: str
    location: str = ""
    licence: str = ""
    credit_code: str = ""
    legal_person: str = ""
    address: str = ""
    phone: str = ""
    escrow_account: str = ""


@dataclass(frozen=True, kw_only=True)
class UnitFacts:
    """The room as the price list describes it; `measured` says whether the areas are 实测 or 预测."""

    building: str
    code: str
    section: str = ""
    floor: str = ""
    layout: str = ""
    product_type: str = ""
    orientation: str = ""
    storey_height: Decimal | None = None
    gross_area: Decimal | None = None
    inner_area: Decimal | None = None
    shared_area: Decimal | None = None
    measured: bool = False
    price_basis: str = ""


@dataclass(frozen=True, kw_only=True)
class PriceStep:
    """One discount: what it takes off (`amount`, negative) and the price after it."""

    name: str
    rule: str
    amount: Decimal
    result: Decimal


@dataclass(frozen=True, kw_only=True)
class PriceFacts:
    """From list price to deal price. `depth` is worded by the caller, e.g. "4.6771%". The last two: where a decoration
    contract of its own takes part of the price."""

    list_total: Decimal
    total: Decimal
    list_unit_price: Decimal | None = None
    unit_price: Decimal | None = None
    inner_unit_price: Decimal | None = None
    depth: str = ""
    steps: Sequence[PriceStep] = ()
    house_total: Decimal | None = None
    decoration_total: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class BuyerFacts:
    name: str
    id_type: str = ""
    id_number: str = ""
    phone: str = ""
    share: Decimal | None = None
    guardian: str = ""
    agent: str = ""
    address: str = ""


@dataclass(frozen=True, kw_only=True)
class PlanLine:
    """One payment: `due` is a date or, when none is known, the wording of the condition."""

    seq: int
    item: str
    amount: Decimal
    due: date | str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Print:
    """What every copy says about itself; the caller counts the prints."""

    printed_at: datetime
    print_count: int | None = None
    printed_by: str = ""


@dataclass(frozen=True, kw_only=True)
class DealForm:
    """What every paper of a deal says: the parties, the unit, its price, and how it is paid."""

    number: str
    seller: Seller
    unit: UnitFacts
    price: PriceFacts
    buyers: Sequence[BuyerFacts]
    ownership: str
    plan_name: str
    plan: Sequence[PlanLine]
    print: Print


@dataclass(frozen=True, kw_only=True)
class SubscriptionForm(DealForm):
    """Everything on a subscription form. `deposit_cap_percent` is the legal share in force (20).

    `extra_clauses` follow the standard clauses, numbered on; `office` is where the contract is signed.
    """

    deposit: Decimal
    deposit_cap_percent: Decimal
    subscribed_on: date
    sign_by: date
    office: str = ""
    consultant: str = ""
    copies: int = 2
    extra_clauses: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class LoanRow:
    """One month of a loan: payment = principal + interest."""

    month: int
    payment: Decimal
    principal: Decimal
    interest: Decimal
    balance: Decimal


@dataclass(frozen=True, kw_only=True)
class LoanFacts:
    """One loan with its first months (`rows`, any number) and its totals; `rate` is worded, e.g. "3.50%"."""

    name: str
    amount: Decimal
    rate: str
    months: int
    method: str
    first_payment: Decimal
    last_payment: Decimal
    total_interest: Decimal
    total_payment: Decimal
    rows: Sequence[LoanRow] = ()


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A price proposal for one customer: units to compare are rendered one after another."""

    number: str
    seller: Seller
    customer: str
    options: Sequence["ProposalOption"]
    made_on: date
    print: Print
    valid_until: date | None = None
    consultant: str = ""
    consultant_phone: str = ""
    notes: Sequence[str] = ()
    title: str = "置业方案"


@dataclass(frozen=True, kw_only=True)
class ProposalOption:
    unit: UnitFacts
    price: PriceFacts
    plan_name: str
    plan: Sequence[PlanLine]
    loans: Sequence[LoanFacts] = ()


@dataclass(frozen=True, kw_only=True)
class ContractSummary(DealForm):
    """The model contract's facts on one sheet; `terms` are further (label, text) pairs of it."""

    signed_on: date
    filing_number: str = ""
    filed_on: date | None = None
    deposit: Decimal | None = None
    handover_by: date | None = None
    subscription_number: str = ""
    area_scheme: str = ""
    terms: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, kw_only=True)
class LateFee:
    """Ten-thousandths a day up to `days` days late, and from then on."""

    rate: Decimal
    later_rate: Decimal
    days: int


@dataclass(frozen=True, kw_only=True)
class SaleContract(DealForm):
    """The model contract (商品房买卖合同示范文本) filled in.

    `facts` are the project's standing facts by name (land, permits, property company), blank lines where absent;
    `clauses` the free text of the marked places, by `rules.CLAUSES`. `area_scheme`: gross, inner or unit.
    """

    presale: bool
    deposit: Decimal
    deposit_cap_percent: Decimal
    signed_on: date
    area_scheme: str
    area_percent: Decimal
    late: LateFee
    filing_days: int
    refund_days: int
    licence_issued_on: date | None = None
    escrow_bank: str = ""
    escrow_name: str = ""
    structure: str = ""
    storeys: str = ""
    agency: str = ""
    form_name: str = ""
    tax_percent: Decimal | None = None
    handover_by: date | None = None
    online_number: str = ""
    filing_number: str = ""
    filed_on: date | None = None
    copies: int = 4
    facts: Mapping[str, str] = field(default_factory=dict)
    clauses: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DecorationContract(DealForm):
    """The decoration's own contract (装修合同) beside the sale contract `contract_number`; `plan` has the
    decoration's lines alone. `facts` and `clauses` as in the sale contract."""

    contract_number: str
    signed_on: date
    late: LateFee
    handover_by: date | None = None
    copies: int = 2
    facts: Mapping[str, str] = field(default_factory=dict)
    clauses: Mapping[str, str] = field(default_factory=dict)


def subscription_data(form: SubscriptionForm) -> dict[str, Any]:
    """What a subscription form shows, built in or made from a template."""
    return _of_deal(form) | {
        "deposit_capital": chinese_capitals(form.deposit),
        "deposit_cap_percent": _short(form.deposit_cap_percent),
    }


def subscription_pdf(form: SubscriptionForm) -> bytes:
    """Render a subscription form. Raises DomainError as `render` does."""
    return render(FORMS / "subscription.typ", subscription_data(form))


def proposal_pdf(proposal: Proposal) -> bytes:
    """Render a price proposal, one unit after another. Raises DomainError as `render` does."""
    data = _common(proposal)
    for shown, option in zip(data["options"], proposal.options, strict=True):
        shown["total_capital"] = chinese_capitals(option.price.total)
        shown["plan_total"] = _plan_total(option.plan)
        shown["loan_total"] = sum((loan.amount for loan in option.loans), Decimal("0.00"))
        shown["first_month"] = sum((loan.first_payment for loan in option.loans), Decimal("0.00"))
        shown["loan_interest"] = sum((loan.total_interest for loan in option.loans), Decimal("0.00"))
    return render(FORMS / "proposal.typ", data)


def sale_contract_data(contract: SaleContract) -> dict[str, Any]:
    """What a sale contract shows, built in or made from a template."""
    return _of_deal(contract) | {
        "deposit_capital": chinese_capitals(contract.deposit),
        "deposit_cap_percent": _short(contract.deposit_cap_percent),
        "area_percent": _short(contract.area_percent),
        "tax_percent": None if contract.tax_percent is None else _short(contract.tax_percent),
        "late": _late(contract.late),
    }


def sale_contract_pdf(contract: SaleContract) -> bytes:
    """Render the whole sale contract. Raises DomainError as `render` does."""
    return render(FORMS / "sale_contract.typ", sale_contract_data(contract))


def decoration_contract_pdf(contract: DecorationContract) -> bytes:
    """Render the decoration contract. Raises DomainError as `render` does."""
    price = contract.price.decoration_total
    assert price is not None, "only of a deal with a decoration price"
    data = _of_deal(contract) | {"total_capital": chinese_capitals(price), "late": _late(contract.late)}
    return render(FORMS / "decoration.typ", data)


def _late(fee: LateFee) -> dict[str, Any]:
    return {"rate": _short(fee.rate), "later_rate": _short(fee.later_rate), "days": fee.days}


def _short(number: Decimal) -> str:
    """Without trailing zeros: 3, 0.5."""
    return f"{number.normalize():f}"


def contract_summary_pdf(summary: ContractSummary) -> bytes:
    """Render the summary sheet of a contract. Raises DomainError as `render` does."""
    return render(FORMS / "contract_summary.typ", _of_deal(summary))


def _of_deal(form: DealForm) -> dict[str, Any]:
    """What every paper of a deal works out: the total in words, the sum of the plan, whether shares are shown."""
    return _common(form) | {
        "total_capital": chinese_capitals(form.price.total),
        "plan_total": _plan_total(form.plan),
        "with_shares": any(buyer.share is not None for buyer in form.buyers),
    }


def _common(form: DealForm | Proposal) -> dict[str, Any]:
    """The form's own fields, the print facts where the page footer reads them, and the number as a code."""
    return asdict(form) | asdict(form.print) | {"qr": qr_svg(form.number)}


def _plan_total(plan: Sequence[PlanLine]) -> Decimal:
    return sum((line.amount for line in plan), Decimal("0.00"))
