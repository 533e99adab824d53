"""A migration runs while the version before it still serves: it only adds (docs/operations.md)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LATER = sorted(
    path
    for path in [*ROOT.glob("*/migrations/0*.py"), *ROOT.glob("privacy_portal/*/migrations/0*.py")]
    if path.name != "0001_initial.py"  # of an empty database, which nobody serves
)
TAKE_AWAY = {"RemoveField", "DeleteModel", "RenameField", "RenameModel", "AlterModelTable"}
# They hold a lock on a table for as long as they read all of it.
LOCK = {"AddIndex": "AddIndexConcurrently", "RemoveIndex": "RemoveIndexConcurrently"}


def unsafe(migration: str) -> Iterator[str]:
    """Which operations of a migration's text the version before it would not survive."""
    tree = ast.parse(migration)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    of_migrations = [
        (call, call.func.attr) for call in calls if isinstance(call.func, ast.Attribute) and is_migrations(call.func)
    ]
    created = {value(call, "name") for call, kind in of_migrations if kind == "CreateModel"}
    for call, kind in of_migrations:
        model = value(call, "model_name")
        if kind in TAKE_AWAY:
            yield f"{kind}: remove it in the release after the one that no longer uses it"
        elif model in {str(name).lower() for name in created}:
            continue  # a table that is made here is in nobody's use
        elif kind in LOCK:
            yield f"{kind} {model}: use {LOCK[kind]} in a migration with atomic = False"
        elif kind in ("AddField", "AlterField") and is_obligatory(call):
            yield f"{kind} {model}: the old version leaves it out; let it be NULL or give it a db_default"


def is_migrations(function: ast.Attribute) -> bool:
    return isinstance(function.value, ast.Name) and function.value.id == "migrations"


def value(call: ast.Call, name: str) -> str | None:
    found = [word.value for word in call.keywords if word.arg == name]
    return str(found[0].value) if found and isinstance(found[0], ast.Constant) else None


def is_obligatory(call: ast.Call) -> bool:
    (field,) = [word.value for word in call.keywords if word.arg == "field"]
    assert isinstance(field, ast.Call)
    options = {word.arg: word.value for word in field.keywords}
    null = options.get("null")
    may_be_null = isinstance(null, ast.Constant) and null.value is True
    many = isinstance(field.func, ast.Attribute) and field.func.attr == "ManyToManyField"
    return not (may_be_null or many or "db_default" in options)


@pytest.mark.parametrize("path", LATER, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_version_before_survives_every_migration(path: Path) -> None:
    assert not list(unsafe(path.read_text()))


@pytest.mark.parametrize(
    ("operation", "is_safe"),
    [
        ("migrations.RemoveField(model_name='consent', name='since')", False),
        ("migrations.RenameField(model_name='consent', old_name='since', new_name='from')", False),
        ("migrations.DeleteModel(name='Consent')", False),
        ("migrations.AddField(model_name='consent', name='x', field=models.TextField(default=''))", False),
        ("migrations.AddField(model_name='consent', name='x', field=models.TextField(db_default=''))", True),
        ("migrations.AddField(model_name='consent', name='x', field=models.TextField(null=True))", True),
        ("migrations.AlterField(model_name='consent', name='x', field=models.TextField())", False),
        ("migrations.AddIndex(model_name='consent', index=models.Index(fields=['x'], name='x'))", False),
        ("AddIndexConcurrently(model_name='consent', index=models.Index(fields=['x'], name='x'))", True),
        ("migrations.CreateModel(name='New', fields=[('x', models.TextField())])", True),
        (
            "migrations.CreateModel(name='New', fields=[]), "
            "migrations.AddIndex(model_name='new', index=models.Index(fields=['x'], name='x'))",
            True,
        ),
    ],
)
def test_what_the_version_before_would_not_survive_is_found(operation: str, is_safe: bool) -> None:
    assert (not list(unsafe(f"operations = [{operation}]"))) is is_safe
