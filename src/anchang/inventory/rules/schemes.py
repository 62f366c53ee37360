"""Price schemes: a list price from a base price and factor tables (价格系数), and trial totals against targets.

A factor looks a unit up in its table; the first line that fits counts, a unit that no line fits gets nothing.
Every addend is rounded half-up to the cent, so the formula kept with a price sums to it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from anchang.inventory.rules.pricing import Factor, PriceBasis, factored_price, list_total
from anchang.kernel.errors import DomainError
from anchang.kernel.money import ZERO, Rounding, unit_price, yuan

#: What a factor table is looked up by. `own`: each line has a condition on the unit.
DIMENSIONS = (
    "floor", "orientation", "view", "layout", "building", "section", "product_type", "area", "room", "own",
)  # fmt: skip
#: Dimensions whose lines are bounds (both inclusive) instead of a value.
RANGES = ("floor", "area")
MAX_FACTORS, MAX_LINES = 20, 500


class FactorKind(StrEnum):
    """How a line's value is read."""

    AMOUNT = "amount"  # yuan on the unit price
    PERCENT = "percent"  # percent of the base price, on the unit price
    FIXED = "fixed"  # yuan on the total


@dataclass(frozen=True)
class FactorLine:
    """One line of a table: `equals` a value, or between bounds, or `where` a condition holds."""

    value: Decimal
    equals: str = ""
    low: Decimal | None = None
    high: Decimal | None = None
    where: Mapping[str, Any] | None = None
    label: str = ""

    @property
    def words(self) -> str:
        if self.label or self.equals:
            return self.label or self.equals
        return f"{'' if self.low is None else self.low}–{'' if self.high is None else self.high}"


@dataclass(frozen=True)
class SchemeFactor:
    name: str
    dimension: str
    kind: FactorKind
    lines: tuple[FactorLine, ...]

    def hit(self, facts: Mapping[str, Any], fits: Callable[[Mapping[str, Any]], bool]) -> int | None:
        """Index of the first line that the unit fits. `fits` answers a condition on the unit."""
        have = facts.get(self.dimension)
        for index, line in enumerate(self.lines):
            if self.dimension == "own":
                if fits(line.where or {}):
                    return index
            elif self.dimension in RANGES:
                if have is not None and _between(Decimal(have), line):
                    return index
            elif have is not None and str(have) == line.equals:
                return index
        return None


def _between(have: Decimal, line: FactorLine) -> bool:
    return (line.low is None or have >= line.low) and (line.high is None or have <= line.high)


@dataclass(frozen=True)
class SchemePrice:
    """`parts`: (factor, line, yuan) of the formula; those on the unit price sum to it with the base."""

    unit_price: Decimal
    list_total: Decimal
    floor_total: Decimal | None
    parts: tuple[tuple[str, str, Decimal], ...]


def scheme_price(
    base: Decimal,
    factors: Sequence[SchemeFactor],
    hits: Sequence[int | None],
    *,
    basis: PriceBasis,
    gross_area: Decimal,
    inner_area: Decimal,
    rounding: Rounding,
    floor_ratio: Decimal | None,
) -> SchemePrice:
    """The unit's prices from the lines it fits. DomainError `price_not_positive` when nothing is left."""
    chosen = [(f, f.lines[i]) for f, i in zip(factors, hits, strict=True) if i is not None]
    per_area = [
        Factor(
            f.name,
            amount=line.value if f.kind is FactorKind.AMOUNT else ZERO,
            percent=line.value if f.kind is FactorKind.PERCENT else ZERO,
        )
        for f, line in chosen
    ]
    price, parts = factored_price(base, per_area)
    fixed = [yuan(line.value) if f.kind is FactorKind.FIXED else ZERO for f, line in chosen]
    total = rounding.apply(list_total(basis, price, gross_area, inner_area) + sum(fixed, ZERO))
    if price <= 0 or total <= 0:
        raise DomainError("price_not_positive", status=422)
    shown = tuple(
        (f.name, line.words, amount + extra)
        for (f, line), (_, amount), extra in zip(chosen, parts[1:], fixed, strict=True)
    )
    floor = None if floor_ratio is None else yuan(total * floor_ratio)
    return SchemePrice(price, total, floor, (("base", "", parts[0][1]), *shown))


# --- reading what was declared -------------------------------------------------------------------


def read_factors(data: Any) -> tuple[SchemeFactor, ...]:
    """Factors from JSON: [{name, dimension, kind, lines: [{value, is | from, to | where, label?}]}].

    DomainError 422 on `factors` for anything else.
    """
    if not isinstance(data, list) or len(data) > MAX_FACTORS:
        raise _bad("bad_value")
    factors = tuple(_factor(each) for each in data)
    if len({f.name for f in factors}) < len(factors):
        raise _bad("factor_twice")
    return factors


def _factor(data: Any) -> SchemeFactor:
    if not isinstance(data, Mapping) or set(data) - {"name", "dimension", "kind", "lines"}:
        raise _bad("bad_value")
    name, dimension, lines = str(data.get("name") or "").strip(), data.get("dimension"), data.get("lines")
    if not name or len(name) > 50 or dimension not in DIMENSIONS:
        raise _bad("factor_unknown_dimension", factor=name[:50])
    if not isinstance(lines, list) or not 0 < len(lines) <= MAX_LINES:
        raise _bad("factor_without_lines", factor=name)
    try:
        kind = FactorKind(str(data.get("kind", "amount")))
    except ValueError:
        raise _bad("bad_choice", factor=name) from None
    return SchemeFactor(name, str(dimension), kind, tuple(_line(name, str(dimension), line) for line in lines))


def _line(name: str, dimension: str, data: Any) -> FactorLine:
    if not isinstance(data, Mapping):
        raise _bad("factor_bad_line", factor=name)
    value = _number(name, data.get("value"))
    label = str(data.get("label") or "")[:50]
    if value is None:
        raise _bad("factor_bad_line", factor=name)
    if dimension == "own":
        where = data.get("where")
        if not isinstance(where, Mapping) or not where:
            raise _bad("factor_bad_line", factor=name)
        return FactorLine(value, where=where, label=label)
    if dimension in RANGES:
        low, high = _number(name, data.get("from")), _number(name, data.get("to"))
        if (low is None and high is None) or (low is not None and high is not None and low > high):
            raise _bad("factor_bad_line", factor=name)
        return FactorLine(value, low=low, high=high, label=label)
    equals = str(data.get("is") or "").strip()
    if not equals or len(equals) > 60:
        raise _bad("factor_bad_line", factor=name)
    return FactorLine(value, equals=equals, label=label)


def _number(name: str, value: Any) -> Decimal | None:
    """At most nine digits before and four after the point."""
    if value is None or value == "":
        return None
    try:
        number = Decimal(str(value).strip()) if not isinstance(value, bool) else Decimal("NaN")
    except InvalidOperation:
        raise _bad("factor_bad_line", factor=name) from None
    if not number.is_finite() or abs(number) >= 10**9 or number != number.quantize(Decimal("0.0001")):
        raise _bad("factor_bad_line", factor=name)
    return number


def _bad(code: str, **params: Any) -> DomainError:
    return DomainError(code, status=422, fields={"factors": code}, **params)


# --- trial against targets -----------------------------------------------------------------------


@dataclass(frozen=True)
class Target:
    """What a building (None: the whole scheme) shall bring: an average price per gross ㎡, a total, or both."""

    building: str | None = None
    average: Decimal | None = None
    total: Decimal | None = None


@dataclass(frozen=True)
class TrialLine:
    """Totals of one building or of all (`building` None), and the differences (差额) to its target.

    `shift`: yuan per gross ㎡ that the base price would have to move to reach the target.
    """

    building: str | None
    units: int
    gross_area: Decimal
    list_total: Decimal
    net_total: Decimal
    old_total: Decimal
    average: Decimal | None
    net_average: Decimal | None
    target_average: Decimal | None = None
    target_total: Decimal | None = None
    average_difference: Decimal | None = None
    total_difference: Decimal | None = None
    shift: Decimal | None = None


def trial_line(
    building: str | None, units: int, gross: Decimal, total: Decimal, net: Decimal, old: Decimal,
    targets: Sequence[Target],
) -> TrialLine:  # fmt: skip
    """The target's total counts; with an average alone it is the average times the gross area."""
    found = next((t for t in targets if t.building == building), Target(building))
    average = unit_price(total, gross)
    wanted = found.total
    if wanted is None and found.average is not None:
        wanted = yuan(found.average * gross)
    difference = None if wanted is None else total - wanted
    return TrialLine(
        building, units, gross, total, net, old, average, unit_price(net, gross),
        target_average=found.average, target_total=found.total, total_difference=difference,
        average_difference=None if found.average is None or average is None else average - found.average,
        shift=None if difference is None else unit_price(-difference, gross),
    )  # fmt: skip


def read_targets(data: Any) -> tuple[Target, ...]:
    """Targets from JSON: [{building?, average?, total?}], one per building. DomainError 422 on `targets`."""
    if not isinstance(data, list) or len(data) > 1000:
        raise _bad_target()
    found = []
    for each in data:
        if not isinstance(each, Mapping) or set(each) - {"building", "average", "total"}:
            raise _bad_target()
        average, total = _positive(each.get("average")), _positive(each.get("total"))
        if average is None and total is None:
            raise _bad_target()
        found.append(Target(str(each["building"])[:20] if each.get("building") else None, average, total))
    if len({t.building for t in found}) < len(found):
        raise _bad_target()
    return tuple(found)


def _positive(value: Any) -> Decimal | None:
    if value is None or value == "":
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise _bad_target() from None
    if not number.is_finite() or not 0 < number < 10**15:
        raise _bad_target()
    return yuan(number)


def _bad_target() -> DomainError:
    return DomainError("bad_input", status=422, fields={"targets": "bad_value"})


# --- tables as text ------------------------------------------------------------------------------


def lines_text(factor: SchemeFactor) -> str:
    """A table as people type it: `1~5 -200` or `南 2.25`, a line each, words in front of the value."""
    found = []
    for line in factor.lines:
        value = format(line.value.normalize(), "f")
        if factor.dimension in RANGES:
            bounds = f"{'' if line.low is None else line.low}~{'' if line.high is None else line.high}"
            found.append(f"{bounds} {value}")
        else:
            found.append(f"{line.equals} {value}")
    return "\n".join(found)


def read_lines(dimension: str, text: str) -> list[dict[str, str]]:
    """Lines as `read_factors` takes them, from text as `lines_text` gives it; one number is a range of itself."""
    found = []
    for row in text.splitlines():
        if not row.strip():
            continue
        head, _, value = row.strip().rpartition(" ")
        head, value = head.strip(), value.strip().removeprefix("+").removesuffix("%")
        if dimension not in RANGES:
            found.append({"is": head, "value": value})
            continue
        low, mark, high = head.replace("～", "~").partition("~")
        found.append({"from": low.strip(), "to": (high if mark else low).strip(), "value": value})
    return found
