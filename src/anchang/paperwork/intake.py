"""Taking a template in: the file is stored and becomes a template in one go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anchang.kernel.errors import DomainError
from anchang.paperwork.models import DocumentTemplate
from anchang.platform import commands, files
from anchang.platform.access import Access
from anchang.platform.documents import word
from anchang.platform.models import Project

_GIVEN = ("kind", "name", "product_type", "active_from")


def take_in(access: Access, project: Project, upload: Any, given: Mapping[str, Any]) -> DocumentTemplate:
    """Raises forbidden, word_too_large before anything is stored, and what `add_document_templates` raises."""
    access.require("document-templates.create", project.pk)
    if upload is None:
        raise DomainError("bad_input", status=422, fields={"file": "required"})
    if (upload.size or 0) > word.MAX_BYTES:
        raise DomainError("word_too_large", status=422, fields={"file": "word_too_large"})
    data = {name: given[name] for name in _GIVEN if given.get(name)}
    stored = files.save(project, upload.name or "template.docx", upload, user_id=access.actor.user_id)
    made: DocumentTemplate = commands.execute(
        commands.get("add_document_templates"), access, data={**data, "file": stored.pk, "project": project.pk}
    )
    return made
