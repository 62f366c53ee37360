"""Free text in the sale contract: only in the places that the model contract leaves to the parties (K01)."""

from collections.abc import Mapping
from typing import Any

from anchang.kernel.errors import DomainError

#: The marked places, by article of the model contract.
CLAUSES: Mapping[str, int] = {
    "mortgage": 4, "payment": 7, "facilities": 10, "handover": 11, "design": 15, "quality": 16, "property": 21,
    "disputes": 27, "supplement": 28,
}  # fmt: skip
LONGEST = 2000


def checked_clauses(given: Mapping[str, Any] | None) -> dict[str, str]:
    """The given texts without empty ones. DomainError 422 on `clauses.<name>` for a place that isn't marked or a
    text that is too long."""
    found = {}
    for name, text in (given or {}).items():
        if name not in CLAUSES:
            raise DomainError("clause_not_free", status=422, fields={f"clauses.{name}": "clause_not_free"})
        if len(str(text)) > LONGEST:
            raise DomainError("bad_input", status=422, fields={f"clauses.{name}": "too_long"})
        if str(text).strip():
            found[name] = str(text).strip()
    return found
