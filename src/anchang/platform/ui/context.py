"""What every page knows: the reader, the project, the places he may go, and what the scripts need."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from anchang.platform.ui import navigation
from anchang.platform.ui.words import script_words

THEMES = ("light", "dark")
LANGUAGE_NAMES = {"zh-hans": "中文", "en": "English"}


def page(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `shell`, built when a template first asks for it."""
    return {"shell": SimpleLazyObject(lambda: shell_of(request))}


def script_settings(user: Any) -> dict[str, Any]:
    return {
        "user": user.pk if user else None,
        "login_url": navigation.address(settings.LOGIN_URL),
        "palette_url": navigation.address("ui-palette"),
        "worker_url": navigation.address("ui-worker"),
        "icons_url": static("build/icons.svg"),
        "scripts": {"charts": static("build/charts.js"), "sort": static("build/sort.js")},
    }


def person(user: Any) -> dict[str, Any]:
    return {"id": user.pk, "login": user.get_username(), "name": user.get_full_name() or user.get_username()}


def shell_of(request: HttpRequest) -> dict[str, Any]:
    """See `base.html` for the use of every key."""
    user = request.user if getattr(request, "user", None) and request.user.is_authenticated else None
    theme = request.COOKIES.get("theme", "")
    shell: dict[str, Any] = {
        "theme": theme if theme in THEMES else "light",
        "language": get_language(),
        "languages": [(code, LANGUAGE_NAMES.get(code, name)) for code, name in settings.LANGUAGES],
        "language_url": navigation.address("ui-language"),
        "words": script_words(),
        "settings": script_settings(user),
        "user": person(user) if user else None,
        "demo": getattr(settings, "ANCHANG_DEMO", False),
    }
    return shell | (places_of(request) if user else {})


def places_of(request: HttpRequest) -> dict[str, Any]:
    access = getattr(request, "access", None)

    def may(permission: str) -> bool:
        return bool(access and access.may(permission))

    here = request.path
    areas = []
    pages: list[dict[str, Any]] = []
    for area in navigation.AREAS:
        found = [
            {"label": place.label, "url": navigation.address(place.url), "icon": place.icon or area.icon}
            for place in navigation.places(area.key, may, access)
        ]
        if not found:
            continue
        active = current(here, found)
        for one in found:
            one["active"] = one is active
        areas.append(
            {
                "key": area.key,
                "label": area.label,
                "icon": area.icon,
                "url": found[0]["url"],
                "active": bool(active),
            }
        )
        if active:
            pages = found
    return {
        "areas": areas,
        "bottom": [one for key in navigation.BOTTOM_BAR for one in areas if one["key"] == key],
        "pages": pages if len(pages) > 1 else [],
        "quick": [
            {"label": one.label, "icon": one.icon, "url": navigation.address(one.url)}
            for one in navigation.quick_adds(may)
        ],
        "messages_url": navigation.address("ui-messages"),
        "jobs_url": navigation.address("ui-jobs"),
        "me_url": navigation.address("ui-me"),
        "unread_url": navigation.address("ui-unread"),
        "password_url": navigation.address("account_change_password"),
        "security_url": navigation.address("mfa_index"),
        "lock_url": navigation.address("ui-lock"),
        "sign_out_url": navigation.address("account_logout"),
        "project_url": navigation.address("ui-project"),
        "projects": getattr(request, "projects", []),
        "project": getattr(request, "project", None),
    }


def current(path: str, places: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The place whose address is the longest beginning of `path`; "/" counts only for itself."""
    fitting = [
        one
        for one in places
        if path == one["url"] or (one["url"] != "/" and path.startswith(one["url"].rstrip("/") + "/"))
    ]
    return max(fitting, key=lambda one: len(one["url"]), default=None)
