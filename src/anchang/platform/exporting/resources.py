"""Declarations of exports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from anchang.platform.exporting.approval import left
from anchang.platform.models import ExportRequest, Role
from anchang.platform.resources import Field, Resource, register


def _filters(ids: Sequence[int]) -> dict[int, Any]:
    """Search and filter, as they were asked for."""
    rows = ExportRequest.objects.filter(pk__in=ids).values_list("pk", "params")
    return {pk: {k: v for k in ("q", "where") if (v := params.get(k))} for pk, params in rows}


def _chains(ids: Sequence[int]) -> dict[int, str]:
    """The roles that decide, in order, by their names."""
    rows = dict(ExportRequest.objects.filter(pk__in=ids).values_list("pk", "chain"))
    names = dict(Role.objects.values_list("code", "name"))
    return {pk: " → ".join(names.get(code, code) for code in chain) for pk, chain in rows.items()}


def _left(ids: Sequence[int]) -> dict[int, int]:
    return {one.pk: left(one) for one in ExportRequest.objects.filter(pk__in=ids).select_related("project")}


register(Resource(
    name="export-requests", model=ExportRequest, label=_("Export"), plural=_("Exports"), area="office",
    icon="download", owner="requested_by", label_field="number", order="-id", state_field="state",
    fields=(
        Field("number", list=True), Field("title", list=True), Field("state", list=True), Field("rows", list=True),
        Field("requested_by", list=True), Field("reason", list=True), Field("columns"), Field("personal_columns"),
        Field("full", list=True), Field("filter", label=_("Filter"), value=_filters, kind="json"),
        Field("approvers", label=_("Approval chain"), value=_chains, kind="text"), Field("step"),
        Field("decided_by", list=True), Field("decided_at"), Field("opinion"), Field("report", to="jobs"),
        Field("downloads"), Field("downloads_left", label=_("Downloads left"), value=_left, kind="int"),
        Field("available_until"), Field("created_at", list=True),
    ),
))  # fmt: skip
