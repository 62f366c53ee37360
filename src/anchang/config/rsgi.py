"""The one web application (RSGI): live streams and launch day by themselves, everything else to Django.

A live application is a callable of (scope, protocol), named in settings.LIVE_APPS by its path prefix. It is
imported on its first request and runs on the event loop: it must not call the ORM directly.
"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anchang.config.settings")

from anchang.config.bridge import Bridge
from anchang.config.dispatch import Application
from anchang.config.wsgi import application as django_application

THREADS = int(os.environ.get("ANCHANG_THREADS") or 4)


def make_application() -> Application:
    from django.conf import settings
    from django.urls import get_resolver

    get_resolver().url_patterns  # noqa: B018 (load every view before the first request, not during it)
    bridge = Bridge(django_application, max_body=settings.MAX_BODY_BYTES, threads=THREADS)
    return Application(dict(settings.LIVE_APPS), bridge)


application = make_application()
