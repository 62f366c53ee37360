"""Imports, exports and their jobs: the commands on them and the work behind them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anchang.kernel.actor import SYSTEM
from anchang.kernel.errors import DomainError, Refusal, forbidden
from anchang.platform import files, jobs, parameters
from anchang.platform.access import actor_for
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.exporting import approval
from anchang.platform.exporting import jobs as exporting
from anchang.platform.importing import jobs as importing
from anchang.platform.importing import undo as undoing
from anchang.platform.importing.kinds import kind_of, may_import
from anchang.platform.inputs import Input, Label
from anchang.platform.jobs import JobRun, job
from anchang.platform.models import ImportJob, ImportRefusal, JobReport, StoredFile
from anchang.platform.ui.navigation import Place, register_place
from anchang.platform.wording import say

State = ImportJob.State

parameters.declare(
    "platform.import_megabytes", default=50, kind="int", label=_("Largest file of an import (MB)")
)
parameters.declare("platform.import_rows", default=200_000, kind="int", label=_("Most rows of an import"))
parameters.declare("platform.import_undo_at_once", default=2_000, kind="int",
                   label=_("Most rows of an import that are undone at once, without a job"))  # fmt: skip
parameters.declare("platform.import_stalled_minutes", default=10, kind="int",
                   label=_("Minutes after which a stopped import is taken up again"))  # fmt: skip
parameters.declare("platform.import_file_days", default=90, kind="int",
                   label=_("Days for which files of imports are kept"))  # fmt: skip

say(
    {
        "unknown_import_kind": _("There is no import named %(kind)s. Choose one of: %(known)s."),
        "import_state_refused": _("This import is %(state)s; that can't be done now."),
        "import_needs_columns": _("Choose the columns of the required fields first."),
        "import_file_gone": _("The file of this import is no longer kept. Upload it again."),
        "import_touched": _(
            "%(count)s rows of this import were worked on since: %(rows)s. It can't be undone."
        ),
        "import_updated_rows": _(
            "This import changed %(count)s records that were there before. It can't be undone."
        ),
        "file_required": _("Choose a file."),
        "job_not_running": _("This job is over."),
        "field_not_exported": _("The field %(field)s can't be exported."),
        "event.import.done": _(
            "Imported: %(created)s new, %(updated)s changed, %(unchanged)s unchanged, %(refused)s refused"
        ),
        "event.import.undone": _("Import undone: %(removed)s records to the recycle bin"),
        "event.import.cancelled": _("Import stopped"),
    }
)  # fmt: skip

register_place(
    Place(
        "site", "importing", _("Import a file"), "ui-imports", "imports.create", icon="file-import", order=20
    )
)


def _in_states(*states: str) -> Any:
    def why_not(found: ImportJob) -> Refusal | None:
        if found.state in states:
            return None
        return Refusal("import_state_refused", {"state": str(State(found.state).label)})

    return why_not


_BEGINS = (State.DRAFT, State.FAILED, State.CANCELLED)
_ENDED = (State.DONE, State.FAILED, State.CANCELLED)


class MapInput(Input):
    mapping: Annotated[dict[str, int | None], Label(_("Columns"), kind="json")]


@command(
    ImportJob,
    verb="map",
    label=_("Choose columns"),
    name="map_import",
    shape="",
    refuses=_in_states(State.DRAFT),
)
def map_import(ctx: Context, found: ImportJob, data: MapInput) -> ImportJob:
    """Which column (counted from 0) is which field. Raises mapping_wrong with a code per field."""
    importing.set_mapping(found, data.mapping)
    return found


class RunInput(Input):
    mapping: Annotated[dict[str, int | None] | None, Label(_("Columns"), form=False)] = None


@command(
    ImportJob, verb="run", label=_("Import"), name="run_import", shape="primary", icon="player-play",
    refuses=_in_states(*_BEGINS), show=lambda found: found.state in _BEGINS,
)  # fmt: skip
def run_import(ctx: Context, found: ImportJob, data: RunInput) -> ImportJob:
    """Start, or go on after the last batch that was finished."""
    _require_kind(ctx, found)
    if data.mapping is not None and found.state == State.DRAFT:
        importing.set_mapping(found, data.mapping)
    if found.report.get("problem"):
        raise DomainError("import_needs_columns", status=422, fields=found.report["problem"])
    if found.file_id is None:
        raise DomainError("import_file_gone")
    found.state = State.RUNNING
    found.report.pop("error", None)
    found.save(update_fields=["state", "report", "updated_at"])
    ctx.defer("platform.import", import_job=found.pk)
    return found


@command(
    ImportJob, verb="cancel", label=_("Stop"), name="cancel_import", shape="danger", icon="player-stop",
    refuses=_in_states(State.DRAFT, State.RUNNING, State.UNDOING),
    show=lambda found: found.state in (State.DRAFT, State.RUNNING, State.UNDOING),
)  # fmt: skip
def cancel_import(ctx: Context, found: ImportJob) -> ImportJob:
    """Between two batches: what is finished stays, can be gone on with or undone. An undo that is stopped has
    undone nothing."""
    if found.state == State.UNDOING:
        undoing.leave(found)
        return found
    found.state = State.CANCELLED
    found.save(update_fields=["state", "updated_at"])
    ctx.event("import.cancelled", found)
    return found


@command(
    ImportJob, verb="undo", label=_("Undo"), name="undo_import", shape="danger", icon="arrow-back-up",
    refuses=_in_states(*_ENDED), show=lambda found: found.state in _ENDED and found.created > 0,
)  # fmt: skip
def undo_import(ctx: Context, found: ImportJob) -> dict[str, Any]:
    """At once when it is little; else a job does it, and the import says how far it is."""
    _require_kind(ctx, found)
    found.report.pop("error", None)
    if found.rows <= int(ctx.param("platform.import_undo_at_once")):
        return undoing.undo(ctx, found)
    undoing.begin(found)
    ctx.defer("platform.import.undo", import_job=found.pk)
    return {"id": found.pk, "state": found.state}


def _require_kind(ctx: Context, found: ImportJob) -> None:
    kind = kind_of(found.kind)
    if not may_import(ctx.access, kind, found.project_id):
        raise forbidden(kind.permission)


_STOPPED_BY_HAND = ("approval", "waiting", "running")


@command(
    JobReport, verb="cancel", label=_("Stop"), name="cancel_job", shape="danger", icon="player-stop",
    refuses=lambda found: None if found.state in _STOPPED_BY_HAND else Refusal("job_not_running"),
    show=lambda found: found.state in _STOPPED_BY_HAND,
)  # fmt: skip
def cancel_job(ctx: Context, found: JobReport) -> JobReport:
    """What is finished stays; an export that waits for approval is withdrawn."""
    approval.withdrawn(ctx, found)
    found.state = JobReport.State.CANCELLED
    found.save(update_fields=["state", "updated_at"])
    return found


# --- work ----------------------------------------------------------------------------------------


@job("platform.import", own_transactions=True)
def work_on_import(run: JobRun, import_job: int) -> None:
    importing.run_job(run.access, run.here, import_job)


@job("platform.import.undo", own_transactions=True)
def work_on_undo(run: JobRun, import_job: int) -> None:
    undoing.run_job(run.access, run.here, import_job)


@job("platform.export", own_transactions=True)
def work_on_export(run: JobRun, report: int) -> None:
    exporting.run(run.access, run.here, report)


_WORK = {State.RUNNING: "platform.import", State.UNDOING: "platform.import.undo"}


@job("platform.import.resume", every="*/5 * * * *")
def resume_imports(run: JobRun) -> None:
    """Imports and undos whose worker died go on, as the person who started them."""
    minutes = int(parameters.value("platform.import_stalled_minutes", run.here, timezone.localdate()))
    before = timezone.now() - dt.timedelta(minutes=minutes)
    stalled = ImportJob.objects.filter(project=run.here, state__in=_WORK, updated_at__lt=before)
    for found in stalled.select_related("user"):
        actor = actor_for(found.user) if found.user else SYSTEM
        jobs.defer(_WORK[State(found.state)], actor, run.here, import_job=found.pk)


@job("platform.files.expire", every="41 3 * * *")
def expire_files(run: JobRun) -> None:
    """Files of imports and exports hold personal data: they go after a time, with the refused rows."""
    before = {
        kind: timezone.now() - dt.timedelta(days=int(parameters.value(key, run.here, timezone.localdate())))
        for kind, key in (("import", "platform.import_file_days"), ("export", "platform.export_file_days"))
    }
    old = Q(kind="import", created_at__lt=before["import"]) | Q(kind="export", created_at__lt=before["export"])
    for stored in StoredFile.objects.filter(old, project=run.here):
        ImportJob.objects.filter(project=run.here, file=stored).update(file=None)
        JobReport.objects.filter(project=run.here, file=stored).update(file=None)
        files.forget(stored)
    ImportRefusal.objects.filter(project=run.here, job__created_at__lt=before["import"]).delete()
