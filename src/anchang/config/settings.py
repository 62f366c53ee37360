"""Django's settings, from the environment (see `environment()` names below) and the data folder.

DATABASE_URL          owner of the database: migrations, backup. Web and worker never use it.
DATABASE_APP_URL      the role that everything else connects as
ANCHANG_HOME          data folder, default .anchang
ANCHANG_SECRET_KEY    signs sessions; ANCHANG_DATA_KEY encrypts personal data
ANCHANG_HOSTS         names this installation answers to, comma separated; default: loopback only
ANCHANG_ORIGIN        https://… under which customers reach links in messages; default: the first of ANCHANG_HOSTS
ANCHANG_OUTGOING_HOSTS  hosts that message channels may call besides public ones over HTTPS, comma separated
ANCHANG_MAIL_URL      smtp+tls://user:password@host:587?from=office@example.com; also smtp:// and smtps://
ANCHANG_BEHIND_PROXY  1: a proxy in front sets X-Forwarded-Proto and X-Forwarded-For
ANCHANG_DEMO          1: the demo office (loopback only)
ANCHANG_DEBUG         1: Django's debug pages
"""

import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.utils.translation import gettext_lazy as _

from anchang.config import home as data_folder
from anchang.config.logs import logging_config

PACKAGE = Path(__file__).resolve().parent.parent
LOOPBACK_HOSTS = ["127.0.0.1", "localhost", "[::1]"]


def flag(name: str) -> bool:
    return os.environ.get(name, "").lower() in {"1", "true", "yes", "on"}


#: Prepared statements (platform/statements.py) are planned once per connection. Left to itself PostgreSQL plans
#: those that take arrays anew each time, which costs more than they do.
GENERIC_PLANS = "-c plan_cache_mode=force_generic_plan"
CONNECTION = {"prepare_threshold": 3, "application_name": "anchang"}


def database(url: str) -> dict[str, object]:
    """Django's form of a PostgreSQL URL; query parameters (sslmode, …) become connection options."""
    parts = urlsplit(url)
    return {
        "ENGINE": "anchang.config.backend",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {"options": GENERIC_PLANS, **dict(parse_qsl(parts.query)), **CONNECTION},
    }


def apps_present(names: list[str]) -> list[str]:
    return [f"anchang.{name}" for name in names if (PACKAGE / name / "apps.py").exists()]


DEBUG = flag("ANCHANG_DEBUG")
ANCHANG_DEMO = flag("ANCHANG_DEMO")
SECRET_KEY = data_folder.secret_key()
ANCHANG_DATA_KEY = data_folder.data_key()

# -- where we are reachable

ALLOWED_HOSTS = [name for name in os.environ.get("ANCHANG_HOSTS", "").split(",") if name] or LOOPBACK_HOSTS
PUBLIC = not set(ALLOWED_HOSTS) <= set(LOOPBACK_HOSTS)
BEHIND_PROXY = flag("ANCHANG_BEHIND_PROXY")
CSRF_TRUSTED_ORIGINS = [f"https://{name.removeprefix('.')}" for name in ALLOWED_HOSTS] if PUBLIC else []
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SECURE_HSTS_SECONDS = 365 * 86400 if PUBLIC else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
# Links that are keys (signing, new password) go to nobody else. `no-referrer` would also hide the origin of their
# own forms, which the check of forms needs.
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# -- the house

APPS = [
    "platform",
    "org",
    "inventory",
    "crm",
    "marketing",
    "deals",
    "finance",
    "commission",
    "paperwork",
    "affairs",
    "site",
    "estate",
    "care",
    "studio",
    "processes",
    "insight",
    "opening",
    "portal",
]
INSTALLED_APPS = [
    *apps_present(["config"]),
    *apps_present(APPS),
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "procrastinate.contrib.django",
]
AUTH_USER_MODEL = "platform.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "anchang.config.urls"
WSGI_APPLICATION = "anchang.config.wsgi.application"


MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "anchang.platform.http.SecurityHeadersMiddleware",
    "anchang.platform.calls.TokenCallMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "anchang.platform.middleware.ScopeMiddleware",
    "anchang.platform.ui.gate.GateMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "anchang.platform.ui.context.page",
            ],
        },
    }
]

# -- live streams and launch day: applications of (scope, protocol) by path prefix, served beside Django
LIVE_APPS = {
    prefix: target
    for prefix, target in {
        "/live/": "anchang.platform.live.application",
        "/opening/": "anchang.opening.live.application",
    }.items()
    if (PACKAGE / target.split(".")[1] / "live.py").exists()
}

# -- database and cache

NOT_CONFIGURED = "postgresql://nobody@127.0.0.1:1/not-configured"
DATABASE_URL = os.environ.get("DATABASE_URL") or NOT_CONFIGURED
DATABASE_APP_URL = os.environ.get("DATABASE_APP_URL") or DATABASE_URL
DATABASES = {
    "default": database(DATABASE_APP_URL),
    # Only what must own tables: migrations, partitions, backup. One connection per use.
    "owner": database(DATABASE_URL) | {"CONN_MAX_AGE": 0},
}
DATABASE_ROUTERS = ["anchang.config.routers.OwnerMigrates"]

# Shared by all processes: sign-in rate limits count here. "local" is for what each process may know by
# itself.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "django_cache"},
    "local": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

# -- jobs

PROCRASTINATE_WORKER_DEFAULTS = {
    "concurrency": 2,
    "fetch_job_polling_interval": 2.0,
    "abort_job_polling_interval": 30.0,
    "delete_jobs": "successful",
    "install_signal_handlers": False,
}

# -- people

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "anchang.config.sign_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "20/m/ip,5/5m/key",
    "change_password": "5/m/user",
    "reauthenticate": "10/m/user",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PUBLIC
MFA_FORMS = {"add_webauthn": "anchang.config.passkeys.AddForm", "edit_webauthn": "anchang.config.passkeys.EditForm"}
MFA_TOTP_ISSUER = "Anchang"
MFA_TOTP_TOLERANCE = 1
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if BEHIND_PROXY else 0

# -- language and time

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [PACKAGE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
LANGUAGE_COOKIE_SAMESITE = "Lax"

# -- files

STATIC_URL = "/static/"
STATICFILES_DIRS = [PACKAGE / "static"] if (PACKAGE / "static").is_dir() else []
STATIC_ROOT = PACKAGE / "assets"
WHITENOISE_MAX_AGE = 3600
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Attachments, imports and exports: rows of the database; django-storages' S3 class works as well.
    "files": {"BACKEND": os.environ.get("ANCHANG_FILE_STORAGE") or "anchang.platform.files.ChunkStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = data_folder.home() / "files"
MAX_BODY_BYTES = 64 * 1024 * 1024
"""Largest request body that is read at all; more is answered 413 before it is stored."""
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"
# -- messages that leave the house

ANCHANG_ORIGIN = os.environ.get("ANCHANG_ORIGIN", "").rstrip("/") or (
    f"https://{ALLOWED_HOSTS[0].removeprefix('.')}" if PUBLIC else f"http://127.0.0.1:{os.environ.get('PORT', '8000')}"
)
ANCHANG_OUTGOING_HOSTS = [name for name in os.environ.get("ANCHANG_OUTGOING_HOSTS", "").split(",") if name]
_mail = urlsplit(os.environ.get("ANCHANG_MAIL_URL", ""))
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if _mail.hostname else 'dummy'}.EmailBackend"
EMAIL_HOST, EMAIL_PORT = _mail.hostname or "", _mail.port or (465 if _mail.scheme == "smtps" else 25)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_mail.username or ""), unquote(_mail.password or "")
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.scheme == "smtp+tls", _mail.scheme == "smtps"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = dict(parse_qsl(_mail.query)).get("from", EMAIL_HOST_USER)

LOGGING = logging_config(level=os.environ.get("ANCHANG_LOG_LEVEL", "INFO"))
