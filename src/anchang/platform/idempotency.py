"""One effect per (principal, key): the answer is written in the command's own transaction.

A twin that arrives meanwhile waits for the first one's transaction and gets its answer. The same key with
another request is `key_reused`. When the command fails its transaction is rolled back, key included, so that
the caller may correct the request and use the key again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

from django.db import connection
from django.utils import timezone

from anchang.kernel.errors import DomainError
from anchang.platform.models import IdempotencyKey

KEEP = dt.timedelta(days=7)
_CLAIM = """
INSERT INTO platform_idempotencykey (principal, key, request_hash, created_at)
VALUES (%s, %s, %s, now()) ON CONFLICT (principal, key) DO NOTHING RETURNING id
"""


def request_hash(*parts: Any) -> str:
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def claim(principal: str, key: str, digest: str) -> tuple[int, Any] | None:
    """None: the caller is first and must `settle` the key. Otherwise (status, answer) of the first one."""
    if not 1 <= len(key) <= 100 or not key.isprintable():
        raise DomainError("bad_input", status=422, fields={"Idempotency-Key": "bad_value"})
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [principal, key, digest])
        if cursor.fetchone():
            return None
    row = IdempotencyKey.objects.get(principal=principal, key=key)
    if row.request_hash != digest:
        raise DomainError("key_reused", status=409)
    if row.status is None:
        raise DomainError("busy", status=409)
    return row.status, row.answer


def settle(principal: str, key: str, status: int, answer: Any) -> None:
    IdempotencyKey.objects.filter(principal=principal, key=key).update(status=status, answer=answer)


def forget_old() -> int:
    """Delete keys that are older than seven days; the answer is how many."""
    return IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEEP).delete()[0]
