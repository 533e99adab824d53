"""Withdrawn means gone: no copy of a value can be read anywhere in a dump of the database (W2)."""

from __future__ import annotations

import pytest
from django.test import Client

from consents.models import Consent, ConsentValue
from privacy_portal.vault.errors import ValueDestroyed
from tests.dumping import dump
from tests.factories import PASSWORD, a_member, notice

CODE = "general.one_time_payment.bank_transfer"
TYPED = {"bank_name": "한빛 은행", "account_number": "110-234-567 890"}
FORMS = ["한빛 은행", "110-234-567 890", "110234567890", "110-234-567890"]


@pytest.mark.django_db(transaction=True)
def test_after_a_withdrawal_no_dump_holds_what_was_given() -> None:
    member, client = a_member("hana@example.com"), Client()
    client.post("/account/login/", {"login": "hana@example.com", "password": PASSWORD})
    shown = f"{notice(CODE).version}:{notice(CODE).digest}"
    form = {"decision": "give", "notice": shown}
    form |= {f"agree_{item}": "on" for item in TYPED} | {f"value_{item}": value for item, value in TYPED.items()}
    client.post(f"/my/consents/{CODE}/", form)
    client.post("/my/data/", {"show": "all"})
    values = list(ConsentValue.objects.filter(consent__member=member).select_related("data_key"))
    assert [value.value.open() for value in values] == ["한빛 은행", "110234567890"]

    client.post(f"/my/consents/{CODE}/withdraw/")

    assert Consent.objects.get().state == "withdrawn"
    text = dump()
    for written in FORMS:
        assert written not in text
        assert written.encode().hex() not in text
    # What is left are sealed bytes, in the row and in its history, whose keys are nowhere.
    for copy in [*ConsentValue.objects.select_related("data_key"), *ConsentValue.history.select_related("data_key")]:
        assert copy.data_key.wrapped_key is None
        with pytest.raises(ValueDestroyed):
            copy.value.open()
