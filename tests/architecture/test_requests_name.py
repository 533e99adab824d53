"""Our app is called `requests`, like a well-known HTTP library: inside the process the name must be ours."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]

IN_A_FRESH_PROCESS = """
import importlib, pathlib, pkgutil, sys
import django
django.setup()

import requests
root = pathlib.Path(sys.argv[1])
assert pathlib.Path(requests.__file__) == root / "requests" / "__init__.py", requests.__file__

# Everything of ours, and so everything of others that it uses.
for package in ("privacy_portal", "members", "consents", "requests"):
    for module in pkgutil.walk_packages([str(root / package)], package + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)

# What is used by name only, or first when a page is asked for.
for name in (
    "rest_framework.test", "drf_spectacular.openapi", "drf_spectacular.views",
    "allauth.account.views", "gunicorn.app.wsgiapp", "whitenoise.storage",
    "django_tasks_db.management.commands.db_worker",
    "qrcode.image.svg", "fido2.server",
    "django_prometheus.middleware", "prometheus_client.multiprocess",
    "storages.backends.s3", "boto3.s3.transfer", "boto3.s3.inject",
):
    importlib.import_module(name)
assert sys.modules["requests"].__file__ == str(root / "requests" / "__init__.py")
print("fine")
"""


def test_requests_is_ours_and_everything_in_use_imports_beside_it() -> None:
    environment = {"DJANGO_SETTINGS_MODULE": "tests.settings", "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        [sys.executable, "-c", IN_A_FRESH_PROCESS, str(ROOT)], capture_output=True, text=True, env=environment, cwd=ROOT
    )
    assert result.stdout.strip() == "fine", result.stderr


def test_no_package_we_name_needs_the_library() -> None:
    named = [
        Requirement(line.split("#")[0])
        for line in (ROOT / "requirements.txt").read_text().splitlines()
        if line[:1].isalpha()
    ]
    assert len(named) > 15
    for requirement in named:
        extras = [{"extra": extra} for extra in [*requirement.extras, ""]]
        for text in importlib.metadata.requires(requirement.name) or []:
            needed = Requirement(text)
            if needed.marker is None or any(needed.marker.evaluate(extra) for extra in extras):
                assert re.sub(r"[-_.]+", "-", needed.name).lower() != "requests", requirement.name
