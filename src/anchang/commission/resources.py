"""What users see of pay. A consultant reads what is his own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.commission import vouchers
from anchang.commission.models import Award, Earning, Line, Payee, Scheme, Split, Statement
from anchang.commission.models.schemes import MILESTONE_WORDS
from anchang.inventory.dictionaries import product_types
from anchang.platform.resources import Field, Related, Resource, register
from anchang.platform.ui import formats
from anchang.platform.ui.navigation import Place, register_place

#: What a part of the pay waits for.
MILESTONES = MILESTONE_WORDS | {"retained": _("Retention")}


def milestones_text(milestones: Sequence[Mapping[str, Any]]) -> str:
    """What each part of the pay waits for, with its share in percent."""
    return "；".join(f"{MILESTONES.get(m['kind'], m['kind'])} {m['share']}%" for m in milestones)


def tiers_text(tiers: Sequence[Mapping[str, Any]]) -> str:
    """Each step of the scale: up to how many yuan, and the rate in percent."""
    told = []
    for tier in tiers:
        top = formats.money(tier["up_to"]) if tier.get("up_to") else ""
        step = _("up to %(amount)s") % {"amount": top} if top else _("above")
        told.append(f"{step} {formats.number((Decimal(str(tier['rate'])) * 100).normalize())}%")
    return "；".join(told)


_UNIT = Field("unit", label=_("Unit"), source="deal__unit", to="units", list=True)
_PERSON = Field("person", label=_("Person"), source="payee__user", to="users")

register(
    Resource(
        name="commission-schemes", model=Scheme, label=_("Commission scheme"), plural=_("Commission schemes"),
        area="commission", icon="stairs", menu_order=50, create_label=_("New commission scheme"),
        fields=(
            Field("name", list=True), Field("role", list=True),
            Field("product_type", kind="choice", choices=product_types, list=True), Field("team"),
            Field("mode", list=True), Field("base"), Field("scope"), Field("period", list=True),
            Field("valid_from", list=True), Field("valid_to", list=True),
            Field("tiers", words=tiers_text, filter=False, sort=False),
            Field("milestones", words=milestones_text, filter=False, sort=False),
            Field("retention", kind="decimal"), Field("retention_days"), Field("pays_connected"),
            Field("state", list=True),
            Field("created_at"),
        ),
        search=("name",), state_field="state", order="-valid_from",
        related=(Related("commission-earnings", "scheme"),),
    )
)  # fmt: skip

register(
    Resource(
        name="commission-payees", model=Payee, label=_("Payee"), plural=_("Payees"), area="commission",
        icon="user-dollar", menu_order=60, owner="user",
        fields=(Field("name", list=True), Field("kind", list=True), Field("user", list=True), Field("created_at")),
        search=("name",), order="name",
        related=(
            Related("commission-earnings", "payee"), Related("commission-lines", "payee"),
            Related("commission-statements", "payee"),
        ),
    )
)  # fmt: skip

register(
    Resource(
        name="commission-splits", model=Split, label=_("Shared result"), plural=_("Shared results"), owner="user",
        fields=(
            Field("title", label=_("Unit"), source="deal__unit__label"), Field("deal", list=True),
            Field("user", list=True), Field("share", kind="decimal", list=True), Field("created_at"),
        ),
        label_field="title",
    )
)  # fmt: skip

register(
    Resource(
        name="commission-earnings", model=Earning, label=_("Commission of a deal"), plural=_("Commission by deal"),
        area="commission", icon="list-details", menu_order=20, owner="payee__user",
        fields=(
            Field("title", label=_("Commission of a deal"), source="deal__unit__label"),
            Field("payee", list=True), _PERSON, Field("role"), _UNIT, Field("deal"), Field("contract"),
            Field("signed_on", list=True), Field("scheme"), Field("period"), Field("share", kind="decimal"),
            Field("base", list=True, sum=True), Field("rate", kind="decimal", list=True),
            Field("amount", list=True, sum=True), Field("released", list=True, sum=True),
            Field("settled", sum=True), Field("paid", list=True, sum=True),
            Field("retained", kind="money", list=True, sum=True), Field("ended"), Field("created_at"),
        ),
        label_field="title", order="-signed_on", related=(Related("commission-lines", "earning"),),
    )
)  # fmt: skip

register(
    Resource(
        name="commission-lines", model=Line, label=_("Commission line"), plural=_("Commission lines"),
        area="commission", icon="list-check", menu_order=30, owner="payee__user",
        fields=(
            Field("title", label=_("Commission line"), source="payee__name"),
            Field("payee", list=True), _PERSON, Field("kind", list=True), _UNIT, Field("deal"), Field("earning"),
            Field("milestone", kind="choice", choices=MILESTONES, list=True),
            Field("amount", list=True, sum=True), Field("state", list=True), Field("reached_on", list=True),
            Field("statement", list=True), Field("award"), Field("award_period"), Field("reason"),
            Field("created_at"),
        ),
        label_field="title", state_field="state", order="-id",
    )
)  # fmt: skip

register(
    Resource(
        name="commission-statements", model=Statement, label=_("Commission statement"),
        plural=_("Commission statements"), area="commission", icon="file-dollar", menu_order=40, owner="payee__user",
        fields=(
            Field("number", list=True), Field("payee", list=True), _PERSON, Field("period", list=True),
            Field("state", list=True), Field("lines", list=True), Field("earned", list=True, sum=True),
            Field("taken_back", list=True, sum=True), Field("lines_total", sum=True), Field("carried"),
            Field("to_pay", list=True, sum=True), Field("carry_on"), Field("closed_on"), Field("closed_by"),
            Field("paid_on", list=True), Field("paid_by"), Field("reference"), Field("prints"), Field("created_at"),
            Field(
                "vouchers", label=pgettext_lazy("bookkeeping", "Vouchers"), kind="many", to="vouchers",
                value=vouchers.vouchers_of_statements,
            ),
        ),
        label_field="number", search=("number",), state_field="state", order="-period", key_field="number",
        related=(Related("commission-lines", "statement"),),
    )
)  # fmt: skip

register(
    Resource(
        name="commission-awards", model=Award, label=_("Award"), plural=_("Awards"), area="commission",
        icon="trophy", menu_order=70, create_label=_("New award"),
        fields=(
            Field("name", list=True), Field("kind", list=True), Field("metric", list=True),
            Field("period", list=True), Field("prize", list=True), Field("threshold", list=True),
            Field("valid_from", list=True), Field("valid_to", list=True), Field("created_at"),
        ),
        search=("name",), related=(Related("commission-lines", "award"),),
    )
)  # fmt: skip

register_place(
    Place(
        "commission", "commission", _("Commission settlement"), "/commission/", "commission-earnings.view",
        icon="report-money", order=1,
    )
)  # fmt: skip
register_place(
    Place(
        "commission", "commission-recalculate", _("Recalculate commission"), "/commission/recalculate/",
        "commission-earnings.recalculate", icon="refresh", order=90,
    )
)  # fmt: skip
