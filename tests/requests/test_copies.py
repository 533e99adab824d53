"""A member's own copy of everything held: asked for, made, told, ended (Q15)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import pytest
from django.core import mail
from django.db import connection, transaction

from consents.withdrawal import withdraw
from members.models import Member
from privacy_portal import portable
from privacy_portal.clock import now, pretending
from privacy_portal.errors import PortalError
from privacy_portal.portable import Part
from privacy_portal.retention import holds
from privacy_portal.retention.models import LegalHold
from privacy_portal.vault import file_store
from privacy_portal.vault.destruction import destroy_ground
from privacy_portal.vault.models import DataKey
from requests import drafting, kinds
from requests.copies import asking, contents, ending, making
from requests.copies.models import DataCopy
from tests.dumping import dump
from tests.factories import SYSTEM, a_consent, a_member, acting

State = DataCopy.State


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Copies that were put into the queue, and that no worker has taken yet."""
    queued: list[str] = []

    class Queue:
        call = making.make.call

        def enqueue(self, copy_id: str) -> None:
            queued.append(copy_id)

    monkeypatch.setattr(making, "make", Queue())
    return queued


@pytest.fixture
def a_part() -> Iterator[list[Any]]:
    """A part that does what the test puts into it as each row is read."""
    acts: list[Any] = []

    def rows(person_id: UUID) -> Iterator[portable.Row]:
        for act in acts:
            act()
            yield {"acted": True}

    portable.register(Part("a_part", "A part", {"acted": "whether"}, rows))
    yield acts
    del portable._parts["a_part"]


def asked_by(member: Member) -> DataCopy:
    return DataCopy.objects.get(pk=asking.ask(member, language="ko", actor=acting(member)).pk)


def again(copy: DataCopy) -> DataCopy:
    return DataCopy.objects.select_related("data_key").get(pk=copy.pk)


def test_a_copy_is_made_sealed_under_a_key_of_its_own_and_told_without_a_personal_value(alice: Member) -> None:
    copy = asked_by(alice)
    assert copy.state == State.READY
    assert copy.can_be_downloaded
    assert copy.data_key is not None
    assert (copy.data_key.ground, copy.data_key.ground_id) == ("membership", alice.pk)
    assert copy.data_key.subject_id == alice.pk
    assert copy.data_key_id != alice.data_key_id
    assert copy.expires_at is not None
    assert copy.made_at is not None
    assert copy.expires_at - copy.made_at < timedelta(days=1, seconds=1)
    assert mail.outbox[-1].to == ["alice@example.com"]
    told = f"{mail.outbox[-1].subject} {mail.outbox[-1].body}"
    assert "/my/data/copy/" in told
    assert not [value for value in ("김하늘", "010-1234", str(copy.pk), str(alice.pk)) if value in told]


def test_asking_again_gives_the_one_that_is_under_way_or_ready(alice: Member, waiting: list[str]) -> None:
    first = asked_by(alice)
    assert asked_by(alice) == first
    assert waiting == [str(first.pk)]
    making.make.call(str(first.pk))
    assert asked_by(alice) == first
    assert len(mail.outbox) == 1


def test_nobody_asks_for_or_downloads_somebody_elses(alice: Member, charlie: Member) -> None:
    with pytest.raises(PortalError) as refused:
        asking.ask(alice, language="ko", actor=acting(charlie))
    assert refused.value.code == "not_yours"
    copy = asked_by(alice)
    with pytest.raises(PortalError) as refused:
        asking.download(copy.pk, actor=acting(charlie))
    assert refused.value.code == "not_yours"
    assert again(copy).downloaded_at is None


def test_after_a_day_it_is_destroyed_and_a_new_one_can_be_asked_for(alice: Member) -> None:
    copy = asked_by(alice)
    assert copy.file is not None
    with pretending(now() + timedelta(hours=23)):
        ending.destroy_expired.call()
        assert again(copy).can_be_downloaded
    with pretending(now() + timedelta(hours=25)):
        with pytest.raises(PortalError) as refused:
            asking.download(copy.pk, actor=acting(alice))
        assert refused.value.code == "copy_is_gone"
        ending.destroy_expired.call()
        over = again(copy)
        assert over.state == State.EXPIRED
        assert over.data_key is not None
        assert over.data_key.is_destroyed
        assert not over.was_outdated
        assert not file_store.store().exists(copy.file.name)
        assert asked_by(alice) != copy
    assert Member.objects.get(pk=alice.pk).name.open_unseen() == "김하늘"


def test_a_day_later_a_new_one_is_made_though_the_job_has_not_run(alice: Member) -> None:
    copy = asked_by(alice)
    with pretending(now() + timedelta(hours=25)):
        assert asked_by(alice).state == State.READY
    assert again(copy).state == State.EXPIRED


def test_a_copy_goes_as_soon_as_something_in_it_is_destroyed(alice: Member, charlie: Member) -> None:
    consent = a_consent(alice, "general.newsletter", company_name="하늘상사")
    copy, other = asked_by(alice), asked_by(charlie)
    withdraw(consent, language="ko", actor=acting(alice))
    gone = again(copy)
    assert gone.data_key is not None
    assert gone.data_key.is_destroyed
    assert gone.was_outdated
    assert not gone.can_be_downloaded
    assert again(other).can_be_downloaded
    ending.destroy_expired.call()
    assert again(copy).state == State.EXPIRED


def test_a_copy_goes_with_the_membership(alice: Member, waiting: list[str]) -> None:
    copy = asked_by(alice)
    destroy_ground(DataKey.Ground.MEMBERSHIP, alice.pk, because="membership.closed", actor=SYSTEM)
    making.make.call(waiting[0])
    assert again(copy).state == State.EXPIRED
    assert not DataKey.objects.filter(ground="membership", ground_id=alice.pk, wrapped_key__isnull=False).exists()


def test_what_is_destroyed_while_a_copy_is_made_is_not_in_it(alice: Member, a_part: list[Any]) -> None:
    consent = a_consent(alice, "general.newsletter", company_name="하늘상사")
    # The values have been read by then; the copy is made anew.
    a_part.append(lambda: withdraw(consent, language="ko", actor=acting(alice)))
    copy = asked_by(alice)
    assert copy.state == State.READY
    assert copy.attempts == 2
    assert copy.file is not None
    with copy.file.open_unseen() as file:
        assert "하늘상사".encode() not in b"".join(_texts(file))


def _texts(file: Any) -> Iterator[bytes]:
    with ZipFile(file) as archive:
        for name in archive.namelist():
            yield archive.read(name)


def test_a_copy_on_legal_hold_stays_sealed_but_can_be_downloaded_no_more(alice: Member) -> None:
    copy = asked_by(alice)
    hold = holds.place(LegalHold.About.PERSON, alice.pk, reason="lawsuit", actor=SYSTEM)
    with pretending(now() + timedelta(hours=25)):
        ending.destroy_expired.call()
        kept = again(copy)
        assert kept.data_key is not None
        assert not kept.data_key.is_destroyed
        assert not kept.can_be_downloaded
        holds.lift(hold, actor=SYSTEM)
        ending.destroy_expired.call()
        kept = again(copy)
        assert kept.data_key is not None
        assert kept.data_key.is_destroyed


def test_a_copy_whose_worker_was_killed_is_begun_again_and_at_last_given_up(alice: Member, waiting: list[str]) -> None:
    copy = asked_by(alice)
    keys: list[Any] = []
    at = now()
    for attempt in (1, 2, 3):
        # Killed after the beginning was committed: nothing else of it is left.
        with pretending(at):
            begun = making._begin(copy.pk)
            assert begun is not None
            assert begun.attempts == attempt
            keys.append(begun.data_key_id)
        with pretending(at + timedelta(minutes=4)):
            making.take_up_silent.call()
            assert again(copy).state == State.BEING_MADE
        at += timedelta(minutes=6)
        with pretending(at):
            making.take_up_silent.call()
            assert again(copy).state == (State.FAILED if attempt == 3 else State.ASKED)
    assert waiting == [str(copy.pk)] * 3
    assert not DataKey.objects.filter(pk__in=keys, wrapped_key__isnull=False).exists()
    assert mail.outbox == []
    assert asked_by(alice) != copy


def test_a_worker_that_was_only_slow_gives_way_to_the_one_that_took_over(
    alice: Member, waiting: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = asked_by(alice)
    slow = making._begin(copy.pk)
    assert slow is not None
    with pretending(now() + timedelta(minutes=6)):
        making.take_up_silent.call()
        making.make.call(str(copy.pk))
    monkeypatch.setattr(making, "SECONDS_BETWEEN_SIGNS", 0)
    with pytest.raises(making.TakenOver):
        making._signs_of_life(slow)(1)
    with pytest.raises(making.TakenOver):
        making._finish(slow, None)  # type: ignore[arg-type]
    made = again(copy)
    assert (made.state, made.attempts, len(mail.outbox)) == (State.READY, 2, 1)


def test_a_failure_is_tried_again_and_told_by_its_kind_only(
    alice: Member, monkeypatch: pytest.MonkeyPatch, a_part: list[Any]
) -> None:
    said: list[Any] = []
    monkeypatch.setattr(making.log, "error", lambda *args, **more: said.append((args, more)), raising=False)

    def fail() -> None:
        raise ValueError("김하늘")

    a_part.append(fail)
    copy = asked_by(alice)
    assert copy.state == State.FAILED
    assert copy.attempts == 3
    assert len(said) == 3
    assert "김하늘" not in str(said)
    a_part.clear()
    assert asked_by(alice).state == State.READY


def test_progress_is_saved_at_most_once_a_second_and_is_no_history(
    alice: Member, waiting: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = asked_by(alice)
    begun = making._begin(copy.pk)
    assert begun is not None
    seconds = iter([0.0, 0.5, 0.9, 1.1, 1.1, 1.5])
    monkeypatch.setattr(making, "monotonic", lambda: next(seconds))
    note, lines = making._signs_of_life(begun), begun.history.count()  # type: ignore[attr-defined]
    seen = []
    for done in (1, 2, 3, 4):
        note(done)
        seen.append(again(copy).parts_done)
    assert seen == [0, 0, 3, 3]
    assert begun.history.count() == lines  # type: ignore[attr-defined]
    assert again(copy).percent == 300 // len(portable.parts())


def test_drafts_of_requests_are_in_it_and_end_it_when_they_are_given_up(alice: Member) -> None:
    draft = drafting.save(alice, kinds.kind("access"), {"asked_details": "모두 보고 싶습니다"}, actor=acting(alice))
    copy = asked_by(alice)
    drafting.discard(draft, actor=acting(alice))
    assert again(copy).was_outdated


@pytest.mark.django_db(transaction=True)
def test_of_two_who_ask_at_once_both_get_the_same_copy() -> None:
    member = a_member("twice@example.com")
    found: list[UUID] = []
    barrier = threading.Barrier(2)

    def ask() -> None:
        try:
            barrier.wait()
            found.append(asking.ask(member, language="ko", actor=acting(member)).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert len(set(found)) == 1
    assert DataCopy.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_copy_waits_for_what_is_being_destroyed() -> None:
    """Otherwise it could read a value whose destruction is on its way, and outlive it."""
    member = a_member("waits@example.com")
    consent = a_consent(member, "general.newsletter", company_name="하늘상사")
    destroyed, made = threading.Event(), threading.Event()

    def take_back() -> None:
        try:
            with transaction.atomic():
                withdraw(consent, language="ko", actor=acting(member))
                destroyed.set()
                assert not made.wait(1.0)
        finally:
            connection.close()

    thread = threading.Thread(target=take_back)
    thread.start()
    destroyed.wait()
    copy = asked_by(member)
    made.set()
    thread.join()
    assert copy.file is not None
    with copy.file.open_unseen() as file:
        assert "하늘상사".encode() not in b"".join(_texts(file))


@pytest.mark.django_db(transaction=True)
def test_nothing_of_it_lies_in_the_database_or_the_store_in_clear() -> None:
    member = a_member("dumped@example.com", name="김하늘")
    copy = asked_by(member)
    assert copy.file is not None
    text = dump()
    assert "김하늘" not in text
    assert "dumped@example.com" not in text
    stored = file_store.store().open(copy.file.name).read()
    assert b"README" not in stored
    assert stored[:2] != b"PK"
    assert copy.file.open_unseen().read(2) == b"PK"


def test_a_copy_is_written_piece_by_piece(alice: Member) -> None:
    pieces = list(contents.pieces_of(DataCopy(member=alice, language="ko"), lambda done: None))
    assert all(pieces)
    assert len(pieces) > len(portable.parts())
