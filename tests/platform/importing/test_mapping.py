import json

import pytest

from anchang.kernel.errors import DomainError
from anchang.platform.importing import cells
from anchang.platform.importing.mapping import ImportField, check, guess, normal_label, signature, unit_in

FIELDS = (
    ImportField("name", "Name", ("姓名", "客户姓名", "name")),
    ImportField(
        "phone", "Phone", ("手机号", "联系电话", "phone"), required=True, looks_like=cells.looks_like_phone
    ),
    ImportField("consultant", "Consultant", ("置业顾问", "consultant")),
    ImportField("budget", "Budget", ("预算",)),
)
ROWS = [["张三", "13800000001", "陈强", "300"], ["李四", "+86 13800000002", "周敏", ""]]


def test_names_with_units_marks_and_case() -> None:
    found = guess(["客户姓名*", "联系电话（必填）", "置业顾问", "预算（万）"], ROWS, FIELDS)
    assert found.columns == {"name": 0, "phone": 1, "consultant": 2, "budget": 3}
    assert found.missing == []
    assert json.loads(json.dumps(found.columns)) == found.columns


def test_a_column_of_mobiles_is_the_phone_whatever_it_is_called() -> None:
    found = guess(["who", "号", "by", "money"], ROWS, FIELDS)
    assert found.columns["phone"] == 1
    assert found.confidence["phone"] < 0.95


def test_a_name_that_the_content_contradicts_is_not_trusted() -> None:
    found = guess(["备用手机号码", "号"], [["无", "13800000001"]] * 5, FIELDS)
    assert found.columns == {"phone": 1}


def test_the_longer_name_wins() -> None:
    assert guess(["置业顾问姓名", "姓名"], [["陈强", "张三"]], FIELDS).columns == {"consultant": 0, "name": 1}


def test_missing_required_field_is_said() -> None:
    assert guess(["姓名"], [["张三"]], FIELDS).missing == ["phone"]


def test_signature_ignores_spacing_but_not_order() -> None:
    assert signature(["姓名", "预算（万）"]) == signature([" 姓 名", "预算(万)"])
    assert signature(["姓名", "预算"]) != signature(["预算", "姓名"])


def test_labels() -> None:
    assert normal_label("销售单价（元/㎡）") == "销售单价"
    assert (unit_in("预算（万）"), unit_in("层高(米)"), unit_in("总价[单位：万元]"), unit_in("姓名")) == (
        "万",
        "米",
        "万元",
        "",
    )


def test_a_corrected_mapping_is_checked() -> None:
    headers = ["a", "b", "c"]
    assert check({"phone": 2, "name": None}, headers, FIELDS) == {"phone": 2}
    with pytest.raises(DomainError) as caught:
        check({"name": 1, "consultant": 1, "budget": 7, "ghost": 0}, headers, FIELDS)
    assert caught.value.fields == {
        "consultant": "column_used_twice",
        "budget": "no_such_column",
        "ghost": "unknown_field",
        "phone": "column_missing",
    }
