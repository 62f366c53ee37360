"""What people do with lines: confirm, hold in a dispute, go on; who shares a deal; recalculation."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _

from anchang.commission import queries, rules
from anchang.commission.commands.following import Difference, follow, one_at_a_time, refresh_sums
from anchang.commission.models import Earning, Line, Scheme, Split
from anchang.deals.models import Deal
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.commands import command, project_command
from anchang.platform.context import Context
from anchang.platform.inputs import Day, Input, Label, Reason, Ref
from anchang.platform.models import User


def why_not_confirm(line: Line) -> Refusal | None:
    return None if line.state == Line.State.ACCRUED else Refusal("state_refused", {"state": line.state})


def why_not_hold(line: Line) -> Refusal | None:
    if line.state == Line.State.HELD:
        return Refusal("state_refused", {"state": line.state})
    return rules.why_not_line(line.state, "held")


def why_not_go_on(line: Line) -> Refusal | None:
    return None if line.state == Line.State.HELD else Refusal("state_refused", {"state": line.state})


class HoldInput(Input):
    reason: Annotated[Reason, Label(_("Reason"))]


def _lock(ctx: Context, line: Line) -> Line:
    """The line after whatever was reckoned meanwhile. Statements and accruals wait."""
    one_at_a_time(ctx)
    return Line.objects.select_for_update(no_key=True).get(project=ctx.here, pk=line.pk)


def _moved(ctx: Context, line: Line) -> Line:
    line.save(update_fields=["state", "former_state", "statement", "reason", "updated_at"])
    refresh_sums(ctx, [line.earning_id])
    ctx.event("commission.line", line, amount=str(line.amount), state=line.state)
    line.refresh_from_db()
    return line


@command(
    Line, verb="confirm", label=_("Confirm"), icon="check", shape="primary", bulk=True, lock=False,
    refuses=why_not_confirm, show=lambda line: line.state == "accrued",
)  # fmt: skip
def confirm_line(ctx: Context, line: Line) -> Line:
    """The manager stands for it: payable as soon as its milestone is reached."""
    line = _lock(ctx, line)
    if why := why_not_confirm(line):
        raise DomainError.of(why)
    line.former_state, line.state = line.state, "payable" if line.reached_on else "confirmed"
    return _moved(ctx, line)


@command(
    Line, verb="hold", label=_("Hold: disputed"), icon="hand-stop", lock=False, refuses=why_not_hold,
    show=lambda line: line.state in ("accrued", "confirmed", "payable"),
)  # fmt: skip
def hold_line(ctx: Context, line: Line, data: HoldInput) -> Line:
    """Disputed: it leaves its open statement and waits."""
    line = _lock(ctx, line)
    if why := why_not_hold(line):
        raise DomainError.of(why)
    line.former_state, line.state, line.statement, line.reason = line.state, "held", None, data.reason
    return _moved(ctx, line)


@command(
    Line, verb="go-on", label=_("End the dispute"), icon="player-play", lock=False, refuses=why_not_go_on,
    show=lambda line: line.state == "held",
)  # fmt: skip
def go_on_with_line(ctx: Context, line: Line) -> Line:
    """Back to its former state, and to whatever happened to its milestone meanwhile."""
    line = _lock(ctx, line)
    if why := why_not_go_on(line):
        raise DomainError.of(why)
    back = line.former_state or "accrued"
    if back in ("confirmed", "payable"):
        back = "payable" if line.reached_on else "confirmed"
    line.former_state, line.state, line.reason = "held", back, ""
    return _moved(ctx, line)


# --- sharing a deal ------------------------------------------------------------------------------


class ShareRow(Input):
    user: Annotated[Ref("users"), Label(_("Consultant"))]
    share: Annotated[str, Label(_("Share %"))]


class SplitInput(Input):
    """[{"user": id, "share": "60"}, …]; an empty list gives the deal back to its consultant alone."""

    shares: Annotated[Any, Label(_("Consultants and shares"), kind="json", rows=ShareRow)]


@command(
    Deal, verb="split", label=_("Share the result"), icon="users", permission="commission-splits.set",
)  # fmt: skip
def split_deal(ctx: Context, deal: Deal, data: SplitInput) -> Deal:
    """Who shares the deal's result (业绩分成), in percent that sum to 100. Pay follows at once. Raises bad_input,
    split_twice or shares_not_100 (422)."""
    wanted = _shares(data.shares)
    if not wanted and deal.consultant_id:
        wanted = {deal.consultant_id: rules.HUNDRED}
    users = {u.pk: u for u in User.objects.filter(pk__in=list(wanted), is_active=True)}
    if set(wanted) != set(users):
        raise DomainError("bad_input", status=422, fields={"shares": "not_found"})
    Split.objects.filter(project=ctx.here, deal=deal).update(deleted_at=ctx.now)
    Split.objects.bulk_create(
        Split(project=ctx.here, deal=deal, user_id=user, share=share, created_by_id=ctx.user_id)
        for user, share in wanted.items()
    )
    people = "、".join(f"{users[user]} {share.normalize():f}%" for user, share in wanted.items())
    ctx.event("commission.split", deal, people=people)
    follow(ctx, [deal.pk])
    return deal


def _shares(rows: Any) -> dict[int, Decimal]:
    if not isinstance(rows, list) or len(rows) > 20:
        raise DomainError("bad_input", status=422, fields={"shares": "list_expected"})
    wanted: dict[int, Decimal] = {}
    for row in rows:
        user = row.get("user") if isinstance(row, dict) else None
        if isinstance(user, str) and user.isascii() and user.isdigit() and len(user) < 19:
            user = int(user)
        if isinstance(user, bool) or not isinstance(user, int) or not 0 < user < 2**63:
            raise DomainError("bad_input", status=422, fields={"shares": "not_found"})
        if user in wanted:
            raise DomainError("split_twice", status=422, fields={"shares": "split_twice"})
        wanted[user] = rules.read_share(row.get("share"))
    if wanted and sum(wanted.values()) != rules.HUNDRED:
        raise DomainError("shares_not_100", status=422, fields={"shares": "shares_not_100"})
    return wanted


# --- recalculation -------------------------------------------------------------------------------


class RecalculateInput(Input):
    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    signed_from: Annotated[Day, Label(_("Signed from"))]
    signed_to: Annotated[Day, Label(_("Signed to"))]


@project_command(
    Earning, verb="recalculate", label=_("Recalculate"), permission="commission-earnings.recalculate",
    icon="refresh", shape="",
)  # fmt: skip
def recalculate_commission(ctx: Context, data: RecalculateInput) -> dict[str, Any]:
    """Reckon deals signed on these days by the schemes that hold now, and post what differs: open lines change,
    settled ones get a difference line. A preview of this command shows the differences and writes nothing."""
    if data.signed_to < data.signed_from:
        raise DomainError("dates_crossed", status=422, fields={"signed_to": "dates_crossed"})
    found = follow(ctx, queries.deals_signed(ctx.here, data.signed_from, data.signed_to), repick=True)
    names = dict(Scheme.objects.filter(project=ctx.here).values_list("pk", "name"))
    return {"differences": _told(ctx, found, names), "total": str(sum((d.change for d in found), rules.ZERO))}


def _told(ctx: Context, found: list[Difference], names: dict[int, str]) -> list[dict[str, Any]]:
    rows = Earning.objects.filter(project=ctx.here, pk__in=[d.earning.pk for d in found])
    facts = {pk: (payee, unit) for pk, payee, unit in rows.values_list("pk", "payee__name", "deal__unit__label")}
    return [
        {
            "earning": d.earning.pk, "deal": d.earning.deal_id, "unit": facts[d.earning.pk][1],
            "payee": facts[d.earning.pk][0], "role": d.earning.role, "signed_on": d.earning.signed_on.isoformat(),
            "scheme_before": names.get(d.scheme_before, ""), "scheme": names.get(d.earning.scheme_id, ""),
            "base": str(d.earning.base), "rate": str(d.earning.rate), "before": str(d.before), "after": str(d.after),
            "change": str(d.change),
        }
        for d in found
    ]  # fmt: skip
