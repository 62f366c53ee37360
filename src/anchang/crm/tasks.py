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
from anchang.platform.jobs import JobRun, job


@job("crm.remind_idle", every="*/30 * * * *")
def remind_idle_customers(run: JobRun) -> None:
    """To-dos for customers left without follow-up, copies to the managers."""
    ctx = Context(run.access, run.here)
    remind_idle(ctx)
    ctx.flush()


@job("crm.expire_grades", every="10 1 * * *")
def expire_customer_grades(run: JobRun) -> None:
    ctx = Context(run.access, run.here)
    expire_grades(ctx)
    ctx.flush()


@job("crm.remind_appointments", every="*/10 * * * *")
def remind_of_appointments(run: JobRun) -> None:
    ctx = Context(run.access, run.here)
    remind_appointments(ctx)
    ctx.flush()


@job("crm.find_doubts", every="40 22 * * *")
def find_doubtful_contacts(run: JobRun) -> None:
    ctx = Context(run.access, run.here)
    find_doubts(ctx)
    ctx.flush()


@job("crm.lead_clock", every="*/10 * * * *")
def run_clock_of_leads(run: JobRun) -> None:
    """Leads without first follow-up and customers beyond their grade's limit go back; owners are warned before."""
    ctx = Context(run.access, run.here)
    run_clock(ctx)
    ctx.flush()


@job("crm.apply_tag")
def apply_rule_of_tag(run: JobRun, tag: int) -> None:
    """A tag's new rule, on all customers of the project."""
    found = Tag.objects.filter(project=run.here, pk=tag, active=True).first()
    if found is not None and found.by_rule:
        apply_rule(Context(run.access, run.here), found)


@job("crm.tag_changed", every="* * * * *")
def tag_changed_customers(run: JobRun) -> None:
    """The rules of tags, on customers to whom something happened."""
    tag_changed(Context(run.access, run.here))


@job("crm.tag_all", every="20 2 * * *")
def tag_all_customers(run: JobRun) -> None:
    """The rules of tags on everybody: time alone makes some of them true."""
    apply_rules(Context(run.access, run.here))


@job("crm.propose_erasure", every="20 4 * * 1")
def propose_idle_files(run: JobRun) -> None:
    """Once a week: the files that nobody has needed for the project's months."""
    ctx = Context(run.access, run.here)
    propose_erasure(ctx)
    ctx.flush()


@job("crm.remind_requests", every="30 8 * * *")
def remind_of_requests(run: JobRun) -> None:
    ctx = Context(run.access, run.here)
    remind_requests(ctx)
    ctx.flush()
