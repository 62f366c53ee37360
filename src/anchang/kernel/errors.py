"""Errors that carry a code and data; the words are found at the edge, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


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


class Problems:
    """Collects what is wrong with an input, so that one answer names every field."""

    def __init__(self) -> None:
        self.found: list[DomainError] = []

    def try_(self, check: Callable[[], T]) -> T | None:
        """The check's own answer. What it refuses of the input is kept and answered as None; other refusals pass."""
        try:
            return check()
        except DomainError as exc:
            if exc.status != 422 or not exc.fields:
                raise
            self.found.append(exc)
            return None

    def told(self) -> None:
        """Raises what was found: a single one as it was, several as one `bad_input` with all fields."""
        if len(self.found) == 1:
            raise self.found[0]
        if self.found:
            fields = {name: code for exc in self.found for name, code in exc.fields.items()}
            params = {name: value for exc in self.found for name, value in exc.params.items()}
            raise DomainError("bad_input", status=422, fields=fields, **params)
