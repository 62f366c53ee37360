"""Rows of a file into checked values: what every import does the same way, cell by cell."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from anchang.kernel.errors import DomainError
from anchang.platform.importing.cells import CellError
from anchang.platform.importing.header import Layout, find_layout
from anchang.platform.importing.mapping import Guess, ImportField, check, guess, known_label
from anchang.platform.importing.messages import message
from anchang.platform.importing.reader import Table

_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_UNREADABLE = "\ufffd"
_BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffd]")


@dataclass(frozen=True, slots=True)
class Problem:
    """One bad cell. `refuses` says whether its row is left out or only this cell (kept in the note)."""

    row: int
    column: str
    value: str
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    refuses: bool = True
    sheet: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The shape of the import report, worded in the active language."""
        report = {
            "row": self.row,
            "column": self.column,
            "value": self.value,
            "code": self.code,
            "message": message(self.code, self.params),
        }
        return report | {"sheet": self.sheet} if self.sheet else report


@dataclass(slots=True)
class Parsed:
    """One row's values by field; fields that are blank or bad are None. `cells` are kept for the correction
    file."""

    row: int
    cells: list[str]
    values: dict[str, Any]
    problems: list[Problem]
    sheet: str = ""

    @property
    def refused(self) -> bool:
        return any(problem.refuses for problem in self.problems)

    def left_over(self) -> str:
        """What bad optional cells said, for the note: nothing that a person wrote is lost."""
        return "\n".join(
            f"{problem.column}：{problem.value}"
            for problem in self.problems
            if not problem.refuses and problem.value
        )


@dataclass(frozen=True)
class Plan:
    """How one field is read: its parser, and whether a bad cell refuses the row."""

    name: str
    parse: Callable[[str], Any]
    required: bool = False
    strict: bool = False


@dataclass(frozen=True)
class OpenSheet:
    """A sheet with its header and the columns that will be used."""

    layout: Layout
    guess: Guess
    columns: dict[str, int]

    def label(self, name: str) -> str:
        """The column's header, or empty when the field has no column."""
        column = self.columns.get(name)
        return self.layout.labels[column] if column is not None else ""


def open_sheets(
    table: Table,
    fields: Sequence[ImportField],
    columns: Mapping[str, int] | None = None,
    remembered: Callable[[str], Mapping[str, int] | None] = lambda signature: None,
) -> list[OpenSheet]:
    """The sheets that hold such data, each with its columns: chosen by the caller for the first sheet's
    header, else remembered for the header's signature, else guessed.

    Raises file_no_header or file_empty when no sheet has a header, mapping_wrong when a required field of
    the first has no column. Other sheets without the required columns are left out.
    """
    found: list[OpenSheet] = []
    failure: DomainError | None = None
    for sheet in table.sheets:
        try:
            layout = find_layout(sheet, known_label(fields))
        except DomainError as error:
            if error.code not in ("file_empty", "file_no_header"):
                raise
            failure = failure or error
            continue
        suggestion = guess(layout.labels, layout.sample(), fields)
        chosen: Mapping[str, int] | None = None
        if columns is not None and (not found or suggestion.signature == found[0].guess.signature):
            chosen = columns
        else:
            chosen = _still_good(remembered(suggestion.signature), layout.labels, fields)
        if chosen is None and suggestion.missing and found:
            continue
        found.append(
            OpenSheet(layout, suggestion, dict(chosen if chosen is not None else suggestion.columns))
        )
    if not found:
        raise failure or DomainError("file_empty", status=422, name=table.name)
    usable = [one for one in found if _required_present(one, fields)] or found[:1]
    for one in usable:
        check(one.columns, one.layout.labels, fields)
    return usable


def _required_present(one: OpenSheet, fields: Sequence[ImportField]) -> bool:
    return all(one.columns.get(each.name) is not None for each in fields if each.required)


def _still_good(
    columns: Mapping[str, int] | None, labels: Sequence[str], fields: Sequence[ImportField]
) -> Mapping[str, int] | None:
    """A remembered choice that still fits; an import that has changed since asks anew."""
    if columns is None:
        return None
    try:
        return check(columns, labels, fields)
    except DomainError:
        return None


def parse_rows(opened: OpenSheet, plans: Sequence[Plan], several: bool = False) -> Iterator[Parsed]:
    """Each data row with its values and problems, one at a time.

    A blank required cell is `required`. Characters that no database stores, or that the file's encoding
    lost, refuse the row wherever they stand.
    """
    labels = opened.layout.labels
    steps = [
        (plan.name, plan.parse, plan.required, opened.columns.get(plan.name, len(labels)))
        for plan in plans
        if plan.required or plan.name in opened.columns
    ]
    strict = {plan.name for plan in plans if plan.required or plan.strict}
    blank = dict.fromkeys(plan.name for plan in plans)
    sheet = opened.layout.sheet.name if several else ""
    for number, cells in opened.layout.rows():
        values: dict[str, Any] = blank.copy()
        problems: list[Problem] = []
        if _BAD.search("\n".join(cells)):
            problems += _bad_characters(number, cells, labels, sheet)
        width = len(cells)
        for name, parse, required, column in steps:
            value = cells[column] if column < width else ""
            try:
                if value:
                    values[name] = parse(value)
                elif required:
                    raise CellError("required")
            except CellError as error:
                label = labels[column] if column < len(labels) else name
                problem = Problem(number, label, value[:200], error.code, error.params, name in strict, sheet)
                problems.append(problem)
        yield Parsed(number, cells, values, problems, sheet)


def _bad_characters(number: int, cells: list[str], labels: list[str], sheet: str) -> list[Problem]:
    problems = []
    for column, value in enumerate(cells):
        code = "control_character" if _UNSTORABLE.search(value) else "unreadable_character"
        if code == "control_character" or _UNREADABLE in value:
            label = labels[column] if column < len(labels) else ""
            shown = _UNSTORABLE.sub("␀", value)[:200]
            problems.append(Problem(number, label, shown, code, sheet=sheet))
    return problems


def extras(opened: OpenSheet) -> list[tuple[str, int]]:
    """Labels and columns that no field uses, for keeping what the file says beyond the fields."""
    used = set(opened.columns.values())
    return [
        (label, column) for column, label in enumerate(opened.layout.labels) if label and column not in used
    ]
