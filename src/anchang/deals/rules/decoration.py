"""House and decoration by two contracts (精装双合同): both stay within what the filed list marks for them."""

from decimal import Decimal

from anchang.kernel.errors import Refusal
from anchang.kernel.money import ZERO, yuan

ITEM = "decoration"


def decoration_share(total: Decimal, list_total: Decimal, marked: Decimal) -> Decimal:
    """The decoration's part of a price: as in the list, half-up to the cent."""
    return yuan(total * marked / list_total)


def why_not_decoration(
    decoration: Decimal, total: Decimal, list_total: Decimal, marked: Decimal | None
) -> Refusal | None:
    """Neither part may be above its own marked price: moving money between the two contracts is the usual way to go
    above the filed list, or to lower taxes."""
    if decoration == 0:
        return None
    if not marked:
        return Refusal("decoration_not_marked")
    if decoration > marked:
        return Refusal("decoration_above_marked", {"marked": str(marked)})
    if total - decoration > list_total - marked:
        return Refusal("house_above_marked", {"marked": str(list_total - marked)})
    return Refusal("decoration_too_much") if total - decoration <= ZERO else None
