"""Clocks, limits and paths of a deal. Defaults are those of the demo office (DOMAIN 3 and 10)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.deals import launch_parameters, offer_parameters  # noqa: F401 (declare their own)
from anchang.platform.parameters import declare
from anchang.platform.wording import say_keys

declare("deals.lock_minutes", 120, "int", _("Lock: minutes unless asked otherwise"))
declare("deals.lock_max_minutes", 1440, "int", _("Lock: minutes at most"))
declare("deals.reservation_minutes", 4320, "int", _("Reservation: minutes unless asked otherwise"))
declare("deals.reservation_max_minutes", 10080, "int", _("Reservation: minutes at most"))
declare("deals.hold_max_extensions", 2, "int", _("Extensions of a hold at most"))
declare("deals.holds_per_customer", 2, "int", _("Holds that a customer may have at once"))
declare("deals.holds_per_consultant", 20, "int", _("Holds that a consultant may have at once"))
declare("deals.hold_repeat_hours", 24, "int", _("Hours until a household may hold the same unit again"))
declare("deals.lease_notice_days", 15, "int", _("Days between the notice to a tenant and the sale"))
declare("deals.adult_age", 18, "int", _("Age from which a buyer signs alone"))
declare("deals.max_buyers", 20, "int", _("Buyers of a deal at most"))
declare(
    "deals.strict_check_digits", False, "bool", _("Refuse document numbers whose check digit is wrong"),
    help=_("Otherwise it is a warning: clerks mistype and old documents differ."),
)  # fmt: skip
declare("deals.deposit_ratio", "0.20", "decimal", _("Earnest deposit at most, as a part of the price"))
declare("deals.min_deposit", "0", "decimal", _("Earnest deposit at least, in yuan"),
        help=_("Above zero also when a subscription waits for its first money or its whole deposit."))  # fmt: skip
declare("deals.reservation_deposit", "0", "decimal", _("Small deposit of a reservation at least, in yuan"))
declare("deals.min_down_ratio", "0.15", "decimal", _("Down payment of a home at least, as a part of the price"))
declare("deals.homes_per_buyer", None, "int", _("Homes that one person may buy"), help=_("Empty: as many as he likes."))
declare("deals.signing_days", 7, "int", _("Days from subscription to signing"))
declare("deals.signing_max_days", 90, "int", _("Days from subscription to signing at most"))
declare("deals.signing_reminder_days", [3, 1], "list", _("Reminders so many days before signing is due"))
declare(
    "deals.activate_on", "submit", "choice", _("A subscription is active on"),
    choices=("submit", "first_money", "full_deposit"),
)  # fmt: skip
declare("deals.min_paid_to_sign", "0", "decimal", _("Part of the price to be paid before signing"))
declare("deals.approval_hours", 48, "int", _("Hours in which an approval is due"))
declare(
    "deals.approval_rungs",
    [{"up_to": "0.02", "approvers": ["manager"]}, {"up_to": "0.04", "approvers": ["manager", "director"]}],
    "json", _("Who approves a discount up to which depth"),
)  # fmt: skip
declare("deals.approval_beyond", ["manager", "director", "group"], "list", _("Who approves deeper discounts"))
declare("deals.own_authority", "0", "decimal", _("Depth within the consultant's own authority"))
declare("deals.approval_special_only", True, "bool", _("Only special discounts need approval"))
declare("deals.approval_below_floor", True, "bool", _("A price below the floor needs approval"))
declare("deals.contract_review", False, "bool", _("A clerk reviews the contract before signing"))
declare("deals.bureau_revocation", False, "bool", _("A termination needs revocation at the bureau first"))
declare("deals.filing_days", 30, "int", _("Days from signing to filing"))
declare("deals.refund_days", 15, "int", _("Days in which money is returned after a termination"))
declare("deals.documents_block_signing", True, "bool", _("Missing documents block signing"))
declare(
    "deals.area_scheme", "", "choice", _("Area settlement of new contracts"),
    help=_("Empty: as the unit's price basis."), choices=("", "gross", "inner", "unit"),
)  # fmt: skip
declare(
    "deals.contract_clauses", {}, "json", _("Agreed clauses of new contracts"), shape="texts",
    help=_("Text by place: mortgage, payment, facilities, handover, design, quality, property, disputes, supplement."),
)  # fmt: skip
declare(
    "deals.contract_facts", {}, "json", _("Standing facts of the sale contract"), shape="texts",
    help=_("Text by name, such as credit_code, land_certificate, property_company; what is absent is a blank line."),
)  # fmt: skip
declare("deals.area_threshold", "0.03", "decimal", _("Threshold of the area settlement"))
declare(
    "deals.late_fee", {"rate": "0.0001", "later_rate": "0.0002", "days": 90}, "json",
    _("Late fee of new contracts: daily rate, rate of long delays, and from which day"),
)  # fmt: skip
declare(
    "deals.change_approvers",
    {
        "exchange": ["manager"], "buyers": ["manager"], "plan": ["manager"], "price": ["director"],
        "forfeit": ["director"], "return_forfeit": ["director"], "revoke": ["director"],
    },
    "json", _("Who approves special affairs, by kind, in turn"),
    help=_("A price beyond the consultant's authority asks its own approvers as well."),
)  # fmt: skip
declare(
    "deals.connected_approvers", ["director", "group"], "list", _("Who approves deals of staff and connected buyers"),
    help=_("After those whom the price needs; empty: nobody more."),
)  # fmt: skip
declare(
    "deals.decoration_contract", False, "bool", _("Units with a decoration price are sold by two contracts"),
    help=_("Otherwise only where a subscription names the decoration's part."),
)  # fmt: skip
declare("deals.bundle_units", 6, "int", _("Units sold together at most"))
declare("deals.bundle_part_leaves", True, "bool", _("A unit sold along may be given up while its main unit stays"))
declare("deals.change_four_eyes", True, "bool", _("Nobody approves a special affair that he asked for"))
declare("deals.demand_days", 15, "int", _("Days that a demand leaves the buyer before a forfeiture"))
declare(
    "deals.forfeit_needs_demand", False, "bool", _("A deposit is kept only after a demand, its deadline and approval")
)

#: How pages say the choices of these parameters.
say_keys(parameter={
    "submit": _("Its approval"), "first_money": _("First money received"), "full_deposit": _("Whole deposit received"),
})  # fmt: skip
