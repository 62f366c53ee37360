"""Tags of customers by hand and by rule (C07). Rules are applied set-based; a field that their author may not see
can't stand in them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from pydantic import BeforeValidator, Field, WithJsonSchema

from anchang.crm.commands.writable import why_not_write
from anchang.crm.models import Customer, CustomerTag, Tag, TagPass
from anchang.crm.queries.segments import condition_of
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform import conditions, resources
from anchang.platform.binning import put_in_bin
from anchang.platform.commands import command, constraint_errors, creates, edits
from anchang.platform.context import Context
from anchang.platform.inputs import ConditionOn, Input, Label, Ref, _as_key
from anchang.platform.models import SavedView

log = logging.getLogger(__name__)

constraint_errors({"tag_name_once": "tag_exists", "tag_pass_once": "busy"})

LONGEST = 20
#: What the rule of a tag may ask about: anything but other tags.
RULE_ON = ConditionOn("customers", without=("tags",))


def _tag_key(value: Any) -> Any:
    """An id, a name, or the reference of an answer. A name that is short enough may become a new tag."""
    key = _as_key(value)
    if isinstance(key, str) and len(key) > LONGEST:
        raise ValueError("too_long")
    return key


_KEY = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "minLength": 1, "maxLength": LONGEST}]}
TagKeys = Annotated[
    list[Annotated[Any, BeforeValidator(_tag_key), WithJsonSchema(_KEY)]], Field(max_length=30)
]


# --- the tags themselves -------------------------------------------------------------------------


class TagInput(Input):
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None
    name: Annotated[str, Field(min_length=1, max_length=LONGEST), Label(_("Name"))]
    category: Annotated[str, Field(max_length=LONGEST), Label(_("Category"))] = ""
    segment: Annotated[
        Ref("views") | None,
        Label(_("Rule from a saved view"), form=False),
    ] = None
    condition: Annotated[dict[str, Any] | None, Label(_("Rule"), condition=RULE_ON)] = None


@creates(Tag, label=_("New tag"), shape="primary", icon="tag")
def add_tags(ctx: Context, rows: list[TagInput]) -> list[Tag]:
    """A tag without rule is given by hand; one with a rule is put on everybody who fulfils it, now and when customers
    change. Raises tag_exists, bad_condition, tag_rule_on_tags."""
    made = []
    for row in rows:
        tag = Tag(project=ctx.here, name=row.name, category=row.category, created_by_id=ctx.user_id,
                  condition=_rule_of(ctx, row.condition, row.segment))  # fmt: skip
        tag.save()
        ctx.event("record.created", tag)
        made.append(tag)
    _apply_later(ctx, made)
    return made


class TagEdit(Input):
    name: Annotated[str | None, Field(min_length=1, max_length=LONGEST), Label(_("Name"))] = None
    category: Annotated[str | None, Field(max_length=LONGEST), Label(_("Category"))] = None
    segment: Annotated[Ref("views") | None, Label(_("Rule from a saved view"), form=False)] = None
    condition: Annotated[dict[str, Any] | None, Label(_("Rule"), condition=RULE_ON)] = None
    active: Annotated[bool | None, Label(_("Active"))] = None


@edits(Tag, label=_("Edit"), icon="edit")
def edit_tag(ctx: Context, tag: Tag, data: TagEdit) -> Tag:
    """A changed rule is applied at once; without a rule the tag stays where it is and is then taken off by hand."""
    sent = data.model_fields_set
    if "name" in sent:
        if not data.name:
            raise DomainError("bad_input", status=422, fields={"name": "required"})
        tag.name = data.name
    if "category" in sent:
        tag.category = data.category or ""
    if data.active is not None:
        tag.active = data.active
    if data.segment is not None or "condition" in sent:
        tag.condition = _rule_of(ctx, data.condition, data.segment)
        tag.applied_at = None
    tag.save()
    ctx.event("record.edited", tag, fields=", ".join(sorted(sent)))
    _apply_later(ctx, [tag])
    return tag


@command(Tag, verb="delete", label=_("Delete"), icon="trash", shape="danger", name="delete_tag")
def delete_tag(ctx: Context, tag: Tag) -> dict[str, Any]:
    """The tag goes for good, and off every customer."""
    taken = CustomerTag.objects.filter(project=ctx.here, tag=tag).delete()[0]
    return put_in_bin(ctx, tag) | {"customers": taken}


def _by_hand(tag: Tag) -> Refusal | None:
    return None if tag.by_rule else Refusal("tag_without_rule")


@command(Tag, verb="apply", label=_("Apply the rule now"), icon="refresh", refuses=_by_hand, show=lambda t: t.by_rule)
def apply_tag(ctx: Context, tag: Tag) -> dict[str, Any]:
    """Put the tag on everybody who fulfils its rule and take it off the others. Says how many."""
    given, taken = apply_rule(ctx, tag)
    return {"id": tag.pk, "given": given, "taken": taken}


def _rule_of(ctx: Context, condition: dict[str, Any] | None, segment: SavedView | None) -> dict[str, Any]:
    """The condition, checked with the author's own rights: what he can't read he can't ask about."""
    if segment is not None:
        condition = condition_of(segment)
    if not condition:
        return {}
    node = conditions.parse(condition)
    if not all(RULE_ON.allows(path) for path in conditions.paths(node)):
        raise DomainError("bad_input", status=422, fields={"condition": "tag_rule_on_tags"})
    conditions.compile_condition(node, resources.get("customers"), ctx.access, (ctx.here.pk,), ctx.now)
    return condition


# --- by rule -------------------------------------------------------------------------------------


def _apply_later(ctx: Context, tags: Iterable[Tag]) -> None:
    """On everybody by a job; on whom events come about from this moment on, by `tag_changed`."""
    ruled = [tag for tag in tags if tag.by_rule and tag.active]
    if ruled:
        _place(ctx)
    for tag in ruled:
        ctx.defer("crm.apply_tag", tag=tag.pk)


_GIVE = """
INSERT INTO crm_customertag (project_id, customer_id, tag_id, at)
SELECT %s, m.id, %s, %s FROM ({matching}) m (id)
 WHERE NOT EXISTS (SELECT FROM crm_customertag t WHERE t.project_id = %s AND t.customer_id = m.id AND t.tag_id = %s)
ON CONFLICT DO NOTHING
"""
_TAKE = """
DELETE FROM crm_customertag t
 WHERE t.project_id = %s AND t.tag_id = %s AND {among}
   AND NOT EXISTS (SELECT FROM ({matching}) m (id) WHERE m.id = t.customer_id)
"""


def apply_rule(ctx: Context, tag: Tag, among: Sequence[int] | None = None) -> tuple[int, int]:
    """Two statements, whatever the number of customers; `among`: only these. Returns how many got and lost it."""
    node = conditions.parse(tag.condition)
    q, notes = conditions.compile_condition(node, resources.get("customers"), None, (ctx.here.pk,), ctx.now)
    rows = Customer.objects.filter(project=ctx.here).exclude(state__in=("merged", "erased"))
    if among is not None:
        rows = rows.filter(pk__any_of=list(among))
    matching, values = rows.annotate(**notes).filter(q).order_by().values("pk").query.sql_with_params()
    here, whose = ctx.here.pk, "true" if among is None else "t.customer_id = ANY(%s::bigint[])"
    with connection.cursor() as cursor:
        cursor.execute(_GIVE.format(matching=matching), [here, tag.pk, ctx.now, *values, here, tag.pk])
        given = cursor.rowcount
        some = [] if among is None else [list(among)]
        cursor.execute(_TAKE.format(matching=matching, among=whose), [here, tag.pk, *some, *values])
        taken = cursor.rowcount
    if among is None:
        Tag.objects.filter(pk=tag.pk).update(applied_at=ctx.now)
    return given, taken


def apply_rules(ctx: Context, among: Sequence[int] | None = None) -> int:
    """Every active rule of the project. A rule that no longer fits the fields is left out and said in the log.
    Returns how many tags were given or taken."""
    changed = 0
    for tag in _ruled(ctx):
        try:
            changed += sum(apply_rule(ctx, tag, among))
        except DomainError as error:
            log.warning("rule of tag %s can't be applied: %s", tag.pk, error.code)
    return changed


def _ruled(ctx: Context) -> QuerySet[Tag]:
    return Tag.objects.filter(project=ctx.here, active=True).exclude(condition={}).order_by("pk")


# Whole transactions below the snapshot's edge: one that commits late isn't skipped.
_CHANGED = """
SELECT array_agg(DISTINCT customer_id) FILTER (WHERE customer_id IS NOT NULL), max(xid::text::bigint)
  FROM platform_event
 WHERE project_id = %s AND xid > %s::text::xid8 AND xid < pg_snapshot_xmin(pg_current_snapshot())
"""
_EDGE = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1"


def _place(ctx: Context) -> TagPass:
    """How far events have been read, locked; for the first rule of a project: up to now."""
    place = TagPass.objects.select_for_update(no_key=True).filter(project=ctx.here).first()
    if place is None:
        with connection.cursor() as cursor:
            cursor.execute(_EDGE)
            place = TagPass.objects.create(project=ctx.here, xid=cursor.fetchone()[0])
    return place


def tag_changed(ctx: Context) -> int:
    """Apply the rules to customers about whom events came since the last time. Returns how many tags were given or
    taken."""
    if not _ruled(ctx).exists():
        return 0
    place = _place(ctx)
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED, [ctx.here.pk, place.xid])
        changed, last = cursor.fetchone()
    if last is None:
        return 0
    TagPass.objects.filter(pk=place.pk).update(xid=last)
    return apply_rules(ctx, changed) if changed else 0


# --- by hand -------------------------------------------------------------------------------------


def hand_tags(ctx: Context, keys: Iterable[Any], field: str = "tags") -> dict[Any, Tag]:
    """Tags by id or name. An unknown name becomes a tag when the actor may make tags. Raises tag_by_rule for one that
    its rule gives."""
    wanted = list(dict.fromkeys(keys))
    if not wanted:
        return {}
    ids, names = [k for k in wanted if isinstance(k, int)], [str(k) for k in wanted]
    rows = Tag.objects.filter(Q(pk__in=ids) | Q(name__in=names), project=ctx.here, active=True)
    found: dict[Any, Tag] = {}
    for tag in rows:
        found[tag.name] = tag
    by_id = {tag.pk: tag for tag in found.values()}
    answer = {key: by_id.get(key) or found.get(str(key)) for key in wanted}
    for key in [k for k, tag in answer.items() if tag is None]:
        if not isinstance(key, str) or not ctx.access.may("tags.create", ctx.here.pk):
            raise DomainError("bad_input", status=422, fields={field: "not_found"})
        answer[key] = Tag.objects.create(project=ctx.here, name=key, created_by_id=ctx.user_id)
    known = {key: tag for key, tag in answer.items() if tag is not None}
    if any(tag.by_rule for tag in known.values()):
        raise DomainError("bad_input", status=422, fields={field: "tag_by_rule"})
    return known


def tag_rows(ctx: Context, customer: Customer, tags: Iterable[Tag]) -> list[CustomerTag]:
    return [CustomerTag(project=ctx.here, customer=customer, tag=t, by_id=ctx.user_id, at=ctx.now) for t in tags]


def replace_tags(ctx: Context, customer: Customer, keys: Sequence[Any]) -> bool:
    """Exactly these tags by hand; those by rule stay, named or not. True: something changed."""
    own = CustomerTag.objects.filter(project=ctx.here, customer=customer).select_related("tag")
    have = {row.tag_id: row for row in own}
    ruled = {row.tag_id for row in own if row.tag.by_rule} | {row.tag.name for row in own if row.tag.by_rule}
    wanted = {t.pk: t for t in hand_tags(ctx, [k for k in keys if k not in ruled]).values()}
    gone = [row.pk for tag_id, row in have.items() if tag_id not in wanted and not row.tag.by_rule]
    fresh = [tag for tag_id, tag in wanted.items() if tag_id not in have]
    if gone:
        CustomerTag.objects.filter(pk__in=gone).delete()
    CustomerTag.objects.bulk_create(tag_rows(ctx, customer, fresh))
    return bool(gone or fresh)


class TagsInput(Input):
    tags: Annotated[TagKeys, Label(_("Tags"), "ref:tags")]


# A dialog would open empty and take off what it doesn't show: pages add, remove, or edit the file.
@command(Customer, verb="set-tags", label=_("Tags"), icon="tag", refuses=why_not_write, shape="")
def set_tags(ctx: Context, customer: Customer, data: TagsInput) -> Customer:
    """Exactly these tags by hand; tags by rule stay as they are."""
    _require_free_field(ctx)
    if replace_tags(ctx, customer, data.tags):
        _tagged(ctx, customer)
    return customer


@command(Customer, verb="add-tags", label=_("Add tags"), icon="tag", refuses=why_not_write, bulk=True,
         permission="customers.set-tags")  # fmt: skip
def add_tags_to(ctx: Context, customer: Customer, data: TagsInput) -> Customer:
    _require_free_field(ctx)
    tags = hand_tags(ctx, data.tags).values()
    CustomerTag.objects.bulk_create(tag_rows(ctx, customer, tags), ignore_conflicts=True)
    _tagged(ctx, customer)
    return customer


@command(Customer, verb="remove-tags", label=_("Remove tags"), icon="tag-off", refuses=why_not_write, bulk=True,
         permission="customers.set-tags")  # fmt: skip
def remove_tags_from(ctx: Context, customer: Customer, data: TagsInput) -> Customer:
    _require_free_field(ctx)
    tags = hand_tags(ctx, data.tags).values()
    CustomerTag.objects.filter(project=ctx.here, customer=customer, tag__in=tags).delete()
    _tagged(ctx, customer)
    return customer


def _require_free_field(ctx: Context) -> None:
    """Whoever may not see or change the tags of customers can't get round it by a command."""
    if ctx.access.field_mode("customers", "tags", [ctx.here.pk]):
        raise DomainError("bad_input", status=422, fields={"tags": "forbidden"})


def _tagged(ctx: Context, customer: Customer) -> None:
    names = CustomerTag.objects.filter(customer=customer).order_by("tag__name").values_list("tag__name", flat=True)
    ctx.event("customer.tagged", customer, customer_id=customer.pk, tags=list(names))


def join_tags(ctx: Context, kept: Customer, gone: Customer) -> None:
    """Before a merge: a tag that both have stays once."""
    have = CustomerTag.objects.filter(project=ctx.here, customer=kept).values("tag")
    CustomerTag.objects.filter(project=ctx.here, customer=gone, tag__in=have).delete()


__all__ = [
    "TagKeys", "add_tags", "apply_rule", "apply_rules", "hand_tags", "join_tags", "replace_tags", "set_tags",
    "tag_changed", "tag_rows",
]  # fmt: skip
