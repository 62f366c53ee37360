"""What the codes of this app say."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from anchang.commission.models import Line
from anchang.platform.wording import say, say_values

say(
    {
        "bad_tiers": _("Tiers ascend, each with a rate; only the last has no end."),
        "bad_milestones": _("This is no list of milestones with their shares."),
        "scheme_shares_not_100": _("The shares with the retention must sum to 100."),
        "scheme_in_force": _("A scheme in force never changes. End it and write the next one."),
        "scheme_ends_before": _("It cannot end before it begins."),
        "dates_crossed": _("The end lies before the beginning."),
        "split_twice": _("Nobody shares a deal twice."),
        "line_settled": _("A settled line never changes."),
        "line_in_statement": _("The line stands in a statement."),
        "statement_closed": _("A closed statement never changes."),
        "statement_open_before": _("The statement %(number)s is still open. Close it first."),
        "statement_empty": _("There is nothing to settle."),
        "statement_sum": _("The statement must be the sum of its lines."),
        "paid_before_closing": _("It cannot be paid before it was closed."),
        "month_not_over": _("The month is not over yet."),
        "award_not_then": _("The award does not hold in this period."),
        "award_given": _("This award was given for the period already."),
        "award_only": _("Only an award is taken back by hand."),
        "nobody_won": _("Nobody reached the mark."),
        "event.commission.accrued": _("%(amount)s accrued at %(rate)s"),
        "event.commission.changed": _("From %(before)s to %(after)s"),
        "event.commission.line": _("Line of %(amount)s: %(state)s"),
        "event.commission.split": _("Result shared by %(people)s"),
        "event.scheme.activated": _("Scheme in force from %(since)s"),
        "event.scheme.ended": _("Scheme ended on %(day)s"),
        "event.statement.prepared": _("Statement prepared: %(lines)s lines"),
        "event.statement.closed": _("Statement closed: %(amount)s to pay"),
        "event.statement.paid": _("%(amount)s paid"),
        "event.award.given": _("%(count)s winners"),
        "notice.commission_statement": _("Your commission statement %(number)s is closed: %(amount)s"),
        "notice.commission_paid": _("Your commission of %(amount)s was paid."),
        "notice.award_won": _("You won %(award)s: %(amount)s"),
    }
)
say_values("event.commission.line", state=dict(Line.State.choices))
