"""Writes of what follows a signed contract."""

from anchang.affairs.commands import (
    bureau,
    custody,
    delivering,
    disputes,
    liabilities,
    mortgages,
    negotiating,
    procedures,
    reviewing,
    titles,
)
from anchang.affairs.commands.mortgages import open_of_contract

__all__ = [
    "bureau", "custody", "delivering", "disputes", "liabilities", "mortgages", "negotiating", "open_of_contract",
    "procedures", "reviewing", "titles",
]  # fmt: skip
