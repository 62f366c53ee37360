"""How customer files come to be: one set-based maker that every way in uses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from pydantic import BeforeValidator, Field

from anchang.crm import dictionaries, rules
from anchang.crm.commands.channels import find_channels
from anchang.crm.commands.numbers import holders, lock_numbers, phone_rows, tokens
from anchang.crm.models import Customer, CustomerPhone, Need
from anchang.kernel.errors import DomainError
from anchang.kernel.phone import mask
from anchang.platform import bulk, personal
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Line, Money, Quantity


class NeedInput(Input):
    budget_low: Annotated[Money | None, Label(_("Budget from"), "money")] = None
    budget_high: Annotated[Money | None, Label(_("Budget to"), "money")] = None
    area_low: Annotated[Quantity | None, Label(_("Area from"), "area")] = None
    area_high: Annotated[Quantity | None, Label(_("Area to"), "area")] = None
    layouts: Annotated[
        list[Annotated[str, Field(max_length=50)]] | None, Field(max_length=20), Label(_("Layouts"))
    ] = None
    purpose: Annotated[
        str, Field(max_length=50), Label(pgettext_lazy("purchase", "Purpose"), choices=dictionaries.choices("purpose"))
    ] = ""
    family: Annotated[
        str, Field(max_length=50), Label(_("Family structure"), choices=dictionaries.choices("family"))
    ] = ""
    heard_from: Annotated[str, Field(max_length=50), Label(_("Way heard"))] = ""
    note: Annotated[Line, Label(_("Note"))] = ""


def _need(value: Any) -> Any:
    return {"note": value} if isinstance(value, str) else value


#: A need as an object; a plain text is its note.
AnyNeed = Annotated[NeedInput | None, BeforeValidator(_need), Label(_("Need"))]


@dataclass(slots=True)
class NewCustomer:
    """One file to be made. `numbers` in normal form, main one first; `columns` are further model fields."""

    name: str
    numbers: list[str]
    owner_id: int | None = None
    team_id: int | None = None
    channel_id: int | None = None
    campaign: str = ""
    source: str = "staff"
    captured_at: dt.datetime | None = None
    grade: str = ""
    need: dict[str, Any] | None = None
    import_job_id: int | None = None
    columns: dict[str, Any] = field(default_factory=dict)


def make_customers(
    ctx: Context, rows: Sequence[NewCustomer], ids: Sequence[int] | None = None
) -> list[Customer]:
    """Write files, phones, needs, search tokens and events. The phones must be free: `holders` was asked.
    With `ids` for the files everything is written at the end of the command, which must not read it before."""
    first, days = ctx.param("crm.first_grade"), ctx.param("crm.grade_days")
    made = [_file(ctx, row, row.grade or first, days) for row in rows]
    if ids is None:
        bulk.create(made)
    else:
        for customer, pk in zip(made, ids, strict=True):
            customer.pk = pk
        ctx.create_at_end(made)
    phones: list[CustomerPhone] = []
    needs: list[Need] = []
    for customer, row in zip(made, rows, strict=True):
        # The database made it from the id; saying so here saves reading it back.
        customer.__dict__["number"] = f"K{customer.pk:09d}"
        own = phone_rows(customer, row.numbers)
        customer.__dict__["search_numbers"] = tokens(own)
        phones += own
        if row.need:
            needs.append(Need(project=ctx.here, customer=customer, created_by_id=ctx.user_id,
                              import_job_id=row.import_job_id, **row.need))  # fmt: skip
        ctx.event(
            "customer.created", customer, customer_id=customer.pk, source=row.source, owner=row.owner_id
        )
    for more in (phones, needs):
        if ids is not None:
            ctx.create_at_end(more)
        else:
            bulk.create(more)
    ctx.index(made, fresh=True)
    return made


def _file(ctx: Context, row: NewCustomer, grade: str, days: Mapping[str, int]) -> Customer:
    captured = row.captured_at or ctx.now
    masked = phone_mask(row.numbers)
    return Customer(
        project=ctx.here, name=row.name, phone_masked=masked, grade=grade,
        grade_until=last_day(ctx, days.get(grade)),
        stage=rules.stage(rules.StageFacts(grade=grade)), owner_id=row.owner_id, team_id=row.team_id,
        channel_id=row.channel_id, campaign=row.campaign, source=row.source, captured_at=captured,
        business_date=captured.astimezone(ctx.zone).date(), idle_since=ctx.now, created_by_id=ctx.user_id,
        import_job_id=row.import_job_id, **row.columns,
    )  # fmt: skip


def phone_mask(numbers: Sequence[str]) -> str:
    return mask(numbers[0]) if numbers else ""


def channel_ids(ctx: Context, keys: Iterable[Any], *, make: bool = False) -> dict[Any, int]:
    """id, code or name -> channel id; empty keys have none. As find_channels."""
    wanted = {k for k in keys if k}
    return {k: c.pk for k, c in find_channels(ctx, wanted, make=make).items()} if wanted else {}


def grade_end(ctx: Context, grade: str) -> dt.date | None:
    """The last day on which the grade is valid; None: without end."""
    return last_day(ctx, ctx.param("crm.grade_days").get(grade))


def last_day(ctx: Context, days: int | None) -> dt.date | None:
    return None if days is None else ctx.business_date + dt.timedelta(days=days)


def need_columns(need: NeedInput | None) -> dict[str, Any] | None:
    """Checked values of a need; None when nothing is said."""
    if need is None:
        return None
    values = need.model_dump()
    values["layouts"] = values["layouts"] or []
    if not any(v not in (None, "", []) for v in values.values()):
        return None
    check_order(values)
    return values


def check_order(values: dict[str, Any], prefix: str = "need") -> None:
    for what in ("budget", "area"):
        low, high = values.get(f"{what}_low"), values.get(f"{what}_high")
        if isinstance(low, Decimal) and isinstance(high, Decimal) and low > high:
            raise DomainError("bad_input", status=422, fields={f"{prefix}.{what}_high": "low_above_high"})


def ensure_customers(ctx: Context, rows: Sequence[NewCustomer]) -> list[tuple[Customer, bool]]:
    """For each row the active customer who has one of its phones, else a new file; True: new.

    Looks past the actor's scope, as registration must. Rows of one batch that share a phone get one file.
    Further free phones of a row are added to the file that was found. Two processes that meet on a new number
    go one after the other (see lock_numbers); an import that meets a registration gets `phone_taken`.
    """
    digests = {n: personal.digest(n) for row in rows for n in row.numbers}
    lock_numbers(ctx, digests.values())
    known = {d: h.customer_id for d, h in holders(ctx, digests.values()).items()}
    slot: dict[str, int] = {}  # digest -> index of the row that makes the file
    makers: list[int] = []
    target: list[int | None] = []  # known customer id, or None: made here
    maker_of: list[int] = []
    for at, row in enumerate(rows):
        own = [digests[n] for n in row.numbers]
        customer_id = next((known[d] for d in own if d in known), None)
        first = next((slot[d] for d in own if d in slot), at)
        target.append(customer_id)
        maker_of.append(first)
        if customer_id is None and first == at:
            makers.append(at)
        if customer_id is None:
            for d in own:
                slot.setdefault(d, first)
    made = dict(
        zip(makers, make_customers(ctx, [_free(rows[i], slot, i, digests) for i in makers]), strict=True)
    )
    ids = {t for t in target if t}
    found = {c.pk: c for c in Customer.objects.filter(project=ctx.here, pk__in=ids)} if ids else {}
    answer = [
        (found[t], False) if t else (made[m], m == at)
        for at, (t, m) in enumerate(zip(target, maker_of, strict=True))
    ]
    _add_free_numbers(ctx, rows, [c for c, _ in answer], digests, known)
    return answer


def _free(row: NewCustomer, slot: dict[str, int], at: int, digests: dict[str, str]) -> NewCustomer:
    row.numbers = [n for n in row.numbers if slot[digests[n]] == at]
    return row


def _add_free_numbers(
    ctx: Context, rows: Sequence[NewCustomer], customers: Sequence[Customer], digests: dict[str, str],
    known: dict[str, int],
) -> None:  # fmt: skip
    """Numbers that nobody has go to the file that their row found."""
    fresh: list[CustomerPhone] = []
    touched: dict[int, Customer] = {}
    seen = set(known) | {d for c in customers for d in _own_digests(c)}
    for row, customer in zip(rows, customers, strict=True):
        numbers = [n for n in row.numbers if digests[n] not in seen]
        if not numbers:
            continue
        seen.update(digests[n] for n in numbers)
        fresh += phone_rows(customer, numbers, has_main=True)
        touched[customer.pk] = customer
    if fresh:
        CustomerPhone.objects.bulk_create(fresh, batch_size=2000)
        for customer in touched.values():
            customer.__dict__.pop("search_numbers", None)
            ctx.event("customer.phone_added", customer, customer_id=customer.pk)
        ctx.index(touched.values())


def _own_digests(customer: Customer) -> list[str]:
    return [t[1:] for t in customer.__dict__.get("search_numbers", ()) if t.startswith("=")]


def ensure_customer(ctx: Context, numbers: Sequence[str], name: str, **columns: Any) -> tuple[Customer, bool]:
    """One file by phone: found or made; `columns` as NewCustomer's fields. The caller locks it if it
    writes."""
    return ensure_customers(ctx, [NewCustomer(name, list(numbers), **columns)])[0]
