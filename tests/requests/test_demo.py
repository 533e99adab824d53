"""The demo's sixty requests: of every kind and state, some overdue, all as if they had been lived."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pgtrigger
import pytest
from django.db import transaction
from django.utils import timezone

from consents.checking import differences
from consents.demo import making
from members.addresses import account_with
from members.models import PaymentKind, PaymentMethod
from members.payment_methods.showing import Expiry, expiry_of
from privacy_portal.policy.models import Notice
from requests import kinds
from requests.demo import making as desk
from requests.demo import payments
from requests.models import Document, MemberRequest, RequestEvent, State

pytestmark = pytest.mark.django_db
UNTIL = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock(), transaction.atomic():
        with pgtrigger.ignore("policy.Notice:published_stays"):
            Notice.objects.filter(version=1).update(published_at=UNTIL - making.BEGINNING - timedelta(days=1))
        making.make(seed=2025, size=120, until=UNTIL, progress=lambda told, known: None)
        desk.make(seed=2025, until=UNTIL)
        payments.make(seed=2025, until=UNTIL)
        yield
        transaction.set_rollback(True)


def test_there_are_sixty_of_every_kind_and_state_and_some_are_overdue(demo: None) -> None:
    assert MemberRequest.objects.count() == 60
    assert set(MemberRequest.objects.values_list("kind", flat=True)) == set(kinds.kinds())
    assert set(MemberRequest.objects.values_list("state", flat=True)) == set(State.values)
    assert 4 <= MemberRequest.objects.overdue(UNTIL).count() <= 12
    assert MemberRequest.objects.unassigned().exists()


def test_every_request_that_needs_documents_has_them_and_they_open(demo: None) -> None:
    for document in Document.objects.exclude(data_key__wrapped_key=None).select_related("data_key"):
        with document.file.open_unseen() as file:
            assert file.read(3) == b"\xff\xd8\xff"
    needing = [kind.code for kind in kinds.kinds().values() if kind.documents and kind.collection]
    for member_request in MemberRequest.objects.filter(kind__in=needing):
        assert member_request.documents.exists()


def test_its_record_is_in_the_order_in_which_it_happened(demo: None) -> None:
    moments = list(RequestEvent.objects.order_by("id").values_list("at", flat=True))
    assert moments == sorted(moments)
    assert moments[-1] < UNTIL
    assert list(differences(lambda count: None)) == []


def test_the_member_one_signs_in_as_has_something_waiting_decided_and_to_download(demo: None) -> None:
    own = MemberRequest.objects.filter(member__account=account_with("seoyeon.park@example.com"))
    assert set(own.values_list("kind", "state")) >= {
        ("access", "approved"),
        ("general_inquiry", "waiting"),
        ("information_change_individual", "done"),
    }


def test_some_members_keep_payment_methods_of_every_kind_one_expired_and_some_removed(demo: None) -> None:
    methods = list(PaymentMethod.objects.select_related("data_key", "member"))
    assert {method.kind for method in methods} == set(PaymentKind.values)
    living = [method for method in methods if method.ended_at is None]
    assert len(living) >= 15
    assert len(methods) > len(living)
    assert Expiry.EXPIRED in {expiry_of(method) for method in living}
    for method in methods:
        assert method.member.joined_at <= method.added_at < UNTIL
    own = PaymentMethod.objects.filter(member__account=account_with("seoyeon.park@example.com"))
    assert own.filter(ended_at__isnull=True).count() == own.filter(ended_at__isnull=False).count() == 1
