"""The head of the statutory price list: what it says about developer and project before the first row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from pydantic import Field as PydanticField

from anchang.inventory.models import Licence, PriceList
from anchang.inventory.words import HEAD
from anchang.kernel.errors import Refusal
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label

Fact = Annotated[str, PydanticField(max_length=200)]


class HeadInput(Input):
    """Facts that stay unsaid stay as they are; an empty one goes."""

    developer: Annotated[Fact | None, Label(HEAD["developer"])] = None
    project_name: Annotated[Fact | None, Label(HEAD["project"])] = None
    location: Annotated[Fact | None, Label(HEAD["location"])] = None
    land: Annotated[Fact | None, Label(HEAD["land"], help=_("With the years of the right of use."))] = None
    plot_ratio: Annotated[Fact | None, Label(HEAD["plot_ratio"])] = None
    greening: Annotated[Fact | None, Label(HEAD["greening"])] = None
    parking_ratio: Annotated[Fact | None, Label(HEAD["parking_ratio"])] = None
    building_type: Annotated[Fact | None, Label(HEAD["building_type"])] = None
    structure: Annotated[Fact | None, Label(HEAD["structure"])] = None
    finish: Annotated[Fact | None, Label(HEAD["finish"])] = None
    utilities: Annotated[Fact | None, Label(HEAD["utilities"])] = None
    property_fee: Annotated[Fact | None, Label(HEAD["property_fee"])] = None
    complaint_line: Annotated[Fact | None, Label(HEAD["complaint_line"])] = None


#: `project` names the office's project in every input, so the marketing name has a field name of its own here.
_KEYS = {name: "project" if name == "project_name" else name for name in HeadInput.model_fields}


def why_not_head(price_list: PriceList) -> Refusal | None:
    """What is published never changes; a correction is the next edition."""
    if price_list.state in (PriceList.State.DRAFT, PriceList.State.APPROVED):
        return None
    return Refusal("price_list_published")


def head_now(price_list: PriceList) -> Mapping[str, Any]:
    facts = price_list.facts or {}
    return {name: str(facts.get(key, "")) for name, key in _KEYS.items()}


@command(
    PriceList, verb="set-head", label=_("Head of the list"), icon="layout-navbar", refuses=why_not_head,
    prefill=head_now, show=lambda price_list: why_not_head(price_list) is None,
)  # fmt: skip
def set_head(ctx: Context, price_list: PriceList, data: HeadInput) -> PriceList:
    """Write what the statutory form says above its rows (land, ratios, structure, complaint line and the rest)."""
    sent = {_KEYS[name]: getattr(data, name) for name in data.model_fields_set if getattr(data, name) is not None}
    facts = {**(price_list.facts or {}), **sent}
    price_list.facts = {name: value for name, value in facts.items() if value not in ("", None)}
    price_list.save(update_fields=["facts", "updated_at"])
    ctx.event("price_list.head", price_list, title=price_list.name)
    return price_list


def former_head(ctx: Context, licence: Licence | None) -> dict[str, Any]:
    """What the newest list of the licence says, else the newest of the project: the next edition begins with it. The
    licence's own number isn't copied to another licence."""
    lists = PriceList.objects.filter(project=ctx.here).exclude(facts={}).order_by("-id")
    own = lists.filter(licence=licence).values_list("facts", flat=True).first()
    if own is not None:
        return dict(own)
    other: dict[str, Any] = lists.values_list("facts", flat=True).first() or {}
    return {name: value for name, value in other.items() if name != "permit"}
