"""The office's addresses built anew, so that objects declared after start-up are in the API."""

from django.urls import include, path

from anchang.platform.rest.api import build

urlpatterns = [
    path("api/v1/", build("api-example").urls),
    path("accounts/", include("allauth.urls")),
    path("", include("anchang.platform.ui.urls")),
]
