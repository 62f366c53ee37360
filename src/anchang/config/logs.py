"""Logging: one line per event, JSON outside a terminal, and nothing that identifies a customer."""

import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

# Mobile numbers however they are spaced; identity and card numbers; PostgreSQL's DETAIL lines quote rows.
LONG_NUMBER = re.compile(
    r"(?<!\d)(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)|(?<!\d)\d{14,18}[\dXx](?!\d)"
)
ROW_DETAIL = re.compile(r"^(DETAIL|CONTEXT|HINT): .*$", re.MULTILINE)
KEPT = {"timestamp", "level", "logger", "pid", "port", "job_id", "seconds", "status_code"}


def redact(text: str) -> str:
    """The text without phone numbers, identity numbers and quoted rows."""
    return LONG_NUMBER.sub("…", ROW_DETAIL.sub(r"\1: …", text))


def without_personal_data(
    logger: Any, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if key not in KEPT and isinstance(value, str):
            event[key] = redact(value)
    return event


def without_request(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Django attaches the request object to its records; its text would carry the query string."""
    event.pop("request", None)
    return event


SHARED: list[Any] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def logging_config(level: str) -> dict[str, Any]:
    """The dictConfig for Django's LOGGING; also sets up structlog to write through it."""
    renderer: Any = structlog.dev.ConsoleRenderer(colors=True) if sys.stderr.isatty() else None
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            *SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    without_request,
                    structlog.processors.format_exc_info,
                    without_personal_data,
                    renderer or structlog.processors.JSONRenderer(ensure_ascii=False),
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            # 4xx are the caller's business; the answer already says why.
            "django.request": {"level": "ERROR"},
            "procrastinate": {"level": "WARNING"},
            "asyncio": {"level": "WARNING"},
        },
    }
