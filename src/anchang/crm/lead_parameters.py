"""Limits and periods of leads."""

from django.utils.translation import gettext_lazy as _

from anchang.platform.parameters import declare

declare("crm.first_contact_hours", 24, "int", _("Hours for the first follow-up of a lead, then it goes to the pool"))
declare(
    "crm.first_contact_grade_hours", {}, "json", _("Hours for the first contact with a graded customer, by grade"),
    shape="numbers",
    help=_("Of his leads, and of a customer who was given to somebody; grades left out have the usual hours."),
)  # fmt: skip
declare(
    "crm.opening_hours", {}, "json", _("Opening hours; when set, the clocks of leads run only then"), shape="hours",
    help=_("By weekday from 0 (Monday), such as 09:00-12:00, 13:00-18:00. Empty: hours of the clock."),
)  # fmt: skip
declare("crm.grade_limit_hours", {"A": 72, "B": 168, "C": 720}, "json",
        _("Hours without effective follow-up after which a customer loses the owner, by grade"))  # fmt: skip
declare("crm.grade_visit_days", {}, "json", _("Days without a visit after which a customer loses the owner, by grade"),
        shape="numbers")  # fmt: skip
declare("crm.recycle_warn_hours", 4, "int", _("Hours before recycling at which the owner is warned"))
declare("crm.barred_days", 3, "int", _("Days for which the last owner can't claim a lead again"))
declare("crm.keep_entered_leads", False, "bool", _("Consultants may keep the leads that they enter"),
        help=_("Else whoever may not assign leads names no owner: rules decide."))  # fmt: skip
declare("crm.claims_per_day", 10, "int", _("Leads that one person may claim in a day"))
declare("crm.invalid_reasons", [], "list", _("Further reasons for invalid leads"))
