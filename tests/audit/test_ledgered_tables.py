"""No append-only table is left out of the ledger, and none can be added that it could not close."""

from __future__ import annotations

from collections.abc import Iterator

import pgtrigger
import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.contrib.postgres.indexes import BrinIndex
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import models
from django.test.utils import isolate_apps
from pytest_django import Settings

from consents.models import ConsentEvent
from privacy_portal.append_only import TransactionField, append_only, is_append_only, unclosed_rows
from privacy_portal.audit import tables
from privacy_portal.audit.checks import why_not_closed
from privacy_portal.audit.ledger.dump import CHECKPOINTS
from privacy_portal.audit.models import AccessEntry, Checkpoint, OwnAccessEntry
from privacy_portal.vault.models import DestructionRecord
from tests.ledger import execute


def test_the_records_that_prove_something_are_all_closed() -> None:
    assert {ConsentEvent, DestructionRecord, AccessEntry, OwnAccessEntry} <= set(tables.ledgered_models())


def test_whatever_refuses_changes_and_deletions_is_closed_but_the_checkpoints_themselves(db: None) -> None:
    """As the database has it, whatever the models say."""
    refusing = execute(
        "SELECT DISTINCT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
        " WHERE NOT tgisinternal AND tgtype & 24 = 24 AND tgqual IS NULL AND pg_get_functiondef(tgfoid) LIKE"
        " '%Cannot update or delete rows%'".replace("%", "%%")
    )
    assert {name for (name,) in refusing} == {table.name for table in tables.ledgered_tables()} | {CHECKPOINTS}
    assert Checkpoint._meta.db_table == CHECKPOINTS


def test_each_can_be_closed() -> None:
    assert {model: why_not_closed(model) for model in tables.ledgered_models() if why_not_closed(model)} == {}


@pytest.fixture
def forgetful() -> Iterator[dict[str, type[models.Model]]]:
    """Append-only models that each lack something."""
    with isolate_apps("privacy_portal.audit"):

        class WithoutTransaction(models.Model):  # noqa: DJ008
            id = models.BigAutoField(primary_key=True)

            class Meta:
                app_label = "audit"
                triggers = append_only()

        class WithoutNumber(models.Model):  # noqa: DJ008
            id = models.UUIDField(primary_key=True)
            written_in = TransactionField()

            class Meta:
                app_label = "audit"
                triggers = append_only()
                indexes = [unclosed_rows("audit_without_number")]

        class WithMoments(models.Model):  # noqa: DJ008
            id = models.BigAutoField(primary_key=True)
            written_in = TransactionField()
            moments = ArrayField(models.DateTimeField())
            between = DateTimeRangeField()

            class Meta:
                app_label = "audit"
                triggers = append_only()

        class WithoutIndex(models.Model):  # noqa: DJ008
            id = models.BigAutoField(primary_key=True)
            written_in = TransactionField()

            class Meta:
                app_label = "audit"
                # Not by the function that everybody uses, but to the same effect.
                triggers = [pgtrigger.Protect(name="stays", operation=pgtrigger.Update | pgtrigger.Delete)]

        yield {model.__name__: model for model in (WithoutTransaction, WithoutNumber, WithMoments, WithoutIndex)}


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("WithoutTransaction", "it has no written_in"),
        ("WithoutNumber", "its rows are not numbered"),
        ("WithMoments", "a dump may show its moments in another time zone"),
        ("WithoutIndex", "it has no index"),
    ],
)
def test_one_that_could_not_be_closed_stops_every_command(
    name: str, problem: str, forgetful: dict[str, type[models.Model]], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = forgetful[name]
    assert is_append_only(model)
    known = apps.get_models()
    monkeypatch.setattr(apps, "get_models", lambda *args, **kwargs: [*known, model])
    with pytest.raises(SystemCheckError, match=f"audit.{name} is append-only, but {problem}"):
        call_command("check")


def test_a_table_that_can_be_changed_or_emptied_row_by_row_is_not_taken_for_one() -> None:
    assert not is_append_only(apps.get_model("vault", "DataKey"))
    assert not is_append_only(apps.get_model("policy", "Notice"))


def test_the_index_stays_small(db: None) -> None:
    assert all(
        isinstance(index, BrinIndex)
        for model in tables.ledgered_models()
        for index in model._meta.indexes
        if index.fields == ["written_in"]
    )


def test_production_is_told_that_its_anchors_are_missing(settings: Settings) -> None:
    settings.LEDGER_ANCHORS = ""
    with pytest.raises(SystemCheckError, match="LEDGER_ANCHORS is not set"):
        call_command("check", deploy=True, fail_level="WARNING")
