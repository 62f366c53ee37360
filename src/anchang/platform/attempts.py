"""Counts failed sign-ins per name, so that a password or PIN isn't found by trying."""

from __future__ import annotations

from django.core.cache import cache
from django.db import connection

from anchang.kernel.errors import DomainError


def check_attempts(counter: str, limit: int) -> None:
    """Raises too_many_attempts. Tries under one counter pass one by one until their transactions end: those sent
    at the same moment would all see the count from before."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [counter])
    if cache.get(counter, 0) >= limit:
        raise DomainError("too_many_attempts", status=429)


def add_attempt(counter: str, pause_minutes: int) -> None:
    cache.set(counter, cache.get(counter, 0) + 1, 60 * pause_minutes)


def forget_attempts(counter: str) -> None:
    cache.delete(counter)
