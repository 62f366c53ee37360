"""Messages to customers and staff: queued once, sent within consent and hours, tried again, given up, or by hand."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json

import pytest

from anchang.crm.commands.appointments import remind_appointments
from anchang.crm.models import Customer
from anchang.kernel.errors import DomainError
from anchang.platform import jobs, reading, resources
from anchang.platform.access import bump_stamp
from anchang.platform.context import Context
from anchang.platform.models import (
    AuditRow,
    Event,
    MessageChannel,
    OutgoingMessage,
    Parameter,
    RevealLog,
    Task,
)
from anchang.platform.outbox import http, kinds, rules, sending
from anchang.platform.outbox.queueing import SEND
from tests.factories import PASSWORD, Office, make_office, run
from tests.platform.outbox.gateway import Gateway

pytestmark = pytest.mark.django_db
NOW = dt.datetime.now(dt.UTC)
PHONE = "13812292302"


@pytest.fixture
def office(settings) -> Office:
    settings.ANCHANG_OUTGOING_HOSTS = ["127.0.0.1"]
    found = make_office()
    say("platform.quiet_hours", ["00:00", "00:00"])
    return found


@pytest.fixture
def gateway():
    found = Gateway()
    yield found
    found.stop()


def say(key: str, value: object) -> None:
    Parameter.objects.update_or_create(
        key=key, company=None, project=None, city="", valid_from=dt.date(2020, 1, 1), defaults={"value": value}
    )
    bump_stamp()


def sms(office: Office, gateway: Gateway, **more) -> MessageChannel:
    with office.as_("director") as access:
        return run(
            "add_message_channels", access, name="短信", kind="sms_http", url=f"{gateway.url}/send?key={{key}}",
            secret="s3cret", body='{"to": "{phone}", "text": "{text}", "params": {params}}', signature="云栖花园",
            ok_path="code", ok_value="0", id_path="data.id", **more,
        )  # fmt: skip


def remind(office: Office, hours: float = 2, **more) -> None:
    """Make an appointment of a new customer and let the clock remind of it."""
    with office.as_("consultant1") as access:
        visit = run("register_visits", access, phone=PHONE, name="孙\"静伟")
        start = NOW + dt.timedelta(hours=hours)
        run("add_appointments", access, customer=visit.customer_id, starts_at=start.isoformat(), **more)
    tick(office)


def tick(office: Office, now: dt.datetime = NOW) -> None:
    with office.as_("system") as access:
        ctx = Context(access, office.project, now)
        remind_appointments(ctx)
        ctx.flush()


def send(office: Office, now: dt.datetime | None = None, monkeypatch=None) -> None:
    if now is not None:
        monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    jobs.run_now(SEND, office.access("system"), office.project)


def only(office: Office, who: str = "system") -> OutgoingMessage:
    with office.as_(who):
        return OutgoingMessage.objects.get()


def test_an_appointment_is_told_by_text_message_once(office, gateway):
    sms(office, gateway, signing="hex", sign_text="{timestamp}\n{body}", headers={"X-Token": "t {secret}"})
    remind(office)
    tick(office)
    send(office)
    send(office)
    assert len(gateway.seen) == 1
    body = json.loads(gateway.seen[0]["body"])
    assert body["to"] == PHONE and body["text"].startswith("【云栖花园】孙\"静伟") and "陈强" in body["text"]
    assert body["params"]["name"] == '孙"静伟'
    headers = gateway.seen[0]["headers"]
    signed = f"{headers['X-Timestamp']}\n{gateway.seen[0]['body']}"
    assert headers["X-Signature"] == hmac.new(b"s3cret", signed.encode(), hashlib.sha256).hexdigest()
    assert headers["X-Token"] == "t s3cret" and headers["Idempotency-Key"] in gateway.seen[0]["path"]
    one = only(office)
    assert (one.state, one.remote_number, one.to_masked, one.attempts) == ("sent", "R-1", "138****2302", 1)


def test_it_stands_on_the_customers_timeline_without_his_number(office, gateway, client):
    sms(office, gateway)
    remind(office)
    send(office)
    with office.as_("system"):
        event = Event.objects.get(name="message.sent")
        assert event.customer_id == Customer.objects.get().pk
        assert PHONE not in json.dumps([event.data, *Event.objects.values_list("data", flat=True)])
    client.force_login(office.users["consultant1"], backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(f"/r/customers/{event.customer_id}/?tab=timeline", follow=True).content.decode()
    assert "预约提醒" in page
    page = client.get(f"/r/outgoing-messages/{event.record_id}/").content.decode()
    assert "138****2302" in page and PHONE not in page and "陈强" in page
    client.force_login(office.users["consultant5"], backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(f"/r/outgoing-messages/{event.record_id}/").status_code == 404


def test_what_fails_is_tried_again_and_given_up(office, gateway, monkeypatch):
    sms(office, gateway)
    say("platform.message_retry_minutes", [1, 5])
    remind(office)
    gateway.status = 503
    send(office)
    one = only(office)
    assert (one.state, one.error, one.attempts) == ("failed", "status_503", 1)
    send(office)
    assert len(gateway.seen) == 1, "not before its time"
    gateway.status, gateway.answer = 200, {"code": 17, "message": "no balance for 13812292302"}
    for minutes in (10, 20):
        send(office, NOW + dt.timedelta(minutes=minutes), monkeypatch)
    one = only(office)
    assert (one.state, one.error, one.attempts, one.next_at) == ("given_up", "not_accepted", 3, None)
    with office.as_("consultant1") as access:
        told = reading.list_rows(resources.get("notices"), access, reading.Query()).items
    assert "预约提醒" in told[0]["text"]
    gateway.answer = {"code": 0}
    with office.as_("manager") as access:
        run("retry_message", access, one)
    send(office)
    assert only(office).state == "sent"


def test_without_a_gateway_the_consultant_sends_it(office, client):
    remind(office)
    one = only(office)
    assert (one.state, one.way) == ("by_hand", "by_hand")
    with office.as_("consultant1"):
        task = Task.objects.get(code="message_by_hand")
        assert task.assignee == office.users["consultant1"] and PHONE not in json.dumps(task.params)
    client.force_login(office.users["consultant1"], backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(f"/r/outgoing-messages/{one.pk}/").content.decode()
    assert f'hx-get="/r/outgoing-messages/{one.pk}/do/write"' in page, "in a dialog, where the answer has its place"
    page = client.post(f"/r/outgoing-messages/{one.pk}/do/write").content.decode()
    assert f"sms:{PHONE}?body=" in page and "data-copy" in page
    with office.as_("director"):
        assert RevealLog.objects.get().record_id == one.pk
    with office.as_("consultant5") as access, pytest.raises(DomainError) as error:
        run("write_message", access, one)
    assert error.value.status == 404
    with office.as_("consultant1") as access:
        run("message_sent_by_hand", access, one)
        assert Task.objects.get(code="message_by_hand").state == "done"
    assert only(office).state == "sent"
    say("platform.messages_by_hand", False)
    remind_again(office)
    with office.as_("system"):
        assert OutgoingMessage.objects.count() == 1


def remind_again(office: Office) -> None:
    with office.as_("consultant1") as access:
        start = NOW + dt.timedelta(hours=3)
        run("add_appointments", access, customer=Customer.objects.get().pk, starts_at=start.isoformat())
    tick(office)


def test_quiet_hours_and_the_daily_limit_hold_it_up(office, gateway, monkeypatch):
    sms(office, gateway)
    say("platform.quiet_hours", ["00:00", "23:59"])
    remind(office, hours=40)
    later = NOW + dt.timedelta(hours=20)
    tick(office, later)
    send(office, later, monkeypatch)
    one = only(office)
    assert (one.state, one.attempts, gateway.seen) == ("queued", 0, [])
    assert one.next_at.astimezone(dt.timezone(dt.timedelta(hours=8))).strftime("%H:%M") == "23:59"
    say("platform.quiet_hours", ["00:00", "00:00"])
    say("platform.messages_per_day", 0)
    send(office, one.next_at, monkeypatch)
    one = only(office)
    assert (one.state, gateway.seen) == ("queued", [])
    say("platform.messages_per_day", 1)
    send(office, one.next_at, monkeypatch)
    assert only(office).state == "sent"


def test_a_reminder_is_of_no_use_afterwards(office, gateway, monkeypatch):
    sms(office, gateway)
    remind(office)
    send(office, NOW + dt.timedelta(hours=3), monkeypatch)
    assert (only(office).error, gateway.seen) == ("too_late", [])


def test_who_wants_no_messages_gets_none(office, gateway):
    sms(office, gateway)
    remind(office)
    with office.as_("consultant1") as access:
        stop = run("stop_messages", access, Customer.objects.get())
        with pytest.raises(DomainError):
            run("stop_messages", access, Customer.objects.get())
    send(office)
    assert (only(office).error, gateway.seen) == ("opted_out", [])
    remind_again(office)
    with office.as_("system"):
        last = OutgoingMessage.objects.latest("pk")
    assert (last.state, last.content, last.to_cipher) == ("dropped", None, None)
    with office.as_("consultant1") as access:
        run("lift_stop", access, stop)


def test_marketing_needs_consent(office, monkeypatch):
    with office.as_("consultant1") as access:
        one = run("register_visits", access, phone=PHONE, name="孙").customer_id
        kind = kinds.MessageKind("x", "x", "customer", "x", purpose="marketing")
        assert kinds.refused(Context(access, office.project), kind, [one]) == {one: "no_consent"}
        run("add_consent", access, one, purpose="marketing", text_version="1")
        assert kinds.refused(Context(access, office.project), kind, [one]) == {}


def test_a_lead_is_pushed_to_its_assignee(office, gateway):
    robot(office, gateway, "wecom")
    with office.as_("consultant1") as access:
        run("check_in", access, project="YQ")
    with office.as_("manager") as access:
        run("add_leads", access, name="张伟", phone="13900000001", channel="advert")
    send(office)
    body = json.loads(gateway.seen[0]["body"])
    assert body["text"]["mentioned_list"] == ["consultant1"] and "陈强" in body["text"]["content"]
    assert "张伟" not in gateway.seen[0]["body"]


def robot(office: Office, gateway: Gateway, kind: str) -> MessageChannel:
    with office.as_("director") as access:
        return run("add_message_channels", access, name=kind, kind=kind, url=f"{gateway.url}/hook?key=k1", secret="sec")


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu"])
def test_a_test_message_by_each_robot(office, gateway, kind):
    channel = robot(office, gateway, kind)
    with office.as_("director") as access:
        sent = run("test_message_channel", access, channel)
    send(office)
    assert only(office).pk == sent.pk and only(office).state == "sent"
    body, path = json.loads(gateway.seen[0]["body"]), gateway.seen[0]["path"]
    if kind == "feishu":
        key = f"{body['timestamp']}\nsec".encode()
        assert body["sign"] == base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
    if kind == "dingtalk":
        assert "&timestamp=" in path and "&sign=" in path
    gateway.answer = {"errcode": 310000, "code": 19021}
    with office.as_("director") as access:
        run("test_message_channel", access, channel)
    send(office)
    with office.as_("system"):
        assert OutgoingMessage.objects.latest("pk").error == "not_accepted"


def test_mail_goes_by_the_server_of_the_operator(office, settings, mailoutbox):
    with office.as_("director") as access:
        channel = run("add_message_channels", access, name="邮件", kind="mail")
        run("test_message_channel", access, channel, to="d@example.com")
    send(office)
    assert mailoutbox[0].to == ["d@example.com"] and "云栖花园" in mailoutbox[0].subject
    assert only(office).to_masked == "d***@example.com"


def test_an_address_that_breaks_the_mail_holds_nothing_up(office, mailoutbox):
    with office.as_("director") as access:
        channel = run("add_message_channels", access, name="邮件", kind="mail")
        for to in ("d@example.com\nBcc: all@example.com", "e@example.com"):
            run("test_message_channel", access, channel, to=to)
    send(office)
    assert [mail.to for mail in mailoutbox] == [["e@example.com"]]
    with office.as_("system"):
        assert OutgoingMessage.objects.get(state="given_up").error == "bad_address"


def test_another_host_is_not_told_the_secrets_of_the_former(office, gateway):
    channel = sms(office, gateway, headers={"X-Token": "hidden-token"})
    elsewhere = {"url": "https://sms.example.com/send"}
    with office.as_("director") as access:
        for more in ({}, {"secret": "mine"}, {"headers": {"X-Token": "mine"}}):
            with pytest.raises(DomainError) as refused:
                run("edit_message_channel", access, channel, **elsewhere, **more)
            assert "message_secret_again" in refused.value.fields.values()
        run("edit_message_channel", access, channel, url=f"{gateway.url}/v2")
        run("edit_message_channel", access, channel, **elsewhere, secret="mine", headers={"X-Token": "mine"})


def test_secrets_are_never_shown_again(office, gateway, client):
    channel = sms(office, gateway, headers={"X-Token": "hidden-token"})
    token = client.post(
        "/api/v1/auth/tokens", {"username": "director", "password": PASSWORD}, content_type="application/json"
    ).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    answer = client.get(f"/api/v1/message-channels/{channel.pk}", headers=headers)
    client.force_login(office.users["director"], backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(f"/r/message-channels/{channel.pk}/do/edit")
    for text in (answer.content.decode(), page.content.decode()):
        assert "s3cret" not in text and "hidden-token" not in text and "?key=" not in text
    with office.as_("director") as access:
        run("edit_message_channel", access, channel, url="", secret="", body="x")
    with office.as_("system"):
        kept = MessageChannel.objects.get()
        assert bytes(kept.secret_cipher) == bytes(channel.secret_cipher) and kept.body == "x"
        assert "s3cret" not in json.dumps(list(AuditRow.objects.values_list("changes", flat=True)))
    with office.as_("manager") as access, pytest.raises(DomainError):
        run("edit_message_channel", access, channel, secret="mine")


@pytest.mark.parametrize("url", [
    "http://sms.example.com/x", "https://127.0.0.1/x", "https://10.0.0.1/x", "https://[::1]/x", "ftp://example.com",
    "https://169.254.169.254/latest", "https://user@example.com/", "https://example.com:8443/", "https://{phone}/",
])  # fmt: skip
def test_only_public_https_is_called(office, settings, url):
    settings.ANCHANG_OUTGOING_HOSTS = []
    with office.as_("director") as access, pytest.raises(DomainError) as error:
        run("add_message_channels", access, name="x", kind="wecom", url=url)
    assert error.value.fields == {"url": "message_address_refused"}


def test_a_name_that_leads_inside_is_refused_when_it_is_called(office, gateway, settings, monkeypatch):
    found = [(2, 1, 6, "", ("127.0.0.1", 443))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *a, **k: found)
    with pytest.raises(http.AddressRefused):
        http.call("https://inside.example.com/", timeout=1)
    with office.as_("director") as access:
        channel = run("add_message_channels", access, name="x", kind="wecom", url="https://inside.example.com/")
        run("test_message_channel", access, channel)
    send(office)
    assert (only(office).state, only(office).error) == ("given_up", "address_refused")


def test_own_words_are_checked(office, gateway):
    sms(office, gateway)
    with office.as_("manager") as access:
        with pytest.raises(DomainError) as error:
            run("add_message_templates", access, kind="appointment_soon", text="{name}, {phone}")
        assert error.value.fields == {"text": "message_variables_unknown"} and "{phone}" in error.value.params["names"]
        template = run("add_message_templates", access, kind="appointment_soon", text="您好{name}，{time}见。")
    remind(office)
    send(office)
    assert json.loads(gateway.seen[0]["body"])["text"].startswith('【云栖花园】您好孙"静伟，')
    with office.as_("manager") as access:
        run("edit_message_template", access, template, active=False)
    remind_again(office)
    with office.as_("system"):
        assert OutgoingMessage.objects.count() == 1


def test_erasure_empties_what_was_sent(office, gateway):
    sms(office, gateway)
    remind(office)
    send(office)
    with office.as_("manager") as access:
        asked = run("request_for_customer", access, Customer.objects.get(), kind="erasure")
        run("erase_person", access, asked, confirmed=True)
    one = only(office)
    assert (one.to_cipher, one.content, one.to_masked) == (None, None, "")


def test_a_worker_that_died_leaves_it_to_the_next(office, gateway, monkeypatch):
    sms(office, gateway)
    remind(office)
    with office.as_("system") as access:
        ctx = Context(access, office.project)
        assert len(sending.take(ctx, 10)[1]) == 1
        assert sending.take(ctx, 10) == (0, [])
    send(office, NOW + dt.timedelta(minutes=30), monkeypatch)
    assert (only(office).state, only(office).attempts) == ("sent", 2)


def test_fill_never_fills_what_a_value_says():
    assert rules.fill("{a}{b}", {"a": "{b}", "b": "x"}) == "{b}x"
    assert rules.fill_body('{"t": "{a}", "n": {"x": 1}}', {"a": 'q"{b}', "b": "y"}, "json") == '{"t": "q\\"{b}", "n": {"x": 1}}'
    assert rules.fill_body("p={a}", {"a": "x&y=1"}, "form") == "p=x%26y%3D1"


def test_the_page_of_texts_leads_to_own_words(office, client):
    client.force_login(office.users["manager"], backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/message-texts/").content.decode()
    assert "置业顾问{consultant}恭候您的光临" in page and "/r/message-templates/new?kind=appointment_soon" in page
    form = client.get("/r/message-templates/new?kind=appointment_soon&language=zh-hans&text=您好{name}").content.decode()
    assert "您好{name}" in form
    with office.as_("manager") as access:
        made = run("add_message_templates", access, kind="appointment_soon", text="{name}，明天见。")
    page = client.get("/message-texts/").content.decode()
    assert "{name}，明天见。" in page and f"/r/message-templates/{made.pk}/do/edit" in page
    client.force_login(office.users["consultant1"], backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/message-texts/").status_code == 403
