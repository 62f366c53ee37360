"""What users see of special discounts, quotations, gifts and vouchers, and price strategies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _

from anchang.deals import queries
from anchang.deals.models import Coupon, DiscountDecision, DiscountRequest, PriceStrategy, Quotation
from anchang.deals.words import price_check_text, result_text
from anchang.inventory.words import steps_text
from anchang.platform.resources import Field, Related, Resource, register


def _steps(model: Any, ids: Sequence[int]) -> Mapping[int, Any]:
    rows = model.objects.filter(pk__in=ids).values_list("pk", "snapshot")
    return {pk: snapshot.get("steps", []) for pk, snapshot in rows}


register(
    Resource(
        name="discount-requests", model=DiscountRequest, label=_("Special discount"), plural=_("Special discounts"),
        area="deals", icon="discount-check", menu_order=15,
        fields=(
            Field("title", label=_("Special discount"), source="unit__label"),
            Field("unit", list=True), Field("customer", list=True), Field("consultant", list=True), Field("team"),
            Field("state", list=True), Field("list_total", list=True), Field("total", list=True),
            Field("depth", kind="decimal", list=True), Field("special_depth", kind="decimal"), Field("floor_total"),
            Field("payment_plan"), Field("discounts", filter=False, sort=False), Field("kind"),
            Field("value", kind="decimal"), Field("reason", list=True),
            Field("chain", filter=False, sort=False), Field("approvers", filter=False, sort=False),
            Field("approve_by"), Field("expires_on", list=True), Field("decided_at"), Field("deal"),
            Field("steps", label=_("Price steps"), value=partial(_steps, DiscountRequest), words=steps_text),
            Field("price_check", label=_("Price computed again"), value=partial(queries.price_checks, DiscountRequest),
                  words=price_check_text),
            Field("created_at"),
        ),
        label_field="title", owner="consultant", team="team", state_field="state", order="-id",
        related=(Related("discount-decisions", "request"),),
    )
)  # fmt: skip

register(
    Resource(
        name="discount-decisions", model=DiscountDecision, label=_("Decision"), plural=_("Decisions"),
        label_field="decision", order="-id", owner="request__consultant", team="request__team",
        fields=(
            Field("request", list=True), Field("seq", list=True), Field("role", list=True), Field("user", list=True),
            Field("decision", list=True), Field("opinion", list=True), Field("at", list=True),
        ),
    )
)  # fmt: skip

register(
    Resource(
        name="quotations", model=Quotation, label=_("Quotation"), plural=_("Quotations"), area="deals",
        icon="file-dollar", menu_order=16,
        fields=(
            Field("number", list=True), Field("unit", list=True), Field("customer", list=True),
            Field("consultant", list=True), Field("team"), Field("state", list=True), Field("payment_plan"),
            Field("discounts", filter=False, sort=False), Field("list_total"), Field("total", list=True),
            Field("depth", kind="decimal"), Field("quoted_on", list=True), Field("expires_on", list=True),
            Field("deal"), Field("note"),
            Field("steps", label=_("Price steps"), value=partial(_steps, Quotation), words=steps_text),
            Field("price_check", label=_("Price computed again"), value=partial(queries.price_checks, Quotation),
                  words=price_check_text),
            Field("created_at"),
        ),
        label_field="number", owner="consultant", team="team", state_field="state", order="-id", search=("number",),
    )
)  # fmt: skip

register(
    Resource(
        name="coupons", model=Coupon, label=_("Voucher or gift"), plural=_("Vouchers and gifts"), area="deals",
        icon="gift", menu_order=17, label_field="code", key_field="code", state_field="state", order="-id",
        search=("code", "name"),
        fields=(
            Field("code", list=True), Field("name", list=True), Field("kind", list=True),
            Field("value", list=True, sum=True), Field("customer", list=True), Field("valid_from"),
            Field("valid_to", list=True), Field("state", list=True), Field("deal", list=True), Field("used_at"),
            Field("note"), Field("created_at"),
        ),
    )
)  # fmt: skip

register(
    Resource(
        name="price-strategies", model=PriceStrategy, label=_("Price strategy"), plural=_("Price strategies"),
        area="inventory", icon="target", plain=True, order="-starts_on", menu_order=27,
        fields=(
            Field("name", list=True, form="both"), Field("product_type", form="both"), Field("building", form="both"),
            Field("starts_on", list=True, form="both"), Field("ends_on", list=True, form="both"),
            Field("low_average", form="both"), Field("target_average", list=True, form="both"),
            Field("high_average", form="both"), Field("note", form="both"),
            Field("result", label=_("Reached"), value=queries.strategy_results, words=result_text,
                  list=True),
        ),
    )
)  # fmt: skip
