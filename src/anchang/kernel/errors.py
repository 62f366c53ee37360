"""Errors that carry a code and data; the words are found at the edge, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a command may not run now: a stable code and the values its sentence needs."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


class DomainError(Exception):
    """A refusal that reaches the caller. `fields` maps an input field to its own code.

    status: 403 may not, 404 not there or out of scope, 409 the state or another user forbids it,
    413 too large, 422 input, 429 slow down.
    """

    def __init__(
        self, code: str, status: int = 409, fields: Mapping[str, Any] | None = None, **params: Any
    ) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.fields: dict[str, Any] = dict(fields or {})
        self.params = params

    @classmethod
    def of(cls, refusal: Refusal, status: int = 409) -> DomainError:
        return cls(refusal.code, status=status, **refusal.params)

    def __str__(self) -> str:
        return f"{self.code} {self.params}" if self.params else self.code


def bad_input(code: str, **fields_or_params: Any) -> DomainError:
    """422 with one message per field: bad_input("bad_input", amount="must_be_positive")."""
    return DomainError(code, status=422, fields=fields_or_params)


def not_found() -> DomainError:
    """404: it isn't there or it is out of the caller's scope; the two look the same."""
    return DomainError("not_found", status=404)


def forbidden(permission: str = "") -> DomainError:
    return DomainError("forbidden", status=403, permission=permission)
