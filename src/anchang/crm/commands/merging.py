"""Two files of one customer made one (合并): everything that hangs on them comes together (BS17)."""

from __future__ import annotations

from typing import Annotated, Any

from django.db import connection
from django.db.models import F, Min
from django.utils.translation import gettext_lazy as _

from anchang.crm import rules
from anchang.crm.commands.grades import settle_stages
from anchang.crm.commands.hooks import merge_hooks
from anchang.crm.commands.lead_handling import give_leads
from anchang.crm.commands.standing import give
from anchang.crm.commands.tagging import join_tags
from anchang.crm.commands.writable import why_not_write
from anchang.crm.models import HELD, Customer, CustomerMerge, CustomerPhone, FollowUp, Lead, Need, Visit
from anchang.crm.queries import belonging
from anchang.kernel.errors import DomainError
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Reason, Ref
from anchang.platform.models import Task

#: Stages that a running deal gives.
WITH_DEAL = ("subscriber", "buyer", "owner")


class MergeInput(Input):
    other: Annotated[Ref("customers"), Label(_("The file that goes"))]
    reason: Annotated[Reason, Label(_("Reason"))]


@command(
    Customer, verb="merge", label=_("Merge another file into this"), icon="git-merge", refuses=why_not_write,
    shape="danger",
)  # fmt: skip
def merge_customers(ctx: Context, customer: Customer, data: MergeInput) -> Customer:
    """The other file's phones, documents and history come to this one (BS17); the other one is kept as `merged`.

    Rows of every app that point to the other file point to this one afterwards. Of single values this file's
    stand, empty ones are filled; the earlier first source stands. Who owns the customer is decided anew (判客).
    merge_hooks run before and may refuse. Locks both files in the order of their ids.
    """
    if data.other.pk == customer.pk:
        raise DomainError("nothing_to_merge")
    ids = sorted((customer.pk, data.other.pk))
    rows = {c.pk: c for c in Customer.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")}
    kept, gone = rows[customer.pk], rows[data.other.pk]
    if gone.state in ("merged", "erased"):
        raise DomainError("customer_not_active", state=gone.get_state_display())
    files = _known(kept, gone)
    if why := rules.why_not_merge(files):
        raise DomainError.of(why)
    ruling = rules.attribute(files, _known(*_relatives(kept, gone)))
    for hook in merge_hooks:
        hook(ctx, kept, gone)
    moved = _move(ctx, kept, gone)
    _fill(kept, gone)
    gone.state, gone.merged_into, gone.state_reason = "merged", kept, data.reason
    gone.next_follow_at, gone.deal_stage = None, ""
    gone.save(update_fields=["state", "merged_into", "state_reason", "next_follow_at", "deal_stage", "updated_at"])
    Customer.objects.filter(project=ctx.here, merged_into=gone).update(merged_into=kept)
    _attribute(ctx, kept, gone, ruling.owner_id)
    CustomerMerge.objects.create(
        project=ctx.here, kept=kept, gone=gone, by_id=ctx.user_id, reason=data.reason, moved=moved, at=ctx.now,
        rule=ruling.rule, owner_id=ruling.owner_id,
    )  # fmt: skip
    ctx.event("customer.merged", kept, customer_id=kept.pk, gone=gone.number, kept=kept.number)
    ctx.event("customer.merged", gone, customer_id=gone.pk, gone=gone.number, kept=kept.number)
    settle_stages(ctx, [kept])
    ctx.index([kept, gone])
    return kept


def _known(*customers: Customer) -> list[rules.Known]:
    """What the rules need of these files: first effective contact, running deal, owner."""
    ids = [c.pk for c in customers]
    called = FollowUp.objects.filter(customer__in=ids, effective=True)
    calls = dict(called.values_list("customer").annotate(first=Min("at")).order_by())
    came = Visit.objects.filter(customer__in=ids)
    visits = dict(came.values_list("customer").annotate(first=Min("arrived_at")).order_by())
    return [
        rules.Known(
            c.pk, frozenset(), c.created_at, c.owner_id, c.deal_stage in WITH_DEAL,
            min(filter(None, (calls.get(c.pk), visits.get(c.pk))), default=None),
        )
        for c in customers
    ]  # fmt: skip


def _relatives(kept: Customer, gone: Customer) -> list[Customer]:
    homes = [h for h in (kept.household_id, gone.household_id) if h]
    if not homes:
        return []
    rows = Customer.objects.filter(project_id=kept.project_id, household__in=homes).exclude(state="merged")
    return list(rows.exclude(pk__in=(kept.pk, gone.pk)).order_by("pk"))


def _attribute(ctx: Context, kept: Customer, gone: Customer, owner_id: int | None) -> None:
    """The customer and the open leads of both files go to the one who has him now; who loses him is told."""
    losers = {kept.owner_id, gone.owner_id} - {owner_id, None}
    if kept.owner_id != owner_id:
        give(ctx, [(kept, owner_id)], reason="merge")
        ctx.notify([owner_id], "customer_received", kept, name=kept.name)
    if owner_id is not None:
        leads = Lead.objects.filter(project=ctx.here, customer=kept, state__in=HELD)
        others = list(leads.exclude(owner=owner_id).values_list("pk", flat=True))
        give_leads(ctx, others, owner_id, "transferred", reason="merge", tell=False)
    ctx.notify(losers, "customer_merged_away", kept, name=gone.name)


def _move(ctx: Context, kept: Customer, gone: Customer) -> dict[str, int]:
    """Point what belongs to `gone` to `kept`; logs that can't change are read through `merged_into`."""
    if CustomerPhone.objects.filter(customer=kept, active=True, main=True).exists():
        CustomerPhone.objects.filter(customer=gone, main=True).update(main=False)
    _move_needs(kept, gone)
    join_tags(ctx, kept, gone)
    last = Visit.objects.filter(customer=kept).order_by("-seq").values_list("seq", flat=True).first() or 0
    moved = {"visit": Visit.objects.filter(customer=gone).update(customer=kept, seq=F("seq") + last)}
    renumber_visits(kept.project_id, [kept.pk])
    for model, name in belonging.references():
        if belonging.may_change(model, name):
            rows = model._base_manager.filter(project=ctx.here, **{name: gone}).update(**{name: kept})
            moved[model._meta.model_name or ""] = moved.get(model._meta.model_name or "", 0) + rows
    _join_tasks(ctx, kept, gone)
    for model in belonging.remarks():
        if belonging.may_change(model, "record_id"):
            about: Any = model._base_manager.filter(project=ctx.here, resource="customers", record_id=gone.pk)
            moved[model._meta.model_name or ""] = about.update(record_id=kept.pk)
    return moved


def _move_needs(kept: Customer, gone: Customer) -> None:
    """Editions go on counting; the kept file's current need stays the current one."""
    last = Need.everything.filter(customer=kept).order_by("-seq").values_list("seq", flat=True).first() or 0
    if Need.everything.filter(customer=kept, current=True).exists():
        Need.everything.filter(customer=gone, current=True).update(current=False)
    Need.everything.filter(customer=gone).update(customer=kept, seq=F("seq") + last)


def _join_tasks(ctx: Context, kept: Customer, gone: Customer) -> None:
    """A to-do that both files have stays once: the gone file's one ends, under a key that nobody else uses."""
    tasks = Task.everything.filter(project=ctx.here, resource="customers")
    have = set(tasks.filter(record_id=kept.pk).values_list("code", "assignee_id", "period_key"))
    ours = tasks.filter(record_id=gone.pk).values_list("pk", "code", "assignee_id", "period_key")
    twice = [task[0] for task in ours if task[1:] in have]
    if twice:
        tasks.filter(pk__in=twice, state="open").update(state="cancelled", done_at=ctx.now)
        for pk in twice:
            tasks.filter(pk=pk).update(period_key=f"merged:{pk}")


def _fill(kept: Customer, gone: Customer) -> None:
    for name in ("sex", "email", "licence_number", "occupation", "age_band", "residence", "workplace", "note",
                 "phone_masked"):  # fmt: skip
        if not getattr(kept, name):
            setattr(kept, name, getattr(gone, name))
    if kept.household_id is None:
        kept.household_id, kept.household_relation = gone.household_id, gone.household_relation
    if gone.captured_at < kept.captured_at:
        for name in ("captured_at", "channel_id", "campaign", "source", "business_date"):
            setattr(kept, name, getattr(gone, name))
    kept.grade = min(kept.grade, gone.grade)
    kept.visit_count += gone.visit_count
    for name in ("last_follow_up_at", "last_visit_at", "idle_since"):
        setattr(kept, name, max(filter(None, (getattr(kept, name), getattr(gone, name))), default=None))
    nexts = [t for t in (kept.next_follow_at, gone.next_follow_at) if t]
    kept.next_follow_at = min(nexts, default=None)
    order = ("", "prospect", "subscriber", "buyer", "owner")
    kept.deal_stage = max(kept.deal_stage, gone.deal_stage, key=order.index)
    kept.save()


_RENUMBER = """
UPDATE crm_visit v SET seq = n.seq FROM (
    SELECT id, row_number() OVER (PARTITION BY customer_id ORDER BY arrived_at, id) AS seq
      FROM crm_visit WHERE project_id = %s AND customer_id = ANY(%s) AND deleted_at IS NULL) n
 WHERE v.project_id = %s AND v.id = n.id AND v.seq <> n.seq
"""


def renumber_visits(project_id: int, customer_ids: list[int]) -> None:
    """First and repeat visits by arrival, after visits came in late. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_RENUMBER, [project_id, customer_ids, project_id])
