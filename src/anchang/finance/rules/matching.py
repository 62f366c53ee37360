"""Bank lines against what is owed, received and refunded: evidence, scores and findings (F06, BS06, BS21).

A line is never posted by these rules: they propose, a person confirms.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache

from anchang.finance.rules.receipts import WAY_MONEY
from anchang.kernel.money import ZERO

DUE, RECEIPT, REFUND = "due", "receipt", "refund"
EXACT, DIFFERENCE, AMBIGUOUS, NONE = "exact", "difference", "ambiguous", "none"
#: Evidence that names a deal, as opposed to evidence that merely fits it.
NAMING = frozenset({"number", "unit", "name"})

_UNIT = re.compile(r"(\d{1,3})\s*(?:幢|栋|号楼|座|#|-)\s*-?\s*(?:(\d{1,2})\s*(?:单元|门|-)\s*-?\s*)?(\d{2,5})(?!\d)")
_NUMBER = re.compile(r"[A-Z]{1,8}[A-Z0-9-]{3,}|\d{6,}")
_HAN = re.compile(r"[\u3400-\u9fff·]+")
_BLANK = re.compile(r"\s+")
_LONGEST_NAME = 4


@dataclass(frozen=True)
class Weights:
    """Points of each evidence; `clear`: from which score a match is clear, `lead` before the next one."""

    number: int
    unit: int
    name: int
    amount: int
    near: int
    clear: int
    lead: int
    near_days: int
    most: int

    @property
    def least(self) -> int:
        """Below this a target isn't listed at all."""
        return min(self.number, self.unit, self.name, self.amount)


@dataclass(frozen=True)
class BankEntry:
    """An open line. `amount` is what of it is not explained yet; money in is positive."""

    id: int
    amount: Decimal
    day: date
    way: str
    texts: tuple[str, ...] = ()
    name: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """What a line may be: an open receivable (`due`), a receipt or a refund that no line explains yet.

    `amount` is positive; `money`: cash, bank or fund. `units` as `unit_tokens` gives them.
    """

    kind: str
    id: int
    deal: int
    amount: Decimal
    day: date
    money: str
    names: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Candidate:
    target: Target
    score: int
    why: tuple[str, ...]
    difference: Decimal = ZERO


@dataclass(frozen=True)
class Found:
    finding: str
    candidates: tuple[Candidate, ...] = ()

    @property
    def best(self) -> Candidate | None:
        return self.candidates[0] if self.candidates else None


@lru_cache(maxsize=65536)
def unit_tokens(text: str) -> tuple[str, ...]:
    """`2幢1003`, `2栋1单元1003`, `2-1-1003` as building-room tokens, with the section where one is said."""
    found: list[str] = []
    for building, section, room in _UNIT.findall(unicodedata.normalize("NFKC", text)):
        if section:
            found.append(f"{int(building)}-{int(section)}-{int(room)}")
        found.append(f"{int(building)}-{int(room)}")
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=65536)
def plain_name(name: str) -> str:
    return _BLANK.sub("", unicodedata.normalize("NFKC", name)).casefold()


def number_tokens(text: str) -> list[str]:
    """Numbers of papers and vouchers that a text may hold."""
    return _NUMBER.findall(unicodedata.normalize("NFKC", text).upper())


def way_of(note: str, words: Mapping[str, Sequence[str]]) -> str:
    """The way that a statement's note tells, by the office's words (`{"mortgage": ["放款"]}`); else a transfer."""
    for way, marks in words.items():
        if any(mark and mark in note for mark in marks):
            return way
    return "transfer"


@dataclass
class Book:
    """Targets by what may name them. Built once for all lines."""

    weights: Weights
    targets: list[Target] = field(default_factory=list)
    by_number: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    by_unit: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    by_name: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    by_amount: dict[tuple[str, str, Decimal], list[int]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, targets: Iterable[Target], weights: Weights) -> "Book":
        book = cls(weights)
        for at, target in enumerate(targets):
            book.targets.append(target)
            for number in target.numbers:
                book.by_number[number].append(at)
            for token in target.units:
                book.by_unit[token].append(at)
            for name in target.names:
                book.by_name[name].append(at)
            side = "out" if target.kind == REFUND else "in"
            book.by_amount[side, target.money, target.amount].append(at)
        return book

    def find(self, entry: BankEntry) -> Found:
        """The best targets of a line, best first, and how sure that is."""
        why: dict[int, set[str]] = defaultdict(set)
        self._gather(entry, why)
        scored = [c for at, evidence in why.items() if (c := self._candidate(entry, self.targets[at], evidence))]
        # What was booked or refunded already stands before what is still owed.
        scored.sort(key=lambda c: (-c.score, c.target.kind == DUE, abs(c.difference), c.target.day, c.target.id))
        return self._judged(scored)

    def _gather(self, entry: BankEntry, why: dict[int, set[str]]) -> None:
        for text in entry.texts:
            for token in unit_tokens(text):
                self._note(why, self.by_unit.get(token, ()), "unit")
            for number in number_tokens(text):
                self._note(why, self.by_number.get(number, ()), "number")
            for run in _HAN.findall(text):
                for at in range(len(run)):
                    for size in range(2, _LONGEST_NAME + 1):
                        if at + size <= len(run):
                            self._note(why, self.by_name.get(run[at : at + size], ()), "name")
        if entry.reference:
            self._note(why, self.by_number.get(entry.reference.upper(), ()), "number")
        if entry.name:
            self._note(why, self.by_name.get(plain_name(entry.name), ()), "name")
        side = "out" if entry.amount < 0 else "in"
        same = self.by_amount.get((side, WAY_MONEY[entry.way], abs(entry.amount)), ())
        # A common amount alone names nobody: it only supports what is there.
        if len(same) <= self.weights.most:
            self._note(why, same, "amount")

    @staticmethod
    def _note(why: dict[int, set[str]], places: Iterable[int], evidence: str) -> None:
        for at in places:
            why[at].add(evidence)

    def _candidate(self, entry: BankEntry, target: Target, evidence: set[str]) -> Candidate | None:
        w = self.weights
        if (entry.amount < 0) != (target.kind == REFUND) or target.money != WAY_MONEY[entry.way]:
            return None
        reasons = (evidence & NAMING) | ({"amount"} if target.amount == abs(entry.amount) else set())
        score = sum(getattr(w, name) for name in reasons)
        if abs((entry.day - target.day).days) <= w.near_days:
            reasons, score = reasons | {"near"}, score + w.near
        if score < w.least:
            return None
        return Candidate(target, score, tuple(sorted(reasons)), abs(entry.amount) - target.amount)

    def _judged(self, scored: list[Candidate]) -> Found:
        w = self.weights
        if not scored:
            return Found(NONE)
        best = scored[0]
        # Lines of one deal do not compete: the money is the deal's either way.
        lead = best.score - max((c.score for c in scored if c.target.deal != best.target.deal), default=0)
        kept = tuple(scored[: w.most])
        if lead < w.lead:
            return Found(AMBIGUOUS, kept)
        if "amount" in best.why and best.score >= w.clear:
            return Found(EXACT, kept)
        if "amount" not in best.why and NAMING & set(best.why):
            return Found(DIFFERENCE, kept)
        return Found(AMBIGUOUS, kept)


def pos_batch(
    entry: BankEntry, days: Mapping[date, Decimal], fee_rate: Decimal, settle_days: int
) -> tuple[date, Decimal] | None:
    """The day whose card receipts a batch of the acquirer pays out, and the fee withheld: sum - fee = line.

    The fee is at most `fee_rate` of the sum; the nearest day back wins, up to `settle_days`.
    """
    if entry.way != "pos" or entry.amount <= 0:
        return None
    for day in sorted((d for d in days if 0 <= (entry.day - d).days <= settle_days), reverse=True):
        fee = days[day] - entry.amount
        if 0 <= fee <= days[day] * fee_rate:
            return day, fee
    return None
