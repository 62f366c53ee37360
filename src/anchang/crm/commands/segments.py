"""Work on a whole segment: its size, and one command on each of its customers."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.crm.models import Customer
from anchang.crm.queries.segments import members, segment_of
from anchang.kernel.errors import DomainError
from anchang.platform import commands, resources
from anchang.platform.commands import project_command
from anchang.platform.context import Context
from anchang.platform.inputs import MAX_ID, Between, Input, Label, Ref

MOST = 500


class SegmentInput(Input):
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None
    segment: Annotated[int, Between(1, MAX_ID), Label(_("Segment"))]


@project_command(Customer, verb="count-segment", label=_("Size of a segment"), permission="customers.view", shape="")
def count_segment(ctx: Context, data: SegmentInput) -> dict[str, Any]:
    """How many customers of a saved view the actor may see. Raises not_found."""
    return {"count": members(ctx.access, segment_of(ctx.access, ctx.here.pk, data.segment)).count()}


class BatchInput(SegmentInput):
    verb: Annotated[str, Field(min_length=1, max_length=40), Label(_("Command"))]
    data: Annotated[dict[str, Any] | None, Label(_("Its arguments"), "json")] = None
    limit: Annotated[int, Between(1, MOST), Label(_("At most"))] = MOST


@project_command(Customer, verb="run-segment", label=_("A command on a segment"), permission="customers.view", shape="")
def run_segment(ctx: Context, data: BatchInput) -> dict[str, Any]:
    """One command for many on each of the newest customers of a segment, under its own right; what is refused doesn't
    hold up the others. Says how many are done and how often each refusal came. Raises not_found, bad_choice."""
    cmd = commands.find(resources.get("customers"), data.verb)
    if cmd is None or cmd.kind != "record" or not cmd.bulk:
        raise DomainError("bad_input", status=422, fields={"verb": "bad_choice"})
    ctx.access.require(commands.permission_of(cmd), ctx.here.pk)
    rows = members(ctx.access, segment_of(ctx.access, ctx.here.pk, data.segment))
    done, refused = 0, Counter[str]()
    for pk in list(rows.values_list("pk", flat=True)[: data.limit]):
        try:
            commands.execute(cmd, ctx.access, subject_id=pk, data=data.data or {})
            done += 1
        except DomainError as error:
            refused[error.code] += 1
    return {"done": done, "refused": dict(refused)}


__all__ = ["count_segment", "run_segment"]
