"""Jobs of the inventory."""

from __future__ import annotations

from anchang.inventory.commands import publish_due_lists, remind_of_publication
from anchang.platform.project_jobs import project_job

# Price lists come into force at the project's midnight.
project_job("inventory.publish_due_lists", every="* * * * *")(publish_due_lists)
project_job("inventory.remind_of_publication", every="50 8 * * *")(remind_of_publication)
