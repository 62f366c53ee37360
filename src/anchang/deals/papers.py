"""Deal papers as PDF, built from stored rows. The forms are Chinese legal texts, worded in Chinese."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.utils.translation import override

from anchang.deals import documents
from anchang.deals.models import Buyer, Contract, PlanLine, Subscription
from anchang.inventory.models import DictionaryEntry, Licence, Unit
from anchang.inventory.models.units import PriceBasis
from anchang.kernel import money
from anchang.kernel.errors import DomainError
from anchang.platform import parameters, personal
from anchang.platform.models import Project

FORM_LANGUAGE = "zh-hans"
TEN_THOUSAND = 10_000
_ITEMS = {
    "deposit": "定金", "first_payment": "首期款", "house_price": "房款", "lump_sum": "一次性房款",
    "instalment": "分期房款",
    "balance": "尾款", "decoration": "装修款", "bank_loan": "商业贷款", "fund_loan": "公积金贷款", "late_fee": "违约金",
    "forfeiture": "没收定金",
    "penalty": "违约金", "agency_deed_tax": "代收契税", "agency_maintenance": "代收维修基金",
}  # fmt: skip


def item_name(item: str) -> str:
    """An item as the forms call it; what a plan names itself stays as named."""
    return _ITEMS.get(item, item)


def seller(project: Project, unit: Unit) -> documents.Seller:
    licence = unit.licence
    return documents.Seller(
        company=project.developer or project.company.name, project=project.name, location=project.address,
        licence=licence.number if licence else "", escrow_account=licence.escrow_account if licence else "",
    )  # fmt: skip


def unit_facts(unit: Unit) -> documents.UnitFacts:
    return documents.UnitFacts(
        building=unit.building.name, code=unit.code, section=unit.section, floor=str(unit.floor or ""),
        layout=unit.layout.name if unit.layout else "", product_type=_product_type(unit),
        orientation=unit.orientation, storey_height=unit.storey_height, gross_area=unit.gross_area,
        inner_area=unit.inner_area, shared_area=unit.shared_area, measured=unit.measured_state == "approved",
        price_basis=str(PriceBasis(unit.price_basis).label),
    )  # fmt: skip


def _product_type(unit: Unit) -> str:
    names = DictionaryEntry.objects.filter(
        project_id=unit.project_id, kind="product_type", code=unit.product_type
    )
    return names.values_list("name", flat=True).first() or unit.product_type


def price_facts(paper: Subscription | Contract) -> documents.PriceFacts:
    steps = [
        documents.PriceStep(
            name="取整" if step["kind"] == "rounding" else step["label"], rule=step["value"],
            amount=Decimal(step["amount"]), result=Decimal(step["after"]),
        )
        for step in paper.snapshot.get("steps", ())
        if step["kind"] != "list"
    ]  # fmt: skip
    return documents.PriceFacts(
        list_total=paper.list_total, total=paper.total, unit_price=paper.unit_price,
        inner_unit_price=money.unit_price(paper.total, paper.inner_area),
        list_unit_price=money.unit_price(paper.list_total, paper.gross_area),
        depth=f"{paper.snapshot.get('depth', '')}%", steps=steps,
        house_total=paper.total - paper.decoration_total if paper.decoration_total else None,
        decoration_total=paper.decoration_total or None,
    )  # fmt: skip


def buyer_facts(deal_id: int, *, full: bool) -> list[documents.BuyerFacts]:
    """Buyers in order; `full` shows numbers as the signed form needs them, else masked."""
    rows = Buyer.objects.filter(deal=deal_id).order_by("seq")
    return [
        documents.BuyerFacts(
            name=b.name, id_type=str(b.get_id_type_display()),
            id_number=personal.decrypt(b.id_cipher) if full else b.id_masked,
            phone=(personal.decrypt(b.phone_cipher) if full and b.phone_cipher else b.phone_masked),
            share=b.share, guardian=b.guardian_name, agent=b.agent_name,
        )
        for b in rows
    ]  # fmt: skip


def plan_facts(**paper: Any) -> list[documents.PlanLine]:
    rows = PlanLine.objects.filter(**paper).order_by("seq")
    return [
        documents.PlanLine(seq=p.seq, item=item_name(p.item), amount=p.amount, due=p.due_on, note=p.bank)
        for p in rows
    ]


def _print(project: Project, prints: int, by: str, now: dt.datetime | None) -> documents.Print:
    return documents.Print(printed_at=project.local(now), print_count=prints, printed_by=by)


def subscription_paper(
    subscription: Subscription, *, by: str = "", full: bool = False, now: dt.datetime | None = None
) -> bytes:
    """The subscription form (认购书) as PDF. Call after `print_subscription` counted the copy."""
    return documents.subscription_pdf(subscription_form(subscription, by=by, full=full, now=now))


def subscription_form(
    subscription: Subscription, *, by: str = "", full: bool = False, now: dt.datetime | None = None
) -> documents.SubscriptionForm:
    """What stands on the subscription form."""
    deal, unit, project = subscription.deal, subscription.unit, subscription.project
    ratio = Decimal(str(parameters.value("deals.deposit_ratio", project, subscription.subscribed_on)))
    with override(FORM_LANGUAGE):
        return documents.SubscriptionForm(
            number=subscription.number, seller=seller(project, unit), unit=unit_facts(unit),
            price=price_facts(subscription), buyers=buyer_facts(deal.pk, full=full),
            ownership=str(deal.get_ownership_display()), plan_name=subscription.payment_plan.name,
            plan=plan_facts(subscription=subscription), deposit=subscription.deposit,
            deposit_cap_percent=ratio * 100, subscribed_on=subscription.subscribed_on,
            sign_by=subscription.sign_by, print=_print(project, subscription.prints, by, now),
            consultant=str(deal.consultant or ""),
        )  # fmt: skip


def contract_paper(
    contract: Contract, *, by: str = "", full: bool = False, now: dt.datetime | None = None
) -> bytes:
    """The sale contract (买卖合同) with all parts of the model contract as PDF. Call after `print_contract` counted
    the copy."""
    return documents.sale_contract_pdf(contract_form(contract, by=by, full=full, now=now))


def contract_form(
    contract: Contract, *, by: str = "", full: bool = False, now: dt.datetime | None = None
) -> documents.SaleContract:
    """What stands in the sale contract. Areas, price, scheme and late fee are the contract's own; standing facts
    are the project's on the day of signing."""
    deal, unit, project = contract.deal, contract.unit, contract.project
    licence = unit.licence

    def param(key: str) -> Any:
        return parameters.value(key, project, contract.signed_on)

    standing, known = _standing(contract)
    form = _type_entry(unit)
    agreed = replace(
        unit_facts(unit), gross_area=contract.gross_area, inner_area=contract.inner_area,
        shared_area=contract.gross_area - contract.inner_area,
    )  # fmt: skip
    with override(FORM_LANGUAGE):
        return documents.SaleContract(
            number=contract.number, presale=licence is None or licence.kind == Licence.Kind.PRESALE,
            seller=replace(seller(project, unit), **known), unit=agreed,
            price=price_facts(contract), buyers=buyer_facts(deal.pk, full=full),
            ownership=str(deal.get_ownership_display()),
            plan_name=contract.payment_plan.name if contract.payment_plan else "",
            plan=plan_facts(contract=contract), deposit=contract.deposit,
            deposit_cap_percent=Decimal(str(param("deals.deposit_ratio"))) * 100,
            signed_on=contract.signed_on, area_scheme=contract.area_scheme,
            area_percent=contract.area_threshold * 100,
            late=_late_fee(contract),
            filing_days=(contract.filing_due_on - contract.signed_on).days,
            refund_days=int(param("deals.refund_days")), print=_print(project, contract.prints, by, now),
            licence_issued_on=licence.issued_on if licence else None,
            escrow_bank=licence.escrow_bank if licence else "",
            escrow_name=licence.escrow_name if licence else "", structure=unit.building.structure,
            storeys=str(unit.building.floors_above or ""), agency=deal.agency,
            form_name=form.contract_form if form else "",
            tax_percent=form.tax_rate * 100 if form and form.tax_rate is not None else None,
            handover_by=unit.building.handover_due_on, online_number=contract.online_number,
            filing_number=contract.filing_number, filed_on=contract.filed_on, facts=standing,
            clauses=contract.clauses,
        )  # fmt: skip


def _standing(contract: Contract) -> tuple[dict[str, str], dict[str, str]]:
    """Standing facts of the project on the day of signing, and those of them that are the seller's own."""
    raw = dict(parameters.value("deals.contract_facts", contract.project, contract.signed_on))
    facts = {str(k): str(v) for k, v in raw.items()}
    return facts, {k: facts[k] for k in ("credit_code", "legal_person", "phone", "address") if k in facts}


def _late_fee(contract: Contract) -> documents.LateFee:
    late = contract.late_fee_policy
    return documents.LateFee(
        rate=Decimal(str(late.get("rate", 0))) * TEN_THOUSAND,
        later_rate=Decimal(str(late.get("later_rate", 0))) * TEN_THOUSAND, days=int(late.get("days", 0)),
    )  # fmt: skip


def check_decoration(contract: Contract) -> None:
    """Raises no_decoration for a contract without a decoration price."""
    if not contract.decoration_total:
        raise DomainError("no_decoration")


def decoration_paper(
    contract: Contract, *, by: str = "", full: bool = False, now: dt.datetime | None = None
) -> bytes:
    """The decoration contract (装修合同) as PDF, of a contract with a decoration price. Call after `print_contract`
    counted the copy. Raises no_decoration."""
    check_decoration(contract)
    deal, unit = contract.deal, contract.unit
    standing, known = _standing(contract)
    with override(FORM_LANGUAGE):
        return documents.decoration_contract_pdf(
            documents.DecorationContract(
                number=f"{contract.number}-ZX", contract_number=contract.number, signed_on=contract.signed_on,
                seller=replace(seller(contract.project, unit), **known), unit=unit_facts(unit),
                price=price_facts(contract), buyers=buyer_facts(deal.pk, full=full),
                ownership=str(deal.get_ownership_display()),
                plan_name=contract.payment_plan.name if contract.payment_plan else "",
                plan=plan_facts(contract=contract, item="decoration"), late=_late_fee(contract),
                print=_print(contract.project, contract.prints, by, now), handover_by=unit.building.handover_due_on,
                facts=standing, clauses=contract.clauses,
            )
        )  # fmt: skip


def _type_entry(unit: Unit) -> DictionaryEntry | None:
    """The product type's entry in the project's dictionary: contract form and tax rate."""
    rows = DictionaryEntry.objects.filter(project_id=unit.project_id, kind="product_type", code=unit.product_type)
    return rows.first()


def contract_summary(
    contract: Contract, *, by: str = "", full: bool = False, now: dt.datetime | None = None
) -> bytes:
    """The contract's summary sheet (合同摘要) as PDF. Call after `print_contract` counted the copy."""
    deal, unit = contract.deal, contract.unit
    with override(FORM_LANGUAGE):
        return documents.contract_summary_pdf(
            documents.ContractSummary(
                number=contract.number, seller=seller(contract.project, unit), unit=unit_facts(unit),
                price=price_facts(contract), buyers=buyer_facts(deal.pk, full=full),
                ownership=str(deal.get_ownership_display()),
                plan_name=contract.payment_plan.name if contract.payment_plan else "",
                plan=plan_facts(contract=contract), signed_on=contract.signed_on,
                print=_print(contract.project, contract.prints, by, now), filing_number=contract.filing_number,
                filed_on=contract.filed_on, deposit=contract.deposit,
                subscription_number=contract.subscription.number if contract.subscription else "",
                area_scheme=str(contract.get_area_scheme_display()),
                handover_by=unit.building.handover_due_on,
            )
        )  # fmt: skip
