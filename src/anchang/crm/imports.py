"""The imports of leads and of visits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from anchang.crm.commands.lead_import import enquiry_of, import_leads
from anchang.crm.commands.visit_import import import_visits, undo_visits
from anchang.crm.lead_file import LEAD_FIELDS, open_leads, read_leads
from anchang.crm.visit_file import GRADES, VISIT_FIELDS, open_visits, read_visits
from anchang.platform import parameters
from anchang.platform.context import Context
from anchang.platform.importing.kinds import ImportKind, Line, Reading, Where, register_kind
from anchang.platform.importing.rows import OpenSheet
from anchang.platform.models import ImportJob

parameters.declare(
    "crm.grade_words", {}, "json", _("Further words for grades in imported registers"), shape="texts",
    help=_("For example B+ for B. Letters and common endings are known."),
)  # fmt: skip


def read_lead_lines(sheets: list[OpenSheet], where: Where) -> Reading:
    def lines() -> Iterator[Line]:
        for found in read_leads(sheets, where.today, where.zone):
            if found.lead is not None:
                found.lead.enquiry = enquiry_of(found.lead)
            yield Line(found.row, found.cells, found.lead, found.problems, found.sheet)

    return Reading(lines())


def write_leads(ctx: Context, lines: Sequence[Line], job: ImportJob, reading: Reading) -> Mapping[str, Any]:
    return import_leads(ctx, [line.value for line in lines], job)


def read_visit_lines(sheets: list[OpenSheet], where: Where) -> Reading:
    words = parameters.value("crm.grade_words", where.project, where.today)

    def lines() -> Iterator[Line]:
        for found in read_visits(sheets, where.today, where.zone, {**GRADES, **words}):
            yield Line(found.row, found.cells, found.visit, found.problems, found.sheet)

    return Reading(lines())


def write_visits(ctx: Context, lines: Sequence[Line], job: ImportJob, reading: Reading) -> Mapping[str, Any]:
    return import_visits(ctx, [line.value for line in lines], job)


register_kind(ImportKind(
    name="leads", label=_("Leads"), resource="leads", permission="leads.import", fields=LEAD_FIELDS,
    open=open_leads, read=read_lead_lines, write=write_leads, batch=5000, order=20,
    help=_("Exports of advertising platforms and lists of brokers; one lead per phone."),
))  # fmt: skip
register_kind(ImportKind(
    name="visits", label=_("Visits"), resource="visits", permission="visits.import", fields=VISIT_FIELDS,
    open=open_visits, read=read_visit_lines, write=write_visits, undo=undo_visits, order=30,
    help=_("The reception desk's register; customers are found by phone or made."),
))  # fmt: skip
