"""The papers of a deal, read back from the PDF."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from pypdf import PdfReader

from anchang.deals.documents import (
    BuyerFacts,
    ContractSummary,
    LoanFacts,
    LoanRow,
    PlanLine,
    PriceFacts,
    PriceStep,
    Print,
    Proposal,
    ProposalOption,
    Seller,
    SubscriptionForm,
    UnitFacts,
    contract_summary_pdf,
    proposal_pdf,
    subscription_pdf,
)

SELLER = Seller(
    company="云栖置业有限公司",
    project="云栖花园",
    location="滨江大道88号",
    licence="滨房预售证第2026018号",
    credit_code="91330108MA2XXXXX1X",
    escrow_account="工行滨江支行 1202****8888",
)
UNIT = UnitFacts(
    building="1幢",
    section="1单元",
    code="1801",
    floor="18",
    layout="A户型 三室两厅两卫",
    product_type="住宅",
    storey_height=Decimal("2.95"),
    gross_area=Decimal("120.36"),
    inner_area=Decimal("96.28"),
    shared_area=Decimal("24.08"),
    price_basis="建筑面积",
)
PRICE = PriceFacts(
    list_total=Decimal("2828460.00"),
    list_unit_price=Decimal("23500.00"),
    total=Decimal("2696170.00"),
    unit_price=Decimal("22400.88"),
    depth="4.6771%",
    steps=(
        PriceStep(name="按揭付款", rule="98 折", amount=Decimal("-56569.20"), result=Decimal("2771890.80")),
        PriceStep(name="开盘直减", rule="直减", amount=Decimal("-75720.80"), result=Decimal("2696170.00")),
    ),
)
BUYERS = (
    BuyerFacts(
        name="欧阳娜娜",
        id_type="身份证",
        id_number="330108********1234",
        phone="138****2302",
        share=Decimal("60"),
    ),
    BuyerFacts(
        name="张小明",
        id_type="身份证",
        id_number="330108********5678",
        share=Decimal("40"),
        guardian="欧阳娜娜",
    ),
)
PLAN = (
    PlanLine(seq=1, item="定金", amount=Decimal("50000.00"), due=date(2026, 3, 12)),
    PlanLine(seq=2, item="首期款", amount=Decimal("766170.00"), due=date(2026, 3, 19)),
    PlanLine(seq=3, item="商业贷款", amount=Decimal("1880000.00"), due="签约后 60 日内", note="工商银行"),
)
PRINT = Print(printed_at=datetime(2026, 3, 12, 15, 4, tzinfo=UTC), print_count=2, printed_by="李文员")
SUBSCRIPTION = SubscriptionForm(
    number="YQ-RG-2026-000123",
    seller=SELLER,
    unit=UNIT,
    price=PRICE,
    buyers=BUYERS,
    ownership="按份共有",
    plan_name="按揭贷款",
    plan=PLAN,
    deposit=Decimal("50000.00"),
    deposit_cap_percent=Decimal("20.00"),
    subscribed_on=date(2026, 3, 12),
    sign_by=date(2026, 3, 19),
    print=PRINT,
)


def pages(pdf: bytes) -> list[str]:
    return ["".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages]


def test_subscription_form_carries_every_fact() -> None:
    text = "".join(pages(subscription_pdf(SUBSCRIPTION)))
    for fact in (
        "YQ-RG-2026-000123",
        "云栖置业有限公司",
        "滨房预售证第2026018号",
        "120.36",
        "96.28",
        "24.08",
        "2,828,460.00",
        "-56,569.20",
        "2,771,890.80",
        "4.6771%",
        "2,696,170.00",
        "贰佰陆拾玖万陆仟壹佰柒拾元整",
        "伍万元整",
        "欧阳娜娜",
        "330108********1234",
        "138****2302",
        "60.00",
        "监护人：欧阳娜娜",
        "766,170.00",
        "签约后60日内",
        "2026年3月19日",
        "不超过房屋总价的20%",
        "双倍返还定金",
        "第2次打印",
        "李文员",
    ):
        assert fact in text, fact


@pytest.mark.parametrize("name", ["#import *x* $y$", "<script>alert(1)</script>", "=1+1 `a` @b #panic()"])
def test_names_are_printed_as_typed(name: str) -> None:
    form = replace(SUBSCRIPTION, buyers=(replace(BUYERS[0], name=name, share=None),), extra_clauses=(name,))
    text = "".join(pages(subscription_pdf(form)))
    assert text.count(name.replace(" ", "")) == 3  # buyer, clause, signature
    assert "份额" not in text


def test_terms_and_signatures_share_a_page_however_long_the_rest_is() -> None:
    for lines in (1, 20, 40):
        form = replace(SUBSCRIPTION, plan=PLAN * lines)
        last = pages(subscription_pdf(form))[-1]
        assert "认购条款" in last and "认购人（签字）" in last


def test_very_long_clauses_run_over_pages_without_loss() -> None:
    clauses = tuple(f"补充{number}：" + "约定" * 200 for number in range(12))
    text = "".join(pages(subscription_pdf(replace(SUBSCRIPTION, extra_clauses=clauses))))
    assert all(f"补充{number}：" in text for number in range(12)) and "认购人（签字）" in text


def test_proposal_adds_loans_and_repeats_for_each_unit() -> None:
    fund = LoanFacts(
        name="公积金贷款",
        amount=Decimal("800000.00"),
        rate="2.60%",
        months=360,
        method="等额本息",
        first_payment=Decimal("3202.72"),
        last_payment=Decimal("3201.56"),
        total_interest=Decimal("352978.04"),
        total_payment=Decimal("1152978.04"),
        rows=(
            LoanRow(
                month=1,
                payment=Decimal("3202.72"),
                principal=Decimal("1469.39"),
                interest=Decimal("1733.33"),
                balance=Decimal("798530.61"),
            ),
        ),
    )
    bank = replace(
        fund,
        name="商业贷款",
        amount=Decimal("1080000.00"),
        first_payment=Decimal("4849.68"),
        total_interest=Decimal("665886.65"),
        rows=(),
    )
    option = ProposalOption(unit=UNIT, price=PRICE, plan_name="组合贷款", plan=PLAN, loans=(fund, bank))
    other = replace(option, unit=replace(UNIT, code="1802"), loans=())
    proposal = Proposal(
        number="YQ-FA-1",
        seller=SELLER,
        customer="欧阳女士",
        options=(option, other),
        made_on=date(2026, 3, 12),
        print=PRINT,
    )
    text = "".join(pages(proposal_pdf(proposal)))
    for fact in (
        "方案1",
        "方案2",
        "1802",
        "798,530.61",
        "8,052.40",
        "1,018,864.69",
        "1,880,000.00",
        "不构成认购",
    ):
        assert fact in text, fact


def test_contract_summary_shows_parties_price_and_terms() -> None:
    summary = ContractSummary(
        number="YQ-HT-88",
        seller=SELLER,
        unit=UNIT,
        price=PRICE,
        buyers=BUYERS,
        ownership="按份共有",
        plan_name="按揭贷款",
        plan=PLAN,
        signed_on=date(2026, 3, 19),
        print=PRINT,
        handover_by=date(2027, 12, 31),
        terms=(("逾期付款违约金", "日万分之一"),),
    )
    text = "".join(pages(contract_summary_pdf(summary)))
    for fact in (
        "YQ-HT-88",
        "91330108MA2XXXXX1X",
        "贰佰陆拾玖万陆仟壹佰柒拾元整",
        "2027年12月31日",
        "日万分之一",
        "备案编号—",
    ):
        assert fact in text, fact
