"""Word lists of the reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anchang.platform import parameters, reading
from anchang.platform.parameters import declare

DELAY_WORDS: dict[str, Any] = {
    "loan": _("Loan not approved yet"),
    "funds": _("Funds not ready"),
    "papers": _("Papers missing"),
    "travel": _("Away, can't come"),
    "terms": _("Terms in dispute"),
    "regret": _("Thinks of withdrawing"),
    "bureau": _("Waiting for the bureau"),
    "other_cause": _("Another reason"),
}

declare("insight.delay_reasons", list(DELAY_WORDS), "json", _("Reasons of delay that may be chosen"))


def delay_reasons(project_id: int | None) -> Mapping[str, Any]:
    """Code -> word. A code without built-in words reads as itself."""
    project = reading.projects_by_id().get(project_id) if project_id is not None else None
    codes = parameters.value("insight.delay_reasons", project, timezone.localdate())
    return {str(code): DELAY_WORDS.get(str(code), str(code)) for code in codes}
