"""The copy of the business licence that a business may keep with its membership."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from members.models import Account, Member
from privacy_portal.audit.models import AccessEntry, OwnAccessEntry
from privacy_portal.errors import PortalError
from privacy_portal.vault import file_store
from privacy_portal.vault.destruction import destroy_ground
from privacy_portal.vault.models import DataKey, DestructionRecord
from requests import business_licence
from requests.intake import judge
from requests.models import Document
from tests.factories import SYSTEM, a_business, acting
from tests.in_admin import opened, page_of, takes_a_request_of
from tests.requests.at_the_page import a_scan

SignIn = Callable[[Member | Account], Client]
PAGE = reverse("requests:licence")
FILE = reverse("requests:licence_file")
FIELD = "file_business_license_copy"


def read(response: Any) -> bool:
    """Whether the answer is the picture, read to its end: what a stream shows is on record as it is read."""
    return response.status_code == 200 and b"".join(response.streaming_content)[:3] == b"\xff\xd8\xff"


def is_stored(name: str) -> bool:
    try:
        file_store.StoredFile(name).close()
    except PortalError:
        return False
    return True


@pytest.mark.django_db
def test_a_business_keeps_a_copy_and_gets_it_back(business: Member, signed_in: SignIn) -> None:
    client = signed_in(business)
    assert PAGE in client.get(reverse("consents:data")).content.decode()
    page = client.post(PAGE, {FIELD: a_scan("사업자등록증.jpg")}, follow=True).content.decode()
    assert "사업자등록증.jpg" in page
    response = client.get(FILE)
    assert read(response)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "attachment" in response["Content-Disposition"]
    assert "sandbox" in response["Content-Security-Policy"]
    assert OwnAccessEntry.objects.filter(person_id=business.pk, items__contains=["business_license_copy"]).exists()


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "content"), [("leer.pdf", b""), ("programm.jpg", b"MZ\x90\x00" * 50)])
def test_what_is_no_document_is_refused_beside_the_field_and_the_copy_of_before_stays(
    name: str, content: bytes, business: Member, signed_in: SignIn
) -> None:
    client = signed_in(business)
    client.post(PAGE, {FIELD: a_scan()})
    page = client.post(PAGE, {FIELD: a_scan(name, content)}).content.decode()
    assert 'id="copy-error"' in page
    assert Document.objects.filter(data_key__wrapped_key__isnull=False).count() == 1
    assert 'id="copy-error"' in client.post(PAGE, {}).content.decode()


@pytest.mark.django_db
def test_the_one_before_is_destroyed_when_it_is_replaced_or_taken_back(
    business: Member, signed_in: SignIn, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    client, names = signed_in(business), []
    for _number in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            client.post(PAGE, {FIELD: a_scan()})
        held = business_licence.held(business)
        assert held is not None
        names.append(held.file.name)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(PAGE, {"take_back": "1"})
    assert business_licence.held(business) is None
    assert client.get(FILE).status_code == 404
    assert client.post(PAGE, {"take_back": "1"}).status_code == 302  # again, as by a double click
    assert list(DestructionRecord.objects.order_by("id").values_list("because", flat=True)) == [
        "membership.document_replaced",
        "membership.document_taken_back",
    ]
    file_store.remove_later.call(names)  # what the worker does with what was destroyed
    assert [is_stored(name) for name in names] == [False, False]


@pytest.mark.django_db
def test_it_goes_with_the_membership(business: Member) -> None:
    business_licence.keep(business, judge(a_scan(), name="a.jpg", item=business_licence.ITEM), actor=acting(business))
    destroy_ground(DataKey.Ground.MEMBERSHIP, business.pk, because="tests", actor=SYSTEM)
    assert business_licence.held(business) is None


@pytest.mark.django_db
def test_it_is_nobody_elses(business: Member, alice: Member, signed_in: SignIn) -> None:
    taken = judge(a_scan(), name="a.jpg", item=business_licence.ITEM)
    business_licence.keep(business, taken, actor=acting(business))
    assert signed_in(alice).get(PAGE).status_code == 404
    assert signed_in(alice).post(PAGE, {FIELD: a_scan()}).status_code == 404
    assert signed_in(a_business()).get(FILE).status_code == 404
    assert Client().get(PAGE).status_code == 302
    for verb in (
        lambda: business_licence.keep(business, taken, actor=acting(alice)),
        lambda: business_licence.take_back(business, actor=acting(alice)),
        lambda: business_licence.keep(alice, taken, actor=acting(alice)),
    ):
        with pytest.raises(PortalError):
            verb()


@pytest.mark.django_db
def test_colleagues_open_it_on_record_and_only_of_whom_they_work_for(
    business: Member, agent: Account, officer: Account, auditor: Account, signed_in: SignIn
) -> None:
    taken = judge(a_scan(), name="사업자등록증.jpg", item=business_licence.ITEM)
    copy = business_licence.keep(business, taken, actor=acting(business))
    address = reverse("admin:requests_document_of_member", args=[copy.pk])
    page = opened(signed_in(officer), page_of(business))
    assert address in page
    assert "사업자등록증.jpg" not in page
    assert read(signed_in(officer).get(address))
    [entry] = AccessEntry.objects.filter(what="document")
    assert (entry.people, entry.account_id) == ([business.pk], officer.pk)
    assert signed_in(agent).get(address).status_code == 404
    takes_a_request_of(agent, business)
    assert read(signed_in(agent).get(address))
    assert signed_in(auditor).get(address).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_of_two_sent_at_once_one_stays() -> None:
    business, barrier = a_business(), Barrier(2)

    def send() -> None:
        taken = judge(a_scan(), name="a.jpg", item=business_licence.ITEM)
        barrier.wait()
        business_licence.keep(business, taken, actor=acting(business))
        connection.close()

    threads = [Thread(target=send) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert business.documents.filter(data_key__wrapped_key__isnull=False).count() == 1
