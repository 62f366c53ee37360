"""The attack by SQL, without Django, so that a new process can run it: no command, no lock, no look at the state."""

from __future__ import annotations

from collections import Counter
from typing import Any

import psycopg

CLAIM = """
WITH d AS (
    INSERT INTO deals_deal (project_id, unit_id, customer_id, state, sales_mode, agency, ownership, connected, opened_on,
                            end_reason, version, created_at, updated_at)
    VALUES (%(project)s, %(unit)s, %(customer)s, 'held', 'own', '', '', '', current_date, '', 1, now(), now())
    RETURNING id)
INSERT INTO deals_unitclaim (project_id, unit_id, deal_id, kind, since)
SELECT %(project)s, %(unit)s, id, 'hold', now() FROM d"""


def attack_by_sql(app_url: str, project: int, unit: int, customer: int) -> str:
    """Claim the unit as the application's role."""
    with psycopg.connect(app_url) as connection:
        connection.execute("SELECT set_config('app.projects', %s, true)", [f"{{{project}}}"])
        try:
            connection.execute(CLAIM, {"project": project, "unit": unit, "customer": customer})
            connection.commit()
            return "won"
        except psycopg.errors.UniqueViolation as error:
            assert error.diag.constraint_name == "deals_unitclaim_pkey"
            return "unit_taken"


def sql_process(app_url: str, project: int, units: list[int], customer: int, gate: Any, out: Any) -> None:
    """A process's whole work: wait for the others, then try every unit."""
    gate.wait()
    out.put(Counter(f"{unit}:{attack_by_sql(app_url, project, unit, customer)}" for unit in units))
