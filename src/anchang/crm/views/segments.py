"""The page of segments (客户群): saved views of customers with their size, as lists and as batches for a command."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from anchang.crm.queries.segments import segments
from anchang.platform import commands, resources
from anchang.platform.access import Access
from anchang.platform.commands import Command
from anchang.platform.models import SavedView
from anchang.platform.ui.components import Action
from anchang.platform.ui.condition_words import said
from anchang.platform.ui.gate import access_of, project_ids_of


@require_safe
def segments_page(request: HttpRequest) -> HttpResponse:
    access = access_of(request)
    access.require("customers.view")
    customers = resources.get("customers")
    bulk = [c for c in commands.of_resource(customers) if c.bulk and access.may(commands.permission_of(c))]
    found = []
    for view in segments(access, project_ids_of(request)).select_related("user")[:200]:
        words = said(customers, view.query.get("where"), access, view.project_id)
        found.append(
            {
                "name": view.name, "url": f"/r/customers/?view={view.pk}", "shared": view.shared,
                "by": view.user.name or view.user.username, "count_url": f"/r/customers/totals?view={view.pk}",
                "tests": words, "actions": _actions(access, view, bulk),
            }
        )  # fmt: skip
    return render(request, "crm/segments.html", {"segments": found})


def _actions(access: Access, view: SavedView, bulk: Sequence[Command]) -> list[Action]:
    """Commands for the whole batch, and a tag by the filter of one's own view."""
    batch = f"?view={view.pk}"
    found = [Action(str(c.label), f"/r/customers/bulk/{c.verb}{batch}", icon=c.icon, opens="dialog") for c in bulk]
    mine = view.user_id == access.actor.user_id and bool(view.query.get("where"))
    if mine and access.may("tags.create", view.project_id):
        label = str(commands.get("add_tags").label)
        found.append(Action(label, f"/r/tags/new?condition.view={view.pk}", icon="tag", opens="dialog"))
    return found
