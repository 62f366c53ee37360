"""Are visits and follow-ups true? Rules doubt some, a sample picks others; somebody calls the customer
(Z10)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.db import connection
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.crm.models import TruthCheck
from anchang.kernel.errors import Refusal
from anchang.platform.commands import command, project_command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Ref

_SAME_WORDS = """
INSERT INTO crm_truthcheck (project_id, version, created_at, updated_at, customer_id, follow_up_id, user_id,
                            rule_id, state, result)
SELECT f.project_id, 1, %(now)s, %(now)s, f.customer_id, f.id, f.author_id, 'same-words', 'open', ''
  FROM crm_followup f
  JOIN (SELECT author_id, business_date, content FROM crm_followup
         WHERE project_id = %(project)s AND business_date = %(day)s AND deleted_at IS NULL
         GROUP BY author_id, business_date, content HAVING count(*) >= %(words)s) s
    ON s.author_id = f.author_id AND s.content = f.content
 WHERE f.project_id = %(project)s AND f.business_date = %(day)s AND f.deleted_at IS NULL
ON CONFLICT DO NOTHING
"""
_CROWDED = """
INSERT INTO crm_truthcheck (project_id, version, created_at, updated_at, customer_id, visit_id, user_id,
                            rule_id, state, result)
SELECT v.project_id, 1, %(now)s, %(now)s, v.customer_id, v.id, v.consultant_id, 'crowded-visits', 'open', ''
  FROM crm_visit v
 WHERE v.project_id = %(project)s AND v.business_date = %(day)s AND v.seq = 1 AND v.deleted_at IS NULL
   AND v.import_job_id IS NULL AND (
       SELECT count(*) FROM crm_visit o
        WHERE o.project_id = v.project_id AND o.business_date = v.business_date AND o.seq = 1
          AND o.consultant_id = v.consultant_id AND o.deleted_at IS NULL
          AND o.arrived_at > v.arrived_at - interval '1 hour' AND o.arrived_at <= v.arrived_at) >= %(visits)s
ON CONFLICT DO NOTHING
"""
# The sample is taken by a hash of the id, so that a second run picks the same visits.
_SAMPLE = """
INSERT INTO crm_truthcheck (project_id, version, created_at, updated_at, customer_id, visit_id, user_id,
                            rule_id, state, result)
SELECT v.project_id, 1, %(now)s, %(now)s, v.customer_id, v.id, v.consultant_id, 'sample', 'open', ''
  FROM crm_visit v
 WHERE v.project_id = %(project)s AND v.business_date = %(day)s AND v.deleted_at IS NULL
   AND v.import_job_id IS NULL AND abs(hashint8(v.id)::bigint) %% 100 < %(percent)s
ON CONFLICT DO NOTHING
"""


class CheckInput(Input):
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None


@project_command(TruthCheck, verb="find", label=_("Check today's visits"), permission="truth-checks.find")
def find_doubts(ctx: Context, data: CheckInput | None = None) -> dict[str, Any]:
    """Today's doubtful visits and follow-ups by rule, and the sample. The same day again adds only what is
    new."""
    values = {
        "now": ctx.now,
        "project": ctx.here.pk,
        "day": ctx.business_date,
        "words": ctx.param("crm.truth_same_words"),
        "visits": ctx.param("crm.truth_visits_per_hour"),
        "percent": ctx.param("crm.truth_sample_percent"),
    }
    found = 0
    with connection.cursor() as cursor:
        for statement in (_SAME_WORDS, _CROWDED, _SAMPLE):
            cursor.execute(statement, values)
            found += cursor.rowcount
    return {"found": found}


class ResultInput(Input):
    state: Annotated[
        Literal["true", "false"], Label(_("Finding"), choices={"true": _("True"), "false": _("False")})
    ]
    result: Annotated[str, Field(max_length=200), Label(_("Result"))] = ""


def _must_be_open(check: TruthCheck) -> Refusal | None:
    return None if check.state == "open" else Refusal("check_closed")


@command(TruthCheck, verb="close", label=_("Call-back done"), icon="phone-check", shape="primary",
         refuses=_must_be_open, show=lambda c: c.state == "open")  # fmt: skip
def close_check(ctx: Context, check: TruthCheck, data: ResultInput) -> TruthCheck:
    check.state, check.result = data.state, data.result
    check.checked_by_id, check.checked_at = ctx.user_id, ctx.now
    check.save(update_fields=["state", "result", "checked_by", "checked_at", "updated_at"])
    ctx.event("truth_check.closed", check, customer_id=check.customer_id, state=data.state)
    return check
