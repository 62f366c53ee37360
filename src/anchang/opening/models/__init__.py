"""Launch day: the opening, who and what takes part, favourites, claims and the log of attempts."""

from anchang.opening.models.hall import Favourite, OfferedUnit, Opening, OpeningBuyer
from anchang.opening.models.log import Attempt, OpeningClaim

__all__ = ["Attempt", "Favourite", "OfferedUnit", "Opening", "OpeningBuyer", "OpeningClaim"]
