"""The portal's settings. Everything that differs between installations comes from the environment.

`docs/settings.md` lists every variable. `var/portal.env`, made by `bin/serve`, holds the demo's; a real
installation has no such file. Production is the default, and refuses to start on a missing or weak secret
(`privacy_portal.startup_checks`).
"""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import environ
from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

from privacy_portal import logs

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
# Where everything is kept that is not code: another folder for tests, "var" beside the code otherwise.
VAR = Path(env.str("PORTAL_VAR", "") or BASE_DIR / "var").resolve()
if env.str("PORTAL_ENV", "demo") == "demo" and (VAR / "portal.env").exists():
    env.read_env(VAR / "portal.env")

# "production", or "demo" for what bin/serve sets up.
PORTAL_ENV = env.str("PORTAL_ENV", "production")
if PORTAL_ENV not in {"production", "demo"}:
    raise ImproperlyConfigured('PORTAL_ENV must be "production" or "demo".')
DEMO = PORTAL_ENV == "demo"

DEBUG = False
SECRET_KEY = env.str("SECRET_KEY", "")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
if len(SECRET_KEY) < 50:
    raise ImproperlyConfigured(
        "SECRET_KEY is missing or shorter than 50 characters. Set it to a long random string, for example the "
        'output of: python -c "import secrets; print(secrets.token_urlsafe(64))"'
    )
# The file that holds the key-encryption keys (privacy_portal/vault/keyring.py). Keep it out of database dumps.
VAULT_KEYRING = env.str("VAULT_KEYRING", "")
if not VAULT_KEYRING:
    raise ImproperlyConfigured(
        "VAULT_KEYRING is missing. Set it to the path of the keyring file; make one with: "
        "python -m privacy_portal.vault.keyring PATH"
    )

# The list of what was destroyed, kept out of database dumps (privacy_portal/vault/destruction_list.py).
DESTRUCTION_LIST = env.str("DESTRUCTION_LIST", str(VAR / "destructions.jsonl"))
# The file that holds the key that signs the ledger's checkpoints (privacy_portal/audit/signing.py), kept as apart.
LEDGER_SIGNING_KEYS = env.str("LEDGER_SIGNING_KEYS", str(VAR / "ledger-signing.json") if DEMO else "")
if not LEDGER_SIGNING_KEYS:
    raise ImproperlyConfigured(
        "LEDGER_SIGNING_KEYS is missing. Set it to the path of the file of signing keys; make one with: "
        "python -m privacy_portal.audit.signing PATH"
    )
# The file that holds the key that signs receipts (docs/receipts.md): of the same kind, and a key of its own.
RECEIPT_SIGNING_KEYS = env.str("RECEIPT_SIGNING_KEYS", str(VAR / "receipt-signing.json") if DEMO else "")
if not RECEIPT_SIGNING_KEYS:
    raise ImproperlyConfigured(
        "RECEIPT_SIGNING_KEYS is missing. Set it to the path of the file of keys that sign receipts; make one with: "
        "python -m privacy_portal.audit.signing PATH"
    )
# Where each checkpoint is written down once more, out of the reach of whoever can change the database.
LEDGER_ANCHORS = env.str("LEDGER_ANCHORS", str(VAR / "ledger-anchors.log") if DEMO else "")
LEDGER_MINUTES = env.int("LEDGER_MINUTES", 5)

BASE_URL = env.str("BASE_URL", "http://127.0.0.1:8000" if DEMO else "")
if not BASE_URL:
    raise ImproperlyConfigured("BASE_URL is missing. Set it to the portal's address, such as https://privacy.example.")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"] if DEMO else [])
CSRF_TRUSTED_ORIGINS = [BASE_URL]

# ----------------------------------------------------------------------------- the house
INSTALLED_APPS = [
    # First: its start-up seam must run before drf-spectacular is loaded.
    "privacy_portal",
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.simple_history",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "drf_spectacular",
    "simple_history",
    "pgtrigger",
    "django_countries",
    "django_tasks",
    "django_tasks_db",
    "csp",
    "privacy_portal.vault",
    "privacy_portal.audit",
    "privacy_portal.outbox",
    "privacy_portal.policy",
    "members",
    "consents",
    "requests",
    "privacy_portal.retention",
    "privacy_portal.evidence",
    "privacy_portal.operations",
]
MIDDLEWARE = [
    "privacy_portal.operations.middleware.operators_addresses",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "privacy_portal.operations.middleware.request_log",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "privacy_portal.api.services_door",
    "privacy_portal.middleware.content_security_policy",
    "privacy_portal.middleware.nothing_that_was_destroyed",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "members.middleware.own_language",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "members.sessions.middleware.idle_end",
    "privacy_portal.middleware.private_pages",
    "privacy_portal.audit.middleware.access_log",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
ROOT_URLCONF = "privacy_portal.urls"
WSGI_APPLICATION = "privacy_portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "privacy_portal.context.portal",
            ],
        },
    },
]
FORM_RENDERER = "privacy_portal.forms.PortalFormRenderer"

# ----------------------------------------------------------------------------- database
DATABASES = {"default": env.db_url("DATABASE_URL", default="")}
if not DATABASES["default"]:
    raise ImproperlyConfigured(
        "DATABASE_URL is missing. Set it to postgres://user:password@host/database (PostgreSQL 15 or newer)."
    )
DATABASES["default"] |= {
    "HOST": unquote(DATABASES["default"]["HOST"]),  # a socket's folder arrives percent-encoded
    "OPTIONS": {"pool": {"min_size": 1, "max_size": env.int("DATABASE_POOL_SIZE", 8), "timeout": 10}},
    "ATOMIC_REQUESTS": False,
    "CONN_HEALTH_CHECKS": True,
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "django_cache"}}

# ----------------------------------------------------------------------------- accounts
AUTH_USER_MODEL = "members.Account"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "members:after_sign_in"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "members.sign_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {
    "login": "members.sign_in.SignInForm",
    "reset_password": "members.sign_in.ForgottenPasswordForm",
    "reset_password_from_key": "members.sign_in.NewPasswordForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_MODEL_EMAIL_FIELD = None  # an account is looked up by one question, to the addresses
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
# How long a proof that it is still oneself holds (members/access.py), in seconds.
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
MFA_ADAPTER = "members.second_factor.doors.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_FORMS = {
    "authenticate": "members.second_factor.forms.SecondStepForm",
    "reauthenticate": "members.second_factor.forms.AgainForm",
    "activate_totp": "members.second_factor.forms.SetUpAppForm",
    "add_webauthn": "members.second_factor.forms.AddPasskeyForm",
    "edit_webauthn": "members.second_factor.forms.RenamePasskeyForm",
}
# Minutes without activity after which a session ends (A9).
IDLE_MINUTES_MEMBERS = env.int("IDLE_MINUTES_MEMBERS", 30)
IDLE_MINUTES_STAFF = env.int("IDLE_MINUTES_STAFF", 15)
IDLE_WARNING_SECONDS = 120
SESSION_ENGINE = "privacy_portal.sealed_sessions"
# Beside allauth's own: how often one may file without an account, have a link mailed, and have a file judged, so that
# nobody fills the desk or somebody's mailbox, or keeps the portal busy opening files or asking NAVER. A child's
# representative is asked by e-mail only so often, whoever asks.
ACCOUNT_RATE_LIMITS = {
    "file_as_visitor": "10/h/ip",
    "ask_for_link": "5/h/ip",
    "attach_document": "100/h/ip",
    "change_address": "5/h/user",
    # Wrong passwords (`members.sign_in`): from one network address, and there for one account. Beyond the number from
    # anywhere, everyone may still try that account, but not more often than `login_slowed` says.
    "login_failed": "10/m/ip,5/5m/key",
    "login_failed_anywhere": "20/h/key",
    "login_slowed": "1/m/key",
    "come_from_naver": "30/m/ip",
    "ask_representative": "10/h/ip",
    "mail_representative": "3/d/key",
}
# How long the links work that confirm a change of address.
ADDRESS_CHANGE_HOURS = env.int("ADDRESS_CHANGE_HOURS", 24)
# By method of `members.ConsentMethod`, the class that confirms a representative's consent with an outside party.
REPRESENTATIVE_CONFIRMATIONS = env.dict("REPRESENTATIVE_CONFIRMATIONS", default={})
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", 0)

# ----------------------------------------------------------------------------- NAVER Login (docs/naver.md)
# Without a client id there is no sign-in by NAVER. In the demo a stand-in plays NAVER (members/naver/standin).
NAVER_CLIENT_ID = env.str("NAVER_CLIENT_ID", "privacy-portal-demo" if DEMO else "")
NAVER_CLIENT_SECRET = env.str("NAVER_CLIENT_SECRET", "secret-of-the-demo" if DEMO else "")
NAVER_AUTHORIZE_URL = env.str(
    "NAVER_AUTHORIZE_URL",
    f"{BASE_URL}/demo/naver/oauth2.0/authorize" if DEMO else "https://nid.naver.com/oauth2.0/authorize",
)
NAVER_TOKEN_URL = env.str(
    "NAVER_TOKEN_URL", f"{BASE_URL}/demo/naver/oauth2.0/token" if DEMO else "https://nid.naver.com/oauth2.0/token"
)
NAVER_PROFILE_URL = env.str(
    "NAVER_PROFILE_URL", f"{BASE_URL}/demo/naver/v1/nid/me" if DEMO else "https://openapi.naver.com/v1/nid/me"
)
# How long NAVER may take, in seconds, to be reached and again to answer.
NAVER_SECONDS = env.int("NAVER_SECONDS", 5)
# The button that leads to NAVER is a form, and browsers ask the policy below where it may lead.
NAVER_ORIGIN = "{0.scheme}://{0.netloc}".format(urlsplit(NAVER_AUTHORIZE_URL))

# ----------------------------------------------------------------------------- security
SECURE = BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE
SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
if ALLAUTH_TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF, NAVER_ORIGIN],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
# The admin's own toolkit evaluates expressions in attributes and sets styles on elements.
ADMIN_CONTENT_SECURITY_POLICY = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

# ----------------------------------------------------------------------------- language and time
LANGUAGE_CODE = "ko"
LANGUAGES = [("ko", "한국어"), ("en", "English")]
# The second holds what Django and the admin toolkit leave in English, or say poorly, in Korean.
LOCALE_PATHS = [BASE_DIR / "locale", BASE_DIR / "locale_toolkits"]
USE_I18N = USE_TZ = True
TIME_ZONE = "Asia/Seoul"
FORMAT_MODULE_PATH = "privacy_portal.formats"
COUNTRIES_FIRST = ["KR"]
PHONENUMBER_DEFAULT_REGION = "KR"

# ----------------------------------------------------------------------------- files, mail, background work
STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Members' documents, sealed (privacy_portal/vault/files.py): in a folder, or in an S3-compatible store.
DOCUMENTS_FOLDER = Path(env.str("DOCUMENTS_FOLDER", str(VAR / "documents")))
DOCUMENTS_S3_BUCKET = env.str("DOCUMENTS_S3_BUCKET", "")
DOCUMENTS: dict[str, Any] = {
    "BACKEND": "privacy_portal.vault.file_store.Folder",
    "OPTIONS": {"location": DOCUMENTS_FOLDER},
}
if DOCUMENTS_S3_BUCKET:
    from botocore.config import Config  # loaded only where it is used

    DOCUMENTS = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": DOCUMENTS_S3_BUCKET,
            "endpoint_url": env.str("DOCUMENTS_S3_ENDPOINT", "") or None,
            "region_name": env.str("DOCUMENTS_S3_REGION", "") or None,
            "access_key": env.str("DOCUMENTS_S3_ACCESS_KEY", "") or None,
            "secret_key": env.str("DOCUMENTS_S3_SECRET_KEY", "") or None,
            "max_memory_size": 1_000_000,
            # A store that is down is told within a minute; the web server would wait for far longer.
            "client_config": Config(
                connect_timeout=5, read_timeout=20, retries={"max_attempts": 2, "mode": "standard"}
            ),
        },
    }
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": VAR / "files"}},
    "documents": DOCUMENTS,
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# What a document may be (requests/intake): its size, how many a request takes, pages and pixels; then the seconds
# and the bytes of memory that opening one may take.
DOCUMENT_MAX_BYTES = env.int("DOCUMENT_MAX_BYTES", 10_000_000)
DOCUMENTS_PER_REQUEST = env.int("DOCUMENTS_PER_REQUEST", 5)
DOCUMENT_MAX_PAGES = env.int("DOCUMENT_MAX_PAGES", 50)
DOCUMENT_MAX_PIXELS = env.int("DOCUMENT_MAX_PIXELS", 50_000_000)
DOCUMENT_SECONDS = env.int("DOCUMENT_SECONDS", 20)
DOCUMENT_MEMORY = env.int("DOCUMENT_MEMORY", 1_500_000_000)
PREVIEW_EDGE = env.int("PREVIEW_EDGE", 1600)
# clamd's address: tcp://host:3310 or unix:///run/clamav/clamd.ctl. Without one no file is scanned.
VIRUS_SCANNER = env.str("VIRUS_SCANNER", "")
VIRUS_SCANNER_SECONDS = env.int("VIRUS_SCANNER_SECONDS", 20)
# Uploads stay in memory: a document is never on a disk in clear.
FILE_UPLOAD_HANDLERS = ["privacy_portal.uploads.InMemoryUploadHandler"]
DATA_UPLOAD_MAX_NUMBER_FILES = DOCUMENTS_PER_REQUEST + 5  # a few too many are told as such
EMAIL_CONFIG = env.email_url("EMAIL_URL", default=f"filemail:///{VAR / 'mail'}" if DEMO else "smtp://localhost:25")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 10
COMPANY_NAME = env.str("COMPANY_NAME", "Cloud Company")
# Where signed papers are sent to; empty, and the form does not name that way.
COMPANY_POST_ADDRESS = env.str("COMPANY_POST_ADDRESS", "서울특별시 강남구 예시로 1, 개인정보 보호팀" if DEMO else "")
COMPANY_FAX = env.str("COMPANY_FAX", "02-555-0100" if DEMO else "")
# Who answers for personal information, as receipts name them (R4), and the countries it is stored in (R3).
COMPANY_ADDRESS = env.str("COMPANY_ADDRESS", "서울특별시 강남구 예시로 1" if DEMO else "")
COMPANY_COUNTRY = env.str("COMPANY_COUNTRY", "KR")
COMPANY_PRIVACY_CONTACT = env.str("COMPANY_PRIVACY_CONTACT", "개인정보 보호팀" if DEMO else "")
COMPANY_PRIVACY_EMAIL = env.str("COMPANY_PRIVACY_EMAIL", "privacy@cloud.example" if DEMO else "")
COMPANY_PRIVACY_PHONE = env.str("COMPANY_PRIVACY_PHONE", "02-555-0101" if DEMO else "")
STORAGE_LOCATIONS = env.list("STORAGE_LOCATIONS", default=["KR"])
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Privacy Portal <privacy@cloud.example>")
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# ----------------------------------------------------------------------------- the record
SIMPLE_HISTORY_HISTORY_ID_USE_UUID = False
SIMPLE_HISTORY_REVERT_DISABLED = True

# ----------------------------------------------------------------------------- the services' door
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "privacy_portal.api.as_problem",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Privacy portal",
    "DESCRIPTION": "What services of the company may ask: what members are told, and whether they agreed to it.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}
# The longest time, in days, for which a key of a service may be made (docs/api.md).
SERVICE_KEY_DAYS = env.int("SERVICE_KEY_DAYS", 365)

# ----------------------------------------------------------------------------- logs
LOGGING = logs.configure(env.str("LOG_LEVEL", "INFO"))

# ----------------------------------------------------------------------------- running it (docs/operations.md)
# Who may read /metrics: whoever shows this token, and whoever asks from one of these networks.
METRICS_TOKEN = env.str("METRICS_TOKEN", "")
try:
    METRICS_ADDRESSES = [ip_network(one) for one in env.list("METRICS_ADDRESSES", default=["127.0.0.0/8", "::1"])]
except ValueError as error:
    sentence = f"METRICS_ADDRESSES must be networks such as 10.0.0.0/8, comma-separated: {error}."
    raise ImproperlyConfigured(sentence) from None
# How long a start-up waits for the database, and how long the worker has to finish what it took.
DATABASE_WAIT_SECONDS = env.int("DATABASE_WAIT_SECONDS", 30)
WORKER_STOP_SECONDS = env.int("WORKER_STOP_SECONDS", 10)

# ----------------------------------------------------------------------------- the admin
UNFOLD = {
    "SITE_TITLE": _("Privacy portal"),
    "SITE_HEADER": _("Privacy portal"),
    "SITE_SYMBOL": "shield_person",
    "SITE_URL": "/",
    "SHOW_HISTORY": True,
    "DASHBOARD_CALLBACK": "privacy_portal.dashboard.fill",
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "LANGUAGE_FLAGS": {"ko": "한", "en": "En"},
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("portal/icon.svg")}],
    "STYLES": [lambda request: static("portal/admin.css")],
    "SCRIPTS": [lambda request: static("portal/admin.js")],
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "privacy_portal.admin_navigation.sidebar",
    },
}
