"""Writing schemes: drafted, put in force, ended. What is in force never changes (M02)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from pydantic import Field

from anchang.commission import rules
from anchang.commission.models import Award, Role, Scheme
from anchang.commission.models.schemes import MILESTONE_WORDS, Period
from anchang.inventory.dictionaries import product_types
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.binning import put_in_bin, restorable
from anchang.platform.commands import command, creates, edits
from anchang.platform.context import Context
from anchang.platform.inputs import Amount, Day, Input, Label, Line, Name, Quantity, Ref

_Share = Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2, allow_inf_nan=False)]
_ROLES, _PERIODS = dict(Role.choices), dict(Period.choices)
_MODES, _BASES, _SCOPES = dict(Scheme.Mode.choices), dict(Scheme.Base.choices), dict(Scheme.Scope.choices)


class TierRow(Input):
    """A step of the scale; the last one is open above."""

    up_to: Annotated[Any, Label(_("Up to (yuan)"), kind="money")] = None
    rate: Annotated[Line, Label(_("Commission rate"))]


class MilestoneRow(Input):
    """What has to happen before a share of the pay is due; `percent`: of the price, for what is collected."""

    kind: Annotated[
        Literal[rules.MILESTONES],
        Label(_("Milestone"), kind="choice", choices=MILESTONE_WORDS),
    ]
    percent: Annotated[Line, Label(_("Collected %"))] = ""
    share: Annotated[Line, Label(_("Share %"))]


class SchemeInput(Input):
    """`tiers`: [{"up_to": "20000000", "rate": "0.0020"}, …], the last without `up_to`. `milestones`: [{"kind":
    "collected", "percent": "30", "share": "70"}, …]; the shares sum to 100 with the retention."""

    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    name: Annotated[Name, Label(_("Name"))]
    role: Annotated[Literal["consultant", "leader", "agency"], Label(_("Role"), kind="choice", choices=_ROLES)]
    product_type: Annotated[
        str, Field(max_length=30), Label(_("Product type"), kind="choice", choices=product_types)
    ] = ""
    team: Annotated[Ref("teams") | None, Label(_("Team"))] = None
    mode: Annotated[Literal["segmented", "full_jump"], Label(_("Mode"), kind="choice", choices=_MODES)]
    base: Annotated[
        Literal["signed", "collected"], Label(pgettext_lazy("commission", "Base"), kind="choice", choices=_BASES)
    ] = "signed"
    scope: Annotated[Literal["person", "team"], Label(_("Adds up for"), kind="choice", choices=_SCOPES)] = "person"
    period: Annotated[
        Literal["month", "quarter", "year"], Label(_("Adds up over"), kind="choice", choices=_PERIODS)
    ] = "month"
    valid_from: Annotated[Day, Label(_("Valid from"))]
    valid_to: Annotated[Day | None, Label(_("Valid to"))] = None
    tiers: Annotated[Any, Label(_("Tiers"), kind="json", rows=TierRow)]
    milestones: Annotated[Any, Label(_("Milestones"), kind="json", rows=MilestoneRow)]
    retention: Annotated[_Share, Label(_("Retention %"), kind="decimal")] = Decimal(0)
    retention_days: Annotated[int, Field(ge=0, le=3650), Label(_("Days of retention"))] = 0
    pays_connected: Annotated[bool, Label(_("Pays for deals of staff and connected buyers"))] = False


class SchemeEdit(Input):
    name: Annotated[Name | None, Label(_("Name"))] = None
    valid_from: Annotated[Day | None, Label(_("Valid from"))] = None
    valid_to: Annotated[Day | None, Label(_("Valid to"))] = None
    tiers: Annotated[Any, Label(_("Tiers"), kind="json", rows=TierRow)] = None
    milestones: Annotated[Any, Label(_("Milestones"), kind="json", rows=MilestoneRow)] = None
    retention: Annotated[_Share | None, Label(_("Retention %"), kind="decimal")] = None
    retention_days: Annotated[int | None, Field(ge=0, le=3650), Label(_("Days of retention"))] = None
    pays_connected: Annotated[bool | None, Label(_("Pays for deals of staff and connected buyers"))] = None


class EndInput(Input):
    day: Annotated[Day, Label(_("Last day"))]


class AwardInput(Input):
    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    name: Annotated[Name, Label(_("Name"))]
    kind: Annotated[
        Literal["champion", "breakthrough"], Label(_("Kind"), kind="choice", choices=dict(Award.Kind.choices))
    ]
    metric: Annotated[
        Literal["amount", "units", "collection"],
        Label(pgettext_lazy("commission", "By"), kind="choice", choices=dict(Award.Metric.choices)),
    ] = "amount"
    period: Annotated[Literal["month", "quarter", "year"], Label(_("For every"), kind="choice", choices=_PERIODS)] = (
        "month"
    )
    prize: Annotated[Amount, Label(_("Prize"), kind="money")]
    threshold: Annotated[Quantity, Label(_("At least"), kind="money")] = Decimal(0)
    valid_from: Annotated[Day, Label(_("Valid from"))]
    valid_to: Annotated[Day | None, Label(_("Valid to"))] = None


def _columns(row: Input) -> dict[str, Any]:
    return {name: getattr(row, name) for name in type(row).model_fields if name != "project"}


def _check(record: Scheme | Award) -> None:
    """Raises dates_crossed, bad_tiers, bad_milestones or scheme_shares_not_100 (422)."""
    if record.valid_to is not None and record.valid_to < record.valid_from:
        raise DomainError("dates_crossed", status=422, fields={"valid_to": "dates_crossed"})
    if isinstance(record, Scheme):
        rules.read_tiers(record.tiers)
        rules.read_parts(record.milestones, Decimal(record.retention), record.retention_days)


@creates(Scheme, label=_("New commission scheme"))
def add_commission_schemes(ctx: Context, rows: list[SchemeInput]) -> list[Scheme]:
    """Drafts: nothing is reckoned by them before they are put in force."""
    made = [
        Scheme(project=ctx.here, created_by_id=ctx.user_id, **_columns(row))
        for row in rows
    ]  # fmt: skip
    for scheme in made:
        _check(scheme)
    Scheme.objects.bulk_create(made)
    for scheme in made:
        ctx.event("record.created", scheme)
    ctx.index(made, fresh=True)
    return made


def why_not_draft(scheme: Scheme) -> Refusal | None:
    return None if scheme.state == Scheme.State.DRAFT else Refusal("scheme_in_force", {})


@edits(Scheme, label=_("Edit"), refuses=why_not_draft)
def edit_commission_scheme(ctx: Context, scheme: Scheme, data: SchemeEdit) -> Scheme:
    sent = [n for n in data.model_fields_set if n == "valid_to" or getattr(data, n) is not None]
    for name in sent:
        setattr(scheme, name, getattr(data, name))
    _check(scheme)
    if sent:
        scheme.save(update_fields=[*sent, "updated_at"])
        ctx.event("record.edited", scheme, fields=", ".join(sorted(sent)))
        ctx.index([scheme])
        scheme.refresh_from_db()
    return scheme


@command(
    Scheme, verb="activate", label=_("Put in force"), icon="player-play", shape="primary", refuses=why_not_draft,
    show=lambda s: s.state == "draft",
)  # fmt: skip
def activate_scheme(ctx: Context, scheme: Scheme) -> Scheme:
    """From now on signings of its dates are reckoned by it. Those reckoned before change by a recalculation only."""
    _check(scheme)
    scheme.state = Scheme.State.ACTIVE
    scheme.save(update_fields=["state", "updated_at"])
    ctx.event("scheme.activated", scheme, since=scheme.valid_from.isoformat())
    scheme.refresh_from_db()
    return scheme


@command(
    Scheme, verb="end", label=pgettext_lazy("commission", "End"), icon="player-stop",
    refuses=lambda s: None if s.state == "active" else Refusal("state_refused", {"state": s.state}),
    show=lambda s: s.state == "active",
)  # fmt: skip
def end_scheme(ctx: Context, scheme: Scheme, data: EndInput) -> Scheme:
    """Deals signed after the day are no longer reckoned by it. What it reckoned stays."""
    if data.day < scheme.valid_from:
        raise DomainError("scheme_ends_before", status=422, fields={"day": "scheme_ends_before"})
    scheme.valid_to, scheme.state = data.day, Scheme.State.ENDED
    scheme.save(update_fields=["valid_to", "state", "updated_at"])
    ctx.event("scheme.ended", scheme, day=data.day.isoformat())
    scheme.refresh_from_db()
    return scheme


@command(
    Scheme, verb="delete", label=_("Delete"), icon="trash", shape="danger", refuses=why_not_draft,
    show=lambda s: s.state == "draft",
)  # fmt: skip
def delete_scheme(ctx: Context, scheme: Scheme) -> dict[str, Any]:
    return put_in_bin(ctx, scheme)


restorable(Scheme, "restore_scheme")


@creates(Award, label=_("New award"))
def add_commission_awards(ctx: Context, rows: list[AwardInput]) -> list[Award]:
    made = [
        Award(project=ctx.here, created_by_id=ctx.user_id, **_columns(row))
        for row in rows
    ]  # fmt: skip
    for award in made:
        _check(award)
    Award.objects.bulk_create(made)
    for award in made:
        ctx.event("record.created", award)
    ctx.index(made, fresh=True)
    return made


@command(Award, verb="end", label=pgettext_lazy("commission", "End"), icon="player-stop")
def end_award(ctx: Context, award: Award, data: EndInput) -> Award:
    """The award is not given for periods that begin after the day."""
    award.valid_to = data.day
    _check(award)
    award.save(update_fields=["valid_to", "updated_at"])
    ctx.event("record.edited", award, fields="valid_to")
    award.refresh_from_db()
    return award


def in_force(award: Award, first: Any) -> bool:
    return award.valid_from <= first and (award.valid_to is None or first <= award.valid_to)
