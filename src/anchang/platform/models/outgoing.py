"""What leaves the house for customers and staff (外发消息): by which channel, in which words, with what result."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.platform.models.base import ProjectKey, ProjectModel
from anchang.platform.models.fields import user_key

ALIVE = Q(deleted_at__isnull=True)


class MessageChannel(ProjectModel):
    """A way out of the house (发送渠道). What could be used to send in the office's name is encrypted and never shown
    again: the address (robots have their key in it), the headers, the secret."""

    class Kind(models.TextChoices):
        SMS_HTTP = "sms_http", _("Text message gateway")
        WECOM = "wecom", _("WeCom robot")
        DINGTALK = "dingtalk", _("DingTalk robot")
        FEISHU = "feishu", _("Feishu robot")
        MAIL = "mail", _("Mail")
        BY_HAND = "by_hand", _("By hand")

    class Method(models.TextChoices):
        POST = "POST", "POST"
        GET = "GET", "GET"
        PUT = "PUT", "PUT"

    class Signing(models.TextChoices):
        NONE = "", _("None")
        HEX = "hex", _("HMAC-SHA256, hexadecimal")
        BASE64 = "base64", _("HMAC-SHA256, Base64")

    name = models.CharField(_("Name"), max_length=50)
    kind = models.CharField(_("Kind"), max_length=10, choices=Kind.choices)
    active = models.BooleanField(_("Active"), default=True)
    position = models.PositiveSmallIntegerField(_("Position"), default=10)
    host = models.CharField(_("Server"), max_length=200, blank=True)
    url_cipher = models.BinaryField(null=True)
    method = models.CharField(_("Method"), max_length=4, choices=Method.choices, default=Method.POST)
    headers_cipher = models.BinaryField(null=True)
    header_names = models.CharField(_("Headers"), max_length=200, blank=True)
    body = models.TextField(_("Body"), blank=True)
    secret_cipher = models.BinaryField(null=True)
    signature = models.CharField(_("Signature before the text"), max_length=30, blank=True)
    signing = models.CharField(_("Signing"), max_length=6, choices=Signing.choices, blank=True)
    sign_text = models.CharField(_("What is signed"), max_length=200, blank=True)
    sign_header = models.CharField(_("Header of the signature"), max_length=50, blank=True)
    ok_path = models.CharField(_("Field of the answer"), max_length=50, blank=True)
    ok_value = models.CharField(_("Its value when accepted"), max_length=50, blank=True)
    id_path = models.CharField(_("Field with the gateway's number"), max_length=50, blank=True)
    tested_at = models.DateTimeField(_("Last accepted message"), null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "name", condition=ALIVE, name="message_channel_once"),
            models.CheckConstraint(
                condition=Q(kind__in=("sms_http", "wecom", "dingtalk", "feishu", "mail", "by_hand")),
                name="message_channel_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=("mail", "by_hand")) | Q(url_cipher__isnull=False), name="message_channel_address"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class MessageTemplate(ProjectModel):
    """The office's own words for one kind of message in one language; without one, the house's words stand."""

    class Language(models.TextChoices):
        ZH = "zh-hans", "简体中文"
        EN = "en", "English"

    kind = models.CharField(_("Message"), max_length=40)
    language = models.CharField(_("Language"), max_length=10, choices=Language.choices, default=Language.ZH)
    text = models.CharField(pgettext_lazy("message", "Text"), max_length=500)
    gateway_number = models.CharField(_("Template number at the gateway"), max_length=60, blank=True)
    channel = ProjectKey(MessageChannel, indexed=False, null=True, blank=True, verbose_name=_("By way of"))
    active = models.BooleanField(_("Active"), default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "kind", "language", condition=ALIVE, name="message_template_once")
        ]

    def __str__(self) -> str:
        return self.kind


class OutgoingMessage(ProjectModel):
    """One message to one person. Address and words are encrypted; once sent, words with a secret in them are gone.

    `next_at`: when the worker takes it next; while one is being sent it lies ahead, so that nobody else takes it.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        SENT = "sent", pgettext_lazy("message", "Sent")
        FAILED = "failed", _("Failed, tried again")
        GIVEN_UP = "given_up", _("Given up")
        BY_HAND = "by_hand", _("To be sent by hand")
        DROPPED = "dropped", _("Not sent")

    class Audience(models.TextChoices):
        CUSTOMER = "customer", _("Customer")
        STAFF = "staff", _("Member of staff")

    class Purpose(models.TextChoices):
        SERVICE = "service", _("What a visit or deal needs")
        MARKETING = "marketing", _("Marketing messages")

    personal_of = "customer_id"
    personal = {"to_cipher": "NULL", "to_masked": "''", "content": "NULL", "error": "''"}

    kind = models.CharField(_("Message"), max_length=40)
    audience = models.CharField(_("For"), max_length=10, choices=Audience.choices)
    customer_id = models.BigIntegerField(null=True, editable=False)
    user = user_key(_("Member of staff"), null=True, blank=True)
    owner = user_key(_("Responsible"), null=True, blank=True)
    resource = models.CharField(_("About"), max_length=60, blank=True)
    record_id = models.BigIntegerField(_("Record"), null=True, blank=True)
    channel = ProjectKey(MessageChannel, indexed=False, null=True, blank=True, verbose_name=_("Channel"))
    way = models.CharField(_("By way of"), max_length=10, choices=MessageChannel.Kind.choices)
    to_cipher = models.BinaryField(null=True)
    to_masked = models.CharField(_("To"), max_length=60, blank=True)
    content = models.BinaryField(null=True)
    urgent = models.BooleanField(_("Urgent"), default=False)
    purpose = models.CharField(_("Purpose"), max_length=10, choices=Purpose.choices, default="service")
    state = models.CharField(_("State"), max_length=10, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("Sending attempts"), default=0)
    next_at = models.DateTimeField(_("Next attempt"), null=True, blank=True)
    expires_at = models.DateTimeField(_("Of no use after"), null=True, blank=True)
    sent_at = models.DateTimeField(pgettext_lazy("message", "Sent at"), null=True, blank=True)
    error = models.CharField(_("Reason"), max_length=200, blank=True)
    remote_number = models.CharField(_("Gateway's number"), max_length=100, blank=True)
    key = models.CharField(max_length=120, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "key", name="outgoing_message_once"),
            models.CheckConstraint(
                condition=Q(state__in=("queued", "sent", "failed", "given_up", "by_hand", "dropped")),
                name="outgoing_message_state",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("queued", "failed")) | Q(next_at__isnull=False), name="outgoing_message_due"
            ),
        ]
        indexes = [
            models.Index(fields=["project", "-id"], condition=ALIVE, name="outgoing_newest"),
            models.Index(
                fields=["project", "next_at"], condition=Q(state__in=("queued", "failed")), name="outgoing_due"
            ),
            models.Index(fields=["project", "owner", "-id"], name="outgoing_owner"),
            models.Index(fields=["project", "customer_id", "sent_at"], name="outgoing_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.to_masked}".strip()
