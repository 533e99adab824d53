"""A business's documents for automatic payment: with the copy of the licence, sealed and destroyed together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from members.models import Account, Member, PaymentKind, PaymentMethod
from members.payment_methods import removing
from privacy_portal.vault.models import DataKey
from requests import business_licence
from requests.models import Document
from tests.factories import a_file, acting
from tests.paying import NUMBER, documents_of, seen
from tests.requests.at_the_page import a_scan
from tests.requests.test_business_licence import is_stored, read

SignIn = Callable[[Member | Account], Client]
PAGE = reverse("requests:add_business_documents")
FIELD = "file_business_license_copy"

pytestmark = pytest.mark.django_db


def filled(**more: Any) -> dict[str, Any]:
    shown = seen(PaymentKind.BUSINESS_DOCUMENTS)
    return {"notice": shown, "ceo_name": "남궁대표", "business_registration_number": "123-45-67891"} | more


def test_documents_are_added_with_a_copy_of_the_licence_and_given_back(business: Member, signed_in: SignIn) -> None:
    client = signed_in(business)
    page = client.post(PAGE, filled(**{FIELD: a_scan("사업자등록증.jpg")}), follow=True).content.decode()
    method = PaymentMethod.objects.get()
    address = reverse("requests:business_documents_licence", args=[method.pk])
    assert "사업자등록증.jpg" in page
    assert address in page
    assert "남**표" in page
    assert "123-45-*****" in page
    assert NUMBER not in page
    document = Document.objects.select_related("data_key").get()
    assert (document.payment_method_id, document.member_id) == (method.pk, None)
    assert document.data_key.ground == DataKey.Ground.PAYMENT_METHOD
    assert document.data_key.ground_id == method.pk
    assert read(client.get(address))
    # There is one of a business; its page is not offered again.
    assert client.get(PAGE).status_code == 404


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({}, "copy-error"),
        ({FIELD: ("programm.jpg", b"MZ\x90\x00" * 50)}, "copy-error"),
        ({FIELD: ("ok.jpg", None), "business_registration_number": "123-45-67890"}, "id_business_registration_number"),
        ({FIELD: ("ok.jpg", None), "ceo_name": ""}, "id_ceo_name_error"),
    ],
)
def test_what_is_missing_or_wrong_is_told_and_nothing_is_kept(
    changed: dict[str, Any], error: str, business: Member, signed_in: SignIn
) -> None:
    sent = {name: a_scan(*value) if name == FIELD else value for name, value in changed.items()}
    page = signed_in(business).post(PAGE, filled(**sent)).content.decode()
    assert 'role="alert"' in page
    assert error in page
    assert not PaymentMethod.objects.exists()
    assert not Document.objects.exists()


def test_the_copy_of_the_membership_can_be_used_and_each_is_destroyed_on_its_own(
    business: Member, signed_in: SignIn, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    kept = business_licence.keep(business, a_file("business_license_copy").taken, actor=acting(business))
    client = signed_in(business)
    assert client.post(PAGE, filled()).status_code == 200  # neither a file nor a tick
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(PAGE, filled(use_kept="on")).status_code == 302
    method = PaymentMethod.objects.get()
    own = method.documents.get()
    assert own.file.name != kept.file.name
    with own.file.open_unseen() as copy, kept.file.open_unseen() as original:
        assert copy.read() == original.read()

    with django_capture_on_commit_callbacks(execute=True):
        removing.remove(method, actor=acting(business))
    assert not is_stored(own.file.name)
    assert is_stored(kept.file.name)
    assert business_licence.held(business) == kept
    assert client.get(reverse("requests:business_documents_licence", args=[method.pk])).status_code == 404


def test_the_copy_stays_when_the_membership_takes_its_own_back(business: Member) -> None:
    business_licence.keep(business, a_file("business_license_copy").taken, actor=acting(business))
    method = documents_of(business)
    business_licence.take_back(business, actor=acting(business))
    assert method.documents.get().data_key.wrapped_key is not None


def test_somebody_elses_copy_is_no_page(business: Member, charlie: Member, signed_in: SignIn) -> None:
    method = documents_of(business)
    address = reverse("requests:business_documents_licence", args=[method.pk])
    assert signed_in(charlie).get(address).status_code == 404
