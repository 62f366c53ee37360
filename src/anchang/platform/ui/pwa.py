"""The installable app's own addresses: its worker and manifest must sit at the top of the site."""

from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe


def built(name: str) -> str:
    """A file of the front-end build. Raises Http404 before the first build."""
    found = finders.find(f"build/{name}") or str(Path(settings.STATIC_ROOT or "") / "build" / name)
    if not Path(found).is_file():
        raise Http404(name)
    return Path(found).read_text(encoding="utf-8")


@require_safe
@cache_control(no_cache=True)
def worker(request: HttpRequest) -> HttpResponse:
    return HttpResponse(built("sw.js"), content_type="text/javascript")


@require_safe
@cache_control(max_age=86400)
def manifest(request: HttpRequest) -> HttpResponse:
    return HttpResponse(built("manifest.webmanifest"), content_type="application/manifest+json")


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """Kept by the worker; holds nothing about anybody."""
    return render(request, "platform/offline.html")
