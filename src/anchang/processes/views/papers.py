"""Papers to print: subscription form, sale contract and its summary, receipt, proposal, statutory price list.

Printing a numbered paper is a command that counts the copy, so it is a POST; the copy shows its count.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anchang.deals import documents
from anchang.deals.demand_paper import demand_paper
from anchang.deals.papers import (
    check_decoration,
    contract_paper,
    contract_summary,
    decoration_paper,
    item_name,
    seller,
    subscription_paper,
    unit_facts,
)
from anchang.finance.papers import receipt_paper
from anchang.inventory.dictionaries import product_types
from anchang.inventory.documents import price_list_pdf, statutory_price_list_xlsx
from anchang.inventory.models import PriceList
from anchang.inventory.papers import price_list_paper, types_of
from anchang.kernel import money
from anchang.kernel.errors import DomainError, not_found
from anchang.platform import reading, resources
from anchang.platform.documents.serving import PDF, XLSX, served
from anchang.platform.ui.gate import access_of, project_ids_of
from anchang.processes import loans
from anchang.processes.offers import Offer, offer
from anchang.processes.views import doing
from anchang.processes.views.asking import asked_of


def _by(request: HttpRequest) -> str:
    return access_of(request).actor.name


def _full(request: HttpRequest, project_id: int) -> bool:
    """Whole document numbers stand only on copies of those who may see them."""
    return access_of(request).may("customers.reveal-id", project_id)


@require_POST
def subscription(request: HttpRequest, record_id: int) -> HttpResponse:
    """认购书. Raises forbidden without subscriptions.print."""
    paper = doing.run(request, "print_subscription", record_id, {})
    content = subscription_paper(paper, by=_by(request), full=_full(request, paper.project_id))
    return served(content, f"认购书-{paper.number}.pdf", PDF, "inline")


_CONTRACT_FORMS = {"summary": (contract_summary, "合同摘要"), "decoration": (decoration_paper, "商品房装修合同")}


@require_POST
def contract(request: HttpRequest, record_id: int) -> HttpResponse:
    """商品房买卖合同, or with `?form=` its 合同摘要 (summary) or its 装修合同 (decoration). Raises forbidden without
    contracts.print, no_decoration where none is sold."""
    draw, name = _CONTRACT_FORMS.get(request.GET.get("form", ""), (contract_paper, "商品房买卖合同"))
    if draw is decoration_paper:
        check_decoration(doing.record(request, "contracts", record_id))
    paper = doing.run(request, "print_contract", record_id, {})
    content = draw(paper, by=_by(request), full=_full(request, paper.project_id))
    return served(content, f"{name}-{paper.number}.pdf", PDF, "inline")


@require_POST
def demand(request: HttpRequest, record_id: int) -> HttpResponse:
    """催告函. Raises forbidden without deal-changes.print."""
    paper = doing.run(request, "print_demand", record_id, {})
    return served(demand_paper(paper, by=_by(request)), f"催告函-{paper.number}.pdf", PDF, "inline")


@require_POST
def receipt(request: HttpRequest, record_id: int) -> HttpResponse:
    """收据. Raises forbidden without receipts.print."""
    paper = doing.run(request, "print_receipt", record_id, {})
    return served(receipt_paper(paper, by=_by(request)), f"收据-{paper.number}.pdf", PDF, "inline")


# --- the proposal --------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def proposal(request: HttpRequest, unit_id: int) -> HttpResponse:
    """置业方案 for a unit with the plan, discounts and loan chosen so far. Writes nothing, counts nothing."""
    unit = doing.record(request, "units", unit_id, "units.quote")
    given = request.POST if request.method == "POST" else request.GET
    found = offer(access_of(request), unit, asked_of(given))
    if found.priced is None or found.message:
        raise DomainError("offer_incomplete", status=422, why=found.message)
    content = documents.proposal_pdf(_proposal(request, found, given))
    return served(content, f"置业方案-{unit.label}.pdf", PDF, "inline")


def _proposal(request: HttpRequest, found: Offer, given: Any) -> documents.Proposal:
    project, unit = found.unit.project, found.unit
    now = project.local()
    assert found.plan is not None
    option = documents.ProposalOption(
        unit=unit_facts(unit), price=_price(found), plan_name=found.plan.name,
        plan=[
            documents.PlanLine(
                seq=line.seq, item=item_name(line.item), amount=line.amount, due=line.due_on, note=line.bank
            )
            for line in found.lines
        ],
        loans=_loans(found, given),
    )  # fmt: skip
    return documents.Proposal(
        number=f"FA{now:%y%m%d%H%M}-{unit.pk}", seller=seller(project, unit), customer=_customer(request, given),
        options=[option], made_on=now.date(), consultant=_by(request),
        print=documents.Print(printed_at=now, printed_by=_by(request)),
    )  # fmt: skip


def _price(found: Offer) -> documents.PriceFacts:
    assert found.priced is not None
    price, unit = found.priced.price, found.unit
    steps = [
        documents.PriceStep(
            name="取整" if step["kind"] == "rounding" else step["label"], rule=step["value"],
            amount=money.yuan(step["amount"]), result=money.yuan(step["after"]),
        )
        for step in found.steps if step["kind"] != "list"
    ]  # fmt: skip
    return documents.PriceFacts(
        list_total=price.list_total, total=price.total, unit_price=price.unit_price, depth=f"{price.depth_text}%",
        inner_unit_price=money.unit_price(price.total, unit.inner_area) if unit.inner_area else None,
        list_unit_price=money.unit_price(price.list_total, unit.gross_area) if unit.gross_area else None,
        steps=steps,
    )  # fmt: skip


def _customer(request: HttpRequest, given: Any) -> str:
    customer = doing.number(given.get("customer", ""))
    if not customer:
        return str(given.get("new_name", ""))[:50] or "贵客户"
    return str(doing.record(request, "customers", customer).name)


def _loans(found: Offer, given: Any) -> list[documents.LoanFacts]:
    """The plan's loans, each with its first year, by the method chosen."""
    names = {"bank": "商业贷款", "fund": "公积金贷款"}
    methods = {"equal_instalment": "等额本息", "equal_principal": "等额本金"}
    shown = []
    for kind, amount in found.loan.items():
        if not amount:
            continue
        only = {k: given[k] for k in ("bank_rate", "fund_rate", "years", "method") if given.get(k)}
        loan = loans.read_loan(only | {kind: str(amount)}, found.unit.project, found.unit.project.today())
        table = loans.table_of(loan)
        rate = loan.bank_rate if kind == "bank" else loan.fund_rate
        rows = [
            documents.LoanRow(
                month=r.month, payment=r.payment, principal=r.principal, interest=r.interest, balance=r.balance
            )
            for r in table.rows[:12]
        ]
        shown.append(documents.LoanFacts(
            name=names[kind], amount=amount, rate=f"{rate}%", months=loan.years * 12, method=methods[loan.method],
            first_payment=table.first, last_payment=table.last, total_interest=table.total_interest,
            total_payment=table.total_paid, rows=rows,
        ))  # fmt: skip
    return shown


# --- the statutory price list --------------------------------------------------------------------


@require_safe
def price_papers(request: HttpRequest) -> HttpResponse:
    """The published lists, each as PDF for posting and as the workbook for filing."""
    access = access_of(request)
    within = reading.reach(resources.get("price-lists"), "price-lists.view", access, project_ids_of(request))
    access.require("price-lists.view")
    lists = PriceList.objects.none() if within is None else PriceList.objects.filter(within)
    found = list(lists.select_related("licence").order_by("-published_on", "-id")[:100])
    several = types_of(found)
    names = {pk: product_types(pk) for pk in {one.project_id for one in found if one.pk in several}}
    shown = [
        (one, [(code, names[one.project_id].get(code, code)) for code in several.get(one.pk, ())]) for one in found
    ]
    return render(request, "processes/price_papers.html", {"lists": shown})


@require_safe
def price_list(request: HttpRequest, record_id: int, form: str) -> HttpResponseBase:
    """价目表 as PDF or workbook, with `?type=` of one product type. Raises not_found outside price-lists.view."""
    if form not in ("pdf", "xlsx"):
        raise not_found()
    found = doing.record(request, "price-lists", record_id)
    only = request.GET.get("type", "")[:30]
    if only and only not in types_of([found]).get(found.pk, ()):
        raise not_found()
    paper = price_list_paper(found, by=_by(request), product_type=only)
    name = f"价目表-{found.name}{f'-{only}' if only else ''}"
    if form == "xlsx":
        return served(statutory_price_list_xlsx(paper), f"{name}.xlsx", XLSX)
    return served(price_list_pdf(paper), f"{name}.pdf", PDF, "inline")
