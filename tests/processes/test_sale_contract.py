"""K01: the model contract filled from data; free text in the marked places only."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from pypdf import PdfReader

from anchang.deals import papers, rules
from anchang.deals.models import Contract
from anchang.inventory.models import Building, DictionaryEntry, Licence
from anchang.kernel.errors import DomainError
from anchang.platform.access import bump_stamp
from anchang.platform.models import Parameter
from tests.deals.desk import BUYER
from tests.factories import run

pytestmark = pytest.mark.django_db


def text_of(contract, **more):
    pages = PdfReader(io.BytesIO(papers.contract_paper(contract, **more))).pages
    return "".join("".join(page.extract_text().split()) for page in pages)


def set_parameter(key, value):
    Parameter.objects.create(key=key, value=value, valid_from=dt.date(2020, 1, 1))
    bump_stamp()


def sign(desk, **more):
    return run("sign_contract", desk.office.access("clerk"), desk.subscribe(**more))


def test_every_part_of_the_model_contract_is_filled_from_data(desk):
    Building.objects.update(structure="钢筋混凝土", floors_above=18, handover_due_on="2028-06-30")
    Licence.objects.update(escrow_bank="工行滨江支行", escrow_account="1202000099", escrow_name="云栖监管户")
    set_parameter("deals.contract_facts", {"land_certificate": "浙2025不动产权001", "property_company": "云栖物业"})
    second = {"name": "李四", "id_number": "330102199105082327", "share": "40"}
    contract = sign(
        desk, buyers=[BUYER | {"share": "60"}, second], payment_plan="mortgage", discounts=["D98", "P1", "D99", "F2"]
    )
    contract = run("file_contract", desk.office.access("clerk"), contract, filing_number="备20260001")
    text = text_of(contract, full=True)
    articles = ["第一条", "第二条", "第十三条", "第十九条", "第二十条", "第二十九条"]
    assert all(name in text for name in [*articles, "第一章合同当事人", "第十章其他事项"])
    facts = [
        contract.number, "商品房买卖合同（预售）", "滨房预售证第2026018号", "张三", "李四", BUYER["id_number"], "60.00",
        "120.36", "96.28", "24.08", "22,400.88", "2,696,170.00", "贰佰陆拾玖万陆仟壹佰柒拾元整", "伍万元整", "2,828,460.00",
        "1,880,000.00", "766,170.00", "2028年6月30日", "工行滨江支行", "1202000099", "备20260001", "浙2025不动产权001",
        "云栖物业", "钢筋混凝土", "面积误差比绝对值在3%以内", "万分之1的违约金", "万分之2的违约金", "90日", "15日内退还",
    ]  # fmt: skip
    assert [fact for fact in facts if fact not in text] == []
    assert BUYER["id_number"] not in text_of(contract)


@pytest.mark.parametrize(
    ("scheme", "says", "says_not"),
    [
        ("gross", "建筑面积实测值", "按套计价"),
        ("inner", "套内建筑面积实测值", "按套计价"),
        ("unit", "按套计价：双方不因面积误差结算价款", "面积误差比="),
    ],
)
def test_the_area_rule_is_the_contracts_own(desk, scheme, says, says_not):
    set_parameter("deals.area_scheme", scheme)
    set_parameter("deals.area_threshold", "0.005")
    text = text_of(sign(desk))
    assert says in text and says_not not in text
    assert ("0.5%" in text) == (scheme != "unit")


def test_free_text_stands_in_marked_places_only(desk):
    set_parameter("deals.contract_review", True)
    set_parameter("deals.contract_clauses", {"disputes": "由滨江区人民法院管辖"})
    clerk = desk.office.access("clerk")
    contract = run("sign_contract", clerk, desk.subscribe(), supplement="车位另签。#set text(fill: red)")
    assert contract.state == "draft"
    contract = run("set_clauses", clerk, contract, mortgage="在建工程已抵押给工行")
    text = text_of(contract)
    assert all(words in text for words in ("由滨江区人民法院管辖", "车位另签。#settext(fill:red)", "在建工程已抵押给工行"))
    run("review_contract", clerk, contract)
    contract = run("sign_reviewed_contract", clerk, Contract.objects.get())
    with pytest.raises(DomainError) as late:
        run("set_clauses", clerk, contract, mortgage="改")
    assert late.value.code == "state_refused"


def test_other_places_are_refused(desk):
    with pytest.raises(DomainError) as refused:
        rules.checked_clauses({"price": "另加十万"})
    assert refused.value.fields == {"clauses.price": "clause_not_free"}
    set_parameter("deals.contract_clauses", {"price": "另加十万"})
    with pytest.raises(DomainError) as refused:
        sign(desk)
    assert refused.value.code == "clause_not_free" and not Contract.objects.exists()


def test_the_product_type_decides_form_and_tax_rate(desk):
    """I10: the dictionary's entry of the unit's type."""
    contract = sign(desk)
    DictionaryEntry.objects.create(
        project=desk.office.project, kind="product_type", code="housing", name="住宅", contract_form="住宅预售",
        tax_rate="0.09",
    )  # fmt: skip
    text = text_of(contract)
    assert "业态文本：住宅预售" in text and "税率（征收率）为9%" in text


def test_a_completed_building_has_the_completed_form(desk):
    contract = sign(desk)
    Licence.objects.update(kind="completed")
    text = text_of(Contract.objects.get(pk=contract.pk))
    assert "商品房买卖合同（现售）" in text and "现售依据" in text and "预售资金监管账户" not in text
