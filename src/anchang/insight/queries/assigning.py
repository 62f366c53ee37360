"""How leads are handed out (分配时间/成功率): time to the first assignment and contact in time, by rule and person."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from anchang.insight import rules
from anchang.insight.queries import drill, labels
from anchang.insight.queries.asked import Asked
from anchang.insight.queries.sales import text

_ROWS = """
    SELECT t.rule_id, r.name, t.kind, t.to_owner_id, count(*),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM t.at - x.captured_at)),
           count(*) FILTER (WHERE x.first_contacted_at IS NOT NULL),
           count(*) FILTER (WHERE x.first_contacted_at <= x.first_contact_due_at)
      FROM crm_lead x
      JOIN LATERAL (SELECT t.at, t.rule_id, t.kind, t.to_owner_id FROM crm_leadtransfer t
                     WHERE t.project_id = x.project_id AND t.lead_id = x.id AND t.to_owner_id IS NOT NULL
                     ORDER BY t.at, t.id LIMIT 1) t ON true
      LEFT JOIN crm_assignmentrule r ON r.project_id = x.project_id AND r.id = t.rule_id
     WHERE x.project_id = ANY(%(projects)s) AND x.business_date BETWEEN %(first)s AND %(last)s
       AND x.deleted_at IS NULL AND {who}
     GROUP BY 1, 2, 3, 4"""


def assigning_report(asked: Asked) -> dict[str, Any]:
    """Leads captured in the period by the rule and person of their first assignment: how many, median minutes from
    capture to it, contacted, contacted within the limit, and that share (null without leads). One statement."""
    params = {"projects": asked.project_ids, "first": asked.first, "last": asked.last, **asked.who.params()}
    with connection.cursor() as cursor:
        cursor.execute(_ROWS.format(who=asked.who.sql("t.to_owner_id", "x.team_id")), params)
        found = cursor.fetchall()
    names = labels.people({row[3] for row in found})
    rows = [
        {
            "rule": {"id": rule_id, "label": name} if rule_id else None,
            "way": name or (_("Claimed") if kind == "claimed" else _("By hand or by turns")),
            "user": names.get(user) or {"id": user, "label": ""},
            "leads": count,
            "median_minutes": f"{float(median) / 60:.1f}",
            "contacted": contacted,
            "in_time": in_time,
            "in_time_rate": text(rules.rate(in_time, count)),
        }
        for rule_id, name, kind, user, count, median, contacted, in_time in found
    ]
    rows.sort(key=lambda r: (-r["leads"], r["way"], r["user"]["label"]))
    return {
        **asked.over_span(),
        "rows": rows,
        "drill": {"leads": drill.rows("leads", drill.between("business_date", asked.first, asked.last))},
    }
