"""Limits, periods and word lists of customers, visits and follow-ups."""

from django.utils.translation import gettext_lazy as _

from anchang.platform.parameters import declare

declare("crm.first_grade", "C", "choice", _("Grade of a new customer"), choices=("A", "B", "C", "D"))
declare("crm.grade_days", {"A": 7, "B": 30}, "json", _("Days for which a grade is valid"))
declare(
    "crm.grade_criteria", {}, "json", _("Entry criteria of grades"),
    help=_("By grade a condition on customers; who doesn't fulfil it isn't given the grade by hand."),
    shape="conditions",
)  # fmt: skip
declare(
    "crm.idle_days", {"B": 3}, "json", _("Days without follow-up until owner and manager are told, by grade")
)
declare("crm.follow_up_days", {"A": 1, "B": 3, "C": 7, "D": 30}, "json",
        _("Days to the next follow-up when no date is given, by grade"))  # fmt: skip
declare(
    "crm.grade_rules",
    [{"id": "strong-intent-lifts-c", "intent": "strong", "from": "C", "to": "B"}],
    "json",
    _("Rules by which a follow-up changes the grade"),
)
declare("crm.effective_call_seconds", 30, "int", _("Seconds from which an answered call counts as effective"))
declare("crm.reveals_per_day", 50, "int", _("Full numbers that one person may look at in a day"))
declare("crm.manager_roles", ["manager"], "list", _("Roles that are told about their customers' changes"))
declare("crm.late_minutes", 15, "int", _("Minutes after which an appointment counts as late"))
declare("crm.no_show_hours", 4, "int", _("Hours after which a missed appointment is closed as no-show"))
declare("crm.remind_hours", 24, "int", _("Hours before an appointment at which the consultant is reminded"))
declare(
    "crm.visit_required",
    [],
    "list",
    _("Fields that a first visit must fill"),
    help=_("Of: purpose, content, channel, budget, area, layouts, need_purpose, heard_from, family."),
)
declare(
    "crm.truth_same_words", 3, "int", _("Equal follow-ups of one person on a day from which they are doubted")
)
declare(
    "crm.truth_visits_per_hour", 6, "int", _("First visits of one consultant in an hour that are doubted")
)
declare("crm.truth_sample_percent", 2, "int", _("Percent of visits that are picked for a call-back"))

# Word lists (dictionaries): an office writes its own; built-in words are translated (crm.dictionaries).
declare("crm.words.occupation", ["employee", "manager", "civil_servant", "teacher", "doctor", "self_employed",
        "retired", "other"], "list", _("Occupations"))  # fmt: skip
declare("crm.words.age_band", ["to_25", "26_35", "36_45", "46_55", "56_up"], "list", _("Age bands"))
declare("crm.words.area", [], "list", _("Areas where customers live and work"))
declare(
    "crm.words.relation",
    ["spouse", "parent", "child", "sibling", "agent", "colleague", "friend", "other"],
    "list",
    _("Relations"),
)
declare(
    "crm.words.purpose",
    ["first_home", "better_home", "school", "wedding", "investment", "retirement", "other"],
    "list",
    _("Purposes of buying"),
)
declare(
    "crm.words.family",
    ["single", "couple", "couple_child", "couple_children", "three_generations", "other"],
    "list",
    _("Family structures"),
)
declare(
    "crm.words.lost_reason",
    ["bought_elsewhere", "price", "location", "layout", "loan", "no_need", "unreachable", "other"],
    "list",
    _("Reasons for losing a customer"),
)
declare(
    "crm.words.feedback",
    {
        "price": ["acceptable", "high", "too_high"],
        "layout": ["liked", "neutral", "disliked"],
        "location": ["liked", "neutral", "disliked"],
        "competitor": ["none", "comparing", "prefers_other"],
    },
    "json",
    _("Feedback on a visit: questions and answers"),
)
declare("crm.follow_up_hour", 10, "int", _("Hour of the day that quick dates of the next follow-up mean"))
declare(
    "crm.request_days", 15, "int", _("Working days for answering a person's request about his data"),
    help=_("Fifteen working days is the practice set for apps; PIPL itself says “in time”."),
)  # fmt: skip
declare(
    "crm.request_remind_days", [3, 1, 0], "list",
    _("Days before the limit of a request about personal data at which it is reminded of"),
)  # fmt: skip
declare(
    "crm.idle_file_months", 24, "int",
    _("Months without activity after which a customer's file is proposed for erasure"),
    help=_("0: never."),
)  # fmt: skip
declare("crm.request_roles", ["manager", "director"], "list", _("Roles that answer requests about personal data"))
