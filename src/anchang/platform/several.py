"""Several records of another kind on one record, read inside the page's own statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import F, JSONField, OuterRef, QuerySet, Subquery, TextField

if TYPE_CHECKING:
    from anchang.platform.resources import Through


class _Listed(Subquery):
    """References as JSON, in the order of their words; none: null."""

    template = "(SELECT jsonb_agg(jsonb_build_object('id', r.key, 'label', r.words)) FROM (%(subquery)s) r)"
    output_field = JSONField()


class _Joined(Subquery):
    """Their words as one text, to sort by."""

    template = "(SELECT string_agg(r.words, '、') FROM (%(subquery)s) r)"
    output_field = TextField()


def pairs(through: Through) -> QuerySet[Any]:
    """The pairs of the outer query's record: led by the project, as every index is."""
    of_record = {"project": OuterRef("project_id"), through.mine: OuterRef("pk")}
    return through.model._default_manager.filter(**of_record)


def _in_order(through: Through) -> QuerySet[Any]:
    return pairs(through).order_by(through.label).values(key=F(f"{through.other}_id"), words=F(through.label))


def listed(through: Through) -> Subquery:
    return _Listed(_in_order(through))


def joined(through: Through) -> Subquery:
    return _Joined(_in_order(through))
