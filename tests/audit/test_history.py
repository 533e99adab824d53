"""Every change says who made it, when and why."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from members.models import Member
from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.clock import pretending
from tests.factories import acting


def test_a_change_names_the_account_and_the_reason(alice: Member) -> None:
    alice.language = "en"
    save_as(acting(alice), alice, reason="language chosen")
    change = alice.history.first()
    assert (change.actor_kind, change.history_user_id) == ("member", alice.account_id)
    assert change.history_change_reason == "language chosen"


def test_a_change_by_a_job_names_the_job(alice: Member) -> None:
    save_as(Actor.system("expire_consents"), alice)
    change = alice.history.first()
    assert (change.actor_kind, change.actor_name, change.history_user_id) == ("system", "expire_consents", None)


def test_a_change_is_dated_by_the_portals_clock(alice: Member) -> None:
    then = datetime(2025, 3, 1, 9, tzinfo=UTC)
    with pretending(then):
        save_as(acting(alice), alice)
    assert alice.history.get(history_date=then)


def test_what_is_saved_later_is_not_put_on_the_one_who_acted_before(alice: Member) -> None:
    save_as(acting(alice), alice, reason="language chosen")
    alice.save()
    change = alice.history.first()
    assert (change.actor_kind, change.history_user_id, change.history_change_reason) == ("system", None, None)


def test_nor_is_it_after_a_save_that_failed(alice: Member) -> None:
    alice.said_14_or_over = False
    with pytest.raises(IntegrityError), transaction.atomic():
        save_as(acting(alice), alice, reason="refused by the database")
    alice.said_14_or_over = True
    alice.save()
    change = alice.history.first()
    assert (change.actor_kind, change.history_user_id, change.history_change_reason) == ("system", None, None)
