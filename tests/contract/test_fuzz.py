"""schemathesis over the whole API: generated requests never cause a 5xx nor a status that isn't described."""

from __future__ import annotations

import functools
import json
from typing import Any

import pytest
import schemathesis
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, seed, settings
from schemathesis import GenerationMode

from anchang.platform import resources, tokens
from tests.contract.test_scope import rows_of
from tests.factories import make_office

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

EXAMPLES = 50
#: Two groups of the same size, so that two workers share the time.
PARTS = 8


@functools.cache
def description() -> Any:
    return schemathesis.openapi.from_dict(Client().get("/api/v1/openapi.json").json())


def operations(part: int) -> list[Any]:
    found = [result.ok() for result in description().get_all_operations()]
    # Signing out ends the token that the test uses; signing in is throttled by design.
    found = [o for o in found if not o.path.startswith("/api/v1/auth/tokens")]
    return found[part::PARTS]


@pytest.mark.parametrize("part", range(PARTS))
def test_no_surprises(part: int, client: Client) -> None:
    import datetime as dt

    office = make_office("YQ")
    rows = rows_of(office, "consultant1")
    text, _ = tokens.issue(office.users["admin"], "fuzz", dt.timedelta(hours=1))
    head = {"Authorization": f"Bearer {text}"}
    client.raise_request_exception = False
    problems: list[str] = []
    for operation in operations(part):
        problems += tried(operation, client, head, rows)
    assert problems == []


def tried(operation: Any, client: Client, head: dict[str, str], rows: dict[str, Any]) -> list[str]:
    """What was wrong with the answers to this operation's generated requests. Every request is rolled back."""
    problems: list[str] = []
    name = operation.path.removeprefix("/api/v1/").split("/")[0]
    known = rows[name].pk if name in rows and resources.find(name) else None

    @seed(20261121)
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def attempt(case: Any) -> None:
        if known is not None and "id" in (case.path_parameters or {}):
            case.path_parameters["id"] = known  # a record that is there: the command's body is reached
        with transaction.atomic():
            answer = send(client, case, head)
            transaction.set_rollback(True)
        documented = {str(code) for code in operation.definition.raw["responses"]}
        if answer.status_code >= 500 or str(answer.status_code) not in documented:
            problems.append(f"{case.method} {case.formatted_path} {case.body!r} {case.query!r}: {answer.status_code}")

    attempt()
    return problems[:3]


def send(client: Client, case: Any, head: dict[str, str]) -> Any:
    sent = {str(k): str(v) for k, v in (case.headers or {}).items() if str(v).isascii()}
    body: Any = ""
    if isinstance(case.body, dict | list | str | int | float | bool | None):
        body = json.dumps(case.body)
    query = {k: v if isinstance(v, str) else json.dumps(v) for k, v in (case.query or {}).items()}
    path = case.formatted_path
    kind = case.media_type or "application/json"
    if kind == "multipart/form-data":
        return client.post(path, {k: str(v) for k, v in (case.body or {}).items()}, headers=head | sent)
    from urllib.parse import urlencode

    return client.generic(
        case.method, path, body.encode("utf-8", "surrogatepass"), content_type="application/json",
        headers=head | sent, QUERY_STRING=urlencode(query, errors="surrogatepass"),
    )  # fmt: skip
