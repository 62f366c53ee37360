"""Addresses: each app brings its own, the higher floor first."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.http import require_safe

from anchang.config.roles import install_roles
from anchang.platform.ui.welcome import provide_roles

provide_roles(install_roles)


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answers as soon as requests are served; touches nothing else."""
    return HttpResponse("ok", content_type="text/plain")


def of_apps() -> list[URLPattern | URLResolver]:
    names = [name for name in reversed(settings.APPS) if (settings.PACKAGE / name / "urls.py").exists()]
    return [path("", include(f"anchang.{name}.urls")) for name in names]


urlpatterns = [
    path("healthz", healthz),
    path("", include("anchang.platform.rest.urls")),
    path("accounts/", include("allauth.urls")),
    *of_apps(),
]

handler403 = "anchang.platform.ui.errors.denied"
handler404 = "anchang.platform.ui.errors.missing"
handler500 = "anchang.platform.ui.errors.server_error"
