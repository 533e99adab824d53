"""The portal's settings for tests: demo rules, secrets of its own, quick passwords, mails kept in memory."""

import os
import tempfile
from pathlib import Path

os.environ["PORTAL_ENV"] = "demo"
os.environ["SECRET_KEY"] = "a secret key that only the tests use and nobody else, ever"
os.environ.setdefault("DATABASE_URL", "postgres://nobody@localhost/unused")  # bin/test sets the real one
os.environ["VAULT_KEYRING"] = str(Path(tempfile.mkdtemp(prefix="portal-keyring-")) / "keyring.json")

from privacy_portal.settings import *  # noqa: E402, F403
from privacy_portal.settings import DATABASES, STORAGES, VAULT_KEYRING  # noqa: E402
from privacy_portal.vault import keyring  # noqa: E402

keyring.create(VAULT_KEYRING)
DATABASES["default"]["OPTIONS"] = {}  # no pool: test databases are made and dropped
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
ACCOUNT_RATE_LIMITS = False
TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
STATIC_ROOT = Path(tempfile.mkdtemp(prefix="portal-static-"))
