import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchang.kernel import chinese


@pytest.mark.parametrize(
    ("written", "name", "sex"),
    [
        ("郭梓宇女士", "郭梓宇", "female"),
        ("欧阳墨先生", "欧阳墨", "male"),
        ("林墨明", "林墨明", None),
        ("先生", "先生", "male"),
        (" 王小姐 ", "王", "female"),
    ],
)
def test_titles_are_taken_off(written, name, sex):
    assert chinese.name_and_sex(written) == (name, sex)


@pytest.mark.parametrize(
    ("name", "full", "short"),
    [
        ("欧阳墨", "ouyangmo", "oym"),
        ("单雄信", "shanxiongxin", "sxx"),
        ("曾国藩", "zengguofan", "zgf"),
        ("尉迟恭", "yuchigong", "ycg"),
        ("长孙无忌", "zhangsunwuji", "zswj"),
        ("单于琼", "chanyuqiong", "cyq"),
        ("朱娜轩女士", "zhunaxuan", "znx"),
        ("张San", "zhangsan", "zs"),
        ("", "", ""),
    ],
)
def test_pinyin_reads_surnames_as_surnames(name, full, short):
    assert (chinese.pinyin(name), chinese.initials(name)) == (full, short)


def test_compound_surnames():
    assert chinese.surname("欧阳墨") == "欧阳"
    assert chinese.surname("欧墨") == "欧"


def test_tokens_of_a_customer():
    assert chinese.search_tokens("欧阳墨先生", ("13812292302", "057188886666-801")) == [
        "2302", "6666", "ouyangmo", "oym", "mo", "欧阳", "阳墨", "墨",
    ]  # fmt: skip


def test_what_is_typed_is_among_the_tokens():
    stored = set(chinese.search_tokens("云栖花园一期 Alpha"))
    assert set(chinese.query_tokens("花园")) <= stored
    assert set(chinese.query_tokens("云栖花园")) <= stored
    assert chinese.query_tokens("alpha") == ["alpha"]
    assert "yqhyyqa" in stored


@given(st.text(max_size=300), st.lists(st.text(alphabet="0123456789", max_size=12), max_size=5))
def test_tokens_are_few_and_always_the_same(text, phones):
    tokens = chinese.search_tokens(text, tuple(phones))
    assert tokens == chinese.search_tokens(text, tuple(phones))
    assert len(tokens) == len(set(tokens)) <= chinese.MAX_TOKENS
    assert all(0 < len(token) <= chinese.MAX_TOKEN_LENGTH for token in tokens)
