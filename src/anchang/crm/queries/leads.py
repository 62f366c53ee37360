"""Reads about leads: reasons, the pool's preview, assignment indicators."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import connection
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


_INDICATORS = """
SELECT l.rule_id, coalesce(r.name, ''), l.owner_id, coalesce(u.name, ''), count(*),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM t.at - l.captured_at)),
       count(*) FILTER (WHERE l.first_contacted_at IS NOT NULL),
       count(*) FILTER (WHERE l.first_contacted_at <= l.first_contact_due_at)
  FROM crm_lead l
  JOIN LATERAL (SELECT at FROM crm_leadtransfer t WHERE t.project_id = l.project_id AND t.lead_id = l.id
                   AND t.to_owner_id IS NOT NULL ORDER BY at LIMIT 1) t ON true
  LEFT JOIN crm_assignmentrule r ON r.project_id = l.project_id AND r.id = l.rule_id
  LEFT JOIN platform_user u ON u.id = l.owner_id
 WHERE l.project_id = %s AND l.business_date BETWEEN %s AND %s AND l.deleted_at IS NULL AND l.owner_id IS NOT
 NULL GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC
"""


def assignment_indicators(
    access: Access, project: Project, first: dt.date, last: dt.date
) -> list[dict[str, Any]]:
    """Per rule and person (L13): leads, median seconds from capture to the first assignment, contacted,
    contacted in time, and that share in percent (null without leads). Needs reports.project."""
    access.require("leads.view", project.pk)
    with connection.cursor() as cursor:
        cursor.execute(_INDICATORS, [project.pk, first, last])
        rows = cursor.fetchall()
    only = None if access.scope("leads.view", project.pk) == "project" else access.actor.user_id
    return [
        {
            "rule": {"id": rule, "label": rule_name} if rule else None,
            "user": {"id": owner, "label": name},
            "leads": count,
            "median_seconds": round(median),
            "contacted": contacted,
            "in_time": in_time,
            "in_time_percent": f"{100 * in_time / count:.2f}" if count else None,
        }
        for rule, rule_name, owner, name, count, median, contacted, in_time in rows
        if only is None or owner == only
    ]
