"""Declarations of the outbox."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.platform.models import MessageChannel, MessageTemplate, OutgoingMessage
from anchang.platform.outbox import kinds
from anchang.platform.outbox.errors import REASONS
from anchang.platform.outbox.queueing import content
from anchang.platform.resources import Field, Related, Resource, register
from anchang.platform.ui.navigation import Place, register_place


def _texts(ids: Sequence[int]) -> dict[int, str]:
    """The words, except those with a secret in them."""
    rows = OutgoingMessage.objects.filter(pk__in=ids, content__isnull=False).only("id", "kind", "content")
    shown = [m for m in rows if (kind := kinds.find(m.kind)) is None or not kind.secret]
    return {m.pk: content(m).get("text", "") for m in shown}


def _variables(ids: Sequence[int]) -> dict[int, str]:
    """What a template may use, so that its writer needs no handbook."""
    found = {}
    for pk, name in MessageTemplate.objects.filter(pk__in=ids).values_list("pk", "kind"):
        kind = kinds.find(name)
        names = {**kind.variables, "project": _("Project")} if kind else {}
        found[pk] = "  ".join(f"{{{n}}} {label}" for n, label in names.items())
    return found


def _house_words(ids: Sequence[int]) -> dict[int, str]:
    rows = MessageTemplate.objects.filter(pk__in=ids).values_list("pk", "kind", "language")
    return {pk: kind.words(language) for pk, name, language in rows if (kind := kinds.find(name))}


register(Resource(
    name="message-channels", model=MessageChannel, label=_("Message channel"), plural=_("Message channels"),
    area="setup", icon="send", order="position", plain=True,
    fields=(
        Field("name", list=True), Field("kind", list=True), Field("active", list=True), Field("position", list=True),
        Field("host", list=True), Field("method"), Field("header_names"), Field("body"), Field("signature"),
        Field("signing"), Field("sign_text"), Field("sign_header"), Field("ok_path"), Field("ok_value"),
        Field("id_path"), Field("tested_at", list=True), Field("created_at"),
    ),
    related=(Related("outgoing-messages", "channel"),),
))  # fmt: skip

register(Resource(
    name="message-templates", model=MessageTemplate, label=_("Message text"), plural=_("Message texts"),
    area="setup", icon="message", label_field="kind", order="kind", plain=True,
    fields=(
        Field("kind", kind="choice", choices=kinds.choices, list=True), Field("language", list=True),
        Field("text", list=True), Field("active", list=True), Field("channel", list=True), Field("gateway_number"),
        Field("variables", label=_("Known words"), value=_variables, kind="text"),
        Field("house_words", label=_("The house's words"), value=_house_words, kind="text"),
        Field("created_at"),
    ),
))  # fmt: skip

register(Resource(
    name="outgoing-messages", model=OutgoingMessage, label=_("Outgoing message"), plural=_("Outgoing messages"),
    area="office", icon="mail-forward", owner="owner", label_field="kind", order="-id", state_field="state",
    fields=(
        Field("kind", kind="choice", choices=kinds.choices, list=True), Field("audience"),
        Field("to", _("To"), source="to_masked", list=True, filter=False, sort=False), Field("state", list=True),
        Field("text", label=pgettext_lazy("message", "Text"), value=_texts, kind="longtext"), Field("way", list=True),
        Field("channel"), Field("owner", list=True), Field("error", kind="choice", choices=REASONS, list=True),
        Field("attempts"), Field("next_at"), Field("expires_at"), Field("sent_at", list=True), Field("urgent"),
        Field("purpose"), Field("remote_number"), Field("resource", detail=False),
        Field("record_id", detail=False),
        Field("customer_id", _("Customer file"), kind="int", detail=False), Field("created_at", list=True),
    ),
))  # fmt: skip

register_place(Place(
    "settings", "resource.message-templates", _("Message texts"), "ui-message-texts", "message-templates.view",
    icon="message",
))  # fmt: skip
