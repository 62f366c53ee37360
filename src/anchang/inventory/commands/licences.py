"""Licences for sale and the buildings they cover; release batches with their checklists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from pydantic import Field as PydanticField

from anchang.inventory.commands.tree import Code, Text50, set_sent
from anchang.inventory.dictionaries import batch_items
from anchang.inventory.models import Building, Licence, LicenceBuilding, ReleaseBatch, Unit
from anchang.kernel.errors import DomainError
from anchang.platform.commands import command, creates, edits
from anchang.platform.context import Context
from anchang.platform.inputs import Day, Input, Label, Line, Ref

# --- licences ------------------------------------------------------------------------------------


class LicenceInput(Input):
    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    kind: Annotated[Licence.Kind, Label(_("Kind"), kind="choice", choices=dict(Licence.Kind.choices))] = (
        Licence.Kind.PRESALE
    )
    number: Annotated[str, Label(_("Number")), PydanticField(min_length=1, max_length=60)]
    issued_on: Annotated[Day, Label(_("Issued on"))]
    valid_to: Annotated[Day | None, Label(_("Valid to"))] = None
    buildings: Annotated[list[Ref("buildings")], Label(_("Buildings"))] = []
    escrow_bank: Annotated[str, Label(_("Escrow bank")), PydanticField(max_length=100)] = ""
    escrow_account: Annotated[str, Label(_("Escrow account")), PydanticField(max_length=60)] = ""
    escrow_name: Annotated[str, Label(_("Escrow account name")), PydanticField(max_length=100)] = ""
    note: Annotated[Line, Label(_("Note"))] = ""


class LicenceEdit(Input):
    kind: Annotated[
        Licence.Kind | None, Label(_("Kind"), kind="choice", choices=dict(Licence.Kind.choices))
    ] = None
    number: Annotated[str | None, Label(_("Number")), PydanticField(min_length=1, max_length=60)] = None
    issued_on: Annotated[Day | None, Label(_("Issued on"))] = None
    valid_to: Annotated[Day | None, Label(_("Valid to"))] = None
    buildings: Annotated[list[Ref("buildings")] | None, Label(_("Buildings"))] = None
    escrow_bank: Annotated[str | None, Label(_("Escrow bank")), PydanticField(max_length=100)] = None
    escrow_account: Annotated[str | None, Label(_("Escrow account")), PydanticField(max_length=60)] = None
    escrow_name: Annotated[str | None, Label(_("Escrow account name")), PydanticField(max_length=100)] = None
    note: Annotated[Line | None, Label(_("Note"))] = None


@creates(Licence, label=_("New licence"))
def add_licences(ctx: Context, rows: list[LicenceInput]) -> list[Licence]:
    """A licence covers the units of its buildings that have none yet."""
    made = []
    for row in rows:
        _check_period(row.issued_on, row.valid_to)
        values = row.model_dump(exclude={"project", "buildings"})
        licence = Licence.objects.create(project=ctx.here, created_by_id=ctx.user_id, **values)
        cover(ctx, licence, row.buildings)
        ctx.event("record.created", licence)
        made.append(licence)
    ctx.index(made, fresh=True)
    return made


@edits(Licence, label=_("Edit"))
def edit_licence(ctx: Context, licence: Licence, data: LicenceEdit) -> Licence:
    """Buildings are added; a building stays covered while units of it are on sale under the licence."""
    _check_period(data.issued_on or licence.issued_on, data.valid_to or licence.valid_to)
    texts = dict.fromkeys(("escrow_bank", "escrow_account", "escrow_name", "note"), "")
    set_sent(licence, data, empty=texts, skip=["buildings"])
    if data.buildings is not None:
        LicenceBuilding.objects.filter(project=ctx.here, licence=licence).exclude(
            building_id__in=Unit.objects.filter(project=ctx.here, licence=licence).values("building_id")
        ).delete()
        cover(ctx, licence, data.buildings)
    ctx.event("record.edited", licence, fields=", ".join(sorted(data.model_fields_set)))
    ctx.index([licence])
    return licence


def _check_period(start: Any, end: Any) -> None:
    if end is not None and end < start:
        raise DomainError("bad_input", status=422, fields={"valid_to": "ends_before_start"})


def cover(ctx: Context, licence: Licence, buildings: Sequence[Building]) -> None:
    """Put buildings under the licence, and their units that have no licence."""
    LicenceBuilding.objects.bulk_create(
        [LicenceBuilding(project=ctx.here, licence=licence, building=building) for building in buildings],
        ignore_conflicts=True,
    )
    Unit.objects.filter(project=ctx.here, building__in=[b.pk for b in buildings], licence=None).update(
        licence=licence, updated_at=ctx.now
    )


# --- release batches -----------------------------------------------------------------------------


class BatchInput(Input):
    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    code: Annotated[Code, Label(_("Code"))]
    name: Annotated[Text50, Label(_("Name"))]
    planned_on: Annotated[Day | None, Label(_("Planned for"))] = None


class TickInput(Input):
    item: Annotated[
        str, PydanticField(min_length=1, max_length=60),
        Label(pgettext_lazy("checklist", "Item"), "choice", choices=batch_items),
    ]  # fmt: skip
    done: Annotated[bool, Label(_("Done"))] = True


@creates(ReleaseBatch, label=_("New release batch"))
def add_release_batches(ctx: Context, rows: list[BatchInput]) -> list[ReleaseBatch]:
    """A batch starts with the checklist of the project's parameter."""
    checks = [
        {"item": c["item"], "mandatory": bool(c.get("mandatory")), "done_on": None, "done_by": None}
        for c in ctx.param("inventory.release_checklist")
    ]
    made = [
        ReleaseBatch(
            project=ctx.here, created_by_id=ctx.user_id, code=row.code, name=row.name,
            planned_on=row.planned_on, checks=checks,
        )
        for row in rows
    ]  # fmt: skip
    ReleaseBatch.objects.bulk_create(made)
    for batch in made:
        ctx.event("record.created", batch)
    return made


@command(ReleaseBatch, verb="tick", label=_("Tick an item"))
def tick_check(ctx: Context, batch: ReleaseBatch, data: TickInput) -> ReleaseBatch:
    """Tick or untick one item of the checklist; who and when is kept with it."""
    found = [c for c in batch.checks if c["item"] == data.item]
    if not found:
        raise DomainError("bad_input", status=422, fields={"item": "not_found"})
    found[0]["done_on"] = ctx.business_date.isoformat() if data.done else None
    found[0]["done_by"] = ctx.actor.name if data.done else None
    batch.save(update_fields=["checks", "updated_at"])
    ctx.event("batch.ticked", batch, item=data.item, done=data.done)
    return batch
