"""Tell the parts of a sheet apart: title and facts above, one or two header rows, data rows, footer
rows."""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from anchang.kernel.errors import DomainError
from anchang.platform.importing.reader import Row, Sheet

HEADER_WITHIN = 40
"""Rows with content in which the header must begin."""
GROUP_MARK = " › "
"""Stands between the two rows of a merged header: `销售单价(元/㎡) › 建筑面积单价`."""

FooterKind = Literal["total", "subtotal", "note"]

_FOOTER = re.compile(
    r"(?P<total>(?:合计|总计|共计|总合计|grandtotal|total)[:：]?$)"
    r"|(?P<subtotal>.{0,8}(?:小计|subtotal)[:：]?$)"
    r"|(?P<note>(?:注|备注|说明|填表说明|制表人?|审核人?|填表人|监制|注意事项|note)[:：]|注\d?[、.．])",
    re.IGNORECASE,
)
_BLANK = re.compile(r"\s+")
_FACT_KEY = re.compile(r"(?:(?<=\s)|^)([^\s\d:：][^\s:：]{0,15})\s*[:：]\s*")
_NUMBER = re.compile(r"[-+]?[\d,]+(\.\d+)?%?")
_DATE_OR_PHONE = re.compile(r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}.*|[+\d][\d\s/()-]{6,}")


@dataclass(frozen=True)
class Footer:
    row: int
    kind: FooterKind
    cells: list[str]


@dataclass
class Layout:
    """A sheet whose header was found. `footers` fills while `rows()` is read to its end."""

    sheet: Sheet
    title: str
    facts: dict[str, str]
    labels: list[str]
    header_rows: tuple[int, ...]
    header_cells: list[list[str]] = field(repr=False)
    footers: list[Footer] = field(default_factory=list)

    def rows(self) -> Iterator[Row]:
        """Data rows with their own numbers; footer rows and repeated headers are left out."""
        self.footers.clear()
        last = self.header_rows[-1]
        for number, cells in self.sheet.rows():
            if number <= last:
                continue
            kind = footer_kind(cells)
            if kind:
                self.footers.append(Footer(number, kind, cells))
            elif not any(cells == header for header in self.header_cells):
                yield number, cells

    def sample(self, count: int = 50) -> list[list[str]]:
        """The first data rows, for guessing what columns hold."""
        return [cells for _, cells in itertools.islice(self.rows(), count)]


def find_layout(sheet: Sheet, is_known: Callable[[str], bool]) -> Layout:
    """Find the header: the row with the most labels that `is_known` accepts, else the first row that looks
    like one.

    Raises DomainError (422): file_empty for a sheet without content, file_no_header.
    """
    top = list(itertools.islice(sheet.rows(), HEADER_WITHIN))
    if not top:
        raise DomainError("file_empty", status=422, sheet=sheet.name)
    at = _known_header(top, is_known)
    if at is None:
        at = _likely_header(top)
    if at is None:
        raise DomainError("file_no_header", status=422, sheet=sheet.name)
    first = top[at][1]
    second = top[at + 1][1] if at + 1 < len(top) and top[at + 1][0] == top[at][0] + 1 else []
    two = _is_second_header(first, second)
    used = top[at : at + 2] if two else top[at : at + 1]
    return Layout(
        sheet=sheet,
        title=_title(top[:at]),
        facts=read_facts(cells for _, cells in top[:at]),
        labels=_joined(first, second) if two else [_one_line(label) for label in first],
        header_rows=tuple(number for number, _ in used),
        header_cells=[cells for _, cells in used],
    )


def footer_kind(cells: list[str]) -> FooterKind | None:
    """What a row below the data is, by its first two texts: a total, a subtotal, a note, or none of
    these."""
    filled = 0
    for value in cells:
        if not value:
            continue
        filled += 1
        if not value.isdecimal() and (filled == 1 or len(value) <= 40):
            text = value if value.isalnum() else _BLANK.sub("", value)
            words = _FOOTER.match(text)
            if words and words.lastgroup != "note":
                return "total" if words.lastgroup == "total" else "subtotal"
            if words and filled == 1 and len(set(filter(None, cells))) <= 3:
                return "note"
        if filled == 2:
            return None
    return None


def read_facts(rows: Iterable[list[str]]) -> dict[str, str]:
    """`开发企业：云栖置业` and the like, several in one cell or the value in the next cell; the first of a
    key counts."""
    facts: dict[str, str] = {}
    for cells in rows:
        open_key = ""
        for value in dict.fromkeys(filter(None, cells)):
            found = list(_FACT_KEY.finditer(value))
            if not found and open_key:
                facts[open_key] = value
            open_key = ""
            for index, match in enumerate(found):
                end = found[index + 1].start() if index + 1 < len(found) else len(value)
                text = value[match.end() : end].strip()
                if text:
                    facts.setdefault(match.group(1), text)
                elif index == len(found) - 1 and match.group(1) not in facts:
                    open_key = match.group(1)
    return facts


def _known_header(top: list[Row], is_known: Callable[[str], bool]) -> int | None:
    hits = [sum(1 for cell in set(cells) if cell and is_known(cell)) for _, cells in top]
    best = max(hits)
    if best == 0 or (best == 1 and max(len(list(filter(None, cells))) for _, cells in top) > 2):
        return None
    # The upper row of a merged header names fewer columns than the lower one, but it is where the header
    # begins.
    return next(index for index, count in enumerate(hits) if count >= 0.6 * best)


def _likely_header(top: list[Row]) -> int | None:
    """The first row about as wide as the rest, all texts different and none a number, date or phone."""
    widths = sorted(sum(map(bool, cells)) for _, cells in top)
    usual = widths[len(widths) // 2]
    for index, (_, cells) in enumerate(top):
        texts = [cell for cell in cells if cell]
        if (
            len(texts) >= max(0.6 * usual, 1)
            and len(set(texts)) == len(texts)
            and not any(map(_is_data, texts))
        ):
            return index if len(top) > index + 1 or index > 0 or len(texts) > 1 else None
    return None


def _is_data(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text) or _DATE_OR_PHONE.fullmatch(text)) or len(text) > 40


def _is_second_header(first: list[str], second: list[str]) -> bool:
    """Whether the second row only splits groups of the first: it names columns that the first leaves blank,
    and elsewhere repeats the first, is blank, or stands under the start of a group."""
    splits = 0
    for column, text in enumerate(second):
        above = first[column] if column < len(first) else ""
        if not text or text == above:
            continue
        if _is_data(text):
            return False
        if not above:
            splits += 1
        elif column + 1 >= len(first) or first[column + 1]:
            return False
    return splits > 0


def _joined(first: list[str], second: list[str]) -> list[str]:
    labels, group = [], ""
    for column in range(max(len(first), len(second))):
        above = first[column] if column < len(first) else ""
        below = second[column] if column < len(second) else ""
        group = above or (group if below else "")
        if not below or below == group:
            labels.append(_one_line(group))
        else:
            labels.append(_one_line(f"{group}{GROUP_MARK}{below}" if group else below))
    return labels


def _one_line(label: str) -> str:
    return re.sub(r"\s*[\r\n]+\s*", "", label)


def _title(above: list[Row]) -> str:
    for _, cells in above:
        texts = list(dict.fromkeys(filter(None, cells)))
        if len(texts) == 1 and not _FACT_KEY.match(texts[0]):
            return texts[0]
    return ""
