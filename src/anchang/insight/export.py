"""A report as an Excel file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from anchang.insight.blocks import sheets
from anchang.insight.catalogue import Report
from anchang.insight.queries.asked import Asked
from anchang.platform.documents.serving import XLSX, served
from anchang.platform.documents.sheets import xlsx_bytes


def workbook(report: Report, asked: Asked, answer: Mapping[str, Any]) -> HttpResponse:
    """The file, with who made it, when, and by which dates its numbers count on every sheet."""
    note = _("%(report)s · %(projects)s · %(from)s – %(to)s · %(basis)s Made by %(who)s at %(at)s.") % {
        "report": report.title,
        "projects": "、".join(p.name for p in asked.projects[:5]),
        "from": asked.first,
        "to": asked.last,
        "basis": report.basis,
        "who": asked.access.actor.name or "–",
        "at": timezone.localtime().strftime("%Y-%m-%d %H:%M"),
    }
    content = xlsx_bytes(*sheets(str(report.title), report.blocks(answer), note))
    return served(content, f"{report.key}-{asked.first:%Y%m%d}-{asked.last:%Y%m%d}.xlsx", XLSX)
