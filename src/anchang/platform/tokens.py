"""API tokens: who calls, found with one query together with the configuration's stamp."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets

from django.utils import timezone

from anchang.kernel.actor import Actor
from anchang.platform import statements
from anchang.platform.access import Access, access_of
from anchang.platform.models import ApiToken, User
from anchang.platform.stamp import remember_stamp

_FIND = """
SELECT u.id, u.name, u.language, t.permissions, t.projects,
       (SELECT value FROM platform_configstamp)
  FROM platform_apitoken t JOIN platform_user u ON u.id = t.user_id
 WHERE t.digest = %s AND t.revoked_at IS NULL AND t.expires_at > now() AND u.is_active
"""


def digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def issue(
    user: User, name: str, life: dt.timedelta, permissions: list[str] | None = None,
    projects: list[int] | None = None,
) -> tuple[str, ApiToken]:  # fmt: skip
    """A new token; its text is shown this once."""
    text = "anc_" + secrets.token_urlsafe(32)
    row = ApiToken.objects.create(
        user=user, name=name, digest=digest(text), expires_at=timezone.now() + life,
        permissions=permissions, projects=projects,
    )  # fmt: skip
    return text, row


def access_by_token(token: str) -> tuple[Access, str] | None:
    """(access, language) of a live token's user, or None."""
    rows = statements.fetch(_FIND, [digest(token)])
    if not rows:
        return None
    user_id, name, language, permissions, projects, stamp = rows[0]
    permissions, projects = (json.loads(v) if isinstance(v, str) else v for v in (permissions, projects))
    remember_stamp(stamp or 0)
    access = access_of(Actor("staff", user_id, name), stamp or 0)
    return access.narrowed(permissions, projects), language
