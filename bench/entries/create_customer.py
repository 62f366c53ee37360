"""`POST /customers` by eight clients: row-level security, history, search tokens, event."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from bench import office
from bench.figures import Figure, figure

CLIENTS, ROUNDS = 8, 3
OURS, BARE = "anchang.config.server", "bench.bare"


def measure() -> Iterator[Figure]:
    project = office.make_project()
    person = office.make_person("consultant", "consultant", project, office.make_team(project))
    token = office.token(person)
    found: dict[str, list[dict[str, Any]]] = {module: [] for module in (OURS, BARE)}
    with office.running(OURS, "--processes", "2") as ours, office.running(BARE, "--processes", "2") as bare:
        # By turns: what else happens on the machine meanwhile meets both.
        for _ in range(ROUNDS):
            for module, port in ((OURS, ours), (BARE, bare)):
                found[module].append(_round(port, token))
    rate, base = (statistics.median(r["rate"] for r in found[m]) for m in (OURS, BARE))
    yield figure("create_customer", rate, "requests/s", base, "bare endpoint", ">= 250 /s, >= 0.6 x bare")
    wait, base = (statistics.median(r["median_ms"] for r in found[m]) for m in (OURS, BARE))
    yield figure("create_customer.median", wait, "ms", base, "bare endpoint")
    for part in ("web", "database"):
        spent, base = (statistics.median(r[part] for r in found[m]) for m in (OURS, BARE))
        yield figure(f"create_customer.cpu_{part}", spent, "ms per request", base, "bare endpoint")
    yield figure("create_customer.statements", statement_count(token), "SQL statements", None, "", "<= 10")


def _round(port: int, token: str) -> dict[str, Any]:
    seconds = float(os.environ.get("BENCH_SECONDS", "15")) / ROUNDS
    words = [sys.executable, "-m", "bench.clients", str(port), token, str(CLIENTS), str(seconds)]
    before = office.cpu_seconds()
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    used = {part: (now - before[part]) * 1000 / found["all_requests"] for part, now in office.cpu_seconds().items()}
    return found | used | {"rate": found["requests"] / found["seconds"]}


def statement_count(token: str) -> int:
    """Every statement of one request, BEGIN and COMMIT included, once the process is warm."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(SERVER_NAME="127.0.0.1")

    def one(n: int) -> None:
        body = json.dumps({"project": "YQ", "name": "张三丰", "phone": f"139000{n:05d}"})
        answer = client.post(
            "/api/v1/customers", body, content_type="application/json", headers={"Authorization": f"Bearer {token}"}
        )
        if answer.status_code != 201:
            raise RuntimeError(answer.content)

    for n in range(3):
        one(n)
    with CaptureQueriesContext(connection) as queries:
        one(3)
    return len(queries)
