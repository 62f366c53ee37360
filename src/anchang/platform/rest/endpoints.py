"""Signing in by API and asking who one is."""

from __future__ import annotations

import datetime as dt
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Router

from anchang.kernel.errors import DomainError
from anchang.platform import parameters, reading, tokens
from anchang.platform.attempts import add_attempt, check_attempts, forget_attempts
from anchang.platform.inputs import Input, read_input
from anchang.platform.middleware import error_response
from anchang.platform.models import ApiToken, User
from anchang.platform.rest import schema, work

router = Router(tags=["auth"])
routers = {"/auth": router}

parameters.declare("platform.token_hours", default=12, kind="int", label=_("Hours of an API sign-in"))
parameters.declare("platform.sign_in_attempts", default=10, kind="int", label=_("Failed sign-ins before a pause"))
parameters.declare("platform.sign_in_pause_minutes", default=5, kind="int", label=_("Minutes of the pause"))


class SignIn(Input):
    username: str
    password: str
    otp: str | None = None


def _param(key: str) -> Any:
    return parameters.value(key, None, timezone.localdate())


def sign_in(request: HttpRequest) -> HttpResponse:
    """A token for name and password, and a code for users with TOTP. Failures are counted per name."""
    data = read_input(SignIn, work.body_of(request))
    counter = f"signin:{tokens.digest(data.username)[:40]}"
    check_attempts(counter, _param("platform.sign_in_attempts"))
    try:
        user = _authenticated(request, data)
    except DomainError as exc:
        if exc.code != "otp_required":
            add_attempt(counter, _param("platform.sign_in_pause_minutes"))
        response = error_response(request, exc)
        response.keep_writes = True  # type: ignore[attr-defined]
        return response
    forget_attempts(counter)
    text, row = tokens.issue(user, "API", dt.timedelta(hours=_param("platform.token_hours")))
    return work.answer({"token": text, "expires_at": timezone.localtime(row.expires_at).isoformat()}, 201)


def _authenticated(request: HttpRequest, data: SignIn) -> User:
    """Raises bad_credentials, otp_required, bad_otp."""
    user = authenticate(request, username=data.username[:150], password=data.password[:200])
    if not isinstance(user, User) or not user.is_active:
        raise DomainError("bad_credentials", status=401)
    if is_mfa_enabled(user, [Authenticator.Type.TOTP]):
        if not data.otp:
            raise DomainError("otp_required", status=401)
        totp = Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP).wrap()
        if not totp.validate_code(data.otp[:20]):
            raise DomainError("bad_otp", status=401)
    return user


def sign_out(request: HttpRequest) -> HttpResponse:
    """End the token that this request came with."""
    header = request.headers.get("Authorization", "")
    ApiToken.objects.filter(digest=tokens.digest(header.removeprefix("Bearer ").strip())).update(
        revoked_at=timezone.now()
    )
    return work.answer({})


def whoami(request: HttpRequest) -> HttpResponse:
    """The signed-in user, his projects and rights."""
    access = work.access_of(request)
    projects = reading.projects_by_id()
    return work.answer(
        {
            "id": access.actor.user_id,
            "name": access.actor.name,
            "projects": [
                {"id": p, "code": projects[p].code, "label": projects[p].name, "rights": dict(access.rights[p])}
                for p in access.project_ids
                if p in projects
            ],
        }
    )


_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": SignIn.model_json_schema()}},
    }
}
router.add_api_operation(
    "/tokens", ["POST"], sign_in, auth=None, operation_id="sign_in", response=None, summary="Sign in",
    openapi_extra={**_BODY, "responses": schema.responses(201, {"type": "object"}, 401, 403, 413, 422, 429)},
)  # fmt: skip
router.add_api_operation(
    "/tokens/current", ["DELETE"], sign_out, operation_id="sign_out", response=None, summary="Sign out",
    openapi_extra={"responses": schema.responses(200, {"type": "object"}, 401, 403, 422)},
)  # fmt: skip
router.add_api_operation(
    "/me", ["GET"], whoami, operation_id="whoami", response=None, summary="Who am I",
    openapi_extra={"responses": schema.responses(200, {"type": "object"}, 401, 403, 422)},
)  # fmt: skip
