"""What a project's messages say: the house's words, and the office's own where it has some."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from anchang.platform.models import MessageTemplate, Project
from anchang.platform.outbox import kinds
from anchang.platform.outbox.kinds import MessageKind


@dataclass(frozen=True)
class Words:
    """One message in one language. `url` leads to the office's own words, or to where they are written."""

    kind: MessageKind
    text: str
    own: bool
    active: bool
    way: str
    url: str

    @property
    def variables(self) -> list[tuple[str, Any]]:
        return [("{" + name + "}", label) for name, label in {**self.kind.variables, "project": _("Project")}.items()]


def words_of(project: Project, language: str) -> list[Words]:
    """Every message that can be sent, customers' first."""
    rows = MessageTemplate.objects.filter(project=project, language=language).select_related("channel")
    own = {row.kind: row for row in rows}
    found = [_words(kinds.get(name), own.get(name), language) for name in kinds.choices()]
    return sorted(found, key=lambda one: (one.kind.audience, str(one.kind.label)))


def _words(kind: MessageKind, row: MessageTemplate | None, language: str) -> Words:
    if row is None:
        text = kind.words(language)
        given = urlencode({"kind": kind.name, "language": language, "text": text})
        return Words(kind, text, False, True, "", f"/r/message-templates/new?{given}")
    way = row.channel.name if row.channel else ""
    return Words(kind, row.text, True, row.active, way, f"/r/message-templates/{row.pk}/do/edit")
