"""Writes of what follows a signed contract."""

from anchang.affairs.commands import (
    custody,
    delivering,
    disputes,
    liabilities,
    mortgages,
    negotiating,
    procedures,
    titles,
)
from anchang.affairs.commands.mortgages import open_of_contract

__all__ = [
    "custody", "delivering", "disputes", "liabilities", "mortgages", "negotiating", "open_of_contract", "procedures",
    "titles",
]  # fmt: skip
