"""Jobs of the outbox."""

from __future__ import annotations

from anchang.platform.jobs import JobRun, job
from anchang.platform.outbox import sending
from anchang.platform.outbox.queueing import SEND


@job(SEND, every="*/2 * * * *", own_transactions=True)
def send_messages(run: JobRun) -> None:
    """What was queued, and what failed and is due again."""
    sending.send_due(run)
