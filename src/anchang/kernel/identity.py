"""Identity documents: what can be checked and read from the number itself.

Mainland ID card: GB 11643 (18 characters, check digit by ISO 7064 mod 11-2; the old 15-digit form has none).
Unified social credit code: GB 32100 (18 characters, check character mod 31).
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"
#: First two digits of the place code: provinces, and 81-83 for residence permits of Hong Kong, Macao, Taiwan.
_PROVINCES = frozenset(
    f"{code}"
    for low, high in (
        (11, 15),
        (21, 23),
        (31, 37),
        (41, 46),
        (50, 54),
        (61, 65),
        (71, 71),
        (81, 83),
        (91, 91),
    )
    for code in range(low, high + 1)
)
_CREDIT_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = tuple(3**i % 31 for i in range(17))

ID_TYPES = ("id_card", "passport", "hk_mo_permit", "tw_permit", "birth_cert", "credit_code")
_FORMS = {
    "passport": re.compile(r"[A-Z0-9]{5,20}"),
    "hk_mo_permit": re.compile(r"([HM]\d{8}(\d{2})?|\d{18}|8[1-3]\d{15}[\dX])"),
    "tw_permit": re.compile(r"(\d{8}|\d{10}(\([A-Z0-9]\))?|83\d{15}[\dX])"),
    "birth_cert": re.compile(r"[A-Z]\d{9}"),
}


@dataclass(frozen=True)
class IdCard:
    """What an ID card number says. `number` has 18 characters."""

    number: str
    born: date
    sex: str  # male | female


def clean_number(text: str) -> str:
    """Half-width, upper case, no spaces."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).upper()


def id_card_check_digit(first17: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(first17, _WEIGHTS, strict=True))
    return _CHECK_DIGITS[total % 11]


def read_id_card(text: str) -> IdCard | None:
    """Read a number of 18 or 15 characters (made 18). None when form, place or birth date is impossible.

    The check digit is not looked at: see `id_card_problem`.
    """
    number = clean_number(text)
    if re.fullmatch(r"\d{15}", number, re.ASCII):
        first17 = number[:6] + "19" + number[6:]
        number = first17 + id_card_check_digit(first17)
    if not re.fullmatch(r"\d{17}[\dX]", number, re.ASCII) or number[:2] not in _PROVINCES:
        return None
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
    return IdCard(number, born, "male" if int(number[16]) % 2 else "female")


def id_card_problem(text: str, on: date) -> str | None:
    """None, or why the number is wrong: `id_number_invalid`, `id_birth_in_future`, `id_check_digit`."""
    card = read_id_card(text)
    if card is None:
        return "id_number_invalid"
    if card.born > on:
        return "id_birth_in_future"
    return None if id_card_check_digit(card.number[:17]) == card.number[17] else "id_check_digit"


def credit_code_problem(text: str) -> str | None:
    """None, or `credit_code_invalid` (form), `credit_code_check_digit`."""
    code = clean_number(text)
    if not re.fullmatch(rf"[{_CREDIT_LETTERS}]{{2}}\d{{6}}[{_CREDIT_LETTERS}]{{10}}", code, re.ASCII):
        return "credit_code_invalid"
    return None if credit_code_check_character(code[:17]) == code[17] else "credit_code_check_digit"


def credit_code_check_character(first17: str) -> str:
    pairs = zip(first17, _CREDIT_WEIGHTS, strict=True)
    total = sum(_CREDIT_LETTERS.index(letter) * weight for letter, weight in pairs)
    return _CREDIT_LETTERS[-total % 31]


#: Problems that a project may let pass with a warning: clerks mistype, old documents differ.
SOFT_PROBLEMS = frozenset({"id_check_digit", "credit_code_check_digit"})


def number_problem(id_type: str, text: str, on: date) -> str | None:
    """None, or a code why this number cannot be of this document type."""
    if id_type == "id_card":
        return id_card_problem(text, on)
    if id_type == "credit_code":
        return credit_code_problem(text)
    form = _FORMS.get(id_type)
    if form is None:
        return "id_type_unknown"
    return None if form.fullmatch(clean_number(text)) else "id_number_invalid"


def age_on(born: date, day: date) -> int:
    """Completed years; a birthday counts from its day (29 February: from 1 March in common years)."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def mask_number(text: str) -> str:
    """`3301**********2316` for 18 characters; otherwise only the first and the last two are shown."""
    number = clean_number(text)
    if len(number) == 18:
        return number[:4] + "*" * 10 + number[14:]
    if len(number) <= 4:
        return "*" * len(number)
    return number[0] + "*" * (len(number) - 3) + number[-2:]


def mask_name(name: str) -> str:
    """`张*`: the first character, as lists of people are made public."""
    return name[:1] + "*" * max(len(name) - 1, 1) if name else ""
