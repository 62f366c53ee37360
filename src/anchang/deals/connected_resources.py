"""What is seen of staff and connected persons: never a number in the open."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.deals.models import ConnectedPerson
from anchang.platform.resources import Field, Resource, register

register(
    Resource(
        name="connected-persons", model=ConnectedPerson, label=_("Connected person"),
        plural=_("Staff and connected persons"), area="setup", icon="user-shield", menu_order=70, label_field="name",
        order="-id", search=("name",),
        fields=(
            Field("name", list=True), Field("kind", list=True), Field("of_name", list=True),
            Field("relation", list=True), Field("user", list=True),
            Field("id_number", label=_("Document number"), source="id_masked", filter=False, sort=False, list=True),
            Field("phone", label=_("Phone"), source="phone_masked", filter=False, sort=False, list=True),
            Field("note"), Field("created_at"),
        ),
    )
)  # fmt: skip
