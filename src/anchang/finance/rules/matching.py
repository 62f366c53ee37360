"""Bank lines against what is owed, received and refunded: evidence, scores and findings (F06, BS06, BS21).

A line is never posted by these rules: they propose, a person confirms.
"""

import re
import unicodedata
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


#: Evidence as bits, so that a line's evidence about a target is one number.
_BITS = {"number": 1, "unit": 2, "name": 4, "amount": 8, "near": 16}
_FITS, _NEAR = _BITS["amount"], _BITS["near"]

Side = tuple[bool, str]
"""Money out or in, and its kind: a line's targets are all of one side."""


@dataclass
class Book:
    """Targets by what may name them, apart for each side. Built once for all lines."""

    weights: Weights
    targets: list[Target] = field(default_factory=list)
    cents: list[int] = field(default_factory=list)
    days: list[int] = field(default_factory=list)
    points: list[int] = field(default_factory=list)
    places: dict[Side, dict[tuple[int, object], list[int]]] = field(default_factory=dict)

    @classmethod
    def of(cls, targets: Iterable[Target], weights: Weights) -> "Book":
        book = cls(weights)
        book.points = [sum(getattr(weights, name) for name, bit in _BITS.items() if mask & bit) for mask in range(32)]
        for at, target in enumerate(targets):
            book.targets.append(target)
            book.cents.append(int(target.amount * 100))
            book.days.append(target.day.toordinal())
            places = book.places.setdefault((target.kind == REFUND, target.money), {})
            for bit, words in ((1, target.numbers), (2, target.units), (4, target.names), (_FITS, (book.cents[at],))):
                for word in words:
                    places.setdefault((bit, word), []).append(at)
        return book

    def find(self, entry: BankEntry) -> Found:
        """The best targets of a line, best first, and how sure that is."""
        places = self.places.get((entry.amount < 0, WAY_MONEY[entry.way]))
        if not places:
            return Found(NONE)
        why: dict[int, int] = {}
        for bit, word in self._words(entry):
            for at in places.get((bit, word), ()):
                why[at] = why.get(at, 0) | bit
        # A common amount alone names nobody: it only supports what is there.
        same = places.get((_FITS, int(abs(entry.amount) * 100)), ())
        if len(same) <= self.weights.most:
            for at in same:
                why.setdefault(at, 0)
        return self._judged(self._scored(entry, why))

    @staticmethod
    def _words(entry: BankEntry) -> set[tuple[int, object]]:
        """What the line says that may name a target, each once."""
        words: set[tuple[int, object]] = set()
        for text in entry.texts:
            words.update((2, token) for token in unit_tokens(text))
            words.update((1, number) for number in number_tokens(text))
            for run in _HAN.findall(text):
                for size in range(2, _LONGEST_NAME + 1):
                    words.update((4, run[at : at + size]) for at in range(len(run) - size + 1))
        if entry.reference:
            words.add((1, entry.reference.upper()))
        if entry.name:
            words.add((4, plain_name(entry.name)))
        return words

    def _scored(self, entry: BankEntry, why: Mapping[int, int]) -> list[Candidate]:
        """Targets with their points, best first: the most that are shown, and the best of another deal."""
        w, size, day = self.weights, abs(entry.amount), entry.day.toordinal()
        cents = int(size * 100)
        points, least, low, high = self.points, w.least, day - w.near_days, day + w.near_days
        rows = []
        for at, named in why.items():
            own = self.cents[at]
            mask = named | (_FITS if own == cents else 0) | (_NEAR if low <= self.days[at] <= high else 0)
            if points[mask] >= least:
                target = self.targets[at]
                order = (-points[mask], target.kind == DUE, abs(own - cents), self.days[at], target.id)
                rows.append((*order, at, mask))
        # What was booked or refunded already stands before what is still owed.
        rows.sort()
        shown = rows[: w.most]
        deal = self.targets[rows[0][5]].deal if rows else 0
        if all(self.targets[row[5]].deal == deal for row in shown):
            shown += [row for row in rows[w.most :] if self.targets[row[5]].deal != deal][:1]
        return [
            Candidate(
                self.targets[at], -score, tuple(name for name, bit in _BITS.items() if mask & bit),
                size - self.targets[at].amount,
            )
            for score, _due, _off, _day, _id, at, mask in shown
        ]  # fmt: skip

    def _judged(self, scored: list[Candidate]) -> Found:
        w = self.weights
        if not scored:
            return Found(NONE)
        best = scored[0]
        # Lines of one deal do not compete: the money is the deal's either way.
        lead = best.score - max((c.score for c in scored if c.target.deal != best.target.deal), default=0)
        kept = tuple(scored)
        if lead < w.lead:
            return Found(AMBIGUOUS, kept)
        if "amount" in best.why and best.score >= w.clear:
            return Found(EXACT, kept)
        if "amount" not in best.why and NAMING & set(best.why):
            return Found(DIFFERENCE, kept)
        return Found(AMBIGUOUS, kept)


def loan_batch(
    entry: BankEntry, sums: Mapping[tuple[date, str, str], Decimal], settle_days: int
) -> tuple[date, str, str] | None:
    """The day, way and lender of the payouts that a line pays out together: exactly their sum, and one such sum only
    up to `settle_days` back."""
    if WAY_MONEY[entry.way] == "cash" or entry.amount <= 0:
        return None
    found = [
        key for key, amount in sums.items()
        if key[1] == entry.way and amount == entry.amount and 0 <= (entry.day - key[0]).days <= settle_days
    ]  # fmt: skip
    return found[0] if len(found) == 1 else None


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
