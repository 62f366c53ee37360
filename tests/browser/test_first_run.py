"""An office that nobody has set up yet."""

from __future__ import annotations

from playwright.sync_api import expect

from anchang.platform.models import Project
from tests.browser.conftest import people, running


def test_an_empty_office_leads_to_its_guide(committed, environment, browser):
    with running(environment) as server:
        visitors = people(browser, server.url)
        me = next(visitors)()
        page = me.open("/")
        expect(page).to_have_url(server.url + "/welcome/")
        page.fill("[name=name]", "李总")
        page.fill("[name=username]", "boss")
        page.fill("[name=password]", "ein-Langes-7")
        page.fill("[name=project_name]", "云栖花园")
        page.fill("[name=project_code]", "YQ")
        page.locator("form[method=post] button.btn-primary").click()
        # The steps that are left: people, price list …, each with its page.
        expect(page.locator(".steps-list li")).not_to_have_count(0)
        expect(page.locator('.steps-list a[href*="/importing/"]')).to_be_visible()
        assert Project.objects.get().name == "云栖花园"
        assert me.complaints == []
        next(visitors, None)
