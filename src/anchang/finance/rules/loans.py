"""Loan tables: equal instalments (等额本息) and equal principal (等额本金), alone or combined (DOMAIN 6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from anchang.kernel.errors import DomainError
from anchang.kernel.money import ZERO, yuan

EQUAL_INSTALMENT, EQUAL_PRINCIPAL = "equal_instalment", "equal_principal"
METHODS = (EQUAL_INSTALMENT, EQUAL_PRINCIPAL)


@dataclass(frozen=True)
class LoanRow:
    """One month: payment = principal + interest; `balance` after it."""

    month: int
    payment: Decimal
    principal: Decimal
    interest: Decimal
    balance: Decimal


@dataclass(frozen=True)
class LoanTable:
    rows: tuple[LoanRow, ...]

    @property
    def first(self) -> Decimal:
        return self.rows[0].payment

    @property
    def last(self) -> Decimal:
        return self.rows[-1].payment

    @property
    def total_interest(self) -> Decimal:
        return sum((row.interest for row in self.rows), ZERO)

    @property
    def total_paid(self) -> Decimal:
        return sum((row.payment for row in self.rows), ZERO)


def loan_table(
    principal: Decimal, annual_rate: Decimal, months: int, method: str, max_months: int
) -> LoanTable:
    """Interest is rounded every month on the balance; the last instalment clears the balance.

    `annual_rate` is a ratio (0.035). DomainError 422 on `months`, `method`, `amount`, `rate`.
    """
    problems = {}
    if not 1 <= months <= max_months:
        problems["months"] = "out_of_range"
    if method not in METHODS:
        problems["method"] = "choice_invalid"
    if principal <= 0:
        problems["amount"] = "amount_not_positive"
    if not 0 <= annual_rate < 1:
        problems["rate"] = "out_of_range"
    if problems:
        raise DomainError("bad_input", status=422, fields=problems)
    monthly = annual_rate / 12
    payment = monthly_payment(principal, annual_rate, months)
    share = yuan(principal / months)
    rows, balance = [], principal
    for month in range(1, months + 1):
        interest = yuan(balance * monthly)
        part = share if method == EQUAL_PRINCIPAL else payment - interest
        # A few cents over many months: rounding must neither overpay nor leave anything.
        part = balance if month == months else min(part, balance)
        balance -= part
        rows.append(LoanRow(month, part + interest, part, interest, balance))
    return LoanTable(tuple(rows))


def monthly_payment(principal: Decimal, annual_rate: Decimal, months: int) -> Decimal:
    """M = P i (1+i)^n / ((1+i)^n - 1), half-up to the cent; P/n without interest."""
    if annual_rate == 0:
        return yuan(principal / months)
    with localcontext(prec=40):
        monthly = annual_rate / 12
        growth = (1 + monthly) ** months
        return yuan(principal * monthly * growth / (growth - 1))


def combine(tables: Sequence[LoanTable]) -> LoanTable:
    """Add tables month by month; parts are computed apart, and may differ in length."""
    longest = max(len(table.rows) for table in tables)
    rows = []
    for i in range(longest):
        parts = [table.rows[i] for table in tables if i < len(table.rows)]
        rows.append(
            LoanRow(
                month=i + 1,
                payment=sum((row.payment for row in parts), ZERO),
                principal=sum((row.principal for row in parts), ZERO),
                interest=sum((row.interest for row in parts), ZERO),
                balance=sum((row.balance for row in parts), ZERO),
            )
        )
    return LoanTable(tuple(rows))
