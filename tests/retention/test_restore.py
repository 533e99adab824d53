"""A dump made before a destruction and restored after it: nobody is served until it is destroyed again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from consents.checking import differences
from consents.expiry import expire
from consents.giving import take_back_item
from consents.models import Consent, ConsentValue
from consents.withdrawal import withdraw
from members.models import Account, Member
from privacy_portal.clock import now, pretending
from privacy_portal.startup_checks import refuse_unsafe_start
from privacy_portal.vault import destruction_list, endings
from privacy_portal.vault import replay as replaying
from privacy_portal.vault.destruction import destroy_ground
from privacy_portal.vault.endings import Ending
from privacy_portal.vault.models import DataKey, DestructionRecord
from tests import dumping, the_log
from tests.factories import a_consent, a_member, acting
from tests.ledger import found
from tests.retention.lives import CODE, TYPED
from tests.vault.test_old_dumps import psql


@contextmanager
def connected_to(database: str) -> Iterator[None]:
    """The portal uses another database of the same server."""
    own = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = database
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = own


@pytest.fixture
def database(transactional_db: None) -> Iterator[str]:
    name = f"{connection.settings_dict['NAME']}_older"
    psql("--command", f"DROP DATABASE IF EXISTS {name}", "postgres")
    psql("--command", f"CREATE DATABASE {name} TEMPLATE template0", "postgres")
    yield name
    psql("--command", f"DROP DATABASE {name} WITH (FORCE)", "postgres")


@pytest.fixture(autouse=True)
def own_list(settings: Any, tmp_path: Path) -> Path:
    settings.DESTRUCTION_LIST = str(tmp_path / "list" / "destructions.jsonl")
    return Path(settings.DESTRUCTION_LIST)


def restore(tmp_path: Path, database: str) -> None:
    psql("--file", str(tmp_path / "dump.sql"), database)


def replay(*arguments: str) -> str:
    said = StringIO()
    call_command("replay_destructions", *arguments, stdout=said, stderr=StringIO())
    return said.getvalue()


def close(member: Member) -> None:
    destroy_ground(DataKey.Ground.MEMBERSHIP, member.pk, because="membership.closed", actor=acting(member))


@pytest.fixture
def restored(database: str, tmp_path: Path) -> Iterator[tuple[Member, Member, Consent]]:
    """Hana closes her membership and Bada withdraws after the dump; then the dump is restored and used."""
    close(a_member("earlier@example.com"))  # so that there is a list, and the dump knows it
    hana, bada = a_member("hana@example.com", name="한하나"), a_member("bada@example.com")
    consent = a_consent(bada, CODE, **TYPED)
    dumping.dump(tmp_path / "dump.sql")
    close(hana)
    withdraw(consent, language="ko", actor=acting(bada))
    assert Client().get("/").status_code == 200
    restore(tmp_path, database)
    with connected_to(database):
        yield hana, bada, consent


def test_a_restored_database_serves_nobody_until_its_destructions_are_replayed(
    restored: tuple[Member, Member, Consent],
) -> None:
    hana, _bada, consent = restored
    assert Member.objects.get(pk=hana.pk).name.open() == "한하나", "the dump brought it back"
    response = Client().get("/")
    assert response.status_code == 503
    assert "cannot be opened" in response.content.decode()
    assert Client().get("/admin/").status_code == 503
    with pytest.raises(ImproperlyConfigured, match="replay_destructions"):
        refuse_unsafe_start()
    with pytest.raises(CommandError, match="replay_destructions"):
        call_command("run_worker")

    assert "3 keys" in replay()

    assert Client().get("/").status_code == 200
    refuse_unsafe_start()
    member = Member.objects.select_related("data_key").get(pk=hana.pk)
    assert member.name.is_destroyed
    assert (member.name_index, member.mobile_phone_index) == (None, None)
    assert all(value.value.is_destroyed for value in ConsentValue.objects.select_related("data_key"))
    assert Consent.objects.get(pk=consent.pk).state == "withdrawn", "it must not stand again"
    record = DestructionRecord.objects.get(data_key=hana.data_key_id)
    assert (record.because, record.method) == ("membership.closed", "replayed")
    assert "0 keys" in replay(), "replaying twice changes nothing"


def test_other_people_are_left_alone(restored: tuple[Member, Member, Consent]) -> None:
    _hana, bada, _consent = restored
    replay()
    assert Member.objects.get(pk=bada.pk).mobile_phone.open() == "+821012345678"


def test_a_replay_that_was_stopped_half_way_is_taken_up(
    restored: tuple[Member, Member, Consent], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(destruction_list, "BATCH", 2)

    def stop(count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replaying.replay(stop)
    assert Client().get("/").status_code == 503
    replay()
    assert Client().get("/").status_code == 200


def test_what_is_destroyed_before_the_replay_does_not_hide_what_came_back(
    restored: tuple[Member, Member, Consent],
) -> None:
    _hana, bada, _consent = restored
    close(bada)  # by a command, say: it is listed, but the database still lacks what came before
    assert Client().get("/").status_code == 503


def test_without_the_list_a_restored_database_serves_nobody(
    restored: tuple[Member, Member, Consent], own_list: Path, tmp_path: Path
) -> None:
    copy = own_list.rename(tmp_path / "kept elsewhere.jsonl")
    assert "is missing" in destruction_list.why_not_serve()
    assert Client().get("/").status_code == 503
    with pytest.raises(CommandError, match="is missing"):
        replay()
    replay(str(copy))
    assert Client().get("/").status_code == 200


def test_a_database_restored_from_before_the_first_destruction_is_recognised_too(database: str, tmp_path: Path) -> None:
    hana = a_member("hana@example.com")
    dumping.dump(tmp_path / "dump.sql")
    close(hana)
    restore(tmp_path, database)
    with connected_to(database):
        assert Client().get("/").status_code == 503
        replay()
        assert Client().get("/").status_code == 200


def test_a_dump_made_after_the_last_destruction_serves_at_once(database: str, tmp_path: Path) -> None:
    close(a_member("hana@example.com"))
    dumping.dump(tmp_path / "dump.sql")
    restore(tmp_path, database)
    with connected_to(database):
        assert Client().get("/").status_code == 200


def test_a_portal_that_starts_from_a_restored_database_says_what_to_do(
    restored: tuple[Member, Member, Consent], own_list: Path
) -> None:
    settings = connection.settings_dict
    host = str(settings["HOST"]).replace("/", "%2F")
    port = f":{settings['PORT']}" if settings["PORT"] else ""
    password = f":{settings['PASSWORD']}" if settings["PASSWORD"] else ""
    url = f"postgres://{settings['USER']}{password}@{host}{port}/{settings['NAME']}"
    environment = os.environ | {
        "DATABASE_URL": url,
        "LIST_FOR_STARTED_PORTAL": str(own_list),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
    command = [sys.executable, "-c", "import privacy_portal.wsgi"]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=Path(__file__).parents[2])
    assert result.returncode != 0
    assert "manage.py replay_destructions" in result.stderr


# What it asks is what the membership holds: it has no values of its own.
MARKETING = "marketing.reception"


def test_a_consent_that_held_no_value_does_not_stand_again(database: str, tmp_path: Path) -> None:
    close(a_member("earlier@example.com"))
    bada, dalim = a_member("bada@example.com"), a_member("dalim@example.com")
    ended, kept = (a_consent(member, MARKETING) for member in (bada, dalim))
    assert not ConsentValue.objects.exists()
    dumping.dump(tmp_path / "dump.sql")
    withdraw(ended, language="ko", actor=acting(bada))
    restore(tmp_path, database)
    with connected_to(database):
        assert Consent.objects.get(pk=ended.pk).stands, "the dump made it stand again"
        assert Client().get("/").status_code == 503
        with pytest.raises(ImproperlyConfigured, match="replay_destructions"):
            refuse_unsafe_start()
        assert "1 endings" in replay()
        assert Client().get("/").status_code == 200
        consent = Consent.objects.get(pk=ended.pk)
        assert consent.state == "withdrawn"
        assert consent.events.latest("id").actor_name == "replay_destructions"
        assert list(differences(lambda count: None)) == []
        assert Consent.objects.get(pk=kept.pk).stands
        assert "0 endings" in replay(), "replaying twice changes nothing"


def test_a_consent_given_again_after_it_ended_is_left_alone(database: str, tmp_path: Path) -> None:
    bada = a_member("bada@example.com")
    withdraw(a_consent(bada, MARKETING), language="ko", actor=acting(bada))
    again = a_consent(bada, MARKETING)
    dumping.dump(tmp_path / "dump.sql")
    restore(tmp_path, database)
    with connected_to(database):
        assert Client().get("/").status_code == 200
        assert "0 endings" in replay()
        assert Consent.objects.get(pk=again.pk).stands


def test_one_that_was_ended_by_a_replay_and_given_again_is_not_ended_by_the_next(database: str, tmp_path: Path) -> None:
    bada = a_member("bada@example.com")
    consent = a_consent(bada, MARKETING)
    dumping.dump(tmp_path / "dump.sql")
    withdraw(consent, language="ko", actor=acting(bada))
    restore(tmp_path, database)
    with connected_to(database):
        replay()
        a_consent(bada, MARKETING)
        assert "0 endings" in replay()
        assert Client().get("/").status_code == 200
        assert Consent.objects.get(pk=consent.pk).stands


def test_an_item_taken_back_that_held_no_value_is_taken_back_again(database: str, tmp_path: Path) -> None:
    bada = a_member("bada@example.com")
    consent = a_consent(bada, MARKETING)
    item = "mobile_phone"
    dumping.dump(tmp_path / "dump.sql")
    take_back_item(consent, item, language="ko", actor=acting(bada))
    restore(tmp_path, database)
    with connected_to(database):
        assert item in Consent.objects.get(pk=consent.pk).items
        assert Client().get("/").status_code == 503
        assert "1 endings" in replay()
        consent = Consent.objects.get(pk=consent.pk)
        assert consent.stands
        assert item not in consent.items
        assert Client().get("/").status_code == 200


def test_where_a_consent_cannot_do_without_what_was_taken_back_it_ends(transactional_db: None) -> None:
    bada = a_member("bada@example.com")
    consent = a_consent(bada, MARKETING, without=("email",))
    ending = Ending(DataKey.Ground.CONSENT, consent.pk, "consent.renewed", now(), ("mobile_phone",))
    assert endings.standing([ending]) == [ending]
    endings.rooms[ending.ground].end_again(ending, replaying.ACTOR)
    assert endings.standing([ending]) == []
    assert Consent.objects.get(pk=consent.pk).state == "withdrawn"


def test_a_consent_that_lapses_says_so_itself(own_list: Path, transactional_db: None) -> None:
    consent = a_consent(a_member("bada@example.com"), MARKETING)
    with pretending(consent.lapses_at):  # type: ignore[arg-type]
        assert expire(consent)
    assert not own_list.exists()


def test_rows_of_the_access_log_that_were_removed_go_again(database: str, tmp_path: Path, officer: Account) -> None:
    rows = the_log.a_log()
    dumping.dump(tmp_path / "dump.sql")
    with pretending(the_log.DUE):
        the_log.destroy(officer)
    kept = the_log.left()
    restore(tmp_path, database)
    with connected_to(database), pretending(the_log.DUE):
        assert set(rows["january"]) < set(the_log.left())
        assert Client().get("/").status_code == 503
        assert "6 rows of the access log are removed again." in replay()
        assert the_log.left() == kept
        assert "0 rows of the access log" in replay()
        assert "agree. Removed by rule, and on record: 6 rows." in found()[0]


def test_a_list_made_anew_names_every_ending(own_list: Path, transactional_db: None) -> None:
    bada = a_member("bada@example.com")
    withdraw(a_consent(bada, MARKETING), language="ko", actor=acting(bada))
    take_back_item(a_consent(bada, MARKETING), "mobile_phone", language="ko", actor=acting(bada))
    a_consent(bada, CODE, **TYPED)
    before = own_list.read_text().splitlines()[1:]
    call_command("export_destructions", "--anew", stdout=StringIO())
    assert sorted(own_list.read_text().splitlines()[1:]) == sorted(before)
