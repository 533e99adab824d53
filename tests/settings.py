"""The portal's settings for tests: demo rules, secrets of its own, quick passwords, mails kept in memory."""

import os
import tempfile
from pathlib import Path

os.environ["PORTAL_ENV"] = "demo"
os.environ["SECRET_KEY"] = "a secret key that only the tests use and nobody else, ever"
os.environ.setdefault("DATABASE_URL", "postgres://nobody@localhost/unused")  # bin/test sets the real one
SECRETS = Path(tempfile.mkdtemp(prefix="portal-keyring-"))
os.environ["VAULT_KEYRING"] = str(SECRETS / "keyring.json")
os.environ["LEDGER_SIGNING_KEYS"] = str(SECRETS / "ledger-signing.json")
os.environ["LEDGER_ANCHORS"] = ""
os.environ["RECEIPT_SIGNING_KEYS"] = str(SECRETS / "receipt-signing.json")
# Of each process, as its database is; only a portal that a test starts is told of another.
os.environ["DESTRUCTION_LIST"] = os.environ.get("LIST_FOR_STARTED_PORTAL", str(SECRETS / "destructions.jsonl"))
os.environ["DOCUMENTS_FOLDER"] = tempfile.mkdtemp(prefix="portal-documents-")

from privacy_portal.audit import signing  # noqa: E402
from privacy_portal.settings import *  # noqa: E402, F403
from privacy_portal.settings import (  # noqa: E402
    DATABASES,
    INSTALLED_APPS,
    LEDGER_SIGNING_KEYS,
    RECEIPT_SIGNING_KEYS,
    STORAGES,
    VAULT_KEYRING,
)
from privacy_portal.vault import keyring  # noqa: E402

INSTALLED_APPS.append("tests.attachments")
keyring.create(VAULT_KEYRING)
signing.create(LEDGER_SIGNING_KEYS)
signing.create(RECEIPT_SIGNING_KEYS)
DATABASES["default"]["OPTIONS"] = {}  # no pool: test databases are made and dropped
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
ACCOUNT_RATE_LIMITS = False  # type: ignore[assignment]
TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
STATIC_ROOT = Path(tempfile.mkdtemp(prefix="portal-static-"))
