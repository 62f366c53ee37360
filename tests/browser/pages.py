"""The main pages, and what axe says about one."""

from __future__ import annotations

import functools

from playwright.sync_api import Page

from tests.conftest import ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = ("serious", "critical")
MAIN_PAGES = {
    "consultant1": (
        "/", "/visit/new", "/customers/{customer}/", "/customers/{customer}/follow-up", "/r/customers/", "/board/",
        "/deal/{unit}/", "/messages/", "/me/",
    ),
    "manager": ("/", "/floor/", "/pool/", "/reports/", "/reports/sales-daily/", "/importing/"),
    "finance": ("/cashier/", "/r/receipts/"),
}  # fmt: skip


@functools.cache
def axe_source() -> str:
    return AXE.read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """Serious and critical ones, each with the first element that it is about.

    The source is evaluated by the browser's debugger, which the page's Content-Security-Policy doesn't bind.
    """
    page.evaluate(axe_source())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']} ({len(one['nodes'])}): {one['nodes'][0]['html'][:160]} {one['nodes'][0]['failureSummary'][:200]}"
        for one in found["violations"]
        if one["impact"] in GRAVE
    ]
