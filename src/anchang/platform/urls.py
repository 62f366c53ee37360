"""Addresses of the platform's pages. The API's are in rest.urls."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("anchang.platform.importing.urls")),
    path("", include("anchang.platform.outbox.urls")),
]
if find_spec("anchang.platform.ui.urls") is not None:
    urlpatterns.append(path("", include("anchang.platform.ui.urls")))
