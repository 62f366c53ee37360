"""Setting up and using a second factor: an authenticator app, and a passkey on a virtual device."""

from __future__ import annotations

import base64
import hmac
import struct
import time

from playwright.sync_api import Page, expect

from tests.factories import PASSWORD, run

DEVICE = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


def code_of(secret: str) -> str:
    """The six digits that an authenticator app shows now (RFC 6238)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30), "sha1")
    at = digest[-1] & 15
    return str((struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFFFFFF) % 10**6).zfill(6)


def sign_in(page: Page, who: str) -> None:
    expect(page.get_by_label("用户名")).to_be_visible()
    page.fill("[name=login]", who)
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")


def confirm(page: Page) -> None:
    """Sensitive pages ask for the password again."""
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")


def test_an_authenticator_app_is_set_up_and_asked_for(somebody):
    me = somebody(phone=True)
    page = me.open("/accounts/login/")
    sign_in(page, "consultant2")
    expect(page.locator("#today")).to_be_visible()
    page = me.open("/accounts/2fa/totp/activate/")
    confirm(page)
    expect(page.locator("img[src^='data:']")).to_have_js_property("complete", True)
    secret = page.locator("input[readonly], input[disabled]").first.input_value()
    page.fill("[name=code]", code_of(secret))
    page.keyboard.press("Enter")
    expect(page.locator("textarea")).to_be_visible()  # the recovery codes
    page.goto("about:blank")  # or the page itself goes to sign in again
    me.context.clear_cookies()
    page = me.open("/accounts/login/")
    sign_in(page, "consultant2")
    page.fill("[name=code]", code_of(secret))
    page.keyboard.press("Enter")
    expect(page.locator("#today")).to_be_visible()
    assert me.complaints == []


def test_a_passkey_is_added_and_signs_in_alone(somebody, server):
    me = somebody()
    me.address = server.url.replace("127.0.0.1", "localhost")  # passkeys belong to names, not to numbers
    page = me.open("/accounts/login/")
    device = me.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    sign_in(page, "consultant5")
    expect(page.locator("#today")).to_be_visible()
    page = me.open("/accounts/2fa/webauthn/add/")
    confirm(page)
    page.get_by_label("名称").fill("前台电脑")
    page.check("[name=passwordless]")
    page.locator("#mfa_webauthn_add").click()
    expect(page.locator("textarea")).to_be_visible()
    page = me.open("/accounts/2fa/webauthn/")
    expect(page.locator("main")).to_contain_text("前台电脑")
    expect(page.locator("main")).to_contain_text("还没用过")
    page.goto("about:blank")  # or the page itself goes to sign in again
    me.context.clear_cookies()
    page = me.open("/accounts/login/")
    page.locator("#passkey_login").click()
    expect(page.locator("#today")).to_be_visible()
    assert me.complaints == []


def test_a_new_password_is_set_by_the_administrators_link(office, somebody):
    with office.office.as_("system"):
        access = office.office.access("admin")
        link = run("make_reset_link", access, office.office.users["finance"])["link"]
    me = somebody(phone=True)
    page = me.open(link)
    page.fill("[name=password]", "qingtian-2031-liushui")
    page.fill("[name=again]", "qingtian-2031-liushui")
    page.keyboard.press("Enter")
    expect(page.get_by_label("用户名")).to_be_visible()
    page.fill("[name=login]", "finance")
    page.fill("[name=password]", "qingtian-2031-liushui")
    page.keyboard.press("Enter")
    expect(page.locator("#today")).to_be_visible()
    assert me.complaints == []
