"""Leads out of files, in batches (L07)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from anchang.crm.commands.channels import find_channels
from anchang.crm.commands.lead_intake import Enquiry, coded, take_in
from anchang.crm.lead_file import LeadRow
from anchang.crm.models import Channel
from anchang.crm.queries.people import consultants_by_name
from anchang.platform.context import Context
from anchang.platform.importing.rows import Problem
from anchang.platform.models import ImportJob


def import_leads(ctx: Context, rows: Sequence[LeadRow], job: ImportJob | None = None) -> dict[str, Any]:
    """Take a batch of rows in: new leads are assigned at once, repeat enquiries become touches, known rows
    change nothing. Unknown channels are made. Returns created, updated (touched), unchanged, refused,
    warnings."""
    channels = find_channels(ctx, {row.channel[:50] for row in rows if row.channel}, make=True)
    by_name = consultants_by_name(ctx) if any(row.consultant for row in rows) else {}
    enquiries = [_placed(row, channels, by_name) for row in rows]
    taken = take_in(ctx, enquiries, job.pk if job else None)
    counts = {"created": 0, "touched": 0, "unchanged": 0}
    for each in taken:
        counts[each.outcome] += 1
    unknown = [r for r in rows if r.consultant and r.consultant not in by_name]
    return {
        "created": counts["created"],
        "updated": counts["touched"],
        "unchanged": counts["unchanged"],
        "refused": [],
        "warnings": [
            Problem(r.row, "consultant", r.consultant[:200], "consultant_unknown", {}, False) for r in unknown
        ],
    }


def enquiry_of(row: LeadRow) -> Enquiry:
    """All that the row says by itself, phones encrypted and names taken apart; neither reads nor writes."""
    return Enquiry(
        row.phones,
        row.name,
        campaign=row.campaign,
        external_id=row.external_id,
        captured_at=row.captured_at,
        sex=row.sex,
        city=row.city,
        region=row.region,
        need=_need(row),
        note=row.note,
        coded=coded(row.phones, row.name),
    )


def _placed(row: LeadRow, channels: dict[Any, Channel], by_name: dict[str, int]) -> Enquiry:
    enquiry: Enquiry = row.enquiry or enquiry_of(row)
    enquiry.channel = channels.get(row.channel[:50]) if row.channel else None
    enquiry.owner_id = by_name.get(row.consultant) if row.consultant else None
    return enquiry


def _need(row: LeadRow) -> dict[str, Any]:
    """What is wanted, in the fields of a customer's need; other columns of the file stand beside it."""
    need: dict[str, Any] = {}
    for name in ("budget_low", "budget_high", "area_low", "area_high"):
        value: Decimal | None = getattr(row, name)
        if value is not None:
            need[name] = f"{value:.2f}"
    if row.layout_wish:
        need["layouts"] = [row.layout_wish]
    if row.purpose:
        need["purpose"] = row.purpose
    if row.extra:
        need["from_file"] = row.extra
    return need
