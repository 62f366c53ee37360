"""Bank lines: taken in from files, matched, explained, taken back. Posting money is up to processes."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from anchang.finance.models import BankLine, BankMatch, BankProposal, Receipt, Refund
from anchang.finance.models.banking import Source
from anchang.finance.queries_banking import bank_book, open_entries, unbanked_loans, unbanked_pos
from anchang.finance.rules import matching
from anchang.finance.statement_file import StatementRow
from anchang.kernel.errors import DomainError, Refusal
from anchang.kernel.money import ZERO
from anchang.platform import bulk
from anchang.platform.commands import command, project_command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Money, Reason, Ref

_AT_ONCE = 5000


def import_bank_lines(ctx: Context, rows: Sequence[StatementRow]) -> dict[str, Any]:
    """Keep the lines of a statement that aren't known yet; a known one changes nothing."""
    keyed = _keyed(rows)
    known: set[str] = set()
    keys = list(keyed)
    for at in range(0, len(keys), _AT_ONCE):
        part = keys[at : at + _AT_ONCE]
        known |= set(BankLine.objects.filter(project=ctx.here, key__in=part).values_list("key", flat=True))
    fresh = {key: row for key, row in keyed.items() if key not in known}
    words = ctx.param("finance.statement_words")
    if fresh:
        _insert(ctx, fresh, words)
    return {"created": len(fresh), "updated": 0, "unchanged": len(rows) - len(fresh), "refused": []}


def _keyed(rows: Sequence[StatementRow]) -> dict[str, StatementRow]:
    """Rows by what tells them apart. Lines that agree in everything are counted: a file that brings the same
    lines again brings the same numbers."""
    seen: Counter[str] = Counter()
    found: dict[str, StatementRow] = {}
    for r in rows:
        said = "|".join(
            str(x) for x in (r.source, r.account, r.day, r.time, r.voucher, r.amount, r.balance, r.counterparty,
                             r.counter_account, r.note)
        )  # fmt: skip
        seen[said] += 1
        found[hashlib.sha256(f"{said}|{seen[said]}".encode()).hexdigest()] = r
    return found


def _insert(ctx: Context, fresh: Mapping[str, StatementRow], words: Mapping[str, Sequence[str]]) -> None:
    rows = list(fresh.values())
    bulk.insert(BankLine, {
        "key": list(fresh),
        "source": [r.source for r in rows],
        "account": [r.account for r in rows],
        "day": [r.day for r in rows],
        "time": [r.time for r in rows],
        "voucher": [r.voucher for r in rows],
        "amount": [r.amount for r in rows],
        "fee": [r.fee for r in rows],
        "balance": [r.balance for r in rows],
        "counterparty": [r.counterparty for r in rows],
        "counter_account": [r.counter_account for r in rows],
        "note": [r.note for r in rows],
        "way": [r.way or ("pos" if r.source == Source.POS else matching.way_of(r.note, words)) for r in rows],
        "lender": [r.lender for r in rows],
    }, same={"project_id": ctx.here.pk, "created_by_id": ctx.user_id})  # fmt: skip


# --- matching ------------------------------------------------------------------------------------


class MatchInput(Input):
    project: Annotated[Ref("projects"), Label(_("Project"))] = None


@project_command(
    BankLine, verb="match", label=_("Match the open lines"), permission="bank-lines.match", icon="arrows-join",
    shape="primary",
)  # fmt: skip
def match_bank_lines(ctx: Context, data: MatchInput | None = None) -> dict[str, int]:
    """Look for what each open line is; proposals replace those of the last time. Nothing is posted."""
    BankProposal.objects.filter(project=ctx.here).delete()
    weights = match_weights(ctx)
    counts: Counter[str] = Counter()
    for source in Source.values:
        entries = list(open_entries(ctx.here.pk, source))
        if not entries:
            continue
        book = matching.Book.of(bank_book(ctx.here.pk, source), weights)
        found = [(entry.id, book.find(entry)) for entry in entries]
        batches = _batches(ctx, entries, found) if source == Source.BANK else {}
        _propose(ctx, found, batches)
        counts.update(matching.EXACT if line in batches else each.finding for line, each in found)
    return {name: counts.get(name, 0) for name in BankProposal.Finding.values}


def _batches(
    ctx: Context, entries: Sequence[matching.BankEntry], found: Sequence[tuple[int, matching.Found]]
) -> dict[int, dict[str, Any]]:
    """Lines that pay out the card receipts of a whole day, or the loans that a lender paid out on one."""
    unclear = [e for e, (_line, each) in zip(entries, found, strict=True) if each.finding != matching.EXACT]
    cards = [e for e in unclear if e.way == "pos"]
    loans = [e for e in unclear if e.way in ("mortgage", "fund")]
    reach = int(ctx.param("finance.pos_settle_days"))
    batches = {}
    days = dict(unbanked_pos(ctx.here.pk)) if cards else {}
    rate = Decimal(str(ctx.param("finance.pos_fee_rate")))
    for entry in cards:
        if batch := matching.pos_batch(entry, days, rate, reach):
            day, fee = batch
            days.pop(day)
            batches[entry.id] = _batch(day, "pos", "", fee)
    paid = {(day, way, lender): total for day, way, lender, total in unbanked_loans(ctx.here.pk)} if loans else {}
    for entry in loans:
        if key := matching.loan_batch(entry, paid, reach):
            paid.pop(key)
            batches[entry.id] = _batch(*key, ZERO)
    return batches


def _batch(day: dt.date, way: str, lender: str, fee: Decimal) -> dict[str, Any]:
    return {
        "kind": "batch", "day": day.isoformat(), "way": way, "lender": lender, "fee": str(fee), "score": 100,
    }  # fmt: skip


def match_weights(ctx: Context) -> matching.Weights:
    given = ctx.param("finance.match_weights")
    return matching.Weights(**{name: int(given[name]) for name in matching.Weights.__dataclass_fields__})


def _propose(
    ctx: Context, found: Sequence[tuple[int, matching.Found]], batches: Mapping[int, Mapping[str, Any]]
) -> None:
    best = [None if line in batches else each.best for line, each in found]
    bulk.insert(BankProposal, {
        "line_id": [line for line, _each in found],
        "finding": [matching.EXACT if line in batches else each.finding for line, each in found],
        "score": [c.score if c else 0 for c in best],
        "difference": [c.difference if c else ZERO for c in best],
        "candidates": [
            [batches[line]] if line in batches else [_candidate(c) for c in _shown(each)] for line, each in found
        ],
    }, same={"project_id": ctx.here.pk})  # fmt: skip


def _shown(found: matching.Found) -> Sequence[matching.Candidate]:
    return found.candidates[:1] if found.finding == matching.EXACT else found.candidates


def _candidate(found: matching.Candidate) -> dict[str, Any]:
    target = found.target
    return {
        "kind": target.kind, "id": target.id, "deal": target.deal, "score": found.score, "why": list(found.why),
        "difference": str(found.difference),
    }  # fmt: skip


# --- explaining ----------------------------------------------------------------------------------


def only_open(line: BankLine) -> Refusal | None:
    return None if line.open_amount else Refusal("bank_line_matched")


def is_open(line: BankLine) -> bool:
    return bool(line.open_amount)


def write_matches(ctx: Context, line: BankLine, parts: Iterable[Mapping[str, Any]]) -> None:
    """Say what a locked line is, in one statement: its trigger adds up and refuses what is too much."""
    BankMatch.objects.bulk_create(
        BankMatch(project=ctx.here, line=line, source=line.source, user_id=ctx.user_id, at=ctx.now, **part)
        for part in parts
    )
    line.refresh_from_db()
    if not line.open_amount:
        BankProposal.objects.filter(project=ctx.here, line=line).delete()


def match_with_receipt(
    ctx: Context, line: BankLine, receipt: Receipt, fee: Decimal = ZERO, most: Decimal | None = None
) -> None:
    """This receipt, gross, is in the line (of which at most `most` are meant); `fee` was withheld from it."""
    if receipt.state not in ("posted", "day_closed") or receipt.amount < 0:
        raise DomainError("state_refused", status=422, fields={"receipt": "state_refused"}, state=receipt.state)
    free = receipt.amount - found_in_bank(ctx, line.source, receipt=receipt)
    part = min((line.open_amount if most is None else most) + fee, free)
    if part <= fee:
        raise DomainError("bank_match_cover", status=422, fields={"receipt": "bank_match_cover"})
    parts: list[dict[str, Any]] = [{"kind": BankMatch.Kind.RECEIPT, "receipt": receipt, "amount": part}]
    if fee:
        parts.append({"kind": BankMatch.Kind.FEE, "amount": -fee})
    write_matches(ctx, line, parts)


def match_with_batch(
    ctx: Context, line: BankLine, day: dt.date, fee: Decimal, way: str = "pos", lender: str = ""
) -> None:
    """All card receipts of a day, or payouts that the lender's list names for it, that no line explains yet, less the
    fee: exactly the line."""
    receipts = Receipt.objects.select_for_update(no_key=True).filter(
        project=ctx.here, way=way, received_on=day, state__in=("posted", "day_closed"), reverses__isnull=True,
    ).order_by("pk")  # fmt: skip
    if way != Receipt.Way.POS:
        listed = BankMatch.objects.filter(project=ctx.here, source=Source.LOAN, line__lender=lender)
        receipts = receipts.filter(pk__in=listed.values("receipt"))
    taken = dict(
        BankMatch.objects.filter(project=ctx.here, source=line.source, receipt__in=receipts.values("pk")).order_by()
        .values("receipt").annotate(net=Sum("amount")).exclude(net=0).values_list("receipt", "net")
    )  # fmt: skip
    parts: list[dict[str, Any]] = [
        {"kind": BankMatch.Kind.RECEIPT, "receipt": r, "amount": r.amount} for r in receipts if r.pk not in taken
    ]
    if sum((part["amount"] for part in parts), ZERO) - fee != line.open_amount:
        raise DomainError("proposal_stale")
    if fee:
        parts.append({"kind": BankMatch.Kind.FEE, "amount": -fee})
    write_matches(ctx, line, parts)


def match_with_refund(ctx: Context, line: BankLine, refund: Refund) -> None:
    if refund.state != Refund.State.PAID:
        raise DomainError("state_refused", status=422, fields={"refund": "state_refused"}, state=refund.state)
    free = refund.amount + found_in_bank(ctx, line.source, refund=refund)
    part = -min(-line.open_amount, free)
    if part >= 0:
        raise DomainError("bank_match_cover", status=422, fields={"refund": "bank_match_cover"})
    write_matches(ctx, line, [{"kind": BankMatch.Kind.REFUND, "refund": refund, "amount": part}])


def found_in_bank(ctx: Context, source: str, **which: Any) -> Decimal:
    """What lines of this source say of a receipt or refund so far."""
    rows = BankMatch.objects.filter(project=ctx.here, source=source, **which)
    found: Decimal | None = rows.aggregate(sum=Sum("amount"))["sum"]
    return found or ZERO


class ExplainInput(Input):
    """Money that belongs to no deal: interest, fees of the account, a loan of the company."""

    amount: Annotated[Money | None, Label(_("Amount"), kind="money", help=_("Empty: all that is open."))] = None
    note: Annotated[Reason, Label(_("What it is"))]


@command(
    BankLine, verb="explain", label=_("No deal's money"), icon="note", refuses=only_open, show=is_open,
    help=_("Interest, account fees and other money that belongs to no deal."),
)  # fmt: skip
def explain_bank_line(ctx: Context, line: BankLine, data: ExplainInput) -> BankLine:
    """Say what a line is that no deal explains."""
    amount = line.open_amount if data.amount is None else data.amount
    if not amount or abs(amount) > abs(line.open_amount) or (amount < 0) != (line.amount < 0):
        raise DomainError("bank_match_cover", status=422, fields={"amount": "bank_match_cover"})
    write_matches(ctx, line, [{"kind": BankMatch.Kind.OTHER, "amount": amount, "note": data.note}])
    ctx.event("bank.explained", line, amount=str(amount))
    return line


class UnmatchInput(Input):
    reason: Annotated[Reason, Label(_("Reason"))]


def _only_matched(line: BankLine) -> Refusal | None:
    return None if line.explained else Refusal("bank_line_open")


@command(
    BankLine, verb="unmatch", label=_("Take the match back"), icon="arrow-back-up", refuses=_only_matched,
    show=lambda line: bool(line.explained),
)  # fmt: skip
def unmatch_bank_line(ctx: Context, line: BankLine, data: UnmatchInput) -> BankLine:
    """The line is open again; receipts and refunds stay as they are."""
    _take_back(ctx, BankMatch.objects.filter(project=ctx.here, line=line), data.reason)
    line.refresh_from_db()
    ctx.event("bank.unmatched", line, reason=data.reason)
    return line


def release_receipt_matches(ctx: Context, receipt: Receipt, reason: str) -> None:
    """A receipt is being reversed: the lines that it explained are open again, with the fee withheld from it."""
    lines = list(
        BankMatch.objects.filter(project=ctx.here, receipt=receipt).order_by("line_id")
        .values_list("line_id", flat=True).distinct()
    )  # fmt: skip
    if not lines:
        return
    BankLine.objects.select_for_update(no_key=True).filter(pk__in=lines).order_by("pk").count()
    for line_id in lines:
        rows = BankMatch.objects.filter(project=ctx.here, line_id=line_id)
        others = rows.filter(receipt__isnull=False).exclude(receipt=receipt).values("receipt")
        alone = not others.annotate(net=Sum("amount")).exclude(net=0).exists()
        _take_back(ctx, rows.filter(kind__in=("receipt", "fee")) if alone else rows.filter(receipt=receipt), reason)


def _take_back(ctx: Context, rows: Any, reason: str) -> None:
    keys = ("line_id", "source", "kind", "receipt_id", "refund_id")
    nets = list(rows.order_by().values(*keys).annotate(net=Sum("amount")).exclude(net=0))
    BankMatch.objects.bulk_create(
        BankMatch(
            project=ctx.here, amount=-row.pop("net"), note=reason, user_id=ctx.user_id, at=ctx.now, **row
        )
        for row in nets
    )  # fmt: skip
