"""Quotations (报价单): a price in writing until a day, turned into a subscription; vouchers and gifts (赠券, 赠礼)."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Annotated, Any, Literal

from django.utils.translation import gettext_lazy as _
from pydantic import Field as PydanticField

from anchang.deals.commands.claims import check_own_customer
from anchang.deals.commands.holds import settle_unit
from anchang.deals.models import Coupon, Quotation, Subscription
from anchang.deals.typed_rows import BuyerRow, LoanRow
from anchang.inventory import rules as stock_rules
from anchang.inventory.commands.quoting import price_unit
from anchang.inventory.models import Discount, Unit
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.commands import command, creates, project_command
from anchang.platform.context import Context
from anchang.platform.inputs import Amount, Between, Day, Input, Label, Line, Name, Quantity, Ref
from anchang.processes.special import check_free_for, promised_by, why_not_ask
from anchang.processes.subscribing import SubscribeInput, subscribe_unit, why_not_subscribe
from anchang.processes.waiting import settle_waiting

_OWNERSHIP = {"sole": _("Sole"), "joint": _("Joint"), "shares": _("By shares")}


class QuotationInput(Input):
    customer: Annotated[Ref("customers"), Label(_("Customer"))]
    payment_plan: Annotated[Ref("payment-plans"), Label(_("Payment plan"))]
    discounts: Annotated[list[Ref("discounts")], Label(_("Discounts"))] = []
    days: Annotated[int | None, Label(_("Days valid")), Between(1, 3650)] = None
    note: Annotated[Line, Label(_("Note"))] = ""


class ConvertInput(Input):
    """What a subscription needs beside the quoted unit, customer, plan and discounts."""

    buyers: Annotated[list[dict[str, Any]], Label(_("Buyers"), kind="json", rows=BuyerRow)]
    ownership: Annotated[
        Literal["sole", "joint", "shares"] | None, Label(_("Ownership"), kind="choice", choices=_OWNERSHIP)
    ] = None
    loans: Annotated[list[dict[str, Any]] | None, Label(_("Loans"), kind="json", rows=LoanRow)] = None
    deposit: Annotated[Quantity, Label(_("Deposit"), kind="money")]
    sign_by: Annotated[Day | None, Label(_("Sign by"))] = None


@command(
    Unit, verb="make-quotation", label=_("Make a quotation"), icon="file-dollar", refuses=why_not_ask, lock=False,
    show=lambda unit: unit.state in (stock_rules.AVAILABLE, stock_rules.HELD),
)  # fmt: skip
def make_quotation(ctx: Context, unit: Unit, data: QuotationInput) -> Quotation:
    """Write the price down for a customer, valid for some days. It holds no unit."""
    check_own_customer(ctx, data.customer)
    check_free_for(ctx, unit, data.customer)
    limit = int(ctx.param("deals.quotation_max_days"))
    days = data.days or int(ctx.param("deals.quotation_days"))
    if days > limit:
        raise DomainError("quotation_too_long", status=422, fields={"days": "quotation_too_long"}, limit=limit)
    priced = price_unit(ctx, unit, data.payment_plan, data.discounts)
    consultant, team = promised_by(ctx, data.customer)
    month = f"{ctx.business_date:%Y%m}"
    quotation = Quotation(
        project=ctx.here, created_by_id=ctx.user_id, unit=unit, customer=data.customer, consultant_id=consultant,
        team_id=team, payment_plan=data.payment_plan, discounts=[d.code for d in data.discounts],
        list_total=priced.price.list_total, total=priced.total, depth=priced.price.depth * 100,
        snapshot=priced.snapshot, quoted_on=ctx.business_date, note=data.note,
        expires_on=ctx.business_date + dt.timedelta(days=days),
        number=f"BJ{month}{ctx.number('quotation', month):04d}",
    )  # fmt: skip
    quotation.save(force_insert=True)
    ctx.event(
        "quotation.made", quotation, customer_id=data.customer.pk, number=quotation.number, unit=unit.label,
        total=str(quotation.total),
    )  # fmt: skip
    ctx.index([quotation], fresh=True)
    return quotation


def why_not_use(quotation: Quotation) -> Refusal | None:
    if quotation.state != Quotation.State.OPEN:
        return Refusal("state_refused", {"state": quotation.state})
    if quotation.expires_on < quotation.project.today():
        return Refusal("state_refused", {"state": Quotation.State.EXPIRED})
    return None


def _open(quotation: Quotation) -> bool:
    return why_not_use(quotation) is None


@command(
    Quotation, verb="subscribe", label=_("Subscribe"), icon="file-pencil", shape="primary", refuses=why_not_use,
    show=_open, lock=False,
)  # fmt: skip
def subscribe_quotation(ctx: Context, quotation: Quotation, data: ConvertInput) -> Subscription:
    """A subscription at exactly the quoted price, or `quotation_price`: everything is priced again today."""
    unit = Unit.objects.select_for_update(no_key=True, of=("self",)).get(pk=quotation.unit_id)
    settle_unit(ctx, unit)
    settle_waiting(ctx, unit)
    if why := why_not_subscribe(unit):
        raise DomainError.of(why)
    values: dict[str, Any] = {
        "customer": quotation.customer, "payment_plan": quotation.payment_plan, "quotation": quotation,
        "discounts": list(Discount.objects.filter(project=ctx.here, code__in=quotation.discounts)),
        "buyers": data.buyers, "ownership": data.ownership, "loans": data.loans, "deposit": data.deposit,
        "sign_by": data.sign_by,
    }  # fmt: skip
    return subscribe_unit(ctx, unit, SubscribeInput.model_construct(**values))


@command(Quotation, verb="withdraw", label=_("Withdraw"), refuses=why_not_use, show=_open)
def withdraw_quotation(ctx: Context, quotation: Quotation) -> Quotation:
    quotation.state = Quotation.State.WITHDRAWN
    quotation.save(update_fields=["state", "updated_at"])
    ctx.event("quotation.withdrawn", quotation, customer_id=quotation.customer_id, number=quotation.number)
    return quotation


# --- vouchers and gifts --------------------------------------------------------------------------

Code = Annotated[str, PydanticField(max_length=30, pattern=r"^[0-9A-Za-z-]*$")]


class CouponFields(Input):
    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    name: Annotated[Name, Label(_("Name"))]
    kind: Annotated[Coupon.Kind, Label(_("Kind"), kind="choice", choices=dict(Coupon.Kind.choices))] = (
        Coupon.Kind.VOUCHER
    )
    value: Annotated[Amount, Label(_("Value"))]
    valid_from: Annotated[Day | None, Label(_("Valid from"))] = None
    valid_to: Annotated[Day | None, Label(_("Valid to"))] = None
    note: Annotated[Line, Label(_("Note"))] = ""


class CouponInput(CouponFields):
    code: Annotated[Code, Label(_("Code"))] = ""
    customer: Annotated[Ref("customers") | None, Label(_("Customer"))] = None


class IssueInput(CouponFields):
    count: Annotated[int, Label(_("Number of copies")), Between(1, 5000)]


@creates(Coupon, label=_("New voucher or gift"))
def add_coupons(ctx: Context, rows: list[CouponInput]) -> list[Coupon]:
    """One each; without a code it gets one that can't be guessed."""
    made = Coupon.objects.bulk_create(_coupon(ctx, row, row.code, row.customer) for row in rows)
    for coupon in made:
        ctx.event("record.created", coupon)
    ctx.index(made, fresh=True)
    return made


@project_command(Coupon, verb="issue", label=_("Issue a series"), permission="coupons.create")
def issue_coupons(ctx: Context, data: IssueInput) -> dict[str, Any]:
    """Many of a kind, each with a code of its own."""
    made = Coupon.objects.bulk_create((_coupon(ctx, data, "", None) for _n in range(data.count)), batch_size=1000)
    ctx.index(made, fresh=True)
    return {"issued": len(made), "codes": [coupon.code for coupon in made]}


def _coupon(ctx: Context, data: CouponFields, code: str, customer: Any) -> Coupon:
    if data.valid_from and data.valid_to and data.valid_to < data.valid_from:
        raise DomainError("bad_input", status=422, fields={"valid_to": "ends_before_start"})
    return Coupon(
        project=ctx.here, created_by_id=ctx.user_id, code=code or secrets.token_hex(6).upper(), name=data.name,
        kind=data.kind, value=data.value, customer=customer, valid_from=data.valid_from, valid_to=data.valid_to,
        note=data.note,
    )  # fmt: skip


def why_not_void(coupon: Coupon) -> Refusal | None:
    return None if coupon.state == Coupon.State.ISSUED else Refusal("coupon_used", {"coupon": coupon.code})


@command(
    Coupon, verb="void", label=_("Withdraw"), shape="danger", bulk=True, refuses=why_not_void,
    show=lambda coupon: coupon.state == Coupon.State.ISSUED,
)  # fmt: skip
def void_coupon(ctx: Context, coupon: Coupon) -> Coupon:
    coupon.state = Coupon.State.VOID
    coupon.save(update_fields=["state", "updated_at"])
    ctx.event("coupon.voided", coupon, title=coupon.name, code=coupon.code)
    return coupon
