"""What staff see of openings."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.opening.models import Opening, OpeningBuyer, OpeningClaim
from anchang.platform.resources import Field, Related, Resource, register
from anchang.platform.ui.navigation import Place, register_place

register_place(Place("launch", "launch-day", _("Launch day"), "/openings/", "openings.view", icon="rocket", order=53))

register(
    Resource(
        name="openings", model=Opening, label=_("Opening"), plural=_("Openings"), area="launch", icon="rocket",
        menu_order=52,
        fields=(
            Field("code", list=True, form="create"), Field("name", list=True, form="both"),
            Field("scheme", list=True, form="create"), Field("state", list=True),
            Field("starts_at", list=True, form="both"), Field("ends_at", list=True, form="both"),
            Field("unit_limit", form="both"), Field("confirm_minutes", form="both"), Field("keep_hours", form="both"),
            Field("round_no"), Field("log_entries"), Field("log_hash"), Field("closed_at"), Field("created_at"),
        ),
        state_field="state", order="-id", key_field="code",
        related=(Related("opening-buyers", "opening"), Related("opening-claims", "opening")),
    )
)  # fmt: skip

register(
    Resource(
        name="opening-buyers", model=OpeningBuyer, label=_("Opening's buyer"), plural=_("Opening's buyers"),
        icon="users",
        fields=(
            Field("title", label=_("Buyer"), source="customer__name"), Field("opening", list=True),
            Field("customer", list=True), Field("ticket"),
            Field("place", label=pgettext_lazy("opening", "Place"), list=True),
            Field("unit_limit", label=_("Units per buyer"), list=True),
            Field("starts_at", list=True), Field("blocked", list=True), Field("serial"),
        ),
        label_field="title", owner="customer__owner", team="customer__team", order="-id",
    )
)  # fmt: skip

register(
    Resource(
        name="opening-claims", model=OpeningClaim, label=_("Opening's claim"), plural=_("Opening's claims"),
        icon="hand-grab",
        fields=(
            Field("title", label=_("Unit"), source="unit__label"), Field("opening", list=True),
            Field("unit", list=True), Field("buyer", list=True), Field("state", list=True),
            Field("rehearsal", list=True), Field("round_no"), Field("seq"), Field("slot"), Field("deal"),
            Field("hold"), Field("won_at", list=True), Field("confirm_by", list=True), Field("confirmed_at"),
            Field("ended_at"),
        ),
        label_field="title", owner="buyer__customer__owner", team="buyer__customer__team", state_field="state",
        order="-id",
    )
)  # fmt: skip
