"""The first page of the customer list, with filter and sort, through the API."""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Iterator
from urllib.parse import urlencode

from anchang.crm.models import Customer
from anchang.platform.models import SearchToken
from bench import filling, office
from bench.figures import Figure, figure, median_ms

BIG, SMALL = 1_000_000, 100_000
TOKENS = 100_000
QUERIES = {
    "customer_list": {"where": json.dumps({"field": "grade", "value": "B"}), "order": "-created_at"},
    "customer_list.newest": {"order": "-created_at"},
    "customer_list.search": {"q": "赵伟", "order": "-created_at"},
}


def measure() -> Iterator[Figure]:
    managers = {}
    for code, count in (("SMALL", SMALL), ("BIG", BIG)):
        project = office.make_project(code)
        team = office.make_team(project)
        people = [office.make_person(f"{code}{i}".lower(), "consultant", project, team).pk for i in range(20)]
        managers[code] = office.token(office.make_person(f"{code}-m".lower(), "manager", project))
        first = filling.fill_customers(project.pk, count, people, team.pk)
        _fill_tokens(project.pk, first, min(TOKENS, count))
    filling.settle()
    with office.running() as port:
        for name, query in QUERIES.items():
            small, big = (_median(port, code, managers[code], query) for code in ("SMALL", "BIG"))
            yield figure(name, big, "ms", small, "100,000 customers", "<= 30 ms, <= 1.3 x 100 k")


def _fill_tokens(project_id: int, first: int, count: int) -> None:
    """Two of the tokens that a name has."""
    table = Customer._meta.db_table
    with filling.owner() as connection:
        connection.execute("SET session_replication_role = replica")
        for token in ("left(name, 2)", "'k' || lpad(id::text, 9, '0')"):
            connection.execute(
                f"INSERT INTO {SearchToken._meta.db_table} (project_id, resource, record_id, token)"
                f" SELECT project_id, 'customers', id, {token} FROM {table}"
                " WHERE project_id = %s AND id >= %s AND id < %s",
                [project_id, first, first + count],
            )


def _median(port: int, project: str, token: str, query: dict[str, str]) -> float:
    """Over one lasting connection, transfer included."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    path = "/api/v1/customers?" + urlencode({"project": project, "limit": "50", **query})
    headers = {"Authorization": f"Bearer {token}"}

    def ask() -> None:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200 or len(json.loads(body)["items"]) != 50:
            raise RuntimeError(body[:500])

    return median_ms(ask, int(os.environ.get("BENCH_TIMES", "60")), warm=10)
