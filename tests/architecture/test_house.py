"""The house: who may import whom, and that rules live in verbs, not in doors (DESIGN section 3)."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = [ROOT / "privacy_portal", ROOT / "members", ROOT / "consents", ROOT / "requests"]
# Modules that talk HTTP, forms or the command line. Everything else is a room of rules.
DOORS = {
    "views",
    "forms",
    "admin",
    "urls",
    "account_urls",
    "access",
    "api",
    "account_page",
    "doors",
    "middleware",
    "context",
    "sign_in",
    "dashboard",
    "exact_search",
}
NOT_FOR_RULES = (
    "django.http",
    "django.contrib.messages",
    "django.contrib.admin",
    "django.forms",
    "rest_framework",
    "unfold",
)
WRITES = {"save", "create", "get_or_create", "update_or_create", "delete", "bulk_create", "bulk_update"}
# A door that writes, and why it may.
MAY_WRITE = {
    "members/forms.py": "allauth's sign-up form calls its parent's save",
}


def modules(*, doors: bool) -> Iterator[Path]:
    for room in ROOMS:
        for path in sorted(room.rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if "migrations" in parts or "templatetags" in parts or path.name in ("__init__.py", "settings.py"):
                continue
            is_door = "commands" in parts or any(part in DOORS or part.startswith("admin") for part in parts)
            if is_door == doors:
                yield path


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_imports_go_down_the_house_only() -> None:
    result = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"], capture_output=True, text=True, cwd=ROOT
    )
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("path", [*modules(doors=False)], ids=name)
def test_rules_never_see_http_or_forms(path: Path) -> None:
    seen = [module for module in imported(ast.parse(path.read_text())) if module.startswith(NOT_FOR_RULES)]
    assert not seen or name(path) == "privacy_portal/apps.py"  # where the seam for rest_framework is


@pytest.mark.parametrize("path", [path for path in modules(doors=True) if "admin" not in str(path)], ids=name)
def test_doors_leave_writing_to_the_verbs(path: Path) -> None:
    calls = [
        node.func.attr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES
    ]
    assert not calls or name(path) in MAY_WRITE


@pytest.mark.parametrize("path", [*modules(doors=True), *modules(doors=False)], ids=name)
def test_a_file_has_one_idea(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 450
