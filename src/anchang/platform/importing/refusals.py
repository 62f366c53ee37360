"""Rows that an import left out: kept encrypted, worded for the reader, given back to be corrected."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from anchang.platform import personal
from anchang.platform.documents.sheets import Column, Sheet, write_xlsx
from anchang.platform.importing.kinds import Line
from anchang.platform.importing.messages import message
from anchang.platform.importing.rows import Problem
from anchang.platform.models import ImportJob, ImportRefusal

_PER_READ = 1000


def as_data(problem: Problem | Mapping[str, Any]) -> dict[str, Any]:
    """A problem as JSON, unworded, from a reader's `Problem` or from a command's report."""
    if isinstance(problem, Problem):
        params = problem.params
        found = {name: getattr(problem, name) for name in ("row", "column", "value", "code", "sheet")}
    else:
        params = problem.get("params") or {}
        found = {name: problem.get(name, "") for name in ("row", "column", "value", "code", "sheet")}
        if problem.get("message"):
            found["message"] = str(problem["message"])
    found["value"] = str(found["value"] or "")[:200]
    found["params"] = {k: v if isinstance(v, int) else str(v) for k, v in params.items()}
    return found


def worded(problem: Mapping[str, Any]) -> dict[str, Any]:
    """The shape of the import report, in the reader's language."""
    said = message(problem["code"], problem.get("params"))
    if said == problem["code"] and problem.get("message"):
        said = problem["message"]
    shown = {name: problem[name] for name in ("row", "column", "value", "code")} | {"message": said}
    return shown | {"sheet": problem["sheet"]} if problem.get("sheet") else shown


def keep(job: ImportJob, refused: Iterable[tuple[Line, list[dict[str, Any]]]]) -> None:
    rows = [
        ImportRefusal(
            project_id=job.project_id, job_id=job.pk, row=line.row, sheet=line.sheet[:60],
            content=personal.encrypt(_json({"cells": line.cells, "problems": problems})),
        )
        for line, problems in refused
    ]  # fmt: skip
    ImportRefusal.objects.bulk_create(rows, batch_size=1000)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def contents(job: ImportJob, limit: int | None = None) -> Iterator[dict[str, Any]]:
    """{"row", "sheet", "cells", "problems"} in the file's order, read piece by piece."""
    rows = ImportRefusal.objects.filter(project_id=job.project_id, job=job).order_by("pk")
    last, left = 0, limit
    while left is None or left > 0:
        size = _PER_READ if left is None else min(_PER_READ, left)
        found = list(rows.filter(pk__gt=last)[:size])
        for one in found:
            yield {"row": one.row, "sheet": one.sheet, **json.loads(personal.decrypt(one.content))}
        if len(found) < size:
            return
        last = found[-1].pk
        left = None if left is None else left - size


def problems(job: ImportJob, limit: int | None = None) -> list[dict[str, Any]]:
    """Each bad cell of the refused rows, worded."""
    return [worded(p) for content in contents(job, limit) for p in content["problems"]]


def workbook(job: ImportJob) -> BinaryIO:
    """The refused rows under the file's own header, ready to be corrected and imported again; a second sheet
    says what is wrong with each."""
    labels = list(job.report.get("labels", ()))
    width = max((len(c["cells"]) for c in contents(job)), default=0)
    labels += [""] * (width - len(labels))
    cells = ([*c["cells"], *[""] * (len(labels) - len(c["cells"]))] for c in contents(job) if any(c["cells"]))
    target = tempfile.TemporaryFile()  # noqa: SIM115 (the response closes it)
    write_xlsx(
        target,
        Sheet(_("To correct"), [Column(label) for label in labels] or [Column(_("Row"))], cells),
        Sheet(
            _("Reasons"),
            [Column(_("Row here"), "int"), Column(_("Row of the file"), "int"), Column(_("Column")),
             Column(_("Value")), Column(_("Reason"))],
            _reasons(job),
        ),
    )  # fmt: skip
    target.seek(0)
    return target  # type: ignore[return-value]


def _reasons(job: ImportJob) -> Iterator[list[Any]]:
    here = 1
    for row, group in groupby(contents(job), key=lambda c: (c["sheet"], c["row"])):
        for content in group:
            if any(content["cells"]):
                here += 1
            for problem in content["problems"]:
                shown = worded(problem)
                yield [
                    here if any(content["cells"]) else None,
                    row[1],
                    shown["column"],
                    shown["value"],
                    shown["message"],
                ]
