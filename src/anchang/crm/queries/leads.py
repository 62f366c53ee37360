"""Reads about leads: reasons, the pool's preview, assignment indicators."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anchang.crm.models import Lead, LeadState
from anchang.platform import parameters, reading
from anchang.platform.access import Access
from anchang.platform.models import Project

INVALID_REASONS: dict[str, Any] = {
    "wrong_number": _("Wrong number"),
    "unreachable": _("Never reachable"),
    "not_interested": _("Not looking for a home"),
    "advertising": _("Advertising or competitor"),
    "duplicate": _("Known already"),
    "test": _("Test entry"),
    "other": _("Other"),
}


def invalid_reason_choices(project_id: int | None = None) -> Mapping[str, Any]:
    """code -> word: the built-in reasons and the project's own ones (parameter crm.invalid_reasons)."""
    project = reading.project_by_key(project_id) if project_id else None
    own = parameters.value("crm.invalid_reasons", project, timezone.localdate())
    return INVALID_REASONS | {str(word)[:30]: str(word)[:30] for word in own}


def owners_to_name(access: Access, project: Project, day: dt.date) -> str:
    """Whom the actor may name as owner of a lead that he enters: `any`, `self` or nobody, then rules decide."""
    if access.may("leads.assign", project.pk):
        return "any"
    return "self" if parameters.value("crm.keep_entered_leads", project, day) else ""


def due_for_recycling(
    access: Access, project: Project, until: dt.datetime | None = None
) -> list[dict[str, Any]]:
    """Leads that go to the pool for want of a first follow-up until then (default: the end of tomorrow), the
    most urgent first, inside what the actor may see."""
    end = until or timezone.now().replace(hour=0, minute=0, second=0, microsecond=0) + dt.timedelta(days=2)
    within = reading.reach(_leads(), "leads.view", access, [project.pk])
    if within is None:
        return []
    rows = Lead.objects.filter(
        within, project=project, state=LeadState.ASSIGNED, first_contact_due_at__lte=end
    ).order_by("first_contact_due_at", "pk")
    columns = ("pk", "name", "phone_masked", "owner_id", "owner__name", "first_contact_due_at")
    return [
        {
            "id": pk,
            "name": name or masked,
            "phone": masked,
            "owner": {"id": owner, "label": owner_name},
            "due_at": reading.plain(due),
        }
        for pk, name, masked, owner, owner_name, due in rows.values_list(*columns)[:500]
    ]


def _leads() -> Any:
    from anchang.platform import resources

    return resources.get("leads")
