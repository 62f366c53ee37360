"""Which column of a file is which field: guessed from the header and the content, corrected by a person,
remembered under the header's signature."""

import difflib
import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from anchang.kernel.errors import DomainError
from anchang.platform.importing.header import GROUP_MARK

LOWEST_GUESS = 0.5
"""Below this a column is left for the person to choose."""
CONTENT_ALONE = 0.7
CONTRADICTED = 0.2

_BRACKETS = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]")
_MARKS = re.compile(r"[\s*:：/\\、,，。._\-—›<>《》\"'“”?？#]+")
_UNIT = re.compile(r"[(（\[【]\s*(?:单位[:：])?\s*([^)）\]】]*)[)）\]】]")


@dataclass(frozen=True)
class ImportField:
    """One thing that an import takes. `label` is for people; `names` are the words that files use, best
    first."""

    name: str
    label: object
    names: tuple[str, ...]
    required: bool = False
    looks_like: Callable[[str], bool] | None = None


@dataclass(frozen=True)
class Guess:
    """`columns` is plain data: field name -> column index from 0. Fields without a column are absent."""

    columns: dict[str, int]
    confidence: dict[str, float]
    signature: str
    missing: list[str] = field(default_factory=list)


def normal_label(label: str) -> str:
    """A label without units in brackets, marks, blanks and case: `预算（万）` -> `预算`."""
    text = unicodedata.normalize("NFKC", label).lower()
    bare = _MARKS.sub("", _BRACKETS.sub("", text))
    return bare or _MARKS.sub("", text)


def unit_in(label: str) -> str:
    """The unit in a label's brackets: `预算（万）` -> `万`, `层高(米)` -> `米`; empty without one."""
    found = _UNIT.findall(label)
    return found[-1].strip() if found else ""


def signature(headers: Sequence[str]) -> str:
    """The same for every file with the same columns in the same order, however they are spaced."""
    text = "\x1f".join(normal_label(label) for label in headers)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def known_label(fields: Sequence[ImportField]) -> Callable[[str], bool]:
    """A test whether a cell is a word for one of the fields; for finding the header row."""
    names = {normal_label(name) for one in fields for name in one.names}

    def is_known(cell: str) -> bool:
        return len(cell) <= 40 and normal_label(cell) in names

    return is_known


def guess(headers: Sequence[str], sample: Sequence[Sequence[str]], fields: Sequence[ImportField]) -> Guess:
    """The best column for each field, each column used once. Certain names win over likely content."""
    scores: list[tuple[float, int, int, str]] = []
    for order, one in enumerate(fields):
        names = [normal_label(name) for name in one.names]
        for column, label in enumerate(headers):
            score = _score(one, names, label, [row[column] for row in sample if column < len(row)])
            if score >= LOWEST_GUESS:
                scores.append((-score, order, column, one.name))
    columns: dict[str, int] = {}
    confidence: dict[str, float] = {}
    for score, _, column, name in sorted(scores):
        if name not in columns and column not in columns.values():
            columns[name] = column
            confidence[name] = round(-score, 2)
    missing = [one.name for one in fields if one.required and one.name not in columns]
    return Guess(columns, confidence, signature(headers), missing)


def check(
    columns: Mapping[str, object], headers: Sequence[str], fields: Sequence[ImportField]
) -> dict[str, int]:
    """A mapping that a person or a remembered choice gives, without fields that are left out.

    Raises DomainError mapping_wrong (422) with a code per field: unknown_field, no_such_column,
    column_used_twice, column_missing.
    """
    names = {one.name for one in fields}
    wrong: dict[str, str] = {}
    used: dict[int, str] = {}
    good: dict[str, int] = {}
    for name, column in columns.items():
        if column is None:
            continue
        if name not in names:
            wrong[name] = "unknown_field"
        elif not isinstance(column, int) or isinstance(column, bool) or not 0 <= column < len(headers):
            wrong[name] = "no_such_column"
        elif column in used:
            wrong[name] = "column_used_twice"
        else:
            used[column] = name
            good[name] = column
    for one in fields:
        if one.required and one.name not in good and one.name not in wrong:
            wrong[one.name] = "column_missing"
    if wrong:
        raise DomainError("mapping_wrong", status=422, fields=wrong)
    return good


def _score(one: ImportField, names: list[str], label: str, values: list[str]) -> float:
    by_name = _name_score(names, label)
    filled = [value for value in values if value]
    if one.looks_like is None or not filled:
        return by_name
    share = sum(map(one.looks_like, filled)) / len(filled)
    if by_name < 0.95 and share < CONTRADICTED:
        return 0.0
    return max(by_name, CONTENT_ALONE * share if share >= 0.6 else 0.0)


def _name_score(names: list[str], label: str) -> float:
    """1 for the first name, a little less for later ones; less when a name is only part of the label."""
    parts = label.split(GROUP_MARK)
    whole, last = normal_label(label), normal_label(parts[-1])
    if not whole:
        return 0.0
    best = 0.0
    for place, name in enumerate(names):
        if name in (whole, last):
            score = 1.0 - place * 0.001
        elif len(name) >= 2 and name in last:
            score = 0.45 + 0.4 * len(name) / len(last)
        elif len(last) >= 2 and last in name:
            score = 0.4 + 0.4 * len(last) / len(name)
        else:
            ratio = difflib.SequenceMatcher(None, name, last).ratio()
            score = 0.65 * ratio if ratio >= 0.78 else 0.0
        best = max(best, score)
    return best
