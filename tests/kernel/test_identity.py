from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchang.kernel import identity

TODAY = date(2026, 11, 20)


def test_an_id_card_tells_birth_and_sex():
    card = identity.read_id_card("11010519491231002x")
    assert (card.number, card.born, card.sex) == ("11010519491231002X", date(1949, 12, 31), "female")


def test_fifteen_digits_become_eighteen():
    assert identity.read_id_card("110105491231002").number == "11010519491231002X"


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        ("11010519491231002X", None),
        ("330102199003072313", None),
        ("330102199003072316", "id_check_digit"),
        ("330102199002312313", "id_number_invalid"),
        ("000102199003072313", "id_number_invalid"),
        ("33010219900307231", "id_number_invalid"),
        ("", "id_number_invalid"),
        ("330102209003072313", "id_birth_in_future"),
    ],
)
def test_id_card_problems(number, problem):
    assert identity.id_card_problem(number, TODAY) == problem


@given(st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(place, step):
    number = "11010519491231002X"
    wrong = number[:place] + str((int(number[place]) + step) % 10) + number[place + 1 :]
    assert identity.id_card_problem(wrong, TODAY) is not None


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("91350100M000100Y43", None),  # the example of GB 32100
        ("91350100M000100Y44", "credit_code_check_digit"),
        ("91350100M000100I43", "credit_code_invalid"),
        ("9135", "credit_code_invalid"),
    ],
)
def test_credit_codes(code, problem):
    assert identity.credit_code_problem(code) == problem


def test_other_documents():
    assert identity.number_problem("passport", "e12345678", TODAY) is None
    assert identity.number_problem("hk_mo_permit", "H12345678", TODAY) is None
    assert identity.number_problem("birth_cert", "Q330000001", TODAY) is None
    assert identity.number_problem("passport", "护照", TODAY) == "id_number_invalid"
    assert identity.number_problem("library_card", "1", TODAY) == "id_type_unknown"


@pytest.mark.parametrize(
    ("born", "day", "years"),
    [
        (date(2008, 11, 20), date(2026, 11, 20), 18),
        (date(2008, 11, 21), date(2026, 11, 20), 17),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
    ],
)
def test_age(born, day, years):
    assert identity.age_on(born, day) == years


def test_numbers_are_masked():
    assert identity.mask_number("330102199003072313") == "3301**********2313"
    assert identity.mask_number("E12345678") == "E******78"
    assert identity.mask_number("123") == "***"
