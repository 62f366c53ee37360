"""Stock and its prices: the inventory tree, licences, price lists, discounts, payment plans, histories."""

from anchang.inventory.models.prices import (
    Discount,
    PaymentPlan,
    PriceChange,
    PriceList,
    PriceRow,
)
from anchang.inventory.models.schemes import PriceAdjustment, PriceScheme, SchemePrice
from anchang.inventory.models.tree import (
    Building,
    DictionaryEntry,
    Layout,
    Licence,
    LicenceBuilding,
    Phase,
    ReleaseBatch,
)
from anchang.inventory.models.units import Unit, UnitLock, UnitStateChange

__all__ = [
    "Building", "DictionaryEntry", "Discount", "Layout", "Licence", "LicenceBuilding", "PaymentPlan", "Phase",
    "PriceAdjustment", "PriceChange", "PriceList", "PriceRow", "PriceScheme", "ReleaseBatch", "SchemePrice", "Unit",
    "UnitLock", "UnitStateChange",
]  # fmt: skip
