"""Making vouchers of posted documents, set-based; making one again; closing and opening periods."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _

from anchang.finance.models import (
    Account,
    AccountingPeriod,
    Voucher,
    VoucherLine,
    VoucherRejection,
    VoucherTemplate,
    VoucherTemplateLine,
)
from anchang.finance.rules import vouchers as rules
from anchang.finance.sources import SOURCES, Fact, Source
from anchang.kernel.errors import DomainError, Refusal
from anchang.kernel.money import ZERO
from anchang.platform import numbering
from anchang.platform.commands import command, creates, project_command
from anchang.platform.context import Context
from anchang.platform.inputs import Day, Input, Label, Ref


class PeriodInput(Input):
    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    month: Annotated[Day, Label(_("Month"))]


class GenerateInput(Input):
    """`first`: look at documents dated from this day on; default the parameter's number of days back."""

    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    first: Annotated[Day | None, Label(_("Documents from"))] = None


# --- periods -------------------------------------------------------------------------------------


@creates(AccountingPeriod, label=_("Open a period"))
def open_periods(ctx: Context, rows: list[PeriodInput]) -> list[AccountingPeriod]:
    """Open months. The first one is where the books begin; earlier documents never become vouchers."""
    months = {row.month.replace(day=1) for row in rows}
    held = set(AccountingPeriod.objects.filter(project=ctx.here, month__in=months).values_list("month", flat=True))
    if held:
        raise DomainError("books_open_already", status=422, fields={"month": "books_open_already"})
    made = AccountingPeriod.objects.bulk_create(
        AccountingPeriod(project=ctx.here, month=month, created_by_id=ctx.user_id) for month in sorted(months)
    )
    for period in made:
        ctx.event("books.opened", period, month=f"{period.month:%Y-%m}")
    return made


@command(
    AccountingPeriod, verb="close", label=_("Close the period"), icon="lock", shape="primary",
    refuses=lambda p: None if p.state == "open" else Refusal("state_refused", {"state": p.state}),
    show=lambda p: p.state == "open",
)  # fmt: skip
def close_period(ctx: Context, period: AccountingPeriod) -> AccountingPeriod:
    """No more vouchers in this month. Earlier months first; nothing refused or not yet exported may be left."""
    if AccountingPeriod.objects.filter(project=ctx.here, state="open", month__lt=period.month).exists():
        raise DomainError("books_before_open")
    if Voucher.objects.filter(project=ctx.here, period=period).exclude(state=Voucher.State.EXPORTED).exists():
        raise DomainError("books_not_exported")
    after = (period.month + dt.timedelta(days=32)).replace(day=1)
    if VoucherRejection.objects.filter(project=ctx.here, day__lt=after).exists():
        raise DomainError("books_with_rejections")
    period.state, period.closed_on = AccountingPeriod.State.CLOSED, ctx.business_date
    period.save(update_fields=["state", "closed_on", "updated_at"])
    ctx.event("books.closed", period, month=f"{period.month:%Y-%m}")
    return period


def _periods(ctx: Context) -> list[AccountingPeriod]:
    """The project's periods, locked, so that two runs follow one another and none is closed meanwhile. The month of
    today opens by itself once the books have begun."""
    rows = AccountingPeriod.objects.select_for_update(no_key=True).filter(project=ctx.here)
    periods = list(rows.order_by("month"))
    month = ctx.business_date.replace(day=1)
    if periods and month > max(p.month for p in periods):
        periods.append(AccountingPeriod.objects.create(project=ctx.here, month=month))
    return periods


# --- making vouchers -----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Ready:
    """A template in use, read for the rules."""

    template: VoucherTemplate
    lines: tuple[rules.TemplateLine, ...]


@dataclass(frozen=True)
class _Draft:
    """A voucher to be written: everything but its number."""

    source: Source
    fact: Fact
    ready: _Ready
    entries: Sequence[rules.Entry]
    period: AccountingPeriod
    day: dt.date


def read_template(template: VoucherTemplate) -> _Ready:
    return _read_templates([template])[0]


def _read_templates(templates: Iterable[VoucherTemplate]) -> list[_Ready]:
    held = list(templates)
    rows = VoucherTemplateLine.objects.filter(template__in=held).select_related("account").order_by("seq", "id")
    lines: dict[int, list[rules.TemplateLine]] = {}
    for row in rows:
        lines.setdefault(row.template_id, []).append(
            rules.TemplateLine(
                row.side, row.amount, row.account_id, row.summary, row.bank_account, _needs(row.account),
                row.account.active and row.account.deleted_at is None,
            )
        )  # fmt: skip
    return [_Ready(t, tuple(lines.get(t.pk, ()))) for t in held]


def _needs(account: Account) -> tuple[str, ...]:
    return tuple(name for name in rules.AUXILIARIES if getattr(account, f"by_{name}"))


@project_command(
    Voucher, verb="generate", label=_("Make vouchers"), permission="vouchers.generate", icon="file-plus",
    shape="primary",
)  # fmt: skip
def generate_vouchers(ctx: Context, data: GenerateInput) -> dict[str, Any]:
    """A voucher for every posted document that has none and whose event has a template in use; the others are put
    on the list of rejections, with the reason. Answers {made, rejected}."""
    made, refused = make_vouchers(ctx, data.first)
    return {"made": len(made), "rejected": refused}


def make_vouchers(ctx: Context, first: dt.date | None = None) -> tuple[list[Voucher], int]:
    """The vouchers made and how many documents were refused. Nothing before the first period of the books."""
    periods = _periods(ctx)
    if not periods:
        return [], 0
    back = dt.timedelta(days=int(ctx.param("finance.voucher_days")))
    first = max(first or ctx.business_date - back, periods[0].month)
    templates = VoucherTemplate.objects.filter(project=ctx.here, state=VoucherTemplate.State.IN_USE)
    drafts: list[_Draft] = []
    refused: list[VoucherRejection] = []
    for ready in _read_templates(templates.order_by("event")):
        source = SOURCES.get(ready.template.event)
        for fact in source.documents(ctx.here, first, None) if source else ():
            draft = _draft(source, fact, ready, periods)
            if isinstance(draft, Refusal):
                refused.append(_rejection(ctx, source, fact, draft))
            elif draft is not None:
                drafts.append(draft)
    made = _write(ctx, drafts)
    _note_rejections(ctx, drafts, refused)
    return made, len(refused)


def _draft(
    source: Source | None, fact: Fact, ready: _Ready, periods: Sequence[AccountingPeriod]
) -> _Draft | Refusal | None:
    """The voucher of a document, in its month or the first open one after it, or why there is none. None: nothing
    to book."""
    assert source is not None
    entries, why = rules.entries(ready.lines, fact.document)
    month = rules.first_open([(p.month, p.state) for p in periods], fact.day.replace(day=1))
    if why is not None or month is None:
        return why or Refusal("no_open_period", {"month": f"{fact.day:%Y-%m}"})
    if not entries:
        return None
    period = next(p for p in periods if p.month == month)
    return _Draft(source, fact, ready, entries, period, max(fact.day, period.month))


def _rejection(ctx: Context, source: Source | None, fact: Fact, why: Refusal) -> VoucherRejection:
    assert source is not None
    return VoucherRejection(
        project=ctx.here, event=source.event, source_id=fact.source_id, source_number=fact.document.number[:40],
        day=fact.day, code=why.code, detail=", ".join(str(v) for v in why.params.values())[:200], at=ctx.now,
    )  # fmt: skip


def _write(ctx: Context, drafts: Sequence[_Draft]) -> list[Voucher]:
    """Number and insert, by day within period and word. Holds the books of the numbers until the end."""
    groups: dict[tuple[dt.date, str], list[_Draft]] = {}
    for draft in sorted(drafts, key=lambda d: (d.day, d.source.event, d.fact.source_id)):
        groups.setdefault((draft.period.month, draft.ready.template.word), []).append(draft)
    made: list[Voucher] = []
    lines: list[VoucherLine] = []
    for (month, word), group in sorted(groups.items()):
        last = numbering.take(ctx.here.pk, f"voucher {word}", f"{month:%Y-%m}", len(group))
        for seq, draft in enumerate(group, last - len(group) + 1):
            made.append(_voucher(ctx, draft, word, seq))
    made = Voucher.objects.bulk_create(made, batch_size=500)
    accounts = Account.objects.in_bulk({e.account for d in drafts for e in d.entries})
    ordered = [d for key in sorted(groups) for d in groups[key]]
    for voucher, draft in zip(made, ordered, strict=True):
        lines += _lines(ctx, voucher, draft.entries, accounts)
        ctx.event("voucher.made", voucher, number=voucher.number, document=voucher.source_number)
    VoucherLine.objects.bulk_create(lines, batch_size=1000)
    return made


def _total(entries: Sequence[rules.Entry]) -> Decimal:
    return sum((e.debit for e in entries), ZERO)


def _voucher(ctx: Context, draft: _Draft, word: str, seq: int) -> Voucher:
    key = {f"{draft.source.key}_id": draft.fact.source_id} if draft.source.key else {}
    return Voucher(
        project=ctx.here, created_by_id=ctx.user_id, number=f"{word}-{draft.day:%Y%m}-{seq:04d}", word=word, seq=seq,
        period=draft.period, voucher_date=draft.day, event=draft.source.event, source_id=draft.fact.source_id,
        source_number=draft.fact.document.number[:40], template=draft.ready.template,
        total=_total(draft.entries), **key,
    )  # fmt: skip


def _lines(
    ctx: Context, voucher: Voucher, entries: Sequence[rules.Entry], accounts: dict[int, Account]
) -> list[VoucherLine]:
    return [
        VoucherLine(
            project=ctx.here, voucher=voucher, seq=seq, account_id=e.account, summary=e.summary, debit=e.debit,
            credit=e.credit, account_code=accounts[e.account].code, account_name=accounts[e.account].name,
            customer_id=e.items.get("customer"), unit_id=e.items.get("unit"), by_project="project" in e.items,
            bank_account=e.items.get("bank_account") or "",
        )
        for seq, e in enumerate(entries, 1)
    ]  # fmt: skip


def _note_rejections(ctx: Context, drafts: Sequence[_Draft], refused: list[VoucherRejection]) -> None:
    """Keep what was refused, with its newest reason; take off the list what has its voucher now."""
    open_rows = {(r.event, r.source_id): r.pk for r in VoucherRejection.objects.filter(project=ctx.here)}
    done = [open_rows[d.source.event, d.fact.source_id] for d in drafts
            if (d.source.event, d.fact.source_id) in open_rows]  # fmt: skip
    VoucherRejection.objects.filter(project=ctx.here, pk__in=done).delete()
    VoucherRejection.objects.bulk_create(
        refused, update_conflicts=True, unique_fields=["project", "event", "source_id"],
        update_fields=["code", "detail", "day", "at", "source_number"],
    )  # fmt: skip


# --- one voucher or document again ---------------------------------------------------------------


@command(
    Voucher, verb="rebuild", label=_("Make again"), icon="refresh",
    refuses=lambda v: None if v.state == "posted" else Refusal("voucher_exported"),
)  # fmt: skip
def rebuild_voucher(ctx: Context, voucher: Voucher) -> Voucher:
    """Write the lines anew from the document by the template now in use. Number, period and day stay."""
    source = SOURCES.get(voucher.event)
    facts = source.documents(ctx.here, dt.date.min, voucher.source_id) if source else []
    template = _template_of(ctx, voucher.event)
    if not facts or template is None:
        raise DomainError("voucher_no_template")
    entries, why = rules.entries(read_template(template).lines, facts[0].document)
    if why is not None or not entries:
        raise DomainError.of(why or Refusal("voucher_one_sided"))
    VoucherLine.objects.filter(project=ctx.here, voucher=voucher).delete()
    voucher.total, voucher.template = _total(entries), template
    voucher.save(update_fields=["total", "template", "updated_at"])
    VoucherLine.objects.bulk_create(
        _lines(ctx, voucher, entries, Account.objects.in_bulk({e.account for e in entries}))
    )
    ctx.event("voucher.rebuilt", voucher, number=voucher.number)
    return voucher


@command(VoucherRejection, verb="retry", label=_("Try again"), icon="refresh", shape="primary", bulk=True)
def retry_rejection(ctx: Context, rejection: VoucherRejection) -> dict[str, Any]:
    """Try one document again, by the template now in use. Answers the voucher."""
    source = SOURCES.get(rejection.event)
    facts = source.documents(ctx.here, dt.date.min, rejection.source_id) if source else []
    template = _template_of(ctx, rejection.event)
    if not facts or template is None:
        raise DomainError("voucher_no_template")
    draft = _draft(source, facts[0], read_template(template), _periods(ctx))
    if isinstance(draft, Refusal):
        raise DomainError.of(draft)
    if draft is None:
        raise DomainError("voucher_one_sided")
    voucher = _write(ctx, [draft])[0]
    pk = rejection.pk
    rejection.delete()
    return {"id": pk, "voucher": voucher.pk, "number": voucher.number}


def _template_of(ctx: Context, event: str) -> VoucherTemplate | None:
    return VoucherTemplate.objects.filter(project=ctx.here, event=event, state=VoucherTemplate.State.IN_USE).first()
