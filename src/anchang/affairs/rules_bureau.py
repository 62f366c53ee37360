"""Our unit states against the bureau's (网签对账): what agrees, and what kind of difference there is.

The bureau's state is the legal one. Drafts are nobody's business but ours.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

FREE, DRAFT, SIGNED, FILED, REVOKED = "free", "draft", "signed", "filed", "revoked"
_RANK = {FREE: 0, REVOKED: 0, DRAFT: 1, SIGNED: 2, FILED: 3}

#: Kinds of difference.
NOT_REVOKED, BUREAU_ONLY, OURS_ONLY, REVOKED_THERE, NOT_FILED_THERE, FILING_MISSING, NUMBERS = (
    "not_revoked", "bureau_only", "ours_only", "revoked_there", "not_filed_there", "filing_missing", "numbers",
)  # fmt: skip
#: The bureau says sold and we say free: the unit must not be sold.
BLOCKING = (NOT_REVOKED, BUREAU_ONLY)


@dataclass(frozen=True)
class Standing:
    """A unit's state on one side. `ended`: a contract of ours on it has ended or was revoked. `known` false: sold
    before this system, of which only that is known."""

    state: str = FREE
    online_number: str = ""
    filing_number: str = ""
    ended: bool = False
    known: bool = True


def difference(ours: Standing, theirs: Standing) -> str:
    """The kind of difference, empty when both agree. `theirs` of a unit that a list of its building leaves out is
    FREE."""
    mine, other = _RANK[ours.state], _RANK[theirs.state]
    if mine < 2 <= other:
        return NOT_REVOKED if ours.ended else BUREAU_ONLY
    if other < 2 <= mine:
        return REVOKED_THERE if theirs.state == REVOKED else OURS_ONLY
    if mine < 2 or not ours.known:
        return ""
    if mine > other:
        return NOT_FILED_THERE
    if other > mine:
        return FILING_MISSING
    return NUMBERS if _differ(ours, theirs) else ""


def _differ(ours: Standing, theirs: Standing) -> bool:
    """Only numbers that both sides give are compared."""
    pairs = ((ours.online_number, theirs.online_number), (ours.filing_number, theirs.filing_number))
    return any(a and b and bare(a) != bare(b) for a, b in pairs)


_BUILDING = re.compile(r"(号楼|楼栋|栋|幢|座|楼|#)$")
_SECTION = re.compile(r"(单元|梯)$")
_ROOM = re.compile(r"(室|房|号)$")


def bare(text: str) -> str:
    """Half-width, upper case, without blanks and hyphens: as names and numbers are compared."""
    return re.sub(r"[\s\-－—_/]", "", unicodedata.normalize("NFKC", text)).upper()


def building_key(text: str) -> str:
    """1幢, 1号楼 and 1# are the same building."""
    return _BUILDING.sub("", bare(text)).lstrip("0") or bare(text)


def room_keys(section: str, room: str) -> list[str]:
    """How a unit may be written within its building: with its section and without."""
    plain, part = _ROOM.sub("", bare(room)), _SECTION.sub("", bare(section))
    return [f"{part}:{plain}", f":{part}{plain}"] if part else [f":{plain}"]
