"""Lists in a browser: a card dragged to another state, and a large import taken back while one watches."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from playwright.sync_api import expect

from anchang.crm.models import Lead
from anchang.platform.access import bump_stamp
from anchang.platform.models import Parameter
from tests.factories import run


def test_a_dropped_card_asks_its_command(office, somebody):
    desk = office.office
    with desk.as_("manager") as access:
        lead = run("add_leads", access, name="诸葛亮", phone="13900001111", channel="advert")
        run("assign_lead", access, lead, user=desk.users["consultant1"].pk)
    me = somebody("consultant1")
    page = me.open("/r/leads/?as=kanban")
    card = page.locator(f".kanban-card[data-id='{lead.pk}']")
    column = page.locator(".kanban-column", has=page.locator("[data-key=qualified]"))
    card.drag_to(column.locator("[data-key=qualified]"))
    dialog = page.locator("dialog[open]")
    expect(dialog).to_be_visible()
    with desk.as_("system"):
        assert Lead.objects.get(pk=lead.pk).state == "assigned", "nothing happens before it is confirmed"
    dialog.locator("[data-primary], button[type=submit]").last.click()
    expect(column.locator(f".kanban-card[data-id='{lead.pk}']")).to_be_visible()
    with desk.as_("system"):
        assert Lead.objects.get(pk=lead.pk).state == "qualified"
    assert me.complaints == []


def test_a_large_import_is_taken_back_by_a_job(office, somebody, worker, tmp_path: Path):
    Parameter.objects.create(
        key="platform.import_undo_at_once", project=office.office.project, value=10, valid_from=dt.date(2020, 1, 1)
    )
    bump_stamp()
    file = tmp_path / "线索.csv"
    rows = [f"批量{n:03d},137{n:08d},抖音" for n in range(300)]
    file.write_text("姓名,手机号,渠道\n" + "\n".join(rows), encoding="utf-8")
    me = somebody("manager")
    page = me.open("/importing/")
    page.select_option("[name=kind]", "leads")
    page.set_input_files("[name=file]", file)
    page.locator("main form button[type=submit]").last.click()
    page.locator("button[value=run]").click()
    expect(page.locator("button[hx-post$='/undo']")).to_be_visible(timeout=60_000)
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("button[hx-post$='/undo']").click()
    expect(page.locator(".chip[data-state=undone]")).to_be_visible(timeout=60_000)
    with office.office.as_("system"):
        assert not Lead.objects.filter(name__startswith="批量", deleted_at__isnull=True).exists()
    assert me.complaints == []
