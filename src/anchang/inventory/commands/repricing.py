"""All prices of a scheme in one statement: the rule of `rules.scheme_price` and `rules.price`, set-based.

Tests and the benchmark hold it against the rule, unit by unit to the cent. Percentages are multiplied by 0.01 and not
divided, so that numeric stays exact; round(…, 2) rounds half away from zero as the rule does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When

from anchang.inventory import rules
from anchang.inventory.commands.quoting import rule_discount
from anchang.inventory.models import Discount, PriceScheme, Unit
from anchang.kernel.errors import DomainError
from anchang.kernel.money import Rounding, rounding_named
from anchang.platform import conditions, resources
from anchang.platform.context import Context

#: Where a dimension's value stands in a unit.
PLACES = {
    "floor": "floor", "orientation": "orientation", "view": "view", "layout": "layout__code",
    "building": "building__code", "section": "section", "product_type": "product_type", "area": "gross_area",
    "room": "room",
}  # fmt: skip
_ROUND = {"half_up": "round", "down": "floor", "up": "ceil"}


@dataclass(frozen=True)
class Terms:
    """A scheme read once: what the statement and the rule both work from."""

    base: Decimal
    factors: tuple[rules.SchemeFactor, ...]
    floor_ratio: Decimal | None
    rounding: Rounding
    discounts: tuple[tuple[rules.Discount, Discount], ...]
    final: Rounding


def terms_of(ctx: Context, scheme: PriceScheme, base: Decimal | None = None) -> Terms:
    """Raises 422 on `factors` or `discounts` that can't be used."""
    return Terms(
        base=scheme.base_price if base is None else base,
        factors=rules.read_factors(scheme.factors),
        floor_ratio=scheme.floor_ratio,
        rounding=rounding_named(scheme.rounding),
        discounts=_discounts(ctx, scheme),
        final=rounding_named(ctx.param("inventory.price_rounding")),
    )


def _discounts(ctx: Context, scheme: PriceScheme) -> tuple[tuple[rules.Discount, Discount], ...]:
    """The scheme's discounts in the order in which they apply; each must be usable on the day it takes effect."""
    rows = {d.code: d for d in Discount.objects.filter(project=ctx.here, code__in=scheme.discounts)}
    plan = scheme.payment_plan.code if scheme.payment_plan else ""
    chosen = []
    for code in scheme.discounts:
        if code not in rows or rows[code].kind == Discount.Kind.TOTAL:
            raise DomainError("bad_input", status=422, fields={"discounts": "not_found"}, discount=code)
        rule = rule_discount(rows[code])
        why = rules.why_not_discount(
            rule, on=scheme.effective_on, payment_plan=plan, product_type=min(rule.product_types, default="")
        )
        if why:
            raise DomainError(why.code, status=422, fields={"discounts": why.code}, **why.params)
        chosen.append(rule)
    why = rules.why_not_together(chosen, rules.PriceBasis.GROSS)
    if why:
        raise DomainError(why.code, status=422, fields={"discounts": why.code}, **why.params)
    return tuple((rule, rows[rule.code]) for rule in rules.declared_order(chosen))


def units_of(ctx: Context, scheme: PriceScheme) -> QuerySet[Unit]:
    """Units that the scheme prices: of its licence, product type and condition, and in no deal's past of others."""
    rows = Unit.objects.filter(project=ctx.here, legacy_sold=False)
    if scheme.licence_id:
        rows = rows.filter(licence_id=scheme.licence_id)
    if scheme.product_type:
        rows = rows.filter(product_type=scheme.product_type)
    return _where(ctx, rows, scheme.unit_condition)


def _where(ctx: Context, rows: QuerySet[Unit], condition: Any) -> QuerySet[Unit]:
    return rows.filter(_q(ctx, condition)) if condition else rows


def _q(ctx: Context, condition: Any) -> Q:
    """Conditions of schemes and discounts read the unit's own fields only, so they need no annotations."""
    node = conditions.parse(condition)
    q, _ = conditions.compile_condition(node, resources.get("units"), None, (ctx.here.pk,), ctx.now)
    return q


# --- the statement -------------------------------------------------------------------------------


def priced(ctx: Context, scheme: PriceScheme, terms: Terms) -> tuple[str, list[Any]]:
    """SQL of one row per unit: unit_id, building, basis, areas, hits, unit_price, list_total, floor_total, net_total,
    old_total; and its parameters."""
    rows = units_of(ctx, scheme).order_by().annotate(**_hits(ctx, terms), **_fits(ctx, terms)).values(
        "id", "building_id", "price_basis", "gross_area", "inner_area", "old_list", "old_floor",
        *[f"k{i}" for i in range(len(terms.factors))], *[f"d{i}" for i in range(len(terms.discounts))],
    )  # fmt: skip
    inner, params = rows.query.sql_with_params()
    sql, more = _formula(terms)
    return f"WITH u AS ({inner}), {sql}", [*params, *more]


def _hits(ctx: Context, terms: Terms) -> dict[str, Any]:
    """For each factor the number of the first line that fits, from 1."""
    found: dict[str, Any] = {"old_list": F("list_total"), "old_floor": F("floor_total")}
    for i, factor in enumerate(terms.factors):
        whens = [When(_line_q(ctx, factor, line), then=Value(n)) for n, line in enumerate(factor.lines, 1)]
        found[f"k{i}"] = Case(*whens, output_field=IntegerField())
    return found


def _line_q(ctx: Context, factor: rules.SchemeFactor, line: rules.FactorLine) -> Q:
    if factor.dimension == "own":
        return _q(ctx, line.where)
    place = PLACES[factor.dimension]
    if factor.dimension not in rules.RANGES:
        return Q(**{place: line.equals})
    bounds = {f"{place}__gte": line.low, f"{place}__lte": line.high}
    return Q(**{k: v for k, v in bounds.items() if v is not None})


def _fits(ctx: Context, terms: Terms) -> dict[str, Any]:
    """Whether each discount goes with the unit."""
    found = {}
    for i, (rule, row) in enumerate(terms.discounts):
        q = Q(pk__isnull=False)
        if rule.product_types:
            q &= Q(product_type__in=sorted(rule.product_types))
        if row.unit_condition:
            q &= _q(ctx, row.unit_condition)
        if rule.kind is rules.DiscountKind.UNIT:
            q &= ~Q(price_basis="unit")
        found[f"d{i}"] = Case(When(q, then=Value(1)), default=Value(0), output_field=IntegerField())
    return found


def _formula(terms: Terms) -> tuple[str, list[Any]]:
    """Unit price → list total → discounts in order → final rounding, each step rounded as the rule does."""
    per_area, fixed = ["%s::numeric"], ["0"]
    params: list[Any] = [terms.base]
    totals: list[Any] = []
    for i, factor in enumerate(terms.factors):
        values = [line.value for line in factor.lines]
        cell = f"coalesce((%s::numeric[])[u.k{i}], 0)"
        if factor.kind is rules.FactorKind.FIXED:
            fixed.append(f"round({cell}, 2)")
            totals.append(values)
        elif factor.kind is rules.FactorKind.PERCENT:
            per_area.append(f"round(%s::numeric * {cell} * 0.01, 2)")
            params += [terms.base, values]
        else:
            per_area.append(f"round({cell}, 2)")
            params.append(values)
    area = "CASE u.price_basis WHEN 'inner' THEN u.inner_area WHEN 'gross' THEN u.gross_area ELSE 1 END"
    total = f"round(p.unit_price * ({area}), 2) + {' + '.join(fixed)}"
    steps, step_params, last = _steps(terms)
    floor = "u.old_floor" if terms.floor_ratio is None else "round(t.list_total * %s::numeric, 2)"
    hits = ", ".join(f"u.k{i} - 1" for i in range(len(terms.factors)))
    sql = f"""priced AS (
        SELECT u.id AS unit_id, u.building_id, u.price_basis AS basis, u.gross_area, u.inner_area,
               jsonb_build_array({hits}) AS hits, p.unit_price, t.list_total,
               {floor} AS floor_total, least({_rounded(terms.final, last)}, t.list_total) AS net_total,
               u.old_list AS old_total
          FROM u
          CROSS JOIN LATERAL (SELECT {" + ".join(per_area)} AS unit_price) p
          CROSS JOIN LATERAL (SELECT {_rounded(terms.rounding, total)} AS list_total) t
          {steps})"""
    ratio = [] if terms.floor_ratio is None else [terms.floor_ratio]
    return sql, [*ratio, *params, *totals, *step_params]


def _steps(terms: Terms) -> tuple[str, list[Any], str]:
    sql, params, before = [], [], "t.list_total"
    for i, (rule, _) in enumerate(terms.discounts):
        off = {
            rules.DiscountKind.MULT: f"round({before} * %s::numeric, 2)",
            rules.DiscountKind.POINT: f"round({before} - t.list_total * %s::numeric * 0.01, 2)",
            rules.DiscountKind.FIX: f"round({before} - %s::numeric, 2)",
            rules.DiscountKind.UNIT: f"round({before} - %s::numeric * "
            "(CASE u.price_basis WHEN 'inner' THEN u.inner_area ELSE u.gross_area END), 2)",
        }[rule.kind]
        params.append(rule.value)
        if rule.most is not None:
            off = f"greatest({off}, {before} - %s::numeric)"
            params.append(rule.most)
        sql.append(f"CROSS JOIN LATERAL (SELECT CASE WHEN u.d{i} = 1 THEN {off} ELSE {before} END AS after) s{i}")
        before = f"s{i}.after"
    return "\n".join(sql), params, before


def _rounded(rounding: Rounding, amount: str) -> str:
    """The named rounding to a multiple of its step; two places."""
    turn = _ROUND[rounding.mode]
    return f"round({turn}(({amount}) * {Decimal(1) / rounding.step:f}) * {rounding.step:f}, 2)"


# --- what is done with it ------------------------------------------------------------------------


def store(ctx: Context, scheme: PriceScheme, terms: Terms) -> int:
    """Write the scheme's prices anew; the count of units. 422 when a unit has no area or no positive price."""
    check_areas(ctx, scheme)
    sql, params = priced(ctx, scheme, terms)
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM inventory_schemeprice WHERE project_id = %s AND scheme_id = %s", [ctx.here.pk, scheme.pk]
        )
        cursor.execute(
            f"""{sql}
            INSERT INTO inventory_schemeprice (project_id, scheme_id, unit_id, basis, gross_area, inner_area, hits,
                   unit_price, list_total, floor_total, net_total, old_total)
            SELECT %s, %s, unit_id, basis, gross_area, inner_area, hits, unit_price, list_total,
                   floor_total, net_total, old_total FROM priced""",
            [*params, ctx.here.pk, scheme.pk],
        )
        return int(cursor.rowcount)


def check_areas(ctx: Context, scheme: PriceScheme) -> None:
    lacking = Q(price_basis="gross", gross_area=None) | Q(price_basis="inner", inner_area=None)
    unit = units_of(ctx, scheme).filter(lacking).order_by("sort_key").first()
    if unit is not None:
        raise DomainError("unit_without_area", status=422, unit=unit.label)


def sums(ctx: Context, scheme: PriceScheme, terms: Terms) -> Sequence[tuple[Any, ...]]:
    """(building id, units, gross area, list total, net total, old total) per building, and all of them under None."""
    check_areas(ctx, scheme)
    sql, params = priced(ctx, scheme, terms)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""{sql}
            SELECT building_id, count(*), coalesce(sum(gross_area), 0), sum(list_total), sum(net_total),
                   coalesce(sum(old_total), 0)
              FROM priced GROUP BY GROUPING SETS ((building_id), ())""",
            params,
        )
        return cursor.fetchall()


def single(ctx: Context, terms: Terms, unit: Unit) -> tuple[rules.SchemePrice, Decimal, list[int | None]]:
    """One unit by the rules themselves: its scheme price, the price after the discounts, and the lines it fits."""
    facts = {name: _value(unit, place) for name, place in PLACES.items()}

    def fits(where: Any) -> bool:
        return conditions.evaluate(conditions.parse(where), resources.get("units"), unit, ctx.now)

    hits = [factor.hit(facts, fits) for factor in terms.factors]
    nothing = Decimal(0)
    basis = rules.PriceBasis(unit.price_basis)
    gross, inner = unit.gross_area or nothing, unit.inner_area or nothing
    made = rules.scheme_price(
        terms.base, terms.factors, hits, basis=basis, gross_area=gross, inner_area=inner, rounding=terms.rounding,
        floor_ratio=terms.floor_ratio,
    )  # fmt: skip
    chosen = tuple(rule for rule, row in terms.discounts if _goes(rule, row, unit, fits))
    inputs = rules.PriceInputs(made.list_total, basis, gross, inner, chosen, terms.final)
    return made, rules.price(inputs).total, hits


def _value(unit: Unit, place: str) -> Any:
    value: Any = unit
    for part in place.split("__"):
        value = getattr(value, part) if value is not None else None
    return value


def _goes(rule: rules.Discount, row: Discount, unit: Unit, fits: Any) -> bool:
    if rule.product_types and unit.product_type not in rule.product_types:
        return False
    if rule.kind is rules.DiscountKind.UNIT and unit.price_basis == "unit":
        return False
    return not row.unit_condition or fits(row.unit_condition)
