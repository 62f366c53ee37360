"""What time ends in openings."""

from __future__ import annotations

from anchang.opening.commands.claims import settle_openings
from anchang.platform.project_jobs import project_job

project_job("opening.settle", every="* * * * *")(settle_openings)
