"""Addresses of the platform: the API and the generic pages."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from anchang.platform.rest.api import build

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", build().urls),
    path("", include("anchang.platform.importing.urls")),
]
if find_spec("anchang.platform.ui.urls") is not None:
    urlpatterns.append(path("", include("anchang.platform.ui.urls")))
