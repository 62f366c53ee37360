"""What people of a sales office do all day, in a real browser and in Chinese."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from anchang.crm.models import Customer, Lead, Visit
from anchang.deals.models import Hold
from tests.browser.conftest import WECHAT
from tests.browser.pages import MAIN_PAGES, violations
from tests.deals.desk import BUYER
from tests.factories import PASSWORD, run

NEW_PHONE = "13966660001"
MOST_TAPS = 3
LEADS = """线索ID,创建时间,姓名,手机号,渠道,预算（万）,备注
A1,2026-03-01 10:00,张伟,13800000001,抖音,200-250,想看学区
A2,2026-03-01 11:00,王芳女士,+86 139 0000 0002,抖音,300,
A3,2026-03-01 12:00,李强,1380000,百度,,号码不对
A4,2026-03-02 09:00,张伟,13800000001,百度,220,再次咨询
"""


class Thumb:
    """Counts the taps from the first page to where a task begins."""

    def __init__(self, page: Page) -> None:
        self.page, self.taps = page, 0

    def begin(self) -> None:
        self.taps = 0
        self.page.goto(re.sub(r"(?<=\d)/.*", "/", self.page.url))
        expect(self.page.locator("#today")).to_be_visible()

    def tap(self, target: Locator) -> None:
        self.taps += 1
        target.first.tap()

    def arrived(self, target: Locator) -> None:
        expect(target.first).to_be_visible()
        assert self.taps <= MOST_TAPS, f"{self.taps} taps"


def cell(page: Page, unit: Any) -> Locator:
    return page.locator(f"#u{unit.pk}")


def choose(page: Page, name: str, text: str) -> None:
    """Type into a picker, and take the first that is found."""
    box = page.locator(f"select[name={name}] + .ts-wrapper")
    box.locator("input").click()
    box.locator("input").press_sequentially(text, delay=20)
    page.locator(".ts-dropdown .option", has_text=re.compile(".")).first.click()


def customer_of(desk: Any, owner: str, name: str, phone: str) -> Customer:
    with desk.office.as_(owner) as access:
        run("add_customers", access, name=name, phone=phone)
    with desk.office.as_("system"):
        return Customer.objects.get(name=name)


def test_a_consultant_with_a_phone_in_the_hand(office, somebody):
    me = somebody(phone=True)
    page = me.open("/")
    page.fill("[name=login]", "consultant1")
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="登录", exact=True).tap()
    expect(page.locator("#today")).to_be_visible()
    thumb = Thumb(page)
    plus = page.locator(".fab")

    # A visitor with a phone that nobody knows.
    thumb.tap(plus)
    thumb.tap(page.locator('#quick-add a[href="/visit/new"]'))
    thumb.arrived(page.locator("#id_phone"))
    page.fill("#id_phone", NEW_PHONE)
    expect(page.locator("#visitor")).to_contain_text("新客户")
    page.fill("#id_name", "欧阳建国")
    page.locator("button[data-primary]").tap()
    expect(page.locator("main")).to_contain_text("欧阳建国")

    # A follow-up that makes him a B.
    thumb.begin()
    thumb.tap(plus)
    thumb.tap(page.locator('#quick-add a[href*="follow-up"]'))
    thumb.tap(page.locator("a.day-row", has_text="欧阳建国"))
    thumb.arrived(page.locator("textarea[name=content]"))
    page.locator("label", has=page.locator("input[name=method][value=wechat]")).tap()
    page.fill("textarea[name=content]", "加了微信，发了户型图，周六带父母来看样板间")
    page.locator("label", has=page.locator("input[name=grade][value=B]")).tap()
    page.locator("button[data-primary]").tap()
    expect(page.locator("main")).to_contain_text("发了户型图")
    expect(page.locator("main")).to_contain_text("B")

    # Found by pinyin initials and by the end of the phone number.
    for words in ("oyjg", NEW_PHONE[-4:]):
        thumb.begin()
        thumb.tap(page.locator("[data-open-palette]"))
        page.fill("#palette-input", words)
        thumb.tap(page.locator("#palette-list [role=option]", has_text="欧阳建国"))
        thumb.arrived(page.locator("h1", has_text="欧阳建国"))

    # The price of a unit with a loan.
    unit = office.stock.units[0]
    thumb.begin()
    thumb.tap(page.locator('.bottombar a[href^="/board"]'))
    thumb.tap(cell(page, unit))
    thumb.tap(page.locator("#panel .choice-row label", has_text="按揭"))
    thumb.arrived(page.locator("#panel .loan-compare"))
    expect(page.locator("#panel")).to_contain_text("2,828,460.00")

    # Hold it for him.
    thumb.begin()
    thumb.tap(page.locator('.bottombar a[href^="/board"]'))
    thumb.tap(cell(page, unit))
    thumb.arrived(page.locator("#panel .hold-form"))
    choose(page, "customer", "oyjg")
    page.locator("#panel .hold-form button[type=submit]").tap()
    expect(page.locator("#panel .unit-top [data-state]")).to_have_attribute("data-state", "held")
    assert me.complaints == []


def test_from_the_deal_desk_to_the_daily_report(office, somebody):
    unit = office.stock.units[1]
    buyer = customer_of(office, "consultant1", "沈慧敏", "13912345678")
    seller = somebody("consultant1")
    page = seller.open(f"/deal/{unit.pk}/?customer={buyer.pk}")
    page.locator("label", has=page.locator("input[name=payment_plan]")).filter(has_text="一次性").click()
    page.fill("[name=deposit]", "50000")
    page.locator("label", has=page.locator("input[name=ownership][value=sole]")).click()
    page.fill("[name='buyers-0-name']", BUYER["name"])
    page.fill("[name='buyers-0-id_number']", BUYER["id_number"])
    page.locator(".deal-form button[data-primary]").click()
    expect(page.locator(".deal-progress")).to_be_visible()
    expect(page.locator("#deal")).to_contain_text("2,828,460.00")

    clerk = somebody("clerk")
    page = clerk.open(f"/deal/{unit.pk}/")
    page.locator('#deal [hx-get*="/do/sign"], #deal a[href*="/do/sign"]').first.click()
    page.locator("#dialog-host button[type=submit]").click()
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator(".page-head [data-state]")).to_have_attribute("data-state", "signed")

    cashier = somebody("finance")
    page = cashier.open("/cashier/")
    page.fill("#cashier-q", "5678")
    page.keyboard.press("Enter")
    expect(page.locator(".cashier-main h2")).to_contain_text("沈慧敏")  # the only one that fits is open at once
    page.fill("[name=amount]", "50000")
    page.locator("#receive-form button[data-primary]").click()
    expect(page.locator(".taken-number")).not_to_be_empty()
    paper = page.locator(".taken form[action$='.pdf']")
    expect(paper.locator("button")).to_be_enabled()
    token, action = paper.locator("[name=csrfmiddlewaretoken]").input_value(), paper.get_attribute("action")
    printed = cashier.context.request.post(
        cashier.address + action, form={"csrfmiddlewaretoken": token}, headers={"Referer": page.url}
    )
    assert printed.ok and printed.body().startswith(b"%PDF")

    page = somebody("manager").open("/reports/sales-daily/")
    expect(page.locator("main")).to_contain_text("282.85")
    for one in (seller, clerk, cashier):
        assert one.complaints == []


def test_a_manager_brings_leads_in_and_takes_them_back(office, somebody, worker, tmp_path: Path):
    file = tmp_path / "leads.csv"
    file.write_text(LEADS, encoding="gb18030")
    me = somebody("manager")
    page = me.open("/importing/")
    page.select_option("[name=kind]", "leads")
    page.set_input_files("[name=file]", file)
    page.locator("#new-import button[type=submit]").click()
    # The columns are guessed, and can be corrected.
    guessed = page.locator("select[name=field-phone] option:checked")
    expect(guessed).to_have_text("手机号")
    page.select_option("select[name=field-note]", "")
    page.locator("button[value=preview]").click()
    expect(page.locator("main table")).not_to_contain_text("想看学区")
    page.select_option("select[name=field-note]", label="备注")
    page.locator("button[value=preview]").click()
    expect(page.locator("main table")).to_contain_text("想看学区")
    expect(page.locator("main table")).to_contain_text("1380000")
    page.locator("button[value=run]").click()
    expect(page.locator(".kpis")).to_be_visible()
    expect(page.locator("a[href$='refused.xlsx']")).to_be_visible(timeout=30_000)
    with page.expect_download() as download:
        page.locator("a[href$='refused.xlsx']").click()
    assert Path(download.value.path()).read_bytes().startswith(b"PK")
    with office.office.as_("system"):
        assert Lead.objects.filter(name__in=("张伟", "王芳")).count() == 2
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("button[hx-post$='/undo']").click()
    expect(page.locator("button[hx-post$='/undo']")).to_have_count(0)
    with office.office.as_("system"):
        assert not Lead.objects.filter(name__in=("张伟", "王芳"), deleted_at__isnull=True).exists()
    assert me.complaints == []


def test_nothing_typed_is_lost_and_nothing_is_made_twice(office, somebody):
    known = customer_of(office, "consultant2", "司马相如", "13700007777")
    me = somebody("consultant2")
    page = me.open(f"/customers/{known.pk}/follow-up")
    page.fill("textarea[name=content]", "谈到一半，会话过期了")
    me.context.clear_cookies(name="sessionid")
    page.locator("button[data-primary]").first.click()
    page.fill("[name=login]", "consultant2")
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.locator("textarea[name=content]").first).to_have_value("谈到一半，会话过期了")

    # A search asks when the word is whole, not in the middle of its pinyin.
    asked: list[str] = []
    page = me.open("/r/customers/")
    page.on("request", lambda request: asked.append(request.url) if "/palette/" in request.url else None)
    page.locator("[data-open-palette]").click()
    box = page.locator("#palette-input")
    expect(page.locator("#palette-list")).not_to_be_empty()
    asked.clear()
    box.dispatch_event("compositionstart")
    box.evaluate(
        "e => {e.value = 'si ma'; e.dispatchEvent(new InputEvent('input', {bubbles: true, isComposing: true}))}"
    )
    page.wait_for_timeout(700)
    assert asked == []
    box.evaluate(
        "e => {e.value = '司马'; e.dispatchEvent(new InputEvent('input', {bubbles: true, isComposing: true}))}"
    )
    box.dispatch_event("compositionend")
    expect(page.locator("#palette-list [role=option]", has_text="司马相如")).to_be_visible()
    assert len(asked) == 1

    page = me.open("/visit/new")
    page.fill("#id_phone", "13700008888")
    page.fill("#id_name", "诸葛双击")
    page.locator("button[data-primary]").dblclick(no_wait_after=True)
    expect(page.locator("main")).to_contain_text("诸葛双击")
    page.wait_for_url(re.compile(r"/(visits|customers)/\d+"))
    with office.office.as_("system"):
        assert Visit.objects.filter(customer__name="诸葛双击").count() == 1
    assert [c for c in me.complaints if "401" not in c] == []


def test_two_browsers_and_one_unit(office, somebody):
    unit = office.stock.units[2]
    names = {"consultant1": ("令狐甲", "13600001111"), "consultant5": ("令狐乙", "13600002222")}
    for who, (name, phone) in names.items():
        customer_of(office, who, name, phone)
    first, second = somebody("consultant1"), somebody("consultant5")
    for one in (first, second):
        one.open("/board/")
        cell(one.page, unit).click()
        expect(one.page.locator("#panel .hold-form")).to_be_visible()
    # The second has picked a customer and looks elsewhere: his form stays, and the refusal tells him.
    choose(second.page, "customer", "2222")
    second.page.locator("#panel .unit-top").click()
    second.page.evaluate("document.activeElement.blur()")
    choose(first.page, "customer", "1111")
    first.page.locator("#panel .hold-form button[type=submit]").click()
    expect(first.page.locator("#panel .unit-top [data-state]")).to_have_attribute("data-state", "held")
    expect(cell(second.page, unit)).to_have_attribute("data-state", "held", timeout=3_000)
    expect(second.page.locator("#panel select[name=customer] + .ts-wrapper")).to_contain_text("令狐乙")
    second.page.locator("#panel .hold-form button[type=submit]").click()
    expect(second.page.locator("#panel [role=alert]")).to_contain_text(re.compile("[一-鿿]{4,}"))
    with office.office.as_("system"):
        assert Hold.objects.filter(unit_id=unit.pk, state="active").count() == 1
    assert first.complaints == [] and second.complaints == []


@pytest.mark.parametrize("device", ["desk", "wechat"])
def test_pages_are_in_order(office, somebody, device):
    """Strict CSP without a complaint, nothing wider than the screen, no serious violation of accessibility."""
    customer = customer_of(
        office, "consultant1", f"尉迟长名字先生{device}", f"1350000{'1000' if device == 'desk' else '2000'}"
    )
    numbers = {"customer": customer.pk, "unit": office.stock.units[4].pk}
    problems: list[str] = []
    for who, paths in MAIN_PAGES.items():
        me = somebody(who, phone=True, user_agent=WECHAT) if device == "wechat" else somebody(who)
        for path in paths:
            page = me.open(path.format(**numbers))
            expect(page.locator("main")).to_be_visible()
            wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            problems += [f"{path}: {wide} px too wide"] if wide > 0 else []
            problems += [f"{path}: {text}" for text in me.complaints]
            me.complaints.clear()
            problems += [f"{path}: {text}" for text in violations(page)]
    assert not problems, "\n".join(problems)
