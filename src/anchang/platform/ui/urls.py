"""Addresses of the shell itself; pages made from resources add theirs here."""

from django.urls import path
from django.views.i18n import set_language

from anchang.platform.ui import catalogue, pwa

urlpatterns = [
    path("sw.js", pwa.worker, name="ui-worker"),
    path("manifest.webmanifest", pwa.manifest, name="ui-manifest"),
    path("offline/", pwa.offline, name="ui-offline"),
    path("language/", set_language, name="ui-language"),
    path("ui-catalogue", catalogue.catalogue, name="ui-catalogue"),
]
