"""What time ends in paperwork."""

from __future__ import annotations

from anchang.paperwork.commands import expire_requests
from anchang.platform.project_jobs import project_job

project_job("paperwork.expire", every="*/10 * * * *")(expire_requests)
