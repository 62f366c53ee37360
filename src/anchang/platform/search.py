"""Search without extensions and under row-level security: token rows with a B-tree on (project, resource, token).

Names are found by characters, pinyin and initials; phones by their last four digits (`#2302`) or the whole
number (`=` and its HMAC); codes and numbers by prefix.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q

from anchang.kernel import chinese
from anchang.kernel.phone import normalise
from anchang.platform import bulk, personal, resources, statements
from anchang.platform.access import Access
from anchang.platform.models import SearchToken
from anchang.platform.resources import Field, Resource

MAX_WORDS = 6
LAST = chr(0x10FFFF)
_DIGITS = re.compile(r"^\d+$")


def phone_tokens(numbers: Iterable[str]) -> list[str]:
    """Tokens for normalised numbers: tail and digest. The number itself is never stored."""
    found = []
    for number in numbers:
        digits = re.sub(r"\D", "", number)
        found += ["#" + digits[-4:], "=" + personal.digest(number)]
    return found


def tokens_of(resource: Resource, record: Any) -> list[str]:
    found: list[str] = []
    for name in resource.search:
        text = _text(record, resource.by_name[name].path)
        found += bulk.name_tokens(text)
    return found


def _text(record: Any, path: str) -> str:
    for part in path.split("__"):
        record = getattr(record, part, None)
        if record is None:
            return ""
    return str(record)


def index(resource: Resource, records: Sequence[Any], *, fresh: bool = False) -> None:
    """Write the tokens of these records anew. `fresh`: they are new, nothing to delete first."""
    if not resource.search or not records or resource.search_as:
        return
    extra = resource.extra_tokens(records) if resource.extra_tokens else {}
    by_project: dict[int, dict[int, list[str]]] = {}
    for record in records:
        tokens = [*tokens_of(resource, record), *extra.get(record.pk, [])]
        by_project.setdefault(record.project_id, {})[record.pk] = tokens
    for project_id, tokens_by_id in by_project.items():
        if not fresh:
            _forget(project_id, resource.name, list(tokens_by_id))
        bulk.add_tokens(project_id, resource.name, tokens_by_id, fresh=fresh)


def _forget(project_id: int, resource: str, ids: list[int]) -> None:
    """Delete what these records have been found by."""
    of_records = "project_id = %s::bigint AND resource = %s AND record_id = ANY(%s::bigint[])"
    statements.run(
        f"DELETE FROM platform_searchtoken USING (SELECT record_id AS id, string_to_array(tokens, '{bulk.TOKEN_END}')"
        f" AS words FROM platform_searchrecord WHERE {of_records}) r"
        " WHERE project_id = %s::bigint AND resource = %s AND token = ANY(r.words) AND record_id = r.id",
        [project_id, resource, statements.id_list(ids), project_id, resource],
    )
    statements.run(
        f"DELETE FROM platform_searchrecord WHERE {of_records}", [project_id, resource, statements.id_list(ids)]
    )


def matches(resource: Resource, text: str, project_ids: Sequence[int], access: Access) -> Q | None:
    """Rows that hold every word of `text`; None when nothing can match. Nothing is found by what the reader may not
    see: neither by the record's own fields nor by those of a record that it refers to."""
    words = text.strip().lower().split()[:MAX_WORDS]
    q = Q()
    for word in words:
        tests = _tests(word)
        own = not _hidden(resource, word, project_ids, access)
        through = [f for f in map(resource.by_name.__getitem__, resource.search_through)
                   if not _hidden_through(resource, f, word, project_ids, access)]  # fmt: skip
        if not tests or not (own or through):
            return None
        for test in tests:
            found = Q(pk__in=_ids(resource.search_as or resource.name, test, project_ids)) if own else Q()
            for f in through:
                found |= _through(resource, f, test, project_ids)
            q &= found
    return q


def _hidden(resource: Resource, word: str, project_ids: Sequence[int], access: Access) -> bool:
    """Whether the reader may not see something that this word may be found by: a searched field, or for a word with
    digits a number."""
    numbers = (f.name for f in resource.fields if f.kind == "phone") if any(c.isdigit() for c in word) else ()
    return any(access.field_mode(resource.name, name, project_ids) == "hide" for name in (*resource.search, *numbers))


def _hidden_through(resource: Resource, f: Field, word: str, project_ids: Sequence[int], access: Access) -> bool:
    target = resources.ref_target(resource, f)
    if target is None or access.field_mode(resource.name, f.name, project_ids) == "hide":
        return True
    return _hidden(target, word, project_ids, access)


def _ids(name: str, test: Q, project_ids: Sequence[int]) -> Any:
    return SearchToken.objects.filter(test, project_id__in=list(project_ids), resource=name).values("record_id")


def _through(resource: Resource, f: Field, test: Q, project_ids: Sequence[int]) -> Q:
    """Rows whose reference is found; nothing is stored twice, so a changed name or unit needs no new tokens."""
    target = resources.ref_target(resource, f)
    return Q(**{f"{f.path}__in": _ids(target.name, test, project_ids)}) if target is not None else Q()


def _tests(word: str) -> list[Q]:
    if "\x00" in word or len(word) > 60:
        return []
    digits = re.sub(r"[\s\-+]", "", word)
    if _DIGITS.match(digits):
        found = Q(token__gte=word, token__lt=word + LAST)
        if len(digits) == 4:
            found |= Q(token="#" + digits)
        number = normalise(word)
        if number:
            found |= Q(token="=" + personal.digest(number))
        return [found]
    tests = []
    for token in chinese.query_tokens(word):
        if token.isascii():
            tests.append(Q(token__gte=token, token__lt=token + "\x7f"))
        elif len(token) == 1:
            tests.append(Q(token__gte=token, token__lt=token + LAST))
        else:
            tests.append(Q(token=token))
    return tests or [Q(token__gte=word, token__lt=word + LAST)]
