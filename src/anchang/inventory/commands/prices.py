"""Price lists: drafting, approval, publication; adjustments of the marked price."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.db import connection
from django.db.models import Max, QuerySet
from django.utils.translation import gettext_lazy as _
from pydantic import Field as PydanticField

from anchang.inventory import rules
from anchang.inventory.commands.heads import former_head
from anchang.inventory.commands.states import ManyUnits, announce, chosen_units
from anchang.inventory.models import Licence, PriceChange, PriceList, PriceRow, Unit
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.commands import command, creates, edits, project_command
from anchang.platform.context import Context
from anchang.platform.inputs import Amount, Day, Input, Label, Line, Money, Reason, Ref

#: Above this many cells an open board reads itself anew instead of taking each cell from an event.
CELLS_PER_COMMAND = 500
Percent = Annotated[Decimal, PydanticField(gt=-100, lt=1000, max_digits=9, decimal_places=4)]


# --- drafting ------------------------------------------------------------------------------------


class PriceListInput(Input):
    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    licence: Annotated[Ref("licences"), Label(_("Licence"))]
    name: Annotated[str, Label(_("Name")), PydanticField(max_length=100)] = ""
    copy_current: Annotated[bool, Label(_("Start from the published list"))] = True
    note: Annotated[Line, Label(_("Note"))] = ""


class PriceListEdit(Input):
    name: Annotated[str | None, Label(_("Name")), PydanticField(max_length=100)] = None
    note: Annotated[Line | None, Label(_("Note"))] = None


class RowInput(Input):
    unit: Annotated[int, Label(_("Unit"))]
    unit_price: Annotated[Amount | None, Label(_("Unit price on the unit's basis"))] = None
    list_total: Annotated[Amount | None, Label(_("List total"))] = None
    floor_total: Annotated[Amount | None, Label(_("Floor total"))] = None
    discounts: Annotated[str, Label(_("Discounts and their conditions")), PydanticField(max_length=1000)] = ""


class RowsInput(Input):
    rows: Annotated[
        list[RowInput], Label(_("Prices"), kind="json"), PydanticField(min_length=1, max_length=10_000)
    ]


class DraftAdjustment(Input):
    amount: Annotated[Money, Label(_("Yuan per ㎡ (per unit where priced by unit)"))] = Decimal(0)
    percent: Annotated[Percent, Label(_("Percent"), kind="percent")] = Decimal(0)


def why_not_draft(price_list: PriceList) -> Refusal | None:
    return None if price_list.state == PriceList.State.DRAFT else Refusal("price_list_not_draft")


@creates(PriceList, label=_("New price list"))
def add_price_lists(ctx: Context, rows: list[PriceListInput]) -> list[PriceList]:
    """A draft of the next edition of a licence's list, with the published prices to start from."""
    made = []
    for row in rows:
        price_list = new_edition(ctx, row.licence, name=row.name, note=row.note)
        if row.copy_current:
            copy_current_rows(ctx, price_list)
        ctx.event("price_list.drafted", price_list, title=price_list.name)
        made.append(price_list)
    return made


@edits(PriceList, label=_("Edit"), refuses=why_not_draft)
def edit_price_list(ctx: Context, price_list: PriceList, data: PriceListEdit) -> PriceList:
    for name in data.model_fields_set:
        setattr(price_list, name, getattr(data, name) or "")
    price_list.save(update_fields=[*data.model_fields_set, "updated_at"])
    return price_list


@command(PriceList, verb="set-prices", label=_("Set prices"), refuses=why_not_draft, shape="")
def set_prices(ctx: Context, price_list: PriceList, data: RowsInput) -> PriceList:
    """Write rows of a draft: a total, or a unit price times the basis area. Other rows stay."""
    wanted = {row.unit: row for row in data.rows}
    units = Unit.objects.filter(project=ctx.here, licence=price_list.licence_id).in_bulk(list(wanted))
    missing = sorted(set(wanted) - set(units))
    if missing:
        raise DomainError("bad_input", status=422, fields={"rows": "not_found"}, unit=missing[0])
    put_rows(ctx, price_list, [priced_row(price_list, units[pk], row) for pk, row in wanted.items()])
    ctx.event("price_list.priced", price_list, title=price_list.name, count=len(wanted))
    return price_list


@command(PriceList, verb="adjust", label=_("Adjust prices"), refuses=why_not_draft)
def adjust_draft(ctx: Context, price_list: PriceList, data: DraftAdjustment) -> PriceList:
    """Move every unit price of the draft by an amount and a percentage."""
    rows = list(PriceRow.objects.filter(project=ctx.here, price_list=price_list).select_related("unit"))
    for row in rows:
        unit_price = basis_price(row.basis, row.gross_unit_price, row.inner_unit_price, row.list_total)
        new = rules.adjusted_price(unit_price, amount=data.amount, percent=data.percent)
        fill_row(row, list_total(row, new), new)
    PriceRow.objects.bulk_update(
        rows, ["list_total", "gross_unit_price", "inner_unit_price"], batch_size=1000
    )
    ctx.event("price_list.priced", price_list, title=price_list.name, count=len(rows))
    return price_list


def basis_price(basis: str, gross: Decimal | None, inner: Decimal | None, total: Decimal) -> Decimal:
    """The price that the basis multiplies; for UNIT the total."""
    found = {"gross": gross, "inner": inner}.get(basis, total)
    return total if found is None else found


def new_edition(
    ctx: Context,
    licence: Licence | None,
    *,
    name: str = "",
    note: str = "",
    facts: dict[str, Any] | None = None,
) -> PriceList:
    """An empty draft with the licence's next edition number, which is taken under the licence's lock. Its head begins
    as the former one's; `facts` are newer."""
    if licence is not None:
        Licence.objects.select_for_update(no_key=True).get(pk=licence.pk)
    last = PriceList.everything.filter(project=ctx.here, licence=licence).aggregate(Max("edition"))
    edition = (last["edition__max"] or 0) + 1
    return PriceList.objects.create(
        project=ctx.here, licence=licence, edition=edition, note=note,
        facts={**former_head(ctx, licence), **(facts or {})},
        name=name or f"{licence.number if licence else ctx.here.name} V{edition}"[:100],
        created_by_id=ctx.user_id,
    )  # fmt: skip


def current_rows(ctx: Context, licence: Licence | None) -> QuerySet[PriceRow]:
    """Rows of the list in force (for no licence: the newest draft)."""
    lists = PriceList.objects.filter(project=ctx.here, licence=licence)
    lists = lists.filter(state="published") if licence else lists.order_by("-edition")
    found = lists.values_list("pk", flat=True).first()
    return PriceRow.objects.filter(project=ctx.here, price_list_id=found)


def copy_current_rows(ctx: Context, price_list: PriceList, without: Iterable[int] = ()) -> None:
    rows = list(current_rows(ctx, price_list.licence).exclude(unit_id__in=list(without)))
    for row in rows:
        row.pk, row.price_list, row.published = None, price_list, False
        row._state.adding = True
    PriceRow.objects.bulk_create(rows, batch_size=1000)


def priced_row(price_list: PriceList, unit: Unit, data: RowInput) -> PriceRow:
    """A row from what was typed. 422 without a total and without unit price and area."""
    row = blank_row(price_list, unit)
    row.floor_total, row.discounts = data.floor_total, data.discounts
    basis = rules.PriceBasis(unit.price_basis)
    if data.list_total is not None:
        fill_row(row, data.list_total, data.unit_price)
    elif data.unit_price is not None and (basis == "unit" or row_area(row) is not None):
        total = list_total(row, data.unit_price)
        fill_row(row, total, data.unit_price)
    else:
        raise DomainError("bad_input", status=422, fields={"rows": "required"}, unit=unit.label)
    return row


def blank_row(price_list: PriceList, unit: Unit) -> PriceRow:
    return PriceRow(
        project_id=unit.project_id, price_list=price_list, unit=unit, basis=unit.price_basis,
        gross_area=unit.gross_area, inner_area=unit.inner_area,
    )  # fmt: skip


def list_total(row: PriceRow, unit_price: Decimal) -> Decimal:
    nothing = Decimal(0)
    basis = rules.PriceBasis(row.basis)
    return rules.list_total(basis, unit_price, row.gross_area or nothing, row.inner_area or nothing)


def row_area(row: PriceRow) -> Decimal | None:
    return row.inner_area if row.basis == "inner" else row.gross_area


def fill_row(row: PriceRow, total: Decimal, unit_price: Decimal | None = None) -> None:
    """Total and both unit prices; the one on the basis as given, the other from the total, for display."""
    gross, inner = rules.list_unit_prices(total, row.gross_area or Decimal(0), row.inner_area or Decimal(0))
    row.list_total = total
    row.gross_unit_price = unit_price if unit_price is not None and row.basis == "gross" else gross
    row.inner_unit_price = unit_price if unit_price is not None and row.basis == "inner" else inner


def put_rows(ctx: Context, price_list: PriceList, rows: Sequence[PriceRow]) -> None:
    PriceRow.objects.bulk_create(
        rows, batch_size=1000, update_conflicts=True, unique_fields=["project", "price_list", "unit"],
        update_fields=[
            "basis", "gross_area", "inner_area", "gross_unit_price", "inner_unit_price", "list_total",
            "floor_total", "discounts",
        ],
    )  # fmt: skip


# --- approval and publication --------------------------------------------------------------------


class PublishInput(Input):
    filed_number: Annotated[str, Label(_("Filing number")), PydanticField(max_length=60)] = ""
    published_on: Annotated[Day | None, Label(_("Published on"))] = None


def why_not_publish(price_list: PriceList) -> Refusal | None:
    if price_list.state != PriceList.State.APPROVED:
        return Refusal("price_list_not_approved")
    if price_list.effective_on and price_list.effective_on > price_list.project.today():
        return Refusal("price_list_not_effective", {"date": price_list.effective_on.isoformat()})
    return None if price_list.licence_id else Refusal("no_licence")


@command(
    PriceList, verb="approve", label=_("Approve"), shape="primary", refuses=why_not_draft,
    show=lambda price_list: price_list.state == PriceList.State.DRAFT,
)  # fmt: skip
def approve_price_list(ctx: Context, price_list: PriceList) -> PriceList:
    """Every permitted unit must have its price: all are made public at once."""
    rows = PriceRow.objects.filter(project=ctx.here, price_list=price_list)
    unpriced = Unit.objects.filter(project=ctx.here, licence=price_list.licence_id, legacy_sold=False)
    left = unpriced.exclude(pk__in=rows.values("unit_id"))
    if price_list.licence_id is None or not rows.exists():
        raise DomainError("no_licence" if price_list.licence_id is None else "price_list_empty")
    if first := left.order_by("sort_key").first():
        raise DomainError("units_without_price", unit=first.label, count=left.count())
    price_list.state, price_list.approved_at = PriceList.State.APPROVED, ctx.now
    price_list.approved_by_id = ctx.user_id
    price_list.save(update_fields=["state", "approved_at", "approved_by", "updated_at"])
    ctx.event("price_list.approved", price_list, title=price_list.name)
    return price_list


@command(
    PriceList, verb="reopen", label=_("Back to draft"),
    show=lambda price_list: price_list.state == PriceList.State.APPROVED,
)  # fmt: skip
def reopen_price_list(ctx: Context, price_list: PriceList) -> PriceList:
    if price_list.state != PriceList.State.APPROVED:
        raise DomainError("price_list_not_approved")
    price_list.state, price_list.approved_by_id, price_list.approved_at = PriceList.State.DRAFT, None, None
    price_list.publish_on = None
    price_list.save(update_fields=["state", "approved_at", "approved_by", "publish_on", "updated_at"])
    ctx.event("price_list.reopened", price_list, title=price_list.name)
    return price_list


@command(
    PriceList, verb="publish", label=_("Publish"), shape="primary", refuses=why_not_publish,
    show=lambda price_list: price_list.state == PriceList.State.APPROVED,
)  # fmt: skip
def publish_price_list(ctx: Context, price_list: PriceList, data: PublishInput) -> PriceList:
    """Make the list the one in force: its totals become the marked prices of its units. The former edition is
    superseded and stays. With a day to come the approved list waits for it, and prices stay as they are."""
    on = data.published_on or ctx.business_date
    price_list.publish_on = on
    if on <= ctx.business_date:
        publish(ctx, price_list, on=on, filed_number=data.filed_number)
        return price_list
    price_list.filed_number = data.filed_number
    price_list.save(update_fields=["publish_on", "filed_number", "updated_at"])
    ctx.event("price_list.scheduled", price_list, title=price_list.name, on=on.isoformat())
    return price_list


def publish_due_lists(ctx: Context) -> int:
    """Put approved lists in force whose day has come, the older edition first."""
    due = PriceList.objects.select_for_update(no_key=True, of=("self",)).filter(
        project=ctx.here, state=PriceList.State.APPROVED, publish_on__lte=ctx.business_date
    )
    found = list(due.order_by("publish_on", "edition"))
    for price_list in found:
        publish(ctx, price_list, on=price_list.publish_on or ctx.business_date, filed_number=price_list.filed_number)
    return len(found)


def publish(ctx: Context, price_list: PriceList, *, on: dt.date, filed_number: str = "") -> list[Unit]:
    """Publish without asking for approval again (an import publishes a list that already is public)."""
    units = _locked_units(ctx, price_list)
    PriceList.objects.filter(
        project=ctx.here, licence=price_list.licence_id, state=PriceList.State.PUBLISHED
    ).exclude(pk=price_list.pk).update(state=PriceList.State.SUPERSEDED, updated_at=ctx.now)
    price_list.state, price_list.published_on = PriceList.State.PUBLISHED, on
    price_list.filed_number = filed_number
    price_list.save(update_fields=["state", "published_on", "publish_on", "filed_number", "facts", "updated_at"])
    PriceRow.objects.filter(project=ctx.here, price_list=price_list).update(published=True)
    mark_prices(ctx, price_list, units, price_list.name)
    ctx.event("price_list.published", price_list, title=price_list.name, count=len(units))
    return units


def _locked_units(ctx: Context, price_list: PriceList) -> list[Unit]:
    priced = PriceRow.objects.filter(project=ctx.here, price_list=price_list).values("unit_id")
    rows = Unit.objects.filter(project=ctx.here, pk__in=priced).order_by("pk")
    return list(rows.select_for_update(no_key=True, of=("self",)))


def mark_prices(ctx: Context, price_list: PriceList, units: Sequence[Unit], reason: str) -> None:
    """The rows' totals become the units' marked prices, with history; filed ones if the list is published."""
    rows = {r.unit_id: r for r in PriceRow.objects.filter(project=ctx.here, price_list=price_list)}
    published = price_list.state == PriceList.State.PUBLISHED
    changes = [
        price_change(ctx, unit, rows[unit.pk].list_total, rows[unit.pk].floor_total, reason, price_list)
        for unit in units
        if (unit.list_total, unit.floor_total) != (rows[unit.pk].list_total, rows[unit.pk].floor_total)
    ]
    PriceChange.objects.bulk_create(changes, batch_size=2000)
    for unit in units:
        row = rows[unit.pk]
        unit.list_total, unit.floor_total = row.list_total, row.floor_total
        unit.filed_total = row.list_total if published else None
        unit.list_unit_price = (
            None if row.basis == "unit"
            else basis_price(row.basis, row.gross_unit_price, row.inner_unit_price, row.list_total)
        )  # fmt: skip
        unit.price_list = price_list if published else None
        unit.version += 1
    _copy_prices(ctx, price_list, published)
    if len(units) <= CELLS_PER_COMMAND:
        announce(ctx, units)


# One join instead of a sub-select per column and unit.
_COPY_PRICES = """
    UPDATE inventory_unit u
       SET list_total = r.list_total, floor_total = r.floor_total,
           filed_total = CASE WHEN %(published)s THEN r.list_total END,
           list_unit_price = CASE r.basis WHEN 'gross' THEN coalesce(r.gross_unit_price, r.list_total)
                                          WHEN 'inner' THEN coalesce(r.inner_unit_price, r.list_total) END,
           price_list_id = CASE WHEN %(published)s THEN r.price_list_id END,
           updated_at = %(now)s
      FROM inventory_pricerow r
     WHERE r.project_id = %(project)s AND r.price_list_id = %(price_list)s
       AND u.project_id = r.project_id AND u.id = r.unit_id AND (%(published)s OR u.price_list_id IS NULL)"""


def _copy_prices(ctx: Context, price_list: PriceList, published: bool) -> None:
    params: dict[str, Any] = {
        "published": published, "now": ctx.now, "project": ctx.here.pk, "price_list": price_list.pk,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_COPY_PRICES, params)


def price_change(
    ctx: Context,
    unit: Unit,
    new: Decimal,
    new_floor: Decimal | None,
    reason: str,
    price_list: PriceList | None,
) -> PriceChange:
    return PriceChange(
        project=ctx.here, unit=unit, price_list=price_list, at=ctx.now, business_date=ctx.business_date,
        old_total=unit.list_total, new_total=new, old_floor_total=unit.floor_total, new_floor_total=new_floor,
        reason=reason[:200], actor_id=ctx.user_id, actor_name=ctx.actor.name,
    )  # fmt: skip


# --- adjustment of marked prices -----------------------------------------------------------------


class PriceShift(Input):
    """By how much marked totals move, and why."""

    target: Annotated[
        Literal["list", "floor"],
        Label(_("Price"), kind="choice", choices={"list": _("List price"), "floor": _("Floor price")}),
    ] = "list"  # fmt: skip
    amount: Annotated[Money, Label(_("Yuan on the total"))] = Decimal(0)
    percent: Annotated[Percent, Label(_("Percent"), kind="percent")] = Decimal(0)
    reason: Annotated[Reason, Label(_("Reason"))]

    def check(self) -> None:
        """Raises bad_input when nothing would move."""
        if not self.amount and not self.percent:
            raise DomainError("bad_input", status=422, fields={"amount": "required"})


class AdjustInput(PriceShift, ManyUnits):
    pass


@project_command(Unit, verb="adjust-prices", label=_("Adjust prices"), permission="units.adjust-prices")
def adjust_prices(ctx: Context, data: AdjustInput) -> dict[str, Any]:
    """Move marked or floor totals by yuan and/or percent. The price history stays.

    Raises `rise_needs_new_list` when a total would be above the filed one, `unit_taken` for a unit in a deal,
    `no_list_price` for one without a price.
    """
    data.check()
    units = chosen_units(ctx, data)
    if not data.units:
        units = [u for u in units if u.state not in rules.IN_DEAL]
    changes = [_adjusted(ctx, unit, data) for unit in units]
    PriceChange.objects.bulk_create(changes, batch_size=2000)
    for unit, change in zip(units, changes, strict=True):
        _take_price(unit, change)
    Unit.objects.bulk_update(
        units, ["list_total", "list_unit_price", "floor_total", "updated_at"], batch_size=1000
    )
    for unit in units:
        unit.version += 1
        ctx.event("unit.repriced", unit, unit=unit.label, total=str(unit.list_total), reason=data.reason)
    if len(units) <= CELLS_PER_COMMAND:
        announce(ctx, units)
    return {"changed": len(units), "units": [u.pk for u in units]}


def _adjusted(ctx: Context, unit: Unit, data: AdjustInput) -> PriceChange:
    if unit.state in rules.IN_DEAL:
        raise DomainError("unit_taken", unit=unit.label, state=unit.state)
    total, floor = unit.list_total, unit.floor_total
    old = total if data.target == "list" else floor
    if old is None or total is None:
        raise DomainError("no_list_price", unit=unit.label)
    new = rules.adjusted_price(old, amount=data.amount, percent=data.percent)
    if data.target == "floor":
        return price_change(ctx, unit, total, new, data.reason, unit.price_list)
    if unit.filed_total is not None and new > unit.filed_total:
        raise DomainError("rise_needs_new_list", unit=unit.label, filed=str(unit.filed_total), total=str(new))
    return price_change(ctx, unit, new, floor, data.reason, unit.price_list)


def _take_price(unit: Unit, change: PriceChange) -> None:
    unit.list_total, unit.floor_total = change.new_total, change.new_floor_total
    gross, inner = rules.list_unit_prices(
        change.new_total, unit.gross_area or Decimal(0), unit.inner_area or Decimal(0)
    )
    if change.old_total != change.new_total:
        unit.list_unit_price = {"gross": gross, "inner": inner}.get(unit.price_basis)
