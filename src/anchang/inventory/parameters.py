"""Rates, limits and periods of the inventory."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.platform.parameters import declare

declare(
    "inventory.price_rounding", "down:1", "choice", _("Final rounding of a price"),
    help=_("Way and step in yuan; the result never exceeds the list total."),
    choices=("half_up:0.01", "down:1", "half_up:1", "up:1", "down:10", "down:100", "down:1000"),
)  # fmt: skip
declare("inventory.max_below_filed", None, "decimal", _("Largest cut below the filed price"),
        help=_("Ratio, for cities that limit cuts; empty: no limit."))  # fmt: skip
declare("inventory.max_units_generated", 5000, "int", _("Units made in one go, at most"))
declare("inventory.hoarding_days", 10, "int", _("Days after the licence until a unit held back is listed"))
declare("inventory.publish_days", 10, "int", _("Days after the licence in which the whole price list is to be public"))
declare("inventory.publish_reminder_days", 3, "int", _("Reminders so many days before a price list is to be public"))
declare(
    "inventory.release_checklist",
    [
        {"item": "permit", "mandatory": True}, {"item": "price_list", "mandatory": True},
        {"item": "contract_form", "mandatory": True}, {"item": "materials", "mandatory": False},
        {"item": "training", "mandatory": False},
    ],
    "json", _("Checklist of a release batch"),
)  # fmt: skip
declare("inventory.match_budget", 40, "int", _("Weight of the budget in a recommendation"))
declare("inventory.match_layout", 30, "int", _("Weight of the layout in a recommendation"))
declare("inventory.match_area", 20, "int", _("Weight of the area in a recommendation"))
declare("inventory.match_floor", 10, "int", _("Weight of the floor in a recommendation"))
declare("inventory.match_tolerance", "0.10", "decimal", _("How far a proposal may be off the budget (ratio)"))
declare("inventory.match_fade", "0.20", "decimal", _("How far from a wish a part still scores (ratio)"))
declare(
    "inventory.slow_moving",
    [{"days": 90, "percent": "-1"}, {"days": 180, "percent": "-2"}, {"days": 360, "percent": "-3"}],
    "json", _("Suggested price cut by days on sale"),
)  # fmt: skip
