import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchang.kernel import phone


@pytest.mark.parametrize(
    "written",
    [
        "13812292302", "+86 13812292302", "86-13812292302", "\t13812292302", "138 1229 2302", "138-1229-2302",
        "１３８１２２９２３０２", "13812292302.0", 13812292302, 13812292302.0, "+8613812292302", "008613812292302",
        "手机：13812292302", "(+86)138 1229 2302",
    ],
)  # fmt: skip
def test_one_mobile_has_one_form(written):
    assert phone.normalise(written) == "13812292302"


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("0571-88886666", "057188886666"),
        ("(010) 8888 6666", "01088886666"),
        ("+86 571 8888 6666", "057188886666"),
        ("0571-88886666-801", "057188886666-801"),
        ("0571 88886666转801", "057188886666-801"),
        ("+852 9123 4567", "+85291234567"),
        ("85291234567", "+85291234567"),
        ("00852 9123 4567", "+85291234567"),
        ("+886 912 345 678", "+886912345678"),
        ("+1 415 555 2671", "+14155552671"),
    ],
)
def test_landlines_and_other_countries(written, normal):
    assert phone.normalise(written) == normal


@pytest.mark.parametrize(
    "written",
    ["无", "1380000", "", None, "88886666", "12812292302", "+852 1", True, 1.5, "13812292302/13934625653"],
)
def test_no_number(written):
    assert phone.normalise(written) is None


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("13966422127/13934625653", ["13966422127", "13934625653"]),
        ("13966422127、0571-88886666", ["13966422127", "057188886666"]),
        ("13966422127；13934625653", ["13966422127", "13934625653"]),
        ("139 6642 2127 139 3462 5653", ["13966422127", "13934625653"]),
        ("13966422127-13934625653", ["13966422127", "13934625653"]),
        ("张三13966422127 李四 13934625653", ["13966422127", "13934625653"]),
        ("13966422127/+86 13966422127", ["13966422127"]),
        ("13966422127/1380000", ["13966422127"]),
        (13966422127, ["13966422127"]),
        ("无", []),
        (None, []),
    ],
)
def test_cells_with_several_numbers(cell, found):
    assert phone.parse_phones(cell) == found


def plain_mobile(text):
    """The office's own reading: digits only, 86 cut off, eleven digits from 13 to 19."""
    digits = re.sub(r"\D", "", text)
    digits = digits[2:] if len(digits) == 13 and digits.startswith("86") else digits
    return digits if re.fullmatch(r"1[3-9]\d{9}", digits) else None


@given(
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.sampled_from(["", "+86", "86", "86-", "+86 ", "\t", " ", "86 - "]),
    st.lists(
        st.tuples(st.integers(1, 10), st.sampled_from([" ", "-", "\t"])), max_size=3, unique_by=lambda x: x[0]
    ),
)
def test_mobiles_agree_with_the_plain_reading(number, before, marks):
    written = number
    for place, mark in sorted(marks, reverse=True):
        written = written[:place] + mark + written[place:]
    written = before + written
    assert phone.normalise(written) == plain_mobile(written) == number


@given(st.text(alphabet="0123456789 +-()", max_size=18))
def test_a_normal_form_is_its_own_normal_form(text):
    normal = phone.normalise(text)
    assert normal is None or phone.normalise(normal) == normal


def test_masks():
    assert phone.mask("13812292302") == "138****2302"
    assert phone.mask("+85291234567") == "+852****4567"
    assert phone.mask("12345") == "***45"
    assert phone.tail4("057188886666-801") == "6666"


def test_half_masked_registrations():
    assert phone.matches_mask("138****2302", "13812292302")
    assert phone.matches_mask("1381****302", "13812292302")
    assert not phone.matches_mask("138****2303", "13812292302")
    assert not phone.matches_mask("138***2302", "13812292302")
    assert not phone.matches_mask("张三", "13812292302")
