"""Optional values of a membership, taken back by whoever gave them."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from members import changing
from members.finding import found_by, terms_of
from members.models import Account, Member
from privacy_portal.errors import PortalError
from privacy_portal.retention import holds
from privacy_portal.retention.models import LegalHold
from privacy_portal.vault.models import DataKey, DestructionRecord
from tests.factories import a_business, acting, staff_acting

SignIn = Callable[[Member | Account], Client]
NUMBER = "123-45-67891"
DATA = reverse("consents:data")


def page_for(item: str) -> str:
    return reverse("members:take_back", args=[item])


@pytest.fixture
def with_optional(db: None) -> Member:
    return a_business(ceo_name="김대표", business_registration_number=NUMBER)


def test_a_business_takes_an_optional_value_back_and_keeps_the_rest(with_optional: Member, signed_in: SignIn) -> None:
    client = signed_in(with_optional)
    assert page_for("ceo_name") in client.get(DATA).content.decode()
    asking = client.get(page_for("ceo_name")).content.decode()
    assert "김대표" not in asking
    assert asking.count('aria-current="page"') == 1
    assert Member.objects.get(pk=with_optional.pk).ceo_name is not None  # opening the page changes nothing

    page = client.post(page_for("ceo_name"), follow=True).content.decode()

    assert page_for("ceo_name") not in page
    assert page_for("business_registration_number") in page
    member = Member.objects.get(pk=with_optional.pk)
    assert (member.ceo_name, member.ceo_name_key) == (None, None)
    assert all(row.ceo_name.is_destroyed for row in member.history.all() if row.ceo_name is not None)
    record = DestructionRecord.objects.get(subject_id=member.pk)
    assert (record.because, record.items) == ("membership.item_taken_back", ["ceo_name"])
    assert client.post(page_for("ceo_name")).status_code == 302  # again, as by a double click
    assert DestructionRecord.objects.filter(subject_id=member.pk).count() == 1


def test_what_was_taken_back_can_be_given_again_under_a_new_key(with_optional: Member) -> None:
    old = with_optional.ceo_name_key
    assert old is not None
    changing.take_back(with_optional, "ceo_name", reason="taken back", actor=acting(with_optional))

    changing.change(with_optional, {"ceo_name": "박대표"}, reason="test", actor=acting(with_optional))

    member = Member.objects.get(pk=with_optional.pk)
    assert member.ceo_name is not None
    assert member.ceo_name.open_unseen() == "박대표"
    assert member.ceo_name_key != old
    assert DataKey.objects.get(pk=old.pk).is_destroyed


def test_a_number_taken_back_is_found_by_no_search_any_more(with_optional: Member) -> None:
    def found() -> bool:
        return Member.objects.filter(found_by(terms_of(NUMBER)), pk=with_optional.pk).exists()

    assert found()
    changing.take_back(with_optional, "business_registration_number", reason="taken back", actor=acting(with_optional))
    assert not found()


@pytest.mark.parametrize("item", ["company_name", "email", "nickname", "data_key"])
def test_what_the_membership_needs_is_not_taken_back(item: str, with_optional: Member, signed_in: SignIn) -> None:
    assert signed_in(with_optional).post(page_for(item)).status_code == 404
    with pytest.raises(PortalError) as error:
        changing.take_back(with_optional, item, reason="taken back", actor=acting(with_optional))
    assert error.value.code == "not_optional"


def test_nobody_takes_back_what_is_somebody_elses(with_optional: Member, alice: Member, signed_in: SignIn) -> None:
    assert signed_in(alice).post(page_for("ceo_name")).status_code == 404
    with pytest.raises(PortalError) as error:
        changing.take_back(with_optional, "ceo_name", reason="taken back", actor=acting(alice))
    assert error.value.code == "not_yours"


def test_a_legal_hold_is_told_and_nothing_is_destroyed(
    with_optional: Member, officer: Account, signed_in: SignIn
) -> None:
    holds.place(LegalHold.About.PERSON, with_optional.pk, reason="lawsuit", actor=staff_acting(officer))
    client = signed_in(with_optional)
    page = client.get(page_for("ceo_name")).content.decode()
    assert '<button class="action"' not in page
    client.post(page_for("ceo_name"))
    assert Member.objects.get(pk=with_optional.pk).optional_items() == ["ceo_name", "business_registration_number"]


def test_the_database_refuses_an_optional_value_without_a_key_of_its_own(with_optional: Member) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Member.objects.filter(pk=with_optional.pk).update(ceo_name_key=None)


@pytest.mark.django_db(transaction=True)
def test_two_who_take_it_back_at_once_destroy_it_once() -> None:
    member = a_business(ceo_name="김대표")
    barrier, outcomes = Barrier(2), []

    def take_back() -> None:
        barrier.wait()
        try:
            changing.take_back(member, "ceo_name", reason="taken back", actor=acting(member))
            outcomes.append("done")
        except PortalError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [Thread(target=take_back) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["done", "not_optional"]
    assert DestructionRecord.objects.filter(subject_id=member.pk).count() == 1
