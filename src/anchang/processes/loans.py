"""The loan calculator: a bank loan, a housing-fund loan or both, by either method (DOMAIN 6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from anchang.finance.rules.loans import EQUAL_INSTALMENT, EQUAL_PRINCIPAL, METHODS, LoanTable, combine, loan_table
from anchang.kernel.errors import DomainError
from anchang.kernel.money import ZERO
from anchang.platform import parameters
from anchang.platform.inputs import MAX_ID
from anchang.platform.models import Project

HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Loan:
    """What is borrowed. Rates in percent a year."""

    bank: Decimal
    fund: Decimal
    bank_rate: Decimal
    fund_rate: Decimal
    years: int
    method: str

    @property
    def amount(self) -> Decimal:
        return self.bank + self.fund


def defaults(project: Project | None, day: dt.date) -> dict[str, Any]:
    """Rates and years that the office's parameters give."""
    return {
        "bank_rate": str(parameters.value("loans.bank_rate", project, day)),
        "fund_rate": str(parameters.value("loans.fund_rate", project, day)),
        "years": str(parameters.value("loans.years", project, day)),
        "method": EQUAL_INSTALMENT,
    }


def read_loan(given: Mapping[str, Any], project: Project | None, day: dt.date) -> Loan:
    """A loan as typed; what is left out comes from the parameters. Raises 422 naming each field."""
    values = defaults(project, day) | {k: v for k, v in given.items() if str(v or "").strip()}
    problems: dict[str, str] = {}

    def number(name: str, most: Decimal) -> Decimal:
        try:
            found = Decimal(str(values.get(name, "0")).replace(",", "").strip())
        except InvalidOperation:
            found = None
        if found is None or not found.is_finite():
            problems[name] = "bad_number"
        elif not 0 <= found <= most:
            problems[name] = "out_of_range"
        else:
            return found
        return ZERO

    most_years = Decimal(parameters.value("loans.max_years", project, day))
    bank, fund = (number(name, Decimal(MAX_ID)).quantize(Decimal("0.01")) for name in ("bank", "fund"))
    rates = [number(name, Decimal("99.99")) for name in ("bank_rate", "fund_rate")]
    years = number("years", most_years)
    if years < 1 or years != years.to_integral_value():
        problems.setdefault("years", "out_of_range")
    if values["method"] not in METHODS:
        problems["method"] = "bad_choice"
    if not problems and bank + fund <= 0:
        problems["bank"] = "must_be_positive"
    if problems:
        raise DomainError("bad_input", status=422, fields=problems)
    return Loan(bank, fund, rates[0], rates[1], int(years), str(values["method"]))


def table_of(loan: Loan, method: str = "") -> LoanTable:
    """Month by month; parts are computed apart, then added."""
    months = loan.years * 12
    parts = [
        loan_table(amount, rate / HUNDRED, months, method or loan.method, months)
        for amount, rate in ((loan.bank, loan.bank_rate), (loan.fund, loan.fund_rate))
        if amount > 0
    ]
    return combine(parts)


def both(loan: Loan) -> dict[str, LoanTable]:
    """The same loan by either method, to compare."""
    return {method: table_of(loan, method) for method in (EQUAL_INSTALMENT, EQUAL_PRINCIPAL)}
