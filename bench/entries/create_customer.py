"""`POST /customers` by eight clients: row-level security, history, search tokens, event."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from bench import office
from bench.figures import Figure, figure

CLIENTS = 8


def measure() -> Iterator[Figure]:
    project = office.make_project()
    person = office.make_person("consultant", "consultant", project, office.make_team(project))
    token = office.token(person)
    # Ours, bare, ours: what else happens on the machine meanwhile meets both.
    found = [_rate("anchang.config.server", token), _rate("bench.bare", token), _rate("anchang.config.server", token)]
    ours = (found[0]["rate"] + found[2]["rate"]) / 2
    yield figure(
        "create_customer", ours, "requests/s", found[1]["rate"], "bare endpoint", ">= 250 /s, >= 0.6 x bare"
    )
    yield figure(
        "create_customer.median", (found[0]["median_ms"] + found[2]["median_ms"]) / 2, "ms",
        found[1]["median_ms"], "bare endpoint",
    )  # fmt: skip
    yield figure("create_customer.statements", statements(token), "SQL statements", None, "", "<= 10")


def _rate(module: str, token: str) -> dict[str, Any]:
    seconds = os.environ.get("BENCH_SECONDS", "15")
    with office.running(module, "--processes", "2") as port:
        words = [sys.executable, "-m", "bench.clients", str(port), token, str(CLIENTS), seconds]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found | {"rate": found["requests"] / found["seconds"]}


def statements(token: str) -> int:
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
