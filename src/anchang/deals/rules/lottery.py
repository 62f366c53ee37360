"""The lottery (摇号): a list that nobody can steer and anybody can recompute.

Before the draw the seed's SHA-256 is published together with the digest of the entrants' list; after it the seed. An
entrant's place follows SHA-256(seed|public value|number). The public value becomes known only after the commitment
(the numbers of a named state lottery, say), so that whoever chose the seed can't have tried many.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from anchang.kernel.errors import Refusal

_DIGEST = re.compile(r"[0-9a-f]{64}")
SHORTEST_SEED = 16


def commitment(seed: str) -> str:
    """What is published before the draw: the seed's SHA-256 in hex."""
    return hashlib.sha256(seed.encode()).hexdigest()


def entrants_digest(numbers: Sequence[int]) -> str:
    """SHA-256 of the entrants' numbers, ascending, joined by commas: the list can't change after it."""
    return hashlib.sha256(",".join(str(n) for n in sorted(numbers)).encode()).hexdigest()


def draw(seed: str, public: str, numbers: Sequence[int]) -> list[int]:
    """The numbers in drawn order. Deterministic; the order in which they are given doesn't matter."""
    return sorted(set(numbers), key=lambda n: (hashlib.sha256(f"{seed}|{public}|{n}".encode()).hexdigest(), n))


def is_digest(text: str) -> bool:
    return _DIGEST.fullmatch(text) is not None


def why_not_draw(
    committed: str, committed_entrants: str, seed: str, public: str, public_source: str, numbers: Sequence[int]
) -> Refusal | None:
    """The seed is the one committed to, the list the one committed to, and a promised public value is there."""
    if commitment(seed) != committed:
        return Refusal("seed_not_committed")
    if entrants_digest(numbers) != committed_entrants:
        return Refusal("entrants_changed")
    if public_source and not public:
        return Refusal("public_value_missing", {"source": public_source})
    return None


def why_not_import(result: Sequence[int], numbers: Sequence[int]) -> Refusal | None:
    """A result of the bureau's own lottery names every qualified entrant once."""
    if len(set(result)) != len(result):
        return Refusal("lottery_number_twice")
    if missing := set(numbers) - set(result):
        return Refusal("lottery_number_missing", {"number": min(missing)})
    if unknown := set(result) - set(numbers):
        return Refusal("lottery_number_unknown", {"number": min(unknown)})
    return None
