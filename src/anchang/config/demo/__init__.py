"""The demo office 云栖花园 (`anchang up --demo`): people, stock and a believable year behind them.

History is bulk-loaded by the same rules as the commands use (tests/config/test_demo.py proves that the rows are
the same); the last days and the endings of deals go through the commands themselves. The random numbers have a
fixed seed and every date is relative to today.
"""

from __future__ import annotations

from django.db import transaction

from anchang.platform.models import Project

CODE = "YQ"


def load() -> bool:
    """Make the demo office unless it is there, all or nothing. Answers whether it was made."""
    if Project.objects.filter(code=CODE).exists():
        return False
    # Only now: a start with the office in place does without these modules.
    from anchang.config.demo import making

    with transaction.atomic():
        making.make_office(CODE)
    return True
