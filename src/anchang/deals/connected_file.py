"""Lists of staff, relatives and connected persons as files: the columns, and rows as checked values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from django.utils.translation import gettext_lazy as _

from anchang.kernel.identity import clean_number
from anchang.kernel.phone import normalise
from anchang.platform.importing import cells
from anchang.platform.importing.cells import CellError
from anchang.platform.importing.mapping import ImportField
from anchang.platform.importing.rows import OpenSheet, Parsed, Plan, Problem, parse_rows

CONNECTED_FIELDS = (
    ImportField("name", _("Full name"), ("姓名", "人员姓名", "名称", "关联人", "name"), required=True),
    ImportField("kind", _("Kind"), ("类别", "人员类别", "性质", "类型", "kind")),
    ImportField("id_number", _("Document number"), ("身份证号", "证件号码", "身份证", "证件号", "身份证号码", "id")),
    ImportField("phone", _("Phone"), ("手机", "手机号", "电话", "联系电话", "联系方式", "phone")),
    ImportField("staff_number", _("Staff number"), ("工号", "员工编号", "员工号", "staff number")),
    ImportField("of_name", _("Relative of"), ("员工姓名", "所属员工", "关联员工", "亲属所属员工", "相关员工")),
    ImportField("relation", _("Relation"), ("关系", "与员工关系", "亲属关系", "关联关系", "relation")),
    ImportField("note", _("Note"), ("备注", "说明", "note")),
)  # fmt: skip
KINDS = {
    "员工": "staff", "本公司员工": "staff", "在职员工": "staff", "staff": "staff",
    "亲属": "relative", "员工亲属": "relative", "家属": "relative", "直系亲属": "relative", "relative": "relative",
    "关联人": "connected", "关联方": "connected", "关联自然人": "connected", "connected": "connected",
}  # fmt: skip


@dataclass(frozen=True)
class ConnectedRow:
    """`id_number` and `phone` are in normal form or empty; one of them is there."""

    row: int
    name: str
    kind: str
    id_number: str = ""
    phone: str = ""
    staff_number: str = ""
    of_name: str = ""
    relation: str = ""
    note: str = ""


@dataclass(frozen=True)
class ConnectedLine:
    row: int
    cells: list[str]
    value: ConnectedRow | None
    problems: list[Problem]
    sheet: str = ""


def _number(value: str) -> str:
    found = clean_number(value)
    if not 4 <= len(found) <= 40:
        raise CellError("not_an_id_number", value)
    return found


def _phone(value: str) -> str:
    found = normalise(value)
    if found is None:
        raise CellError("not_a_phone", value)
    return found


_PLANS = [
    Plan("name", partial(cells.text, longest=100), required=True),
    Plan("kind", lambda value: cells.choice(value, KINDS), strict=True),
    Plan("id_number", _number, strict=True), Plan("phone", _phone, strict=True),
    Plan("staff_number", partial(cells.text, longest=30)), Plan("of_name", partial(cells.text, longest=100)),
    Plan("relation", partial(cells.text, longest=30)), Plan("note", partial(cells.text, longest=200)),
]  # fmt: skip


def read_connected(sheets: list[OpenSheet]) -> Iterator[ConnectedLine]:
    for opened in sheets:
        for parsed in parse_rows(opened, _PLANS, several=len(sheets) > 1):
            yield _line(parsed, opened)


def _line(parsed: Parsed, opened: OpenSheet) -> ConnectedLine:
    """Without a kind, somebody who is another one's relative is a relative, else own staff."""
    problems, v = list(parsed.problems), parsed.values
    if not (v["id_number"] or v["phone"]) and not parsed.refused:
        label = opened.label("id_number") or opened.label("phone")
        problems.append(Problem(parsed.row, label, "", "required", sheet=parsed.sheet))
    if any(problem.refuses for problem in problems):
        return ConnectedLine(parsed.row, parsed.cells, None, problems, parsed.sheet)
    texts = {name: v[name] or "" for name in ("id_number", "phone", "staff_number", "of_name", "relation", "note")}
    kind = v["kind"] or ("relative" if texts["of_name"] or texts["relation"] else "staff")
    row = ConnectedRow(row=parsed.row, name=v["name"], kind=kind, **texts)
    return ConnectedLine(parsed.row, parsed.cells, row, problems, parsed.sheet)
