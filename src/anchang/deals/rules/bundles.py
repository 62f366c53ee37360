"""The price of a bundle (车位、储藏室搭售) in parts, one per unit: they sum to it, to the cent."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from anchang.kernel.errors import DomainError
from anchang.kernel.money import CENT, ZERO, round_to

LIST_SHARE, FIXED = "list_share", "fixed"


@dataclass(frozen=True)
class BundlePart:
    """One unit. `fixed`: its agreed price; None takes its own list price."""

    list_total: Decimal
    fixed: Decimal | None = None


def split_bundle(total: Decimal, parts: Sequence[BundlePart], rule: str) -> list[Decimal]:
    """The price of each part, in order. The first takes what is left, so that all sum to `total`.

    LIST_SHARE: by list price; the others are rounded up to the cent, so that no part is above its list price.
    FIXED: the others cost what was agreed. DomainError 422 on `total` or `parts` when no such split exists.
    """
    listed = sum((part.list_total for part in parts), ZERO)
    if total > listed:
        raise DomainError("bundle_above_list", status=422, fields={"total": "bundle_above_list"}, list=str(listed))
    if rule == LIST_SHARE:
        rest = [round_to(total * part.list_total / listed, CENT, "up") for part in parts[1:]]
    else:
        rest = [part.list_total if part.fixed is None else part.fixed for part in parts[1:]]
    for i, (amount, part) in enumerate(zip(rest, parts[1:], strict=True)):
        if not 0 < amount <= part.list_total:
            raise _refused(f"parts.{i}.price")
    first = total - sum(rest, ZERO)
    if not 0 < first <= parts[0].list_total:
        raise _refused("total")
    return [first, *rest]


def _refused(field: str) -> DomainError:
    return DomainError("bundle_part_price", status=422, fields={field: "bundle_part_price"})
