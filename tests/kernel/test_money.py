import re
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchang.kernel import money
from anchang.kernel.errors import DomainError

amounts = st.decimals(min_value=0, max_value=money.MAX_AMOUNT, places=2, allow_nan=False)
small = st.decimals(min_value=-(10**6), max_value=10**6, places=2, allow_nan=False)


def test_yuan_rounds_halves_away_from_zero():
    assert [money.yuan(text) for text in ("0.005", "-0.005", "1.004")] == [D("0.01"), D("-0.01"), D("1.00")]


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("down:1", "2696170.00"),
        ("half_up:1", "2696170.00"),
        ("up:1", "2696171.00"),
        ("down:10", "2696170.00"),
        ("up:100", "2696200.00"),
        ("half_up:1000", "2696000.00"),
        ("half_up:0.01", "2696170.14"),
    ],
)
def test_named_roundings(name, result):
    rounding = money.rounding_named(name)
    assert rounding.apply(D("2696170.14")) == D(result)
    assert rounding.name == name


@pytest.mark.parametrize("name", ["sideways:1", "down:7", "down", "down:x"])
def test_unknown_roundings_are_refused(name):
    with pytest.raises(ValueError, match="unknown rounding"):
        money.rounding_named(name)


def test_three_equal_parts():
    parts = money.split_equally(D("2696170"), 3)
    assert parts == [D("898723.33"), D("898723.33"), D("898723.34")]


def test_split_by_percent():
    weights = [D(30), D(30), D(30), D(10)]
    assert money.split_by_weights(D("2696170"), weights) == [D("808851.00")] * 3 + [D("269617.00")]


@given(small, st.lists(st.decimals(min_value=0, max_value=100, places=2), min_size=1, max_size=40))
def test_parts_sum_to_the_whole_and_keep_its_sign(total, weights):
    if sum(weights) <= 0:
        with pytest.raises(ValueError, match="weights"):
            money.split_by_weights(total, weights)
        return
    parts = money.split_by_weights(total, weights)
    assert sum(parts) == total
    assert len(parts) == len(weights)
    assert all(part * total >= 0 for part in parts)


def test_percent_text_has_four_decimals_and_no_sign():
    assert money.percent_text(1 - D("2696170") / D("2828460")) == "4.6771"


@pytest.mark.parametrize("value", ["2696170.00", "2696170", 2696170, D("2696170"), 2696170.0, " 2696170.0 "])
def test_plain_amounts_are_read(value):
    assert money.parse_money(value) == D("2696170.00")


@pytest.mark.parametrize(
    "value",
    [
        "NaN",
        "Infinity",
        "1e5",
        "-5",
        "1.005",
        "",
        "1,000",
        "１００",
        "12345678901234567",
        "+5",
        None,
        True,
        [],
        "0x1",
    ],
)
def test_other_amounts_are_refused(value):
    with pytest.raises(DomainError) as caught:
        money.parse_money(value, field="deposit")
    assert (caught.value.status, caught.value.fields) == (422, {"deposit": "invalid_amount"})


def test_zero_is_refused_unless_allowed():
    assert money.parse_money("0.00", allow_zero=True) == 0
    with pytest.raises(DomainError) as caught:
        money.parse_money("0.00")
    assert caught.value.code == "amount_not_positive"


@given(amounts)
def test_an_amount_survives_its_own_text(amount):
    assert money.parse_money(str(amount), allow_zero=True) == amount
    assert money.parse_amount_cell(f"{amount:,}") == amount


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("1,880,000.00", "1880000"),
        ("￥50000元", "50000"),
        (2799573.6, "2799573.60"),
        ("", None),
        (None, None),
    ],
)
def test_amounts_in_files(cell, amount):
    assert money.parse_amount_cell(cell) == (None if amount is None else D(amount))


def test_words_are_no_amount():
    with pytest.raises(ValueError, match="not an amount"):
        money.parse_amount_cell("面议")


# The second group are the examples of《支付结算办法》附一.
@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("2696170.00", "贰佰陆拾玖万陆仟壹佰柒拾元整"),
        ("50000", "伍万元整"),
        ("0", "零元整"),
        ("0.05", "伍分"),
        ("0.50", "伍角整"),
        ("100001000", "壹亿零壹仟元整"),
        ("1234500000000", "壹万贰仟叁佰肆拾伍亿元整"),
        ("-3202.72", "负叁仟贰佰零贰元柒角贰分"),
        ("1409.50", "壹仟肆佰零玖元伍角整"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("1680.32", "壹仟陆佰捌拾元零叁角贰分"),
        ("107000.53", "壹拾万柒仟元零伍角叁分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
    ],
)
def test_chinese_capitals(amount, words):
    assert money.chinese_capitals(D(amount)) == words


def read_integer(words):
    for name, size in (("亿", 10**8), ("万", 10**4)):
        high, mark, low = words.rpartition(name)
        if mark:
            return read_integer(high) * size + read_integer(low)
    total, digit = 0, 0
    for character in words:
        if character in "拾佰仟":
            total += digit * 10 ** ("拾佰仟".index(character) + 1)
            digit = 0
        else:
            digit = "零壹贰叁肆伍陆柒捌玖".index(character)
    return total + digit


@given(amounts)
def test_capitals_can_be_read_back(amount):
    words = money.chinese_capitals(amount)
    match = re.fullmatch(r"(?:(.*?)元)?(?:零?(.)角)?(?:零?(.)分)?整?", words)
    whole, jiao, fen = (part or "零" for part in match.groups())
    assert read_integer(whole) + read_integer(jiao) * D("0.1") + read_integer(fen) * D("0.01") == amount
    assert "零零" not in words
