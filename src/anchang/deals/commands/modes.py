"""How a deal was sold (D18): commission and reports read it."""

from __future__ import annotations

from typing import Annotated, Literal

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.deals.models import Deal
from anchang.kernel.errors import DomainError
from anchang.platform.commands import edits
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label

MODES = {
    "own": _("Own sales"),
    "agency": _("Agency sales"),
    "online": _("Online sales"),
    "offset": _("Offset against a payable"),
}


class DealEdit(Input):
    sales_mode: Annotated[
        Literal["own", "agency", "online", "offset"], Label(_("Sales mode"), kind="choice", choices=MODES)
    ] = "own"
    agency: Annotated[str, Field(max_length=100), Label(_("Agency"))] = ""


@edits(Deal, label=_("Edit"))
def edit_deal(ctx: Context, deal: Deal, data: DealEdit) -> Deal:
    """Correct sales mode and agency. An agency sale names its agency."""
    sent = data.model_fields_set
    if "sales_mode" in sent:
        deal.sales_mode = data.sales_mode
    if "agency" in sent:
        deal.agency = data.agency
    if deal.sales_mode == Deal.SalesMode.AGENCY and not deal.agency:
        raise DomainError("agency_required", status=422, fields={"agency": "agency_required"})
    deal.save(update_fields=["sales_mode", "agency", "updated_at"])
    ctx.event(
        "deal.edited", deal, customer_id=deal.customer_id, sales_mode=deal.sales_mode, agency=deal.agency
    )
    deal.refresh_from_db()
    return deal
