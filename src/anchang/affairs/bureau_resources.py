"""What is seen of the comparison with the bureau."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.affairs.models import BureauDifference, BureauList, BureauRow
from anchang.platform.resources import Field, Related, Resource, register

register(Resource(
    name="bureau-differences", model=BureauDifference, label=_("Difference with the bureau"),
    plural=_("Differences with the bureau"), area="papers", icon="git-compare", label_field="title", order="-id",
    state_field="state", menu_order=66,
    fields=(
        Field("title", label=_("Unit"), source="unit__label"), Field("unit"), Field("kind", list=True),
        Field("state", list=True), Field("ours", list=True), Field("theirs", list=True), Field("contract", list=True),
        Field("our_number"), Field("their_number"), Field("found_on", list=True), Field("ended_on", list=True),
        Field("reason"), Field("list"), Field("created_at"),
    ),
))  # fmt: skip

register(Resource(
    name="bureau-lists", model=BureauList, label=_("Bureau list"), plural=_("Bureau lists"), area="papers",
    icon="building-bank", label_field="name", order="-id", menu_order=67, search=("name",),
    fields=(
        Field("name", list=True), Field("received_on", list=True), Field("units", list=True),
        Field("unknown", list=True), Field("open_differences", list=True), Field("compared_at", list=True),
        Field("created_at"),
    ),
    related=(Related("bureau-rows", "list"), Related("bureau-differences", "list")),
))  # fmt: skip

register(Resource(
    name="bureau-rows", model=BureauRow, label=_("Unit at the bureau"), plural=_("Units at the bureau"),
    icon="list-check", label_field="title", order="-id",
    fields=(
        Field("title", label=_("Unit"), source="unit__label"), Field("list"), Field("unit"),
        Field("state", list=True), Field("online_number", list=True), Field("filing_number", list=True),
    ),
))  # fmt: skip
