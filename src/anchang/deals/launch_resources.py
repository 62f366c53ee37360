"""What users see of launch schemes, queue tickets and lotteries."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.deals.models import LaunchScheme, Lottery, QueueTicket
from anchang.inventory.words import checks_text, reason_text
from anchang.platform.resources import Field, Related, Resource, register

register(
    Resource(
        name="launch-schemes", model=LaunchScheme, label=_("Launch scheme"), plural=_("Launch schemes"), area="launch",
        icon="rocket", menu_order=50,
        fields=(
            Field("code", list=True, form="create"), Field("name", list=True, form="both"),
            Field("state", list=True), Field("licence", list=True, form="both"),
            Field("release_batch", form="both"), Field("planned_on", list=True, form="both"),
            Field("sincerity_money", form="both"), Field("last_number", list=True),
            Field("checks", words=checks_text, filter=False, sort=False), Field("created_at"),
        ),
        state_field="state", order="-id", key_field="code", search=("name", "code"),
        related=(Related("queue-tickets", "scheme"), Related("lotteries", "scheme")),
    )
)  # fmt: skip

register(
    Resource(
        name="queue-tickets", model=QueueTicket, label=_("Queue ticket"), plural=_("Queue tickets"), area="launch",
        icon="ticket", menu_order=51,
        fields=(
            Field("title", label=_("Ticket"), source="number", kind="text"),
            Field("scheme", list=True, form="create"), Field("number", list=True),
            Field("customer", list=True, form="create"), Field("state", list=True), Field("qualified", list=True),
            Field("place", list=True), Field("missed"), Field("reason", words=reason_text), Field("deal"),
            Field("wishes", filter=False, sort=False), Field("issued_on", list=True), Field("called_at"),
            Field("consultant", label=_("Consultant"), source="deal__consultant", to="users", list=True),
            Field("team", label=_("Team"), source="deal__team", to="teams"), Field("created_at"),
        ),
        label_field="title", owner="deal__consultant", team="deal__team", state_field="state", order="-id",
    )
)  # fmt: skip

register(
    Resource(
        name="lotteries", model=Lottery, label=_("Lottery"), plural=_("Lotteries"), icon="dice",
        fields=(
            Field("title", label=_("Lottery"), source="scheme__name"),
            Field("scheme", list=True), Field("state", list=True), Field("source", list=True),
            Field("commitment"), Field("public_source"), Field("entrants_digest"),
            Field("entrants", filter=False, sort=False), Field("committed_at", list=True), Field("seed"),
            Field("public_value"), Field("result", filter=False, sort=False), Field("drawn_at", list=True),
        ),
        label_field="title", state_field="state", order="-id",
    )
)  # fmt: skip
