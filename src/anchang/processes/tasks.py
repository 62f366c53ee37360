"""Jobs of processes: each calls one function in the project's context."""

from __future__ import annotations

from collections.abc import Callable

from anchang.platform.context import Context
from anchang.platform.jobs import JobRun, job
from anchang.processes import agreeing, legacy, reminders


def _in_context(run: JobRun, work: Callable[[Context], int]) -> None:
    ctx = Context(run.access, run.here)
    work(ctx)
    ctx.flush()


@job("processes.end_what_time_has_ended", every="* * * * *")
def end_what_time_has_ended(run: JobRun) -> None:
    _in_context(run, reminders.end_what_time_has_ended)


@job("processes.remind_of_signing", every="10 8 * * *")
def remind_of_signing(run: JobRun) -> None:
    _in_context(run, reminders.remind_of_signing)


@job("processes.remind_of_payment", every="20 8 * * *")
def remind_of_payment(run: JobRun) -> None:
    _in_context(run, reminders.remind_of_payment)


@job("processes.remind_of_filing", every="30 8 * * *")
def remind_of_filing(run: JobRun) -> None:
    _in_context(run, reminders.remind_of_filing)


@job("processes.remind_of_closing", every="40 8 * * *")
def remind_of_closing(run: JobRun) -> None:
    _in_context(run, reminders.remind_of_closing)


@job("processes.claim_sold_units", every="*/15 * * * *")
def claim_sold_units(run: JobRun) -> None:
    """The import claims them itself; this finds units that came in another way."""
    _in_context(run, legacy.claim_sold_units)


@job("processes.end_talks", every="*/10 * * * *")
def end_talks(run: JobRun) -> None:
    _in_context(run, agreeing.end_talks)
