"""The places of the house: areas of the left rail, their pages, and what the phone's "+" offers.

Apps register theirs in `resources.py`; `AREAS` fixes order, words and icons, so that an area exists once.
Icons are always given as `icon="…"`: that is how the build finds the ones that are used.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from anchang.platform.access import Access


@dataclass(frozen=True)
class Area:
    key: str
    label: object
    icon: str = field(kw_only=True)


@dataclass(frozen=True)
class Place:
    """A page in an area. `url`: a path, or the name of a URL without arguments. `permission`: who sees it."""

    area: str
    key: str
    label: object
    url: str
    permission: str = ""
    icon: str = field(default="", kw_only=True)
    order: int = 100
    shown: Callable[[object], bool] | None = None


@dataclass(frozen=True)
class QuickAdd:
    """One entry of the phone's "+" and of the desktop's "New" menu."""

    key: str
    label: object
    url: str
    icon: str = field(default="plus", kw_only=True)
    permission: str = ""
    order: int = 100


AREAS = (
    Area("today", _("Today"), icon="home"),
    Area("customers", _("Customers"), icon="users"),
    Area("units", _("Units"), icon="building-skyscraper"),
    Area("launch", _("Launch"), icon="rocket"),
    Area("deals", _("Deals"), icon="file"),
    Area("papers", _("Signing matters"), icon="certificate"),
    Area("money", _("Money"), icon="wallet"),
    Area("accounting", _("Accounting"), icon="calculator"),
    Area("marketing", _("Marketing"), icon="speakerphone"),
    Area("commission", _("Commission"), icon="percentage"),
    Area("site", _("Sales office"), icon="building-store"),
    Area("care", _("After sales"), icon="heart-handshake"),
    Area("estate", _("Property"), icon="building-estate"),
    Area("reports", _("Reports"), icon="chart-bar"),
    Area("studio", _("Studio"), icon="puzzle"),
    Area("settings", _("Settings"), icon="settings"),
)
BOTTOM_BAR = ("today", "customers", "units")
"""Areas of the phone's bottom bar; messages and "me" follow."""

_places: dict[str, Place] = {}
_quick: dict[str, QuickAdd] = {}
_record_pages: dict[str, tuple[str, Callable[[Access], bool] | None]] = {}


def register_place(place: Place) -> Place:
    """Adds a page to its area. The last registration of a key counts."""
    if place.area not in {area.key for area in AREAS}:
        raise ValueError(f"no area {place.area!r}")
    _places[place.key] = place
    return place


def register_quick_add(entry: QuickAdd) -> QuickAdd:
    _quick[entry.key] = entry
    return entry


def has_place(key: str) -> bool:
    return key in _places


def register_record_page(resource: str, url_name: str, shown: Callable[[Access], bool] | None = None) -> None:
    """Records of this resource have a page of their own, at the named URL with the id. `shown`: for whom."""
    _record_pages[resource] = url_name, shown


def record_page_of(resource: str, record_id: object, access: Access | None = None) -> str:
    """The address of a record's own page; "" when the generic one is its page, or the page of this reader."""
    name, shown = _record_pages.get(resource, ("", None))
    if access is not None and shown is not None and not shown(access):
        return ""
    return address_with(name, record_id) if name else ""


def address(url: str) -> str:
    """The path of `url`, which may be the name of a URL; "" when the project doesn't have it."""
    if url.startswith(("/", "http", "#")):
        return url
    try:
        return reverse(url)
    except NoReverseMatch:
        return ""


def address_with(name: str, *args: object) -> str:
    """The path of a named URL with arguments; "" when the project doesn't have it."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def places(area: str, may: Callable[[str], bool], actor: object) -> list[Place]:
    """The pages of an area that `actor` sees, in order. `may` answers for a permission."""
    found = [
        place
        for place in _places.values()
        if place.area == area
        and (not place.permission or may(place.permission))
        and (place.shown is None or place.shown(actor))
        and address(place.url)
    ]
    return sorted(found, key=lambda place: (place.order, str(place.key)))


def quick_adds(may: Callable[[str], bool]) -> list[QuickAdd]:
    found = [
        one for one in _quick.values() if (not one.permission or may(one.permission)) and address(one.url)
    ]
    return sorted(found, key=lambda one: (one.order, one.key))
