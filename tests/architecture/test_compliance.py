"""The compliance table names only code and tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|\n").split("|")]
    for line in (ROOT / "docs" / "compliance.md").read_text().splitlines()
    if re.match(r"\| [A-Z]\d", line)
]


def defined_in(path: Path) -> set[str]:
    """Names that a module defines at its top level."""
    names = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def test_the_table_is_there() -> None:
    assert len(ROWS) >= 30
    assert len({row[0] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_every_place_exists(row: list[str]) -> None:
    _rule, sentence, code, test = row
    assert sentence
    for place in (code, test):
        path, _colons, name = place.strip("`").partition("::")
        assert name in defined_in(ROOT / path), place
    assert test.startswith("`tests/")
