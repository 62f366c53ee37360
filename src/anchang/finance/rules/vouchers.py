"""Vouchers from documents: what a template may name, what it makes, and whether that balances.

Amounts are yuan with two places. Documents that take others back carry negative amounts, and so do their
entries (红字).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from anchang.kernel.errors import Refusal
from anchang.kernel.money import ZERO, yuan

DEBIT, CREDIT = "debit", "credit"
AUXILIARIES = ("customer", "unit", "project", "bank_account")

_WAYS = ("cash_amount", "bank_amount", "other_amount")
_RECEIPT = ("amount", *_WAYS)
_TAXED = ("amount", "net_amount", "tax_amount")

#: Event -> the amounts that its documents have. The closed list from which template lines choose.
AMOUNTS: dict[str, tuple[str, ...]] = {
    "receipt_posted": _RECEIPT,
    "agency_received": _RECEIPT,
    "late_fee_received": (*_RECEIPT, "net_amount", "tax_amount"),
    "receipt_reversed": (*_RECEIPT, "house_amount", "agency_amount", "late_fee_net", "late_fee_tax"),
    "refund_paid": ("amount", "return_amount", "compensation_amount", "cash_amount", "bank_amount"),
    "contract_signed": _TAXED,
    "contract_replaced": _TAXED,
    "contract_terminated": _TAXED,
    "forfeiture_kept": ("amount",),
    "area_settled": _TAXED,
    "agency_remitted": ("amount",),
    "invoice_issued": _TAXED,
    "expense_incurred": ("amount", "contract_amount", "direct_amount"),
    "expense_paid": ("amount",),
}
#: Event -> the auxiliary items that its documents can name.
PROVIDES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(AMOUNTS, ("customer", "unit", "project")),
    **dict.fromkeys(
        ("receipt_posted", "agency_received", "late_fee_received", "receipt_reversed", "refund_paid"), AUXILIARIES
    ),
    "expense_incurred": ("project",),
    "expense_paid": ("project", "bank_account"),
}
#: What always holds between the named amounts: each part list sums to `amount`.
_SPLITS: tuple[tuple[str, ...], ...] = (
    _WAYS,
    ("house_amount", "agency_amount", "late_fee_net", "late_fee_tax"),
    ("net_amount", "tax_amount"),
    ("return_amount", "compensation_amount"),
    ("cash_amount", "bank_amount"),
    ("contract_amount", "direct_amount"),
)


@dataclass(frozen=True)
class TemplateLine:
    """A line of a template. `needs`: the auxiliary items of its account."""

    side: str
    amount: str
    account: int
    summary: str = ""
    bank_account: str = ""
    needs: tuple[str, ...] = ()
    usable: bool = True


@dataclass(frozen=True)
class Document:
    """What a voucher is made from. `items`: auxiliary items that the document names (empty ones left out)."""

    number: str
    amounts: Mapping[str, Decimal]
    items: Mapping[str, Any] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """A line of a voucher: either debit or credit is not zero."""

    account: int
    summary: str
    debit: Decimal
    credit: Decimal
    items: Mapping[str, Any]


def taxed(amount: Decimal, rate: Decimal) -> dict[str, Decimal]:
    """Net = amount ÷ (1 + rate), half-up; the tax is the rest, so that both always sum to the amount."""
    net = yuan(amount / (1 + rate))
    return {"amount": amount, "net_amount": net, "tax_amount": amount - net}


def split(amount: Decimal, names: Sequence[str], holds: str) -> dict[str, Decimal]:
    """All of the amount under one of the names, nothing under the others."""
    return {name: amount if name == holds else ZERO for name in names}


def entries(lines: Sequence[TemplateLine], document: Document) -> tuple[list[Entry], Refusal | None]:
    """The voucher's entries, or why it can't be made. Lines whose amount is zero are left out; a document of which
    nothing remains makes no voucher."""
    made = []
    for line in lines:
        if line.amount not in document.amounts:
            return [], Refusal("voucher_amount_unknown", {"name": line.amount})
        if not line.usable:
            return [], Refusal("voucher_account_unused")
        amount = document.amounts[line.amount]
        if amount == 0:
            continue
        items = {name: _item(name, line, document) for name in line.needs}
        missing = [name for name, value in items.items() if value in (None, "")]
        if missing:
            return [], Refusal("voucher_item_missing", {"item": missing[0]})
        on_debit = line.side == DEBIT
        made.append(
            Entry(
                line.account, _summary(line.summary, document), amount if on_debit else ZERO,
                ZERO if on_debit else amount, items,
            )
        )  # fmt: skip
    why = _why_unbalanced(made) if made else None
    return ([], why) if why else (made, None)


def _item(name: str, line: TemplateLine, document: Document) -> Any:
    value = document.items.get(name)
    if name == "bank_account" and value in (None, ""):
        return line.bank_account
    return value


def _summary(text: str, document: Document) -> str:
    words = {"number": document.number, **document.words}
    for name, value in words.items():
        text = text.replace("{" + name + "}", value)
    return text[:200]


def _why_unbalanced(made: Sequence[Entry]) -> Refusal | None:
    debit = sum((e.debit for e in made), ZERO)
    credit = sum((e.credit for e in made), ZERO)
    if len(made) < 2 or not any(e.debit for e in made) or not any(e.credit for e in made):
        return Refusal("voucher_one_sided")
    if debit != credit:
        return Refusal("voucher_unbalanced", {"debit": str(debit), "credit": str(credit)})
    return None


def samples(event: str) -> list[dict[str, Decimal]]:
    """Documents of the event that a template must balance for: every way of splitting the amount, at a figure
    whose parts do not divide evenly, and its negative."""
    names = AMOUNTS[event]
    found = [{"amount": Decimal("1000.01")}]
    for parts in _SPLITS:
        if not set(parts) <= set(names):
            continue
        if set(parts) == {"cash_amount", "bank_amount"} and "other_amount" in names:
            continue
        found = [one | _cut(parts, holds, one["amount"]) for one in found for holds in range(len(parts) + 1)]
    return [*found, {name: -value for name, value in found[0].items()}]


def _cut(parts: Sequence[str], holds: int, amount: Decimal) -> dict[str, Decimal]:
    """All under part `holds`, or spread over all parts when it is beyond the last."""
    if holds < len(parts):
        return split(amount, parts, parts[holds])
    share = yuan(amount / len(parts))
    return dict.fromkeys(parts[:-1], share) | {parts[-1]: amount - share * (len(parts) - 1)}


def check_template(event: str, lines: Sequence[TemplateLine]) -> Refusal | None:
    """Why a template can't be used, or None: unknown amounts, unusable accounts, auxiliary items that documents of
    the event don't name, or a sample that doesn't balance."""
    if event not in AMOUNTS:
        return Refusal("voucher_event_unknown", {"event": event})
    given = {name: name for name in PROVIDES[event]}
    given.pop("bank_account", None)  # empty on documents about cash
    booked = False
    for amounts in samples(event):
        document = Document("", amounts, given | {"bank_account": "x"} if _banked(event, amounts) else given)
        made, why = entries(lines, document)
        if why is not None:
            return why
        booked = booked or bool(made)
    return None if booked else Refusal("voucher_one_sided")


def _banked(event: str, amounts: Mapping[str, Decimal]) -> bool:
    """Whether such a document names a bank account: money that came or went through a bank."""
    if "bank_account" not in PROVIDES[event]:
        return False
    return amounts.get("bank_amount", amounts["amount"]) != 0


def first_open(month_states: Sequence[tuple[Any, str]], month: Any) -> Any | None:
    """The earliest open month that is not before `month`, else the earliest open one after a closed month.

    `month_states`: (month, state) of the periods. None when no open one remains.
    """
    later = sorted(m for m, state in month_states if state == "open" and m >= month)
    return later[0] if later else None
