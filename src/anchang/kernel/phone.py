"""Phone numbers as they are written in a Chinese sales office, in one normal form each.

Normal forms: mainland mobile `13812292302`; landline with area code, digits only, extension after a hyphen,
`057188886666-801`; any other country in E.164, `+85291234567`. Two spellings of one number have one normal
form, so it may be hashed.
"""

import re
import unicodedata

import phonenumbers

_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_MOBILE_INSIDE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)", re.ASCII)
#: 010 and 02x have eight digits after them, the other area codes seven or eight.
_LANDLINE = re.compile(r"(0(?:10|2\d)\d{8}|0[3-9]\d{2}\d{7,8})", re.ASCII)
_EXTENSION = re.compile(r"(?:转|ext\.?|x|#|-)\s*(\d{1,6})$", re.IGNORECASE)
_LANDLINE_TEXT = re.compile(r"(?:86)?\(?0\d{2,3}\)?[\s-]*\d{3,4}[\s-]?\d{3,4}", re.ASCII)
_SEPARATORS = re.compile(r"[/\\,、;|\n]|或|及|和")
#: Neighbours whose numbers are often written without a plus.
_NEIGHBOURS = re.compile(r"85[23]\d{8}|886\d{8,9}", re.ASCII)


def normalise(value: object) -> str | None:
    """The normal form of one number, or None when it is none (无, too short, two numbers in one text)."""
    text = _plain(value)
    digits = re.sub(r"\D", "", text)
    abroad = re.match(r"\(?(\+|00)", text) and not re.match(r"(\+|00)86", re.sub(r"[^\d+]", "", text))
    if abroad:
        return _foreign("+" + (digits[2:] if digits.startswith("00") else digits))
    if digits.startswith("00"):
        digits = digits[2:]
    if len(digits) == 13 and digits.startswith("86"):
        digits = digits[2:]
    if _MOBILE.fullmatch(digits):
        return digits
    return _landline(text) or (_foreign("+" + digits) if _NEIGHBOURS.fullmatch(digits) else None)


def parse_phones(value: object) -> list[str]:
    """Every number in a cell, in order, without repeats: `139…/138…`, `139… 138…`, `张三139…、李四138…`."""
    found: list[str] = []
    for chunk in _SEPARATORS.split(_plain(value)):
        found += _in_chunk(chunk.strip())
    return list(dict.fromkeys(found))


def mask(number: str) -> str:
    """`138****2302`: first three and last four. Short texts keep their last two at most."""
    if len(number) < 8:
        return "*" * max(len(number) - 2, 0) + number[-2:]
    head = 4 if number.startswith("+") else 3
    return f"{number[:head]}****{number[-4:]}"


def tail4(number: str) -> str:
    """The last four digits, for search; an extension is not part of them."""
    if number.isdigit():
        return number[-4:]
    return re.sub(r"\D", "", number.split("-")[0])[-4:]


def matches_mask(masked: str, number: str) -> bool:
    """Whether a registration's half-masked number (138****2302 前三后四, 1381****302 前四后三) fits."""
    pattern = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", masked))
    if not re.fullmatch(r"[\dxX*]+", pattern) or len(pattern) != len(number):
        return False
    return all(a in "*xX" or a == b for a, b in zip(pattern, number, strict=True))


def _plain(value: object) -> str:
    """Half-width text; an Excel number loses its `.0`."""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else ""
    text = unicodedata.normalize("NFKC", str(value)).strip()
    return text[:-2] if re.fullmatch(r"\d{7,15}\.0", text) else text


def _landline(text: str) -> str | None:
    rest = re.sub(r"^\(?(\+|00)86\)?[\s-]*", "", text)
    if rest != text and re.match(r"[1-9]", rest):
        rest = "0" + rest  # +86 571 … leaves out the zero of the area code
    extension = ""
    match = _LANDLINE_TEXT.fullmatch(rest)
    if not match:
        tail = _EXTENSION.search(rest)
        if not tail:
            return None
        extension, rest = "-" + tail.group(1), rest[: tail.start()].strip()
        if not _LANDLINE_TEXT.fullmatch(rest):
            return None
    digits = re.sub(r"\D", "", rest)
    digits = digits[2:] if digits.startswith("860") else digits
    return digits + extension if _LANDLINE.fullmatch(digits) else None


def _foreign(text: str) -> str | None:
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _in_chunk(chunk: str) -> list[str]:
    """Numbers between two separators: the whole text, else runs of its words, else mobiles inside it."""
    whole = normalise(chunk)
    if whole:
        return [whole]
    found: list[str] = []
    run = ""
    for word in chunk.split():
        run = f"{run} {word}".strip()
        number = normalise(run)
        if number:
            found.append(number)
            run = ""
    return found if found and not run else _MOBILE_INSIDE.findall(chunk)
