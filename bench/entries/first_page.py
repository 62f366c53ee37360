"""The customer list in Chromium with nothing cached: bytes over the wire, and when its rows are there."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from typing import Any

from bench import filling, office
from bench.figures import Figure, figure

CUSTOMERS = 1000
ROUNDS = 3
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ROWS = "main table tbody tr"


def measure() -> Iterator[Figure]:
    from playwright.sync_api import sync_playwright

    from anchang.config.assets import gather_if_changed

    gather_if_changed()
    project = office.make_project()
    team = office.make_team(project)
    manager = office.make_person("manager", "manager", project, team)
    key = office.session_cookie(manager)
    filling.fill_customers(project.pk, CUSTOMERS, [manager.pk], team.pk)
    filling.settle()
    with office.running() as port, sync_playwright() as playwright:
        system = next((path for path in map(shutil.which, BROWSERS) if path), None)
        browser = playwright.chromium.launch(executable_path=system, args=["--no-sandbox", "--disable-gpu"])
        _visit(browser, port, key)  # the server's first page of its life is not what is asked
        cold = [_visit(browser, port, key) for _ in range(ROUNDS)]
        browser.close()
    spent, again, size = (sorted(one[i] for one in cold)[ROUNDS // 2] for i in range(3))
    yield figure("first_page", spent, "s", again, "the same with a warm cache", "rows <= 1.5 s")
    yield figure("first_page.transfer", size / 1000, "kB", None, "", "<= 500 kB")


def _visit(browser: Any, port: int, key: str) -> tuple[float, float, float]:
    """(seconds cold, seconds again, bytes cold) in a browser profile of its own."""
    context = browser.new_context(locale="zh-CN")
    context.add_cookies([{"name": "sessionid", "value": key, "url": f"http://127.0.0.1:{port}"}])
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    sizes: list[float] = []
    devtools.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))

    def open_list() -> float:
        begun = time.perf_counter()
        page.goto(f"http://127.0.0.1:{port}/r/customers/", wait_until="commit")
        page.locator(ROWS).first.wait_for(state="visible")
        return time.perf_counter() - begun

    cold = open_list()
    page.wait_for_load_state("load")
    page.wait_for_timeout(500)
    size = sum(sizes)
    again = open_list()
    context.close()
    return cold, again, size
