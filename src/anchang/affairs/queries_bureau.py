"""Where units stand at the bureau and here."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from anchang.affairs.rules_bureau import DRAFT, FILED, FREE, REVOKED, SIGNED, Standing
from anchang.deals.models import Contract, UnitClaim
from anchang.deals.models.contracts import LIVE_STATES
from anchang.platform.models import Project

#: The newest list that names a building counts for the whole of it: a unit that it leaves out isn't signed there.
_NEWEST = """
    WITH listed AS (
        SELECT u.building_id, max(r.list_id) AS list_id
          FROM affairs_bureaurow r JOIN inventory_unit u ON u.project_id = r.project_id AND u.id = r.unit_id
         WHERE r.project_id = %(project)s GROUP BY u.building_id)
    SELECT u.id, coalesce(r.state, 'free'), coalesce(r.online_number, ''), coalesce(r.filing_number, '')
      FROM listed l
      JOIN inventory_unit u ON u.project_id = %(project)s AND u.building_id = l.building_id AND u.deleted_at IS NULL
      LEFT JOIN affairs_bureaurow r ON r.project_id = u.project_id AND r.list_id = l.list_id AND r.unit_id = u.id"""


def their_standings(project: Project) -> dict[int, Standing]:
    """Unit -> what the bureau says, for every unit of the buildings that a list names."""
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, {"project": project.pk})
        return {unit: Standing(state, online, filing) for unit, state, online, filing in cursor.fetchall()}


def our_standings(project: Project, units: Iterable[int]) -> tuple[dict[int, Standing], dict[int, int]]:
    """Unit -> what we say, and its contract. Three queries."""
    ids = list(units)
    papers = Contract.objects.filter(project=project, unit__in=ids)
    ended = set(papers.filter(state="terminated").values_list("unit_id", flat=True))
    legacy = set(
        UnitClaim.objects.filter(project=project, unit__in=ids, kind="legacy").values_list("unit_id", flat=True)
    )
    live = {paper.unit_id: paper for paper in papers.filter(state__in=LIVE_STATES)}
    found = {}
    for unit_id in ids:
        paper = live.get(unit_id)
        if paper is not None:
            found[unit_id] = Standing(
                _state_of(paper), paper.online_number, paper.filing_number, ended=paper.state == "revoked"
            )
        elif unit_id in legacy:
            found[unit_id] = Standing(SIGNED, known=False)
        else:
            found[unit_id] = Standing(FREE, ended=unit_id in ended)
    return found, {unit_id: paper.pk for unit_id, paper in live.items()}


def _state_of(paper: Contract) -> str:
    if paper.state in ("draft", "reviewed"):
        return DRAFT
    if paper.state == "revoked":
        return REVOKED
    return FILED if paper.filed_on else SIGNED
