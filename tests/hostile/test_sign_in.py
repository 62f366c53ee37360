"""A password isn't found by trying many at the same moment."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

LIMIT, TRIES = 10, 16


def attempt(address: str) -> int:
    body = json.dumps({"username": "somebody", "password": "wrong"}).encode()
    asked = urllib.request.Request(
        address + "/api/v1/auth/tokens", data=body, headers={"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        return refusal.code


def test_failures_that_come_together_are_all_counted(app_server: str) -> None:
    with ThreadPoolExecutor(TRIES) as threads:
        found = Counter(threads.map(attempt, [app_server] * TRIES))
    assert found == {401: LIMIT, 429: TRIES - LIMIT}
