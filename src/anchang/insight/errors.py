"""Codes of the reports in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.insight.words import DELAY_WORDS
from anchang.platform.wording import say, say_values

say(
    {
        "to_before_from": _("The end lies before the beginning."),
        "period_too_long": _("A report covers at most %(days)s days."),
        "plan_there": _("This year has a plan: change that one."),
        "plan_has_draft": _("A changed version of this plan is being made already."),
        "plan_in_force": _("Another version of this plan is in force."),
        "plan_target_there": _("This month has such a target."),
        "plan_approved": _("An approved plan does not change: make a new version."),
        "plan_empty": _("The plan has no targets."),
        "plan_not_in_force": _("Only the plan in force can be changed."),
        "deal_not_running": _("This deal is not running."),
        "date_passed": _("This day has passed."),
        "statement_frozen": _("The statement of this month is frozen already."),
        "event.statement.frozen": _("Statement of %(month)s frozen"),
        "event.budget.given": _("Given to the budget: %(period)s"),
        "notice.report_day": _(
            "Sales of %(to)s: %(visits)s visits, %(subscribed)s subscribed, %(signed)s signed, %(amount)s yuan"
        ),
        "notice.report_week": _(
            "Sales of the week %(from)s – %(to)s: %(visits)s visits, %(subscribed)s subscribed, %(signed)s signed,"
            " %(amount)s yuan"
        ),
        "notice.report_month": _(
            "Sales of the month %(from)s – %(to)s: %(visits)s visits, %(subscribed)s subscribed, %(signed)s signed,"
            " %(amount)s yuan"
        ),
        "event.plan.made": _("Version %(edition)s of the plan for %(year)s was made"),
        "event.plan.approved": _("Version %(edition)s of the plan for %(year)s was approved"),
        "event.deal.delay_explained": _("Reason of delay: %(reason)s, next on %(next_on)s"),
    }
)
say_values("event.deal.delay_explained", reason=DELAY_WORDS)
