"""The list of destructions: whole, outside the database, and never silently another's."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from members.models import Member
from privacy_portal.vault import destruction_list
from privacy_portal.vault.destruction import destroy_ground
from privacy_portal.vault.errors import DestructionListError
from privacy_portal.vault.models import DataKey, DestructionListMark, UnlistedDestruction
from tests.factories import a_member, acting

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def own_list(settings: Any, tmp_path: Path) -> Path:
    settings.DESTRUCTION_LIST = str(tmp_path / "destructions.jsonl")
    return Path(settings.DESTRUCTION_LIST)


def close(member: Member | None = None) -> str:
    member = member or a_member()
    destroy_ground(DataKey.Ground.MEMBERSHIP, member.pk, because="membership.closed", actor=acting(member))
    return str(member.data_key_id)


def lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_destruction_is_listed_once_it_is_committed(own_list: Path) -> None:
    assert not own_list.exists()
    key = close()
    head, entry = lines(own_list)
    assert set(head) == {"list"}
    assert (entry["key"], entry["because"]) == (key, "membership.closed")
    assert own_list.stat().st_mode & 0o077 == 0
    assert not UnlistedDestruction.objects.exists()
    assert DestructionListMark.objects.get().agreed == own_list.stat().st_size


def test_the_list_holds_no_value(own_list: Path) -> None:
    close(a_member("hana@example.com", name="한하나"))
    text = own_list.read_text()
    assert [value for value in ("한하나", "hana", "1234", "테헤란로") if value in text] == []


def test_a_list_that_cannot_be_written_fails_no_withdrawal_and_is_caught_up(own_list: Path, settings: Any) -> None:
    settings.DESTRUCTION_LIST = str(own_list.parent)  # a folder
    key = close()
    assert UnlistedDestruction.objects.count() == 1
    settings.DESTRUCTION_LIST = str(own_list)
    destruction_list.write_due.call()
    assert [entry["key"] for entry in lines(own_list)[1:]] == [key]


def test_a_line_left_half_by_a_crash_is_cut_off(own_list: Path) -> None:
    first = close()
    with own_list.open("a") as file:
        file.write('{"key": "7f')
    assert destruction_list.why_not_serve() == ""
    second = close()
    assert [entry["key"] for entry in lines(own_list)[1:]] == [first, second]


def test_a_list_gone_missing_stops_the_portal_until_it_is_back_or_made_anew(own_list: Path) -> None:
    key = close()
    own_list.unlink()
    assert "is missing" in destruction_list.why_not_serve()
    with pytest.raises(DestructionListError, match="is missing"):
        destruction_list.write()
    call_command("export_destructions", "--anew", stdout=StringIO())
    assert destruction_list.why_not_serve() == ""
    assert [entry["key"] for entry in lines(own_list)[1:]] == [key]


def test_an_older_copy_or_another_list_is_refused(own_list: Path) -> None:
    close()
    older = own_list.read_text()
    close()
    newest = own_list.read_text()
    own_list.write_text(older)
    assert "older copy" in destruction_list.why_not_serve()
    own_list.write_text(newest.replace(lines(own_list)[0]["list"], "00000000-0000-0000-0000-000000000000"))
    assert "not the one" in destruction_list.why_not_serve()
    with pytest.raises(CommandError, match="not the one"):
        call_command("export_destructions", stdout=StringIO())
    own_list.write_text(newest)
    assert destruction_list.why_not_serve() == ""


def test_a_copy_is_put_where_one_is_wanted(own_list: Path, tmp_path: Path) -> None:
    close()
    call_command("export_destructions", str(tmp_path / "copy.jsonl"), stdout=StringIO())
    assert (tmp_path / "copy.jsonl").read_text() == own_list.read_text()
    with pytest.raises(CommandError, match="a list at .* already"):
        call_command("replay_destructions", str(tmp_path / "copy.jsonl"), stdout=StringIO(), stderr=StringIO())
