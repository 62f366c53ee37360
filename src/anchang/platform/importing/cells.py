"""One cell's text into one value. Every parser takes text that isn't blank and returns a value or raises
CellError."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from anchang.kernel import money as kernel_money
from anchang.kernel.chinese import name_and_sex
from anchang.kernel.clock import parse_office_date
from anchang.kernel.phone import parse_phones

Range = tuple[Decimal | None, Decimal | None]
"""Low and high, either open."""
UNBOUNDED: Range = (None, None)

TEN_THOUSAND = Decimal(10_000)
MAX_AREA = Decimal("9999999.99")
MAX_INTEGER = 2_147_483_647
NOTHING = frozenset(
    ("无", "没有", "暂无", "不详", "未知", "不限", "未填", "面议", "/", "-", "--", "—", "——", "n/a", "na",
     "null", "none")
)  # fmt: skip
"""What people write to say that they have nothing to write."""

# The commonest spellings of one mobile; whatever else a cell holds goes to the kernel's reader of phones.
_MOBILE = re.compile(r"(?:\+?86[- ]?)?(1[3-9]\d)[- ]?(\d{4})[- ]?(\d{4})", re.ASCII)
_MOBILE_LIKE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)", re.ASCII)
_EXPONENT = re.compile(r"\d(\.\d+)?[eE]\+\d+")
_NUMBER = r"(\d+(?:\.\d+)?)"
_SCALE = r"(亿|千万|百万|万|w|k|千)?"
_MONEY_ENDS = r"(?:元|块|人民币|rmb)?"
_AREA_ENDS = r"(?:平方米|平米|平方|平|㎡|m2|m²|方)?"
_ABOUT = r"(?:大概|大约|约|预算|总价|面积)?"
_MORE_OR_LESS = r"左右|上下|以上|起|以下|以内|内|\+"
_SCALES = {
    "亿": Decimal(100_000_000), "千万": Decimal(10_000_000), "百万": Decimal(1_000_000), "万": TEN_THOUSAND,
    "w": TEN_THOUSAND, "千": Decimal(1000), "k": Decimal(1000),
}  # fmt: skip
_DASH = r"(?:-|~|—|–|至|到|－)+"
_MONEY_ONE = re.compile(f"{_ABOUT}{_NUMBER}{_SCALE}{_MONEY_ENDS}({_MORE_OR_LESS})?", re.IGNORECASE)
_MONEY_TWO = re.compile(
    f"{_ABOUT}{_NUMBER}{_SCALE}{_MONEY_ENDS}{_DASH}{_NUMBER}{_SCALE}{_MONEY_ENDS}(?:左右|之间)?",
    re.IGNORECASE,
)
_AREA_ONE = re.compile(f"{_ABOUT}{_NUMBER}{_AREA_ENDS}({_MORE_OR_LESS})?", re.IGNORECASE)
_AREA_TWO = re.compile(
    f"{_ABOUT}{_NUMBER}{_AREA_ENDS}{_DASH}{_NUMBER}{_AREA_ENDS}(?:左右|之间)?", re.IGNORECASE
)
_NEGATIVE = re.compile(r"[¥￥]?[-−－负]\s*\d")
_AT_LEAST = ("以上", "起", "+")
_AT_MOST = ("以下", "以内", "内")
_TIME = re.compile(r"(.*?)[\sT]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?:Z|\+08:?00)?", re.DOTALL)
_FLOOR = re.compile(r"(?:第)?(-?\d{1,3})(?:层|楼|f)?(?:[/／]\d{1,3}(?:层|楼|f)?)?", re.IGNORECASE)
_BASEMENT = re.compile(r"(?:b|负|地下)(\d{1,2}|[一二三四五])(?:层|楼|f)?", re.IGNORECASE)
_CHINESE_DIGITS = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5}


class CellError(ValueError):
    """A cell that can't be taken: a stable code, the text as it stands in the file, and values for the
    sentence."""

    def __init__(self, code: str, value: str = "", **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.value = value
        self.params = params


def is_nothing(value: str) -> bool:
    return not value or value.lower() in NOTHING


def text(value: str, longest: int = 200) -> str:
    """Raises too_long."""
    if len(value) > longest:
        raise CellError("too_long", value[:80], limit=longest)
    return value


def identifier(value: str) -> str:
    """A number or code of another system. Raises digits_lost when a spreadsheet has shortened it to
    7.38E+16."""
    if _EXPONENT.fullmatch(value):
        raise CellError("digits_lost", value)
    return text(value, 64)


@lru_cache(maxsize=8192)
def person(value: str) -> tuple[str, str]:
    """Name without title, and sex: male (先生), female (女士, 小姐…) or empty."""
    name, sex = name_and_sex(text(value, 60))
    return name, sex or ""


def phones(value: str) -> list[str]:
    """All numbers in the cell in normal form, the main one first. Raises phone_missing or phone_invalid."""
    mobile = _MOBILE.fullmatch(value)
    if mobile:
        return ["".join(mobile.groups())]
    if is_nothing(value):
        raise CellError("phone_missing", value)
    found = parse_phones(value)
    if not found:
        raise CellError("phone_invalid", value)
    return found


def looks_like_phone(value: str) -> bool:
    return _MOBILE_LIKE.search(value) is not None


def looks_like_date(value: str) -> bool:
    try:
        parse_office_date(value, date(2100, 12, 31))
    except (ValueError, OverflowError):
        return False
    return not value.isdigit() or len(value) == 8


@lru_cache(maxsize=4096)
def office_date(value: str, reference: date) -> date:
    """A date in any form that offices write; without a year the latest one not after `reference`.
    Raises date_invalid, for 31 February too."""
    try:
        return parse_office_date(value, reference)
    except (ValueError, OverflowError) as error:
        raise CellError("date_invalid", value) from error


def office_datetime(value: str, reference: date, zone: ZoneInfo) -> datetime:
    """Date and time in the project's time zone; midnight when no time is given. Raises date_invalid."""
    try:
        found = datetime.fromisoformat(value)
        return found if found.tzinfo else found.replace(tzinfo=zone)
    except ValueError:
        pass
    match = _TIME.fullmatch(value)
    if not match:
        return datetime.combine(office_date(value, reference), time(0), zone)
    hour, minute, second = int(match.group(2)), int(match.group(3)), int(match.group(4) or 0)
    if hour > 23 or minute > 59 or second > 59:
        raise CellError("date_invalid", value)
    return datetime.combine(office_date(match.group(1), reference), time(hour, minute, second), zone)


@lru_cache(maxsize=4096)
def amount(value: str, unit: str = "") -> Decimal:
    """An amount in yuan, positive. `unit` is the one in the column's label (万元). Raises not_a_number,
    negative, not_positive or too_large."""
    found = _number(value, unit, "money")
    if found <= 0:
        raise CellError("not_positive", value)
    return found


@lru_cache(maxsize=4096)
def area(value: str) -> Decimal:
    """Square metres, positive, two places. Raises not_a_number, negative, not_positive or too_large."""
    found = _number(value, "", "area")
    if found <= 0:
        raise CellError("not_positive", value)
    return found


def _number(value: str, unit: str, kind: str) -> Decimal:
    if _NEGATIVE.match(value):
        raise CellError("negative", value)
    scale = Decimal(1)
    if kind == "money":
        match = _MONEY_ONE.fullmatch(_bare(value))
        if match and not match.group(3):
            scale = _SCALES[match.group(2).lower()] if match.group(2) else _unit_scale(unit)
    else:
        match = _AREA_ONE.fullmatch(_bare(value))
    if not match or match.groups()[-1]:
        raise CellError("not_a_number", value)
    found = _exact(match.group(1), scale, value)
    if kind == "area" and found > MAX_AREA:
        raise CellError("too_large", value)
    return found


@lru_cache(maxsize=4096)
def budget(value: str, unit: str = "") -> Range:
    """A budget in yuan: 200-250万, 300万以上, 300左右, 250. Without any unit a number below 10,000 counts
    in 万. Raises not_a_number, negative, too_large or range_reversed."""
    if is_nothing(value):
        return UNBOUNDED
    bare = _bare(value)
    if _NEGATIVE.match(bare):
        raise CellError("negative", value)
    match = _MONEY_TWO.fullmatch(bare)
    if match:
        low, low_scale, high, high_scale = match.groups()
        return _ordered(
            _budget_number(low, low_scale or high_scale, unit, value),
            _budget_number(high, high_scale, unit, value),
            value,
        )
    match = _MONEY_ONE.fullmatch(bare)
    if not match:
        raise CellError("not_a_number", value)
    return _open_range(_budget_number(match.group(1), match.group(2), unit, value), match.group(3))


def _budget_number(number: str, scale: str | None, unit: str, value: str) -> Decimal:
    if scale:
        return _exact(number, _SCALES[scale.lower()], value)
    by_label = _unit_scale(unit)
    if by_label == 1 and "元" not in unit and Decimal(number) < TEN_THOUSAND:
        by_label = TEN_THOUSAND
    return _exact(number, by_label, value)


@lru_cache(maxsize=4096)
def area_range(value: str) -> Range:
    """A wished area: 120㎡左右, 100-120, 90平以上. Raises as `budget` does."""
    if is_nothing(value):
        return UNBOUNDED
    bare = _bare(value)
    if _NEGATIVE.match(bare):
        raise CellError("negative", value)
    match = _AREA_TWO.fullmatch(bare)
    if match:
        return _ordered(_small_area(match.group(1), value), _small_area(match.group(2), value), value)
    match = _AREA_ONE.fullmatch(bare)
    if not match:
        raise CellError("not_a_number", value)
    return _open_range(_small_area(match.group(1), value), match.group(2))


def _small_area(number: str, value: str) -> Decimal:
    found = _exact(number, Decimal(1), value)
    if found > MAX_AREA:
        raise CellError("too_large", value)
    return found


def _ordered(low: Decimal, high: Decimal, value: str) -> Range:
    if low > high:
        raise CellError("range_reversed", value)
    return low, high


def _open_range(number: Decimal, direction: str | None) -> Range:
    if direction in _AT_LEAST:
        return number, None
    if direction in _AT_MOST:
        return None, number
    return number, number


def _exact(number: str, scale: Decimal, value: str) -> Decimal:
    if len(number) > 24:
        raise CellError("too_large", value)
    found = kernel_money.yuan(Decimal(number) * scale)
    if found > kernel_money.MAX_AMOUNT:
        raise CellError("too_large", value)
    return found


def _unit_scale(unit: str) -> Decimal:
    return next((scale for word, scale in _SCALES.items() if word in unit), Decimal(1))


def _bare(value: str) -> str:
    """Half width, without blanks, thousands marks and currency signs."""
    return re.sub(r"[\s,，¥￥]", "", unicodedata.normalize("NFKC", value))


def integer(value: str) -> int:
    """A whole number from 0. Raises not_a_number, negative or too_large."""
    bare = _bare(value).removesuffix(".0")
    if _NEGATIVE.match(bare):
        raise CellError("negative", value)
    if not re.fullmatch(r"\d+", bare, re.ASCII):
        raise CellError("not_a_number", value)
    if len(bare) > 10 or int(bare) > MAX_INTEGER:
        raise CellError("too_large", value)
    return int(bare)


@lru_cache(maxsize=1024)
def floor(value: str) -> int:
    """A storey: 3, 3层, 3F, 3/18; -1, B1, 负一层 and 地下1层 are below ground. Raises floor_invalid."""
    bare = _bare(value).removesuffix(".0")
    match = _FLOOR.fullmatch(bare)
    if match:
        return int(match.group(1))
    match = _BASEMENT.fullmatch(bare)
    if not match:
        raise CellError("floor_invalid", value)
    digit = match.group(1)
    return -(_CHINESE_DIGITS.get(digit) or int(digit))


def choice(value: str, words: Mapping[str, str]) -> str:
    """The code that the dictionary gives for a word, whatever its width and case. Raises not_in_list."""
    if value in words:
        return words[value]
    plain = unicodedata.normalize("NFKC", value).replace(" ", "").casefold()
    for word, code in words.items():
        if unicodedata.normalize("NFKC", word).replace(" ", "").casefold() == plain:
            return code
    raise CellError("not_in_list", value)
