"""One committed office, its server, its worker and people with a browser each, for all journeys of a module."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from anchang.config.postgres import with_database
from tests.conftest import ROOT, RunningServer, server_environment
from tests.deals.desk import Desk, make_desk

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 375, "height": 812}
WECHAT = (
    "Mozilla/5.0 (Linux; Android 13; V2203A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0"
    " Mobile Safari/537.36 XWEB/1160117 MMWEBSDK/20240301 MicroMessenger/8.0.48.2580(0x28003036) WeChat/arm64"
)
FLOORS = 6
WAIT_MS = 15_000
expect.set_options(timeout=WAIT_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def committed(django_db_setup: None, django_db_blocker: Any, fresh_database: Callable[[], None]) -> Iterator[None]:
    """What this module's tests and its server write is there for all of them, and gone afterwards."""
    with django_db_blocker.unblock():
        fresh_database()
        yield
        fresh_database()


@pytest.fixture(scope="module")
def environment(database_server: str, database_name: str) -> dict[str, str]:
    return server_environment(with_database(database_server, database_name))


@pytest.fixture(scope="module")
def office(committed: None) -> Desk:
    """Twelve released units with a published price list, payment plans and everybody of the cast."""
    return make_desk(floors=FLOORS)


@pytest.fixture(scope="module")
def server(office: Desk, environment: dict[str, str]) -> Iterator[RunningServer]:
    """The web server of its own for the module: another office's server remembers that one."""
    with running(environment) as found:
        yield found


@contextlib.contextmanager
def running(environment: dict[str, str]) -> Iterator[RunningServer]:
    found = RunningServer(environment)
    try:
        found.wait(60)
        yield found
    finally:
        found.stop()


@pytest.fixture(scope="module")
def worker(office: Desk, environment: dict[str, str]) -> Iterator[None]:
    """The process that runs jobs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "anchang.config.jobs"],
        env=os.environ | environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    yield
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Somebody:
    """A person at a browser; remembers what the console complained about."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context, self.address = context, address
        self.complaints: list[str] = []
        context.set_default_timeout(WAIT_MS)
        self.page: Page = context.new_page()
        self.page.on("console", lambda message: self._heard(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, kind: str, text: str) -> None:
        # 409 and 422 are answers that the page shows; the browser logs every status from 400 on.
        shown = "status of 409" in text or "status of 422" in text
        if kind == "error" and not shown:
            self.complaints.append(text)

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path)
        return self.page

    def sign_in(self, username: str) -> Somebody:
        """A session without the sign-in page: only some journeys are about that."""
        from anchang.platform.models import User

        client = Client()
        client.force_login(User.objects.get(username=username), "django.contrib.auth.backends.ModelBackend")
        cookie = client.cookies["sessionid"].value
        self.context.add_cookies([{"name": "sessionid", "value": cookie, "url": self.address}])
        return self


@pytest.fixture
def somebody(browser: Browser, server: RunningServer) -> Iterator[Callable[..., Somebody]]:
    """`somebody("finance")`, `somebody("consultant1", phone=True)`; without a name: not signed in."""
    yield from people(browser, server.url)


def people(browser: Browser, address: str) -> Iterator[Callable[..., Somebody]]:
    contexts: list[BrowserContext] = []

    def come(username: str = "", *, phone: bool = False, **more: Any) -> Somebody:
        options: dict[str, Any] = {"viewport": PHONE if phone else DESK, "locale": "zh-CN",
                                   "timezone_id": "Asia/Shanghai"}  # fmt: skip
        if phone:
            options |= {"has_touch": True, "is_mobile": True}
        context = browser.new_context(**(options | more))
        contexts.append(context)
        one = Somebody(context, address)
        return one.sign_in(username) if username else one

    yield come
    for context in contexts:
        context.close()


@pytest.fixture
def shot() -> Callable[[Page, str], None]:
    """`shot(page, "board")` writes docs/images/board.png, in 256 colours; the width is the window's."""
    images = ROOT / "docs" / "images"

    def take(page: Page, name: str) -> None:
        page.wait_for_load_state("networkidle")
        images.mkdir(parents=True, exist_ok=True)
        picture = Image.open(io.BytesIO(page.screenshot(animations="disabled")))
        small = picture.convert("RGB").quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        small.save(images / f"{name}.png", optimize=True)

    return take
