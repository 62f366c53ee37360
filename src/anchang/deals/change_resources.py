"""What users see of special affairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from anchang.deals.models import DealChange
from anchang.platform.resources import Field, Resource, register


def _asked(ids: Sequence[int]) -> Mapping[int, Any]:
    """Change id -> what was asked for, in the codes of the request; buyers stay sealed."""
    rows = DealChange.objects.filter(pk__in=ids).values_list("pk", "loans", "discounts", "approvers")
    return {pk: {"loans": loans, "discounts": codes, "approvers": roles} for pk, loans, codes, roles in rows}


register(
    Resource(
        name="deal-changes", model=DealChange, label=_("Special affair"), plural=_("Special affairs"), area="deals",
        icon="arrows-exchange", menu_order=50,
        fields=(
            Field("number", list=True), Field("kind", list=True), Field("unit", list=True),
            Field("customer", list=True),
            Field("consultant", label=_("Consultant"), source="deal__consultant", to="users", list=True),
            Field("state", list=True), Field("deal"), Field("subscription"), Field("contract"), Field("reason"),
            Field("new_unit", list=True), Field("new_deal"), Field("payment_plan"), Field("ownership"),
            Field("old_total"), Field("new_total"), Field("difference", list=True, sum=True),
            Field("deposit"), Field("amount", list=True), Field("cause"), Field("deadline", list=True),
            Field("requested_by", list=True), Field("requested_on", list=True), Field("decided_by"),
            Field("decided_on"), Field("refuse_reason"), Field("prints"), Field("created_at"),
            Field("asked", label=_("Asked for"), value=_asked, detail=False),
        ),
        label_field="number", owner="deal__consultant", team="deal__team", state_field="state", order="-id",
        search=("number",), key_field="number",
    )
)  # fmt: skip
