"""Pay: schemes, who is paid, what a deal earned in which parts, statements that close, awards."""

from anchang.commission.models.lines import Earning, Line
from anchang.commission.models.schemes import Award, Payee, Role, Scheme, Split
from anchang.commission.models.statements import Statement

__all__ = ["Award", "Earning", "Line", "Payee", "Role", "Scheme", "Split", "Statement"]
