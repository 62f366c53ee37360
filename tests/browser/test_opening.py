"""Launch day in a browser: two buyers on their phones race for one unit; the manager watches."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from anchang.opening.models import OpeningClaim
from tests.browser.conftest import Somebody, running
from tests.browser.pages import violations
from tests.conftest import RunningServer
from tests.deals.desk import Desk
from tests.opening.launch import Launch, make_launch


@pytest.fixture(scope="module")
def server(office: Desk, environment: dict[str, str]) -> Iterator[RunningServer]:
    with running(environment | {"ANCHANG_SECRET_KEY": settings.SECRET_KEY}) as found:
        yield found


@pytest.fixture(scope="module")
def launch(office: Desk) -> Launch:
    with office.office.as_("system"):
        return make_launch(office, buyers=3, state="ready")


def cell(page: Page, launch: Launch, index: int = 0):
    return page.locator(f'[data-unit="{launch.units[index]}"]')


def test_two_buyers_race_and_the_manager_sees_it(
    launch: Launch, somebody: Callable[..., Somebody], shot: Callable[[Page, str], None]
) -> None:
    first, second = somebody(phone=True), somebody(phone=True)
    pages = [one.open(f"/choose/{launch.link(n)}/") for n, one in enumerate((first, second))]
    for page in pages:
        expect(page.locator("body")).to_have_attribute("data-live", "ready")
        cell(page, launch).click()
        expect(page.locator("[data-choose]")).to_be_disabled()
    with pages[0].expect_response(lambda answer: answer.url.endswith("/favourites")) as told:
        pages[0].locator("[data-favour]").click()
    assert told.value.status == 200
    assert violations(pages[0]) == []
    manager = somebody("manager").open(f"/openings/{launch.opening.pk}/board/")
    expect(manager.locator(".opening-heat")).to_contain_text(launch.desk.stock.units[0].label)

    with launch.desk.office.as_("system"):
        launch.go("open_opening")
    for page in pages:
        expect(page.locator("[data-choose]")).to_be_enabled()
    for page in pages:  # both tap before either has an answer
        page.evaluate("document.querySelector('[data-choose]').click()")
    winners = []
    for page in pages:
        expect(page.locator("[data-said][data-tone=green], [data-said][data-tone=red]")).to_be_visible()
        winners.append(page.locator("[data-said]").get_attribute("data-tone") == "green")
    assert sorted(winners) == [False, True]
    won, lost = (pages[winners.index(True)], pages[winners.index(False)])
    expect(cell(lost, launch)).to_have_attribute("data-tone", "slate")
    expect(manager.locator('[data-count="taken"]')).to_have_text("1")
    shot(won, "phone-opening")
    won.locator("[data-confirm]").click()
    expect(won.locator("[data-mine]")).to_contain_text("已确认")
    expect(manager.locator('[data-count="confirmed"]')).to_have_text("1")
    with launch.desk.office.as_("system"):
        assert list(OpeningClaim.objects.values_list("unit_id", "state")) == [(launch.units[0], "confirmed")]
    assert violations(won) == [] and violations(manager) == []
    assert first.complaints == second.complaints == []


def test_a_wrong_link_opens_nothing(launch: Launch, somebody: Callable[..., Somebody]) -> None:
    page = somebody(phone=True).open(f"/choose/{launch.link()[:-2]}xx/")
    expect(page.locator("body")).to_contain_text("链接")
    expect(page.locator("[data-units]")).to_have_count(0)
