"""The recycle bin (回收站) of single records: out of sight, and back.

    def delete_unit(ctx: Context, unit: Unit) -> dict[str, Any]:   # a command of its own where something may refuse
        return put_in_bin(ctx, unit)

    restorable(Unit, "restore_unit")
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from anchang.kernel.errors import Refusal
from anchang.platform import commands, resources
from anchang.platform.commands import Command
from anchang.platform.context import Context
from anchang.platform.models.base import has_bin


def put_in_bin(ctx: Context, record: Any) -> dict[str, Any]:
    record.deleted_at = ctx.now
    record.save(update_fields=["deleted_at", "updated_at"])
    ctx.event("record.deleted", record)
    return {"id": record.pk, "deleted_at": ctx.now.isoformat()}


def take_from_bin(ctx: Context, record: Any) -> Any:
    """A record that isn't in the bin stays as it is."""
    if record.deleted_at is None:
        return record
    record.deleted_at = None
    record.save(update_fields=["deleted_at", "updated_at"])
    ctx.event("record.restored", record)
    return record


def why_not_back(record: Any) -> Refusal | None:
    """A part comes back after the whole that it can't be without."""
    for f in record._meta.concrete_fields:
        if f.is_relation and not f.null and has_bin(f.related_model):
            whole = getattr(record, f.name)
            if whole.deleted_at:
                resource = resources.of_model(f.related_model)
                return Refusal("whole_in_bin", {"what": str(resource.label if resource else f.verbose_name)})
    return None


def restoring(model: type[models.Model], name: str) -> Command:
    """The command that brings a record of this kind back."""
    return Command(
        name, model, "restore", "", "record", take_from_bin, None, _("Restore"), icon="arrow-back-up", shape="",
        refuses=why_not_back,
    )  # fmt: skip


def restorable(model: type[models.Model], name: str) -> None:
    """Register that command."""
    commands.add(restoring(model, name))
