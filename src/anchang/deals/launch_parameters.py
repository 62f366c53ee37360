"""Checklist of a launch and limits of its queue."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.platform.parameters import declare

declare(
    "deals.launch_checklist",
    [
        {"item": "permit", "mandatory": True}, {"item": "price_list", "mandatory": True},
        {"item": "contract_form", "mandatory": True}, {"item": "rehearsal", "mandatory": True},
        {"item": "materials", "mandatory": False}, {"item": "training", "mandatory": False},
    ],
    "json", _("Checklist of a launch scheme"),
)  # fmt: skip
declare("deals.queue_rejoins", 1, "int", _("Times that a ticket may rejoin the queue after missing its call"))
declare("deals.queue_needs_qualification", False, "bool", _("Only qualified tickets are drawn and called"))
