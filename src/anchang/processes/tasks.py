"""Jobs of processes: each calls one function in the project's context."""

from __future__ import annotations

from anchang.platform.project_jobs import project_job
from anchang.processes import agreeing, legacy, reminders

project_job("processes.end_what_time_has_ended", every="* * * * *")(reminders.end_what_time_has_ended)
project_job("processes.remind_of_signing", every="10 8 * * *")(reminders.remind_of_signing)
project_job("processes.remind_of_payment", every="20 8 * * *")(reminders.remind_of_payment)
project_job("processes.remind_of_filing", every="30 8 * * *")(reminders.remind_of_filing)
project_job("processes.remind_of_closing", every="40 8 * * *")(reminders.remind_of_closing)
# The import claims them itself; this finds units that came in another way.
project_job("processes.claim_sold_units", every="*/15 * * * *")(legacy.claim_sold_units)
end_talks = project_job("processes.end_talks", every="*/10 * * * *")(agreeing.end_talks)
