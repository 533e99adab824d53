"""Two at the same moment: one card, one end."""

from __future__ import annotations

import pytest

from members.models import PaymentMethod
from members.payment_methods import removing
from privacy_portal.retention.models import RetainedRecord
from privacy_portal.vault.models import DataKey, DestructionRecord
from tests.consents.test_concurrency import at_once
from tests.factories import a_business, a_member, acting
from tests.paying import a_card, documents_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_many_who_add_the_same_card_at_once_one_does() -> None:
    alice = a_member()
    codes = at_once(8, lambda number: a_card(alice))
    assert codes == ["already_added"] * 7
    assert PaymentMethod.objects.count() == 1
    assert DataKey.objects.filter(ground=DataKey.Ground.PAYMENT_METHOD).count() == 1


def test_of_many_who_add_the_documents_of_a_business_at_once_one_does() -> None:
    business = a_business()
    codes = at_once(4, lambda number: documents_of(business))
    assert codes == ["already_added"] * 3
    assert PaymentMethod.objects.get().documents.count() == 1


def test_of_two_tabs_that_remove_a_card_at_once_one_does() -> None:
    alice = a_member()
    method = a_card(alice)
    assert at_once(6, lambda number: removing.remove(method, actor=acting(alice))) == []
    assert DestructionRecord.objects.count() == 1
    assert RetainedRecord.objects.count() == 1
    assert method.history.count() == 2
