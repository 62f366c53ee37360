"""A rule for a tag, made with one thumb, and the customers that it found."""

from __future__ import annotations

import json
from urllib.parse import quote

from playwright.sync_api import expect

from anchang.crm.models import Tag


def test_a_tag_rule_is_made_on_a_phone(office, somebody):
    with office.office.as_("manager"):
        for index, owner in enumerate(("consultant1", "consultant1", "consultant2")):
            office.customer(owner, index)
    me = somebody("manager", phone=True)
    page = me.open("/r/tags/new")
    page.fill("[name=name]", "陈强的客户")
    editor = page.locator("[data-cond]")
    editor.get_by_role("button", name="添加条件", exact=True).click()
    row = editor.locator(".cond-row").first
    row.locator("select").first.select_option("owner")
    row.locator(".ts-control").click()
    row.locator(".ts-control input").type("陈强")
    row.locator(".ts-dropdown .option", has_text="陈强").first.click()
    page.locator("h1").click()
    expect(editor.locator(".cond-told")).to_contain_text("归属顾问 属于 陈强")
    expect(editor.locator(".cond-told strong")).to_contain_text("2")
    editor.get_by_role("button", name="添加条件组").click()
    group = editor.locator(".cond-group.is-inner")
    group.locator("select").nth(1).select_option("visits.")
    expect(group.locator("[name$='.g']")).to_be_visible()
    group.locator("[name$='.op']").select_option("not_filled")
    expect(editor.locator(".cond-told")).to_contain_text("来访 没有")
    group.get_by_role("button", name="添加条件", exact=True).click()
    group.locator(".cond-row").nth(1).locator("select").first.select_option("visit_count")
    expect(group.locator(".cond-row").nth(1).locator("[name$='.op']")).to_be_visible()
    page.locator("button[type=submit]").last.click()
    expect(group.locator(".cond-row").nth(1).locator(".field-error")).to_be_visible()
    group.locator(".cond-row").nth(1).locator("[data-cond-remove]").click()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "the page doesn't scroll sideways"
    page.locator("button[type=submit]").last.click()
    page.wait_for_url("**/r/tags/*/")
    expect(page.locator("main")).to_contain_text("归属顾问 属于 陈强 且 来访 没有")
    with office.office.as_("system"):
        tag = Tag.objects.get(name="陈强的客户")
    page = me.open(f"/r/tags/{tag.pk}/do/apply")
    page.locator("main button[type=submit]").last.click()
    page.wait_for_url(f"**/r/tags/{tag.pk}/")
    where = quote(json.dumps({"field": "tags", "op": "in", "value": [tag.pk]}))
    page = me.open(f"/r/customers/?where={where}")
    expect(page.locator("tbody tr")).to_have_count(2)
    assert me.complaints == []
