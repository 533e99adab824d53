"""What goes into a sealed field comes out of it, and is nowhere else."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.core.exceptions import FieldError
from django.db import transaction
from django.template import Context, Template
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from consents.models import ConsentEvent, ConsentValue
from members.models import Member
from privacy_portal.vault.errors import VaultError
from privacy_portal.vault.fields import DOTS
from tests import factories
from tests.factories import a_consent

in_the_database = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
any_text = st.text(st.characters(exclude_categories=()))  # lone surrogates too
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=12,
)


def typed(value: Any) -> str:
    """As JSON text, in which 1, 1.0 and true are different things."""
    return json.dumps(value)


@in_the_database
@given(text=any_text)
@example(text="")
@example(text="\ud800\0")
def test_any_text_is_read_as_it_was_written(alice: Member, text: str) -> None:
    alice.name = text
    alice.save_base(raw=True)
    assert Member.objects.get(pk=alice.pk).name.open() == text


@in_the_database
@given(content=any_json.filter(lambda content: content is not None))
def test_any_json_is_read_as_it_was_written(alice: Member, content: Any) -> None:
    consent = a_consent(alice, "general.general_inquiry") if not alice.consents.exists() else alice.consents.get()
    first = consent.events.latest("id")
    event = ConsentEvent.objects.create(
        consent=consent,
        kind="given",
        at=first.at,
        notice=first.notice,
        method=first.method,
        evidence_key=first.evidence_key,
        evidence=content,
    )
    assert typed(ConsentEvent.objects.get(pk=event.pk).evidence.open()) == typed(content)


def test_what_is_not_held_is_none(alice: Member) -> None:
    assert Member.objects.get(pk=alice.pk).company_name is None


def test_what_is_opened_changed_and_assigned_again_is_stored_as_changed(alice: Member) -> None:
    event = a_consent(alice, "general.general_inquiry").events.get()
    assert event.evidence is not None
    evidence = event.evidence.open()
    evidence["reason"] = "corrected"
    event.evidence = evidence
    stored = event.evidence.envelope()
    event.evidence = stored
    assert event.evidence.open()["reason"] == "corrected"


def test_true_is_another_value_than_one(alice: Member) -> None:
    event = ConsentEvent(evidence_key=alice.data_key, evidence={"read": 1})
    event.evidence = {"read": True}
    assert event.evidence.open()["read"] is True


def test_a_sealed_value_goes_to_another_person_only_in_clear(alice: Member) -> None:
    other = factories.a_member()
    other.name = alice.name
    with pytest.raises(VaultError, match="does not open as the value of"), transaction.atomic():
        other.save()
    other.name = alice.name.open()
    other.save()
    assert Member.objects.get(pk=other.pk).name.open() == "김하늘"


def test_a_sealed_value_goes_to_another_column_only_in_clear(alice: Member) -> None:
    alice.address = alice.name
    with pytest.raises(VaultError, match="does not open as the value of"):
        alice.save()


def test_a_value_assigned_in_a_query_is_refused_rather_than_stored_in_clear(alice: Member) -> None:
    with pytest.raises(FieldError, match="assign it and save the object"):
        Member.objects.filter(pk=alice.pk).update(name="김바다")


@pytest.mark.parametrize(
    "show",
    [
        str,
        repr,
        "{}".format,
        "{!r}".format,
        "%s".__mod__,
        lambda value: str([value]),
        lambda value: Template("{{ value }}").render(Context({"value": value})),
        lambda value: str(ValueError(value)),
    ],
)
def test_a_sealed_value_shows_nothing_of_itself(alice: Member, show: Any) -> None:
    for name in (Member.objects.get(pk=alice.pk).name, alice.name):
        assert name.open() == "김하늘"
        assert "김하늘" not in show(name)


def test_a_page_shows_dots_in_place_of_a_sealed_value(alice: Member) -> None:
    assert Template("{{ member.name }}").render(Context({"member": alice})) == DOTS


def test_a_log_line_about_a_sealed_value_does_not_tell_it(alice: Member, caplog: pytest.LogCaptureFixture) -> None:
    alice.name.open()
    try:
        raise RuntimeError("could not greet", alice.name)
    except RuntimeError:
        logging.getLogger("portal").exception("greeting %s (%r)", alice.name, alice.name)
    assert "greeting" in caplog.text
    assert "김하늘" not in caplog.text


def test_a_list_of_values_is_read_in_one_query(alice: Member, django_assert_num_queries: Any) -> None:
    for number in range(3):
        a_consent(factories.a_member(), "general.newsletter", company_name=f"회사 {number}")
    with django_assert_num_queries(1):
        values = ConsentValue.objects.select_related("data_key").order_by("given_at")
        assert [value.value.open() for value in values] == ["회사 0", "회사 1", "회사 2"]


def test_a_value_is_decrypted_only_when_it_is_opened(alice: Member) -> None:
    member = Member.objects.select_related("data_key").get(pk=alice.pk)
    assert str(member.name) == DOTS
    assert not member.name.is_at_hand
    member.name.open()
    assert member.name.is_at_hand
    assert not member.address.is_at_hand
