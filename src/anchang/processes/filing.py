"""Files of a deal as its page shows them, and putting more there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.db.models import OuterRef, Subquery

from anchang.deals.models import Deal, DealFile, Subscription
from anchang.inventory.models import Unit
from anchang.platform import commands, files, reading, resources
from anchang.platform.access import Access
from anchang.platform.models import User
from anchang.processes.chains import Chain

MOST_FILES = 20
PAPERS = ("hold", "subscription", "contract")


def files_of_deal(access: Access, deal: Deal) -> list[dict[str, Any]]:
    """Documents in force, newest first, each with its former versions (`older`). One query."""
    within = reading.reach(resources.get("deal-files"), "deal-files.view", access, [deal.project_id])
    if within is None:
        return []
    by = Subquery(User.objects.filter(pk=OuterRef("created_by_id")).values("name")[:1])
    rows = DealFile.objects.filter(within, deal=deal).select_related("file").annotate(by=by).order_by("-id")
    shown = {row.pk: _shown(row) for row in rows}
    for row in rows:
        if row.replaces_id in shown:
            shown[row.replaces_id]["replaced_by"] = row.edition
    before = {row.pk: row.replaces_id for row in rows}
    return [shown[row.pk] | {"older": _older(row.pk, before, shown)} for row in rows if row.current]


def _shown(row: Any) -> dict[str, Any]:
    return {
        "id": row.pk, "title": row.title, "edition": row.edition, "name": row.file.name, "size": row.file.size,
        "at": row.created_at, "by": row.by or "", "note": row.note, "file": row.file_id, "replaced_by": None,
        "paper": next(name for name in PAPERS if getattr(row, f"{name}_id")),
    }  # fmt: skip


def _older(pk: int, before: dict[int, int | None], shown: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
    found, at = [], before.get(pk)
    while at is not None:
        found.append(shown[at])
        at = before.get(at)
    return found


def attach_uploads(
    access: Access, unit: Unit, chain: Chain, uploads: Sequence[File], *, paper: str, title: str, note: str, old: int
) -> None:
    """Store what was sent and put it to the named paper of the deal, or in the place of the version `old`."""
    assert chain.deal is not None
    for one in uploads[: 1 if old else MOST_FILES]:
        stored = files.save(unit.project, one.name or "file", one, user_id=access.actor.user_id)
        data: dict[str, Any] = {"file": stored.pk, "note": note}
        if old:
            commands.execute(commands.get("replace_file"), access, subject_id=old, data=data)
            continue
        if paper in PAPERS and getattr(chain, paper) is not None:
            data[paper] = getattr(chain, paper).pk
        commands.execute(commands.get("attach_file"), access, subject_id=chain.deal.pk, data=data | {"title": title})


def record_scan(
    access: Access, subscription: Subscription, upload: File, *, notice: int, buyers: Sequence[int]
) -> None:
    """Store the scan of a notice that buyers signed by hand, and record it; both or neither."""
    with transaction.atomic():
        user_id = access.actor.user_id
        stored = files.save(subscription.project, upload.name or "scan", upload, user_id=user_id)
        data = {"notice": notice, "file": stored.pk, "buyers": list(buyers)}
        commands.execute(commands.get("sign_notice"), access, subject_id=subscription.pk, data=data)
