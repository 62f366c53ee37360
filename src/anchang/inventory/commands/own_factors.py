"""Price factors by an own condition: a line of a factor is a condition on units and what it adds."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from django.utils.translation import gettext_lazy as _
from pydantic import Field as PydanticField

from anchang.inventory.commands.scheme import UNITS_ASKED
from anchang.inventory.commands.schemes import check_scheme
from anchang.inventory.models import PriceScheme
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label

KIND_WORDS = {
    "amount": _("Yuan on the unit price"), "percent": _("Percent of the base price"), "fixed": _("Yuan on the total"),
}  # fmt: skip
Name = Annotated[str, PydanticField(min_length=1, max_length=50)]


class OwnLineInput(Input):
    name: Annotated[Name, Label(_("Price factor"))]
    kind: Annotated[Literal["amount", "percent", "fixed"], Label(_("Kind"), "choice", choices=KIND_WORDS)] = "amount"
    unit_condition: Annotated[dict[str, Any], Label(_("Units"), condition=UNITS_ASKED)]
    value: Annotated[Decimal, PydanticField(max_digits=13, decimal_places=4), Label(_("Value"), kind="decimal")]
    label: Annotated[str, PydanticField(max_length=50), Label(_("Words for these units"))] = ""


class FactorInput(Input):
    name: Annotated[Name, Label(_("Price factor"))]


def _draft(scheme: PriceScheme) -> Refusal | None:
    return None if scheme.state == PriceScheme.State.DRAFT else Refusal("state_refused", {"state": scheme.state})


@command(
    PriceScheme, verb="add-own-line", label=_("Price by an own condition"), icon="adjustments", refuses=_draft,
    permission="price-schemes.edit", show=lambda scheme: scheme.state == PriceScheme.State.DRAFT,
)  # fmt: skip
def add_own_line(ctx: Context, scheme: PriceScheme, data: OwnLineInput) -> PriceScheme:
    """One more line of the factor of this name; the first line that a unit fulfils counts. Lines with the same words
    are replaced. Raises factor_twice for the name of a factor that is looked up otherwise."""
    line = {"where": data.unit_condition, "value": format(data.value.normalize(), "f"), "label": data.label}
    factors = [dict(factor) for factor in scheme.factors]
    factor = next((f for f in factors if f["name"] == data.name), None)
    if factor is None:
        factors.append({"name": data.name, "dimension": "own", "kind": data.kind, "lines": [line]})
    elif factor["dimension"] != "own":
        raise DomainError("bad_input", status=422, fields={"name": "factor_twice"})
    else:
        kept = [one for one in factor["lines"] if not data.label or one.get("label") != data.label]
        factor |= {"kind": data.kind, "lines": [*kept, line]}
    return _write(ctx, scheme, factors)


@command(
    PriceScheme, verb="remove-factor", label=_("Remove a price factor"), icon="trash", refuses=_draft,
    permission="price-schemes.edit", show=lambda scheme: bool(scheme.factors) and _draft(scheme) is None,
    prefill=lambda scheme: {"name": scheme.factors[-1]["name"] if scheme.factors else ""},
)  # fmt: skip
def remove_factor(ctx: Context, scheme: PriceScheme, data: FactorInput) -> PriceScheme:
    """The whole factor goes, with all its lines."""
    factors = [factor for factor in scheme.factors if factor["name"] != data.name]
    if len(factors) == len(scheme.factors):
        raise DomainError("bad_input", status=422, fields={"name": "not_found"})
    return _write(ctx, scheme, factors)


def _write(ctx: Context, scheme: PriceScheme, factors: list[dict[str, Any]]) -> PriceScheme:
    scheme.factors = factors
    check_scheme(ctx, scheme)
    scheme.save(update_fields=["factors", "updated_at"])
    ctx.event("record.edited", scheme, fields="factors")
    return scheme


__all__ = ["add_own_line", "remove_factor"]
