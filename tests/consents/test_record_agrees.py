"""Whatever a member does, in whatever order, the columns of a consent are what its events come to (R9)."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consents import giving
from consents.checking import differences
from consents.models import Consent, State
from consents.refusing import refuse
from consents.withdrawal import withdraw
from members.models import Member
from privacy_portal.errors import PortalError
from tests.consents.test_giving import changed_notice
from tests.factories import a_consent, acting, collection, notice

CODE = "general.newsletter"


def act(member: Member, what: str) -> None:
    consent = Consent.objects.filter(member=member).first()
    if what == "give":
        a_consent(member, CODE, company_name="하늘상사")
    elif what == "give less":
        a_consent(member, CODE, without=("company_name",))
    elif what == "refuse":
        refuse(member, collection(CODE), notice=notice(CODE), language="ko", actor=acting(member))
    elif what == "replace notice":
        if notice(CODE).version == 1:
            changed_notice(CODE)
    elif consent is None:
        return
    elif what == "withdraw":
        withdraw(consent, language="ko", actor=acting(member))
    elif what == "renew":
        giving.renew(consent, notice=notice(CODE), language="ko", actor=acting(member))
    elif what == "agree":
        giving.agree_to_item(consent, "company_name", value="바다상사", language="ko", actor=acting(member))
    elif what == "take back":
        giving.take_back_item(consent, "company_name", language="ko", actor=acting(member))


ACTS = ["give", "give less", "refuse", "withdraw", "renew", "agree", "take back", "replace notice"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.sampled_from(ACTS), max_size=8))
def test_any_order_of_acts_leaves_a_record_that_agrees_with_itself(alice: Member, acts: list[str]) -> None:
    from django.db import transaction

    with transaction.atomic():
        for what in acts:
            try:
                with transaction.atomic():
                    act(alice, what)
            except PortalError:
                continue
        assert list(differences(lambda count: None)) == []
        for consent in Consent.objects.select_related("collection", "notice").with_standing():
            living = set(consent.values.filter(data_key__wrapped_key__isnull=False).values_list("item_id", flat=True))
            assert consent.standing == consent.state  # type: ignore[attr-defined]
            assert living == (set(consent.items) & {"company_name"})
            assert (consent.state in (State.GIVEN, State.SUPERSEDED)) == bool(consent.items)
        transaction.set_rollback(True)


def test_a_column_changed_behind_the_record_is_named(alice: Member) -> None:
    consent = a_consent(alice, CODE, without=("company_name",))
    output = StringIO()
    call_command("check_consents", stdout=output, stderr=StringIO())
    assert "Every consent is what its events say." in output.getvalue()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE consents_consent SET state = 'refused', items = '{}', lapses_at = NULL")
    with pytest.raises(CommandError):
        call_command("check_consents", stdout=output, stderr=StringIO())
    assert str(consent.pk) in output.getvalue()
    assert "state is refused" in output.getvalue()
