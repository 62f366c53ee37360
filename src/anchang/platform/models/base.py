"""The base of every business row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from anchang.platform import lookups  # noqa: F401  (registers any_of)


def has_bin(model: type[models.Model]) -> bool:
    """Whether rows of this model go to the recycle bin (回收站) instead of being deleted."""
    return any(f.name == "deleted_at" for f in model._meta.concrete_fields)


class AliveManager(models.Manager):
    """Rows that aren't in the recycle bin."""

    def get_queryset(self) -> models.QuerySet:
        return super().get_queryset().filter(deleted_at__isnull=True)


class ProjectKey(models.ForeignKey):
    """A foreign key between two rows of one project.

    Django makes no constraint for it: `platform.database` makes the composite one
    (project_id, x_id) -> (project_id, id), because a plain key would ignore the project and
    foreign-key checks ignore row-level security. Nor does Django make its index on the key alone: the
    index starts with the project too, holds no empty keys, and is left out where the model has one that
    starts with both, or with `indexed=False` (few distinct values in a table that is written all day).
    """

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, *, indexed: bool = True, **kwargs: Any) -> None:
        self.indexed = indexed
        kwargs["db_constraint"] = kwargs["db_index"] = False
        kwargs.setdefault("related_name", "+")
        super().__init__(to, on_delete, **kwargs)


class Watched(models.Model):
    """A row of the group's configuration: no project's policy guards it, but its changes are on record too."""

    append_only: ClassVar[bool] = False
    frozen: ClassVar[tuple[str, ...]] = ()
    frozen_when: ClassVar[str] = ""
    audited: ClassVar[bool] = True

    class Meta:
        abstract = True


class ProjectModel(models.Model):
    """A row that belongs to one project: row-level security, scopes and the shard key start here.

    Class attributes that `platform.database` turns into guards of the table:
    `append_only`  the app's role may neither UPDATE nor DELETE;
    `frozen`       {column: ...}: columns that may not change once `frozen_when` (SQL on OLD) is true,
                   and such a row can't be deleted;
    `audited`      row changes go to the audit table;
    `personal`     {column: SQL}: what stands there after the person's data was erased on request;
                   {"*": "delete"}: the row goes. `personal_of`: the path of keys to that person.
    """

    append_only: ClassVar[bool] = False
    frozen: ClassVar[tuple[str, ...]] = ()
    frozen_when: ClassVar[str] = ""
    audited: ClassVar[bool] = True
    personal: ClassVar[Mapping[str, str]] = {}
    personal_of: ClassVar[str] = ""

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(
        "platform.Project", models.PROTECT, related_name="+", db_index=False, verbose_name=_("Project")
    )
    version = models.PositiveIntegerField(_("Version"), default=1, editable=False)
    created_at = models.DateTimeField(_("Created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("Changed at"), auto_now=True)
    created_by_id = models.BigIntegerField(null=True, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)

    objects = AliveManager()
    everything = models.Manager()  # noqa: DJ012  (a manager; `objects` stays the default one by coming first)

    class Meta:
        abstract = True


class ProjectFact(models.Model):
    """A small project row without version or recycle bin: ledgers, tokens, lines, logs."""

    append_only: ClassVar[bool] = False
    frozen: ClassVar[tuple[str, ...]] = ()
    frozen_when: ClassVar[str] = ""
    audited: ClassVar[bool] = False
    personal: ClassVar[Mapping[str, str]] = {}
    personal_of: ClassVar[str] = ""

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(
        "platform.Project", models.PROTECT, related_name="+", db_index=False, verbose_name=_("Project")
    )

    objects = models.Manager()

    class Meta:
        abstract = True
