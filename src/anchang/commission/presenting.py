"""Tables of the pages of pay, the same rows on the screen and in the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from anchang.commission.models import Earning, Line, Role
from anchang.commission.queries import Settlement
from anchang.commission.resources import MILESTONES
from anchang.kernel.money import ZERO
from anchang.platform.documents.sheets import Column as SheetColumn
from anchang.platform.documents.sheets import Sheet
from anchang.platform.ui.components import Column, Row

_KINDS = {"money": "money", "date": "date", "percent": "percent"}


@dataclass(frozen=True)
class Table:
    title: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    sums: Mapping[str, Decimal] = field(default_factory=dict)


def _table(title: str, columns: Sequence[Column], rows: Sequence[Row], summed: Sequence[str]) -> Table:
    sums = {key: sum((row.values[key] or ZERO for row in rows), ZERO) for key in summed} if rows else {}
    return Table(title, columns, rows, sums)


def settlement_tables(people: Sequence[Settlement], deals: Sequence[Earning]) -> list[Table]:
    """Per person, and the deals behind it: base, rate, earned, released, paid, retained."""
    money = (
        ("opening", _("Unpaid before")), ("earned", pgettext("commission", "Earned")), ("taken_back", _("Clawed back")),
        ("paid", _("Paid")), ("closing", _("Unpaid after")), ("waiting", _("Released, not settled")),
        ("retained", pgettext("commission", "Retained")),
    )  # fmt: skip
    columns = [Column("payee", _("Payee"), main=True), *[Column(k, label, "money") for k, label in money]]
    rows = [
        Row(one.payee.pk, {"payee": one.payee.name} | {k: getattr(one, k) for k, _label in money},
            url=f"/r/commission-payees/{one.payee.pk}/")
        for one in people
    ]  # fmt: skip
    return [
        _table(_("By person"), columns, rows, [k for k, _label in money]), _deals_table(deals),
    ]  # fmt: skip


def _deals_table(deals: Sequence[Earning]) -> Table:
    money = (
        ("base", pgettext("commission", "Base")), ("amount", pgettext("commission", "Earned")),
        ("released", pgettext("commission", "Released")), ("paid", _("Paid")),
        ("retained", pgettext("commission", "Retained")),
    )  # fmt: skip
    columns = [
        Column("payee", _("Payee"), main=True), Column("role", _("Role")), Column("unit", _("Unit")),
        Column("signed_on", _("Signed on"), "date"), Column("rate", pgettext("commission", "Rate"), "percent"),
        *[Column(k, label, "money") for k, label in money],
    ]  # fmt: skip
    roles = dict(Role.choices)
    rows = [
        Row(
            e.pk,
            {
                "payee": e.payee.name, "role": str(roles[e.role]), "unit": e.deal.unit.label if e.deal.unit else "",
                "signed_on": e.signed_on, "rate": e.rate,
            } | {k: getattr(e, k) for k, _label in money},
            url=f"/r/commission-earnings/{e.pk}/",
        )
        for e in deals
    ]  # fmt: skip
    return _table(_("By deal"), columns, rows, [k for k, _label in money])


def figures(people: Sequence[Settlement]) -> list[tuple[str, Decimal]]:
    """What the month comes to."""
    parts = (
        ("earned", pgettext("commission", "Earned")), ("taken_back", _("Clawed back")), ("paid", _("Paid")),
        ("closing", _("Unpaid after")), ("waiting", _("Released, not settled")),
        ("retained", pgettext("commission", "Retained")),
    )  # fmt: skip
    return [(label, sum((getattr(p, key) for p in people), ZERO)) for key, label in parts]


def line_words(line: Line) -> str:
    """What a line is for: unit and milestone, or the award."""
    if line.award is not None:
        return f"{line.award.name} {line.award_period:%Y-%m}"
    unit = line.deal.unit.label if line.deal is not None and line.deal.unit is not None else ""
    return " · ".join(str(part) for part in (unit, MILESTONES.get(line.milestone, "")) if part)


def lines_table(lines: Sequence[Line]) -> Table:
    columns = [
        Column("what", pgettext("commission", "For"), main=True), Column("kind", _("Kind")),
        Column("base", pgettext("commission", "Base"), "money"),
        Column("rate", pgettext("commission", "Rate"), "percent"),
        Column("reached_on", pgettext("commission", "Released on"), "date"),
        Column("amount", _("Amount"), "money"), Column("state", _("State")),
    ]  # fmt: skip
    rows = [
        Row(
            line.pk,
            {
                "what": line_words(line), "kind": line.get_kind_display(),
                "base": line.earning.base if line.earning else None,
                "rate": line.earning.rate if line.earning else None, "reached_on": line.reached_on,
                "amount": line.amount, "state": line.get_state_display(),
            },
            url=f"/r/commission-lines/{line.pk}/",
        )
        for line in lines
    ]  # fmt: skip
    return _table(_("Lines"), columns, rows, ["amount"])


def differences_table(found: Sequence[Mapping[str, Any]]) -> Table:
    columns = [
        Column("payee", _("Payee"), main=True), Column("unit", _("Unit")), Column("signed_on", _("Signed on")),
        Column("scheme_before", _("Scheme before")), Column("scheme", _("Commission scheme")),
        Column("rate", pgettext("commission", "Rate"), "percent"), Column("before", _("Before"), "money"),
        Column("after", _("After"), "money"), Column("change", _("Difference"), "money"),
    ]  # fmt: skip
    rows = [
        Row(one["earning"], {**one, **{k: Decimal(one[k]) for k in ("rate", "before", "after", "change")}},
            url=f"/r/commission-earnings/{one['earning']}/")
        for one in found
    ]  # fmt: skip
    return _table(_("Differences"), columns, rows, ["before", "after", "change"])


def sheet(table: Table, note: str) -> Sheet:
    columns = [
        SheetColumn(str(c.label), _KINDS.get(c.kind, "text"), total=c.key in table.sums)  # type: ignore[arg-type]
        for c in table.columns
    ]
    return Sheet(
        table.title, columns, [[row.values.get(c.key) for c in table.columns] for row in table.rows], note=note,
        total_label=_("Sum"),
    )  # fmt: skip
