"""Jobs of customers; each calls one command."""

from __future__ import annotations

from anchang.crm.commands.appointments import remind_appointments
from anchang.crm.commands.grades import expire_grades
from anchang.crm.commands.lead_clock import run_clock
from anchang.crm.commands.retention import propose_erasure, remind_requests
from anchang.crm.commands.standing import remind_idle
from anchang.crm.commands.tagging import apply_rule, apply_rules, tag_changed
from anchang.crm.commands.truth import find_doubts
from anchang.crm.models import Tag
from anchang.platform.context import Context
from anchang.platform.project_jobs import project_job

project_job("crm.remind_idle", every="*/30 * * * *")(remind_idle)
project_job("crm.remind_appointments", every="*/10 * * * *")(remind_appointments)
project_job("crm.lead_clock", every="*/10 * * * *")(run_clock)
project_job("crm.tag_changed", every="* * * * *")(tag_changed)
project_job("crm.expire_grades", every="10 1 * * *")(expire_grades)
# Time alone makes some rules of tags true.
project_job("crm.tag_all", every="20 2 * * *")(apply_rules)
project_job("crm.propose_erasure", every="20 4 * * 1")(propose_erasure)
project_job("crm.remind_requests", every="30 8 * * *")(remind_requests)
project_job("crm.find_doubts", every="40 22 * * *")(find_doubts)


@project_job("crm.apply_tag")
def apply_rule_of_tag(ctx: Context, tag: int) -> None:
    """A tag's new rule, on all customers of the project."""
    found = Tag.objects.filter(project=ctx.here, pk=tag, active=True).first()
    if found is not None and found.by_rule:
        apply_rule(ctx, found)
