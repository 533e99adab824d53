"""The pages on which a member asks for a copy of everything held, and downloads it."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from zipfile import ZipFile

import pytest
from django.test import Client
from django.urls import reverse

from members.models import Account, Member
from privacy_portal.audit.models import OwnAccessEntry
from privacy_portal.clock import now, pretending
from privacy_portal.errors import PortalError
from privacy_portal.vault.files import SealedFile
from requests.copies import asking
from requests.copies.models import DataCopy
from tests.factories import PASSWORD, acting

SignIn = Callable[[Member | Account], Client]
PAGE, ASK = reverse("requests:copy"), reverse("requests:ask_for_copy")


@pytest.fixture
def just_asked(signed_in: SignIn) -> SignIn:
    """A client of somebody who has proven once more, a moment ago, that it is them."""

    def sign_in(who: Member | Account) -> Client:
        client = signed_in(who)
        answer = client.post(reverse("account_reauthenticate"), {"password": PASSWORD, "next": ASK})
        assert answer["Location"] == ASK
        return client

    return sign_in


def a_copy(member: Member) -> DataCopy:
    return DataCopy.objects.get(pk=asking.ask(member, language="ko", actor=acting(member)).pk)


def address(copy: DataCopy) -> str:
    return reverse("requests:download_copy", args=[copy.pk])


def test_my_data_leads_to_the_copy_which_is_asked_for_made_and_downloaded(alice: Member, just_asked: SignIn) -> None:
    client = just_asked(alice)
    assert PAGE in client.get(reverse("consents:data")).content.decode()
    assert ASK in client.get(PAGE).content.decode()
    assert client.get(ASK).status_code == 200
    assert client.post(ASK)["Location"] == PAGE
    copy = DataCopy.objects.get()
    assert address(copy) in client.get(PAGE).content.decode()
    before = OwnAccessEntry.objects.count()
    answer = client.get(address(copy))
    content = answer.getvalue()
    assert ZipFile(io.BytesIO(content)).testzip() is None
    assert answer.streaming
    assert answer["Content-Disposition"].startswith("attachment; filename")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    entry = OwnAccessEntry.objects.order_by("id")[before]
    assert (entry.page, entry.person_id, entry.in_full) == ("requests:download_copy", alice.pk, True)
    assert {"name", "email", "mobile_phone"} <= set(entry.items)
    copy.refresh_from_db()
    assert copy.downloaded_at is not None


def test_every_download_is_on_the_record(alice: Member, just_asked: SignIn) -> None:
    client, copy = just_asked(alice), a_copy(alice)
    for _time in range(2):
        client.get(address(copy)).getvalue()
    assert OwnAccessEntry.objects.filter(page="requests:download_copy").count() == 2


def test_the_address_alone_is_of_no_use_to_others(
    alice: Member, charlie: Member, agent: Account, just_asked: SignIn, client: Client
) -> None:
    copy = a_copy(alice)
    assert just_asked(charlie).get(address(copy)).status_code == 404
    assert just_asked(agent).get(address(copy)).status_code == 302
    assert client.get(address(copy))["Location"].startswith(reverse("account_login"))
    assert address(copy) not in just_asked(charlie).get(PAGE).content.decode()
    assert not OwnAccessEntry.objects.filter(page="requests:download_copy").exists()


def test_asking_and_downloading_ask_again_who_one_is(alice: Member, signed_in: SignIn) -> None:
    client, copy = signed_in(alice), a_copy(alice)
    for page in (ASK, address(copy)):
        assert client.get(page)["Location"] == f"{reverse('account_reauthenticate')}?next={page.replace('/', '%2F')}"
    assert client.post(ASK).status_code == 302
    assert DataCopy.objects.count() == 1
    assert client.get(PAGE).status_code == 200


def test_when_its_day_is_over_the_page_says_so_and_offers_a_new_one(alice: Member, just_asked: SignIn) -> None:
    client, copy = just_asked(alice), a_copy(alice)
    with pretending(now() + timedelta(hours=25)):
        answer = client.get(address(copy))
        assert answer["Location"] == PAGE
        page = client.get(PAGE).content.decode()
    assert address(copy) not in page
    assert ASK in page


def test_while_it_is_made_the_page_asks_for_its_part_again_without_counting_as_activity(
    alice: Member, signed_in: SignIn
) -> None:
    copy = a_copy(alice)
    DataCopy.objects.filter(pk=copy.pk).update(state="being_made", parts_done=3, parts_total=12)
    client = signed_in(alice)
    page = client.get(PAGE).content.decode()
    assert 'X-Background": "yes"' in page
    assert 'value="25"' in page
    assert f'<a href="{PAGE}">' in page  # for whoever has no scripts
    part = client.get(PAGE, headers={"HX-Request": "true", "X-Background": "yes"}).content.decode()
    assert part.startswith("<section")
    assert "<html" not in part
    DataCopy.objects.filter(pk=copy.pk).update(state="ready")
    assert "hx-get" not in client.get(PAGE).content.decode()


@pytest.mark.parametrize("state", ["failed", "expired", "asked"])
def test_whatever_became_of_it_is_said(state: str, alice: Member, signed_in: SignIn) -> None:
    copy = a_copy(alice)
    DataCopy.objects.filter(pk=copy.pk).update(state=state)
    page = signed_in(alice).get(PAGE).content.decode()
    assert (ASK in page) == (state != "asked")


def test_a_store_that_is_away_is_told_kindly(
    alice: Member, just_asked: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, copy = just_asked(alice), a_copy(alice)

    def away(self: SealedFile) -> None:
        raise PortalError("files_unavailable", "later")

    monkeypatch.setattr(SealedFile, "open", away)
    assert client.get(address(copy))["Location"] == PAGE
