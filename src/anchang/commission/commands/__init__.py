"""Writes of pay."""

from anchang.commission.commands import awards, lines, schemes, statements
from anchang.commission.commands.following import follow
from anchang.platform.commands import constraint_errors

constraint_errors(
    {
        "line_settled": "line_settled",
        "commission_line_posted": "line_settled",
        "commission_statement_posted": "statement_closed",
        "commission_scheme_posted": "scheme_in_force",
        "statement_closed": "statement_closed",
        "statement_sum": "statement_sum",
        "pay_statement_open_once": "busy",
        "pay_line_open_of_part": "busy",
        "pay_line_award_once": "award_given",
        "pay_split_once": "split_twice",
    }
)

__all__ = ["awards", "follow", "lines", "schemes", "statements"]
