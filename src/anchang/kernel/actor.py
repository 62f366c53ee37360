"""Who acts. Never optional: a job acts as the system, a public page as the public."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ActorKind = Literal["staff", "agent", "buyer", "public", "system"]


@dataclass(frozen=True, slots=True)
class Actor:
    kind: ActorKind
    user_id: int | None
    name: str

    @property
    def principal(self) -> str:
        """Stable text for idempotency keys and history: `staff:7`, `system:0`."""
        return f"{self.kind}:{self.user_id or 0}"


SYSTEM = Actor("system", None, "system")
PUBLIC = Actor("public", None, "public")
