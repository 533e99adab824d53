"""What must be true of an installation before it serves anyone; each finding names the setting to mend."""

from __future__ import annotations

from typing import Any

import psycopg
import structlog
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection

from consents.receipts.checks import receipts_can_be_issued
from privacy_portal.audit.checks import checkpoints_can_be_signed
from privacy_portal.reaching import first_line, wait_for_database
from privacy_portal.vault import destruction_list
from privacy_portal.vault.checks import keyring_can_be_read

log = structlog.get_logger()

SHORTEST_TOKEN = 20


@checks.register(checks.Tags.security)
def production_is_safe(**kwargs: Any) -> list[checks.CheckMessage]:
    if settings.DEMO:
        return []
    findings: list[checks.CheckMessage] = []
    if not settings.SECURE:
        hint = "Serve members over TLS (A10)."
        findings.append(checks.Error("BASE_URL does not begin with https://.", hint=hint, id="portal.E001"))
    if len(set(settings.SECRET_KEY)) < 10 or settings.SECRET_KEY.startswith("django-insecure"):
        hint = "Use a long random string, such as secrets.token_urlsafe(64) gives."
        findings.append(checks.Error("SECRET_KEY is weak.", hint=hint, id="portal.E002"))
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        hint = "Name the portal's host names."
        findings.append(checks.Error("ALLOWED_HOSTS is empty or allows every host.", hint=hint, id="portal.E003"))
    if settings.NAVER_CLIENT_ID and not settings.NAVER_CLIENT_SECRET:
        hint = "Set both, as registered with NAVER, or neither (docs/naver.md)."
        findings.append(checks.Error("NAVER_CLIENT_SECRET is missing.", hint=hint, id="portal.E004"))
    for name in ("NAVER_AUTHORIZE_URL", "NAVER_TOKEN_URL", "NAVER_PROFILE_URL"):
        if not getattr(settings, name).startswith("https://"):
            hint = "Tokens and profiles come over TLS (A10)."
            findings.append(checks.Error(f"{name} does not begin with https://.", hint=hint, id="portal.E005"))
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN) < SHORTEST_TOKEN:
        hint = "Use a long random string, or none and METRICS_ADDRESSES."
        findings.append(checks.Error("METRICS_TOKEN is weak.", hint=hint, id="portal.E006"))
    return findings


def refuse_unsafe_start() -> None:
    """Raise `ImproperlyConfigured`, naming what to mend, unless it is safe to serve."""
    can = (production_is_safe, keyring_can_be_read, checkpoints_can_be_signed, receipts_can_be_issued)
    if findings := [finding for check in can for finding in check()]:
        raise ImproperlyConfigured(" ".join(f"{finding.msg} {finding.hint}" for finding in findings))
    if why_not := why_not_serve_database():
        raise ImproperlyConfigured(why_not)


def why_not_serve_database() -> str:
    """Why the database must not be served, once it answers.

    Empty also where it has not answered in time: each request asks again, and until then `/readyz` keeps members away.
    """
    try:
        wait_for_database(connection.settings_dict)
        return destruction_list.why_not_serve()
    except (psycopg.OperationalError, DatabaseError) as error:
        log.error("database_not_reached", why=first_line(error))
        return ""
    finally:
        connection.close()
