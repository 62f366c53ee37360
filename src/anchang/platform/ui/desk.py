"""One's own page, the shared reception PC, and the one-time password link."""

from __future__ import annotations

from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.hashers import check_password
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from anchang.kernel.errors import DomainError
from anchang.platform import parameters, tokens
from anchang.platform.attempts import add_attempt, check_attempts, forget_attempts
from anchang.platform.models import ApiToken, User
from anchang.platform.office import commands as office
from anchang.platform.ui import navigation
from anchang.platform.ui.gate import access_of
from anchang.platform.wording import worded

DEVICE = "desk"  # cookie: who locked this computer; only they may come back with a PIN
_BACKEND = "django.contrib.auth.backends.ModelBackend"


def me(request: HttpRequest) -> HttpResponse:
    """Profile, language, ways of signing in, tokens."""
    user: Any = request.user
    if request.method == "POST":
        language = request.POST.get("language", "")
        if language in dict(settings.LANGUAGES):
            User.objects.filter(pk=user.pk).update(language=language)
            response = HttpResponseRedirect("/me/")
            response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=365 * 86400, samesite="Lax")
            return response
    access = access_of(request)
    live = ApiToken.objects.filter(user=user, revoked_at__isnull=True, expires_at__gt=timezone.now())
    return render(request, "platform/me.html", {
        "person": user,
        "languages": settings.LANGUAGES,
        "tokens": [
            {"name": t.name, "until": t.expires_at, "url": f"/r/tokens/{t.pk}/do/revoke"} for t in live.order_by("-pk")
        ] if access.may("tokens.view") else [],
        "may_issue": access.may("tokens.issue"),
        "may_pin": access.may("users.set-pin"),
        "pin_url": f"/r/users/{user.pk}/do/set-pin",
        "has_pin": bool(user.pin),
        "has_totp": is_mfa_enabled(user),
        "links": [
            (_("Change password"), navigation.address("account_change_password"), "key"),
            (_("Sign-in security"), navigation.address("mfa_index"), "shield-lock"),
        ],
    })  # fmt: skip


# --- the shared reception PC ---------------------------------------------------------------------


def known_here(request: HttpRequest) -> list[int]:
    """Users who locked this computer lately."""
    try:
        found = signing.loads(
            request.COOKIES.get(DEVICE, ""), salt=DEVICE, max_age=_period("platform.pin_days") * 86400
        )
    except signing.BadSignature:
        return []
    return [i for i in found if isinstance(i, int)][:20] if isinstance(found, list) else []


def _period(key: str) -> int:
    return int(parameters.value(key, None, timezone.localdate()))


@require_POST
def lock(request: HttpRequest) -> HttpResponse:
    """Sign out and remember on this computer who may come back with a PIN."""
    user: Any = request.user
    ids = [user.pk, *(i for i in known_here(request) if i != user.pk)][:8]
    logout(request)
    response = redirect("ui-switch")
    response.set_cookie(
        DEVICE, signing.dumps(ids, salt=DEVICE), max_age=_period("platform.pin_days") * 86400, httponly=True,
        samesite="Lax", secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip
    return response


@login_not_required
@sensitive_post_parameters("password")
def switch(request: HttpRequest) -> HttpResponse:
    """Choose who you are; a PIN (on a computer that one locked) or the password lets in."""
    name, error = "", ""
    if request.method == "POST":
        name = request.POST.get("login", "")[:150]
        try:
            user = admitted(request, name, request.POST.get("password", "")[:200])
        except DomainError as exc:
            error = worded(exc.code, exc.params)
            if exc.code == "otp_required":
                return redirect(reverse(settings.LOGIN_URL))
        else:
            login(request, user, backend=_BACKEND)
            return redirect("/")
    # The count of failures must stay although the answer is a refusal.
    response = render(request, "platform/switch.html", {"error": error, "name": name}, status=422 if error else 200)
    response.keep_writes = True  # type: ignore[attr-defined]
    return response


def admitted(request: HttpRequest, name: str, secret: str) -> User:
    """Raises bad_credentials, otp_required, too_many_attempts."""
    counter = f"switch:{tokens.digest(name)[:40]}"
    check_attempts(counter, _period("platform.pin_attempts"))
    user = User.objects.filter(username=name, is_active=True).first()
    if user and user.pin and user.pk in known_here(request) and check_password(secret, user.pin):
        forget_attempts(counter)
        return user
    found = authenticate(request, username=name, password=secret)
    if not isinstance(found, User) or not found.is_active:
        add_attempt(counter, _period("platform.sign_in_pause_minutes"))
        raise DomainError("bad_credentials", status=401)
    forget_attempts(counter)
    if is_mfa_enabled(found):
        raise DomainError("otp_required", status=401)
    return found


# --- the one-time link ---------------------------------------------------------------------------


@login_not_required
@sensitive_post_parameters("password", "again")
def password_link(request: HttpRequest, text: str) -> HttpResponse:
    """Set a new password by an administrator's link, without mail. A used link says so."""
    error = ""
    if request.method == "POST":
        password = request.POST.get("password", "")[:200]
        if password != request.POST.get("again", ""):
            error = _("The two passwords differ.")
        else:
            try:
                user = office.use_reset_link(text[:100], password)
            except DomainError as exc:
                error = " ".join(worded(str(c)) for c in exc.fields.values()) or worded(exc.code)
            else:
                if request.user.is_authenticated and request.user.pk == user.pk:
                    update_session_auth_hash(request, user)
                messages.success(request, _("Your new password is set. Sign in with it."))
                return redirect(reverse(settings.LOGIN_URL))
    return render(request, "platform/password_link.html", {"error": error}, status=422 if error else 200)
