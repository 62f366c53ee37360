"""Price schemes: draft, trial against targets, approval by somebody else, and the price lists they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.db import connection
from django.db.models import Max
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from pydantic import Field as PydanticField

from anchang.inventory import rules
from anchang.inventory.commands import repricing
from anchang.inventory.commands.prices import copy_current_rows, mark_prices, new_edition
from anchang.inventory.commands.scheme import UNITS_ASKED, check_unit_condition
from anchang.inventory.commands.tree import set_sent
from anchang.inventory.dictionaries import buildings_named, discounts_named, product_types
from anchang.inventory.models import Building, Licence, PriceList, PriceScheme, SchemePrice, Unit
from anchang.inventory.words import ROUNDING_WORDS
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.commands import command, creates, edits
from anchang.platform.context import Context
from anchang.platform.inputs import Amount, Day, Input, Label, Line, Reason, Ref

_ROUNDING = Label(_("Rounding of list totals"), kind="choice", choices=ROUNDING_WORDS)
Rounding = Literal["half_up:0.01", "half_up:1", "down:1", "down:10", "down:100", "down:1000", "up:1"]
Ratio = Annotated[Decimal, PydanticField(gt=0, le=1, max_digits=6, decimal_places=4)]
Codes = Annotated[list[Annotated[str, PydanticField(min_length=1, max_length=30)]], PydanticField(max_length=10)]
Type = Annotated[str, PydanticField(max_length=30)]
Name = Annotated[str, PydanticField(min_length=1, max_length=50)]
Factors = Annotated[list[dict[str, Any]], PydanticField(max_length=rules.MAX_FACTORS)]
Targets = Annotated[list[dict[str, Any]], PydanticField(max_length=1000)]


class TargetRow(Input):
    """What a building, or the whole scheme, shall bring."""

    building: Annotated[Line, Label(_("Building"), "choice", choices=buildings_named)] = ""
    average: Annotated[Amount | None, Label(_("Average price"), "money")] = None
    total: Annotated[Amount | None, Label(_("Total"), "money")] = None


class SchemeInput(Input):
    """`factors`: [{name, dimension, kind amount|percent|fixed, lines: [{is | from, to | where, value, label?}]}];
    `targets`: [{building?, average?, total?}]."""

    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    name: Annotated[Name, Label(_("Name"))]
    licence: Annotated[Ref("licences") | None, Label(_("Licence"))] = None
    product_type: Annotated[Type, Label(_("Product type"), "choice", choices=product_types)] = ""
    unit_condition: Annotated[dict[str, Any], Label(_("Units"), condition=UNITS_ASKED)] = {}
    base_price: Annotated[Amount, Label(_("Base price"))]
    floor_ratio: Annotated[Ratio | None, Label(_("Floor price as part of the list price"), kind="decimal")] = None
    rounding: Annotated[Rounding, _ROUNDING] = "half_up:0.01"
    factors: Annotated[Factors, Label(_("Price factors"), form=False)] = []
    targets: Annotated[Targets, Label(pgettext_lazy("price scheme", "Targets"), rows=TargetRow)] = []
    payment_plan: Annotated[Ref("payment-plans") | None, Label(_("Payment plan"))] = None
    discounts: Annotated[Codes, Label(_("Discounts"), choices=discounts_named)] = []
    effective_on: Annotated[Day | None, Label(_("Effective on"))] = None
    note: Annotated[Line, Label(_("Note"))] = ""


class SchemeEdit(Input):
    licence: Annotated[Ref("licences") | None, Label(_("Licence"))] = None
    product_type: Annotated[Type | None, Label(_("Product type"), "choice", choices=product_types)] = None
    unit_condition: Annotated[dict[str, Any] | None, Label(_("Units"), condition=UNITS_ASKED)] = None
    base_price: Annotated[Amount | None, Label(_("Base price"))] = None
    floor_ratio: Annotated[Ratio | None, Label(_("Floor price as part of the list price"), kind="decimal")] = None
    rounding: Annotated[Rounding | None, _ROUNDING] = None
    factors: Annotated[Factors | None, Label(_("Price factors"), form=False)] = None
    targets: Annotated[Targets | None, Label(pgettext_lazy("price scheme", "Targets"), rows=TargetRow)] = None
    payment_plan: Annotated[Ref("payment-plans") | None, Label(_("Payment plan"))] = None
    discounts: Annotated[Codes | None, Label(_("Discounts"), choices=discounts_named)] = None
    effective_on: Annotated[Day | None, Label(_("Effective on"))] = None
    note: Annotated[Line | None, Label(_("Note"))] = None


class TrialInput(Input):
    base_price: Annotated[Amount | None, Label(_("Base price to try"))] = None


class OpinionInput(Input):
    opinion: Annotated[Line, Label(_("Opinion"))] = ""


class RefusalInput(Input):
    opinion: Annotated[Reason, Label(_("Reason"))]


def _only(*states: str) -> Any:
    def refuses(scheme: PriceScheme) -> Refusal | None:
        return None if scheme.state in states else Refusal("state_refused", {"state": scheme.state})

    return refuses


def _shown(*states: str) -> Any:
    return lambda scheme: scheme.state in states


# --- drafting ------------------------------------------------------------------------------------


@creates(PriceScheme, label=_("New price scheme"))
def add_price_schemes(ctx: Context, rows: list[SchemeInput]) -> list[PriceScheme]:
    """Drafts; a name that exists gets its next version."""
    made = []
    for row in rows:
        values = row.model_dump(exclude={"project", "licence", "payment_plan", "effective_on"})
        edition = _next_edition(ctx, row.name)
        scheme = PriceScheme(
            project=ctx.here, created_by_id=ctx.user_id, edition=edition, title=_title(row.name, edition),
            licence=row.licence, payment_plan=row.payment_plan,
            effective_on=row.effective_on or ctx.business_date, **values,
        )  # fmt: skip
        check_scheme(ctx, scheme)
        scheme.save(force_insert=True)
        ctx.event("record.created", scheme)
        made.append(scheme)
    return made


@edits(PriceScheme, label=_("Edit"), refuses=_only("draft"))
def edit_price_scheme(ctx: Context, scheme: PriceScheme, data: SchemeEdit) -> PriceScheme:
    set_sent(scheme, data, empty={
        "product_type": "", "unit_condition": {}, "factors": [], "targets": [], "discounts": [], "note": "",
    })  # fmt: skip
    check_scheme(ctx, scheme)
    ctx.event("record.edited", scheme, fields=", ".join(sorted(data.model_fields_set)))
    return scheme


def check_scheme(ctx: Context, scheme: PriceScheme) -> None:
    """Factors, targets and discounts are readable, conditions ask of the unit's own fields."""
    factors = rules.read_factors(scheme.factors)
    rules.read_targets(scheme.targets)
    for condition in (scheme.unit_condition, *(line.where for f in factors for line in f.lines)):
        if condition:
            check_unit_condition(dict(condition))
    repricing.terms_of(ctx, scheme)


def _next_edition(ctx: Context, name: str) -> int:
    last = PriceScheme.everything.filter(project=ctx.here, name=name).aggregate(Max("edition"))["edition__max"]
    return (last or 0) + 1


def _title(name: str, edition: int) -> str:
    return f"{name} V{edition}"


@command(PriceScheme, verb="new-version", label=_("New version"), lock=False)
def new_scheme_version(ctx: Context, scheme: PriceScheme) -> PriceScheme:
    """A draft like this one; the old version stays in force until the new one is approved."""
    edition = _next_edition(ctx, scheme.name)
    copy = PriceScheme(
        project=ctx.here, created_by_id=ctx.user_id, name=scheme.name, edition=edition,
        title=_title(scheme.name, edition),
        previous=scheme, licence_id=scheme.licence_id, product_type=scheme.product_type,
        unit_condition=scheme.unit_condition, base_price=scheme.base_price, floor_ratio=scheme.floor_ratio,
        rounding=scheme.rounding, factors=scheme.factors, targets=scheme.targets,
        payment_plan_id=scheme.payment_plan_id, discounts=scheme.discounts,
        effective_on=max(scheme.effective_on, ctx.business_date), note=scheme.note,
    )  # fmt: skip
    copy.save(force_insert=True)
    ctx.event("record.created", copy)
    return copy


# --- trial ---------------------------------------------------------------------------------------


@command(PriceScheme, verb="trial", label=_("Trial calculation"), lock=False, shape="")
def try_scheme(ctx: Context, scheme: PriceScheme, data: TrialInput) -> dict[str, Any]:
    """Totals and averages per building and in all, and the differences to the targets. Writes nothing."""
    lines = trial_lines(ctx, scheme, data.base_price)
    return {
        "scheme": {"id": scheme.pk, "label": str(scheme)},
        "base_price": str(data.base_price or scheme.base_price),
        "lines": [{k: str(v) if isinstance(v, Decimal) else v for k, v in asdict(line).items()} for line in lines],
    }


def trial_lines(ctx: Context, scheme: PriceScheme, base: Decimal | None = None) -> list[rules.TrialLine]:
    """All first, then the buildings in their order."""
    terms = repricing.terms_of(ctx, scheme, base)
    targets = rules.read_targets(scheme.targets)
    buildings = dict(
        Building.everything.filter(project=ctx.here).order_by("position", "pk").values_list("pk", "code")
    )
    sums = {row[0]: row[1:] for row in repricing.sums(ctx, scheme, terms)}
    if not sums or not sums[None][0]:
        raise DomainError("scheme_without_units", status=422)
    order = [None, *[pk for pk in buildings if pk in sums]]
    found = []
    for pk in order:
        units, gross, total, net, old = sums[pk]
        found.append(rules.trial_line(buildings[pk] if pk else None, units, gross, total, net, old, targets))
    return found


# --- approval ------------------------------------------------------------------------------------


@command(
    PriceScheme, verb="submit", label=_("Submit for approval"), shape="primary", icon="send",
    refuses=_only("draft"), show=_shown("draft"),
)  # fmt: skip
def submit_scheme(ctx: Context, scheme: PriceScheme) -> PriceScheme:
    """Fix the scheme and write the price that it gives each unit: what is approved is exactly this."""
    check_scheme(ctx, scheme)
    if not repricing.store(ctx, scheme, repricing.terms_of(ctx, scheme)):
        raise DomainError("scheme_without_units", status=422)
    scheme.submitted_by_id, scheme.submitted_at = ctx.user_id, ctx.now
    scheme.decided_by_id, scheme.decided_at, scheme.opinion = None, None, ""
    _move(
        ctx, scheme, PriceScheme.State.SUBMITTED, "submitted_by", "submitted_at", "decided_by", "decided_at", "opinion"
    )
    return scheme


@command(
    PriceScheme, verb="approve", label=_("Approve"), shape="primary", icon="check",
    refuses=_only("submitted"), show=_shown("submitted"),
)  # fmt: skip
def approve_scheme(ctx: Context, scheme: PriceScheme, data: OpinionInput) -> PriceScheme:
    """Agreed by somebody other than who submitted it. The former version of the name is superseded."""
    _decide(ctx, scheme, data.opinion)
    PriceScheme.objects.filter(project=ctx.here, name=scheme.name, state__in=("approved", "applied")).exclude(
        pk=scheme.pk
    ).update(state=PriceScheme.State.SUPERSEDED, updated_at=ctx.now)
    _move(ctx, scheme, PriceScheme.State.APPROVED, "decided_by", "decided_at", "opinion")
    ctx.notify([scheme.submitted_by_id], "price_scheme_decided", scheme, title=str(scheme))
    return scheme


@command(
    PriceScheme, verb="refuse", label=_("Refuse"), shape="danger", icon="x", refuses=_only("submitted"),
    show=_shown("submitted"),
)  # fmt: skip
def refuse_scheme(ctx: Context, scheme: PriceScheme, data: RefusalInput) -> PriceScheme:
    """Back to draft, with the reason."""
    _decide(ctx, scheme, data.opinion)
    _move(ctx, scheme, PriceScheme.State.DRAFT, "decided_by", "decided_at", "opinion")
    ctx.notify([scheme.submitted_by_id], "price_scheme_decided", scheme, title=str(scheme))
    return scheme


def _decide(ctx: Context, scheme: PriceScheme, opinion: str) -> None:
    check_other_person(ctx, scheme.submitted_by_id)
    scheme.decided_by_id, scheme.decided_at, scheme.opinion = ctx.user_id, ctx.now, opinion


def check_other_person(ctx: Context, submitted_by: int | None) -> None:
    """Nobody approves what he asked for."""
    if ctx.user_id is not None and ctx.user_id == submitted_by:
        raise DomainError("own_request", status=403)


def _move(ctx: Context, scheme: PriceScheme, to: str, *more: str) -> None:
    old, scheme.state = scheme.state, to
    scheme.save(update_fields=["state", *more, "updated_at"])
    ctx.event("price_scheme.state", scheme, title=str(scheme), old=old, new=to)


# --- price lists ---------------------------------------------------------------------------------


@command(
    PriceScheme, verb="apply", label=_("Make price lists"), shape="primary", icon="report-money",
    refuses=_only("approved"), show=_shown("approved"),
)  # fmt: skip
def apply_scheme(ctx: Context, scheme: PriceScheme) -> PriceScheme:
    """An approved next edition for every licence of the scheme's units, to be filed and published from the day that
    the scheme takes effect. Units without a licence get their marked price at once: nothing of them is on sale.

    Raises `state_refused` unless approved. Units of a licence that the scheme doesn't price keep their prices.
    """
    priced = SchemePrice.objects.filter(project=ctx.here, scheme=scheme)
    licences = sorted(set(priced.values_list("unit__licence_id", flat=True)), key=lambda pk: (pk is None, pk))
    for pk in licences:
        licence = None if pk is None else Licence.objects.get(pk=pk)
        _make_list(ctx, scheme, licence)
    _move(ctx, scheme, PriceScheme.State.APPLIED)
    return scheme


def _make_list(ctx: Context, scheme: PriceScheme, licence: Licence | None) -> PriceList:
    price_list = new_edition(ctx, licence, note=str(scheme))
    copy_current_rows(
        ctx, price_list, SchemePrice.objects.filter(project=ctx.here, scheme=scheme).values_list("unit_id", flat=True)
    )
    _copy_prices(ctx, scheme, price_list)
    price_list.scheme, price_list.effective_on = scheme, scheme.effective_on
    if licence is not None:
        price_list.state, price_list.approved_at = PriceList.State.APPROVED, scheme.decided_at
        price_list.approved_by_id = scheme.decided_by_id
    price_list.save(
        update_fields=["scheme", "effective_on", "state", "approved_at", "approved_by", "updated_at"]
    )
    if licence is None:
        _mark_unlicensed(ctx, price_list)
    ctx.event("price_list.drafted", price_list, title=price_list.name)
    return price_list


_COPY = """
    INSERT INTO inventory_pricerow (project_id, price_list_id, unit_id, basis, gross_area, inner_area,
           gross_unit_price, inner_unit_price, list_total, floor_total, discounts, published)
    SELECT s.project_id, %(price_list)s, s.unit_id, s.basis, s.gross_area, s.inner_area,
           CASE WHEN s.basis = 'gross' THEN s.unit_price ELSE round(s.list_total / nullif(s.gross_area, 0), 2) END,
           CASE WHEN s.basis = 'inner' THEN s.unit_price ELSE round(s.list_total / nullif(s.inner_area, 0), 2) END,
           s.list_total, s.floor_total, %(words)s, false
      FROM inventory_schemeprice s JOIN inventory_unit u ON u.project_id = s.project_id AND u.id = s.unit_id
     WHERE s.project_id = %(project)s AND s.scheme_id = %(scheme)s AND u.licence_id IS NOT DISTINCT FROM %(licence)s"""


def _copy_prices(ctx: Context, scheme: PriceScheme, price_list: PriceList) -> None:
    names = [rule.label for rule, _ in repricing.terms_of(ctx, scheme).discounts]
    with connection.cursor() as cursor:
        cursor.execute(_COPY, {
            "price_list": price_list.pk, "project": ctx.here.pk, "scheme": scheme.pk,
            "licence": price_list.licence_id, "words": "；".join(names)[:1000],
        })  # fmt: skip


def _mark_unlicensed(ctx: Context, price_list: PriceList) -> None:
    rows = SchemePrice.objects.filter(project=ctx.here, scheme_id=price_list.scheme_id).values("unit_id")
    units: Sequence[Unit] = list(
        Unit.objects.filter(project=ctx.here, licence=None, price_list=None, pk__in=rows)
        .select_for_update(no_key=True, of=("self",)).order_by("pk")
    )  # fmt: skip
    mark_prices(ctx, price_list, units, price_list.name)
