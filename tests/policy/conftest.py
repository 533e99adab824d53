from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from privacy_portal.policy.models import Collection


@pytest.fixture
def sql(db: None) -> Callable[..., list[tuple[Any, ...]]]:
    """Someone with access to the database, going round the portal: runs a statement, returns its rows."""

    def run(statement: str, *values: Any, **named: Any) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(statement, named or values)
            return cursor.fetchall() if cursor.description else []

    return run


@pytest.fixture
def newsletter(db: None) -> Collection:
    return Collection.objects.get(pk="general.newsletter")
