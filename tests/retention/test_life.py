"""A person's whole life in the portal; at its end nothing they ever gave can be read anywhere."""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.apps import apps
from django.core import mail
from django.core.files.storage import default_storage
from django.test import Client

from consents.models import Consent
from members import closing
from members.models import Account, Member
from members.signup import notice_for
from members.staff import PRIVACY_OFFICER, SUPPORT_AGENT
from privacy_portal.retention import runs
from privacy_portal.retention.models import RetainedRecord
from privacy_portal.vault import destruction_list
from privacy_portal.vault.errors import ValueDestroyed
from privacy_portal.vault.fields import SealedField
from privacy_portal.vault.models import DataKey, DestructionRecord
from tests.dumping import dump
from tests.factories import PASSWORD, a_staff_account, acting, notice, staff_acting
from tests.in_admin import list_of, page_of
from tests.retention.lives import CODE, an_approved_run, another_officer, later

BROWSER, ADDRESS = "Mozilla/5.0 (Haru at home)", "198.51.100.23"
JOINING = {
    "age": "14_or_over",
    "email": " Haru.Seo@Example.com",
    "password1": PASSWORD,
    "name": " 서하루",
    "mobile_phone": "010 4321-8765",
    "address": "제주특별자치도 서귀포시 중문관광로 72",
    "country_of_residence": "KR",
}
PAYING = {"bank_name": "달빛 은행", "account_number": "302-1188 4471-09"}
PAYING_LATER = {"bank_name": "별빛은행", "account_number": "77 0042-998 11"}
# Everything ever given, in each form it was typed, kept or shown in full.
FORMS = (
    *("haru.seo@example.com", "haru.seo", PASSWORD, "서하루"),
    *("010 4321-8765", "01043218765", "010-4321-8765", "+821043218765", "+82 10-4321-8765"),
    *("서귀포시 중문관광로 72", "중문관광로"),
    *(
        "달빛 은행",
        "달빛은행",
        "302-1188 4471-09",
        "302118844471",
        "302-1188-4471-09",
        "30211884447109",
        "302118844 7109",
    ),
    *("30211884471 09", "3021188447109", "별빛은행", "별빛 은행", "77 0042-998 11", "77004299811", "77-0042-998-11"),
    *(ADDRESS, "haru at home"),
)


def written(form: str) -> Iterator[str]:
    """A value as tables, files and logs may write it."""
    plain = form.encode()
    yield form
    yield plain.hex()
    yield json.dumps(form)[1:-1]
    yield quote(form)
    for offset in range(3):  # wherever it falls in something longer
        yield base64.b64encode(b"x" * offset + plain)[4 if offset else 0 : -4].decode()


def found_in(text: str) -> set[str]:
    lowered = text.lower()
    return {form for form in FORMS for one in written(form) if len(one) > 5 and one.lower() in lowered} | {
        form for form in FORMS if form in lowered
    }


def lives(browser: Client) -> Member:
    """Joins, confirms the address, consents, looks, changes the details, looks again."""
    browser.post("/sign-up/individual/", {**JOINING, "notice": str(notice_for("individual").pk)})
    link = re.search(r"http://testserver(/account/confirm-email/\S+)", str(mail.outbox[-1].body))
    assert link is not None
    browser.post(link[1])
    shown = f"{notice(CODE).version}:{notice(CODE).digest}"
    for typed in (PAYING, PAYING_LATER):
        form = {"decision": "give", "notice": shown}
        form |= {f"agree_{item}": "on" for item in typed} | {f"value_{item}": value for item, value in typed.items()}
        browser.post(f"/my/consents/{CODE}/", form)
        assert Consent.objects.get().state == "given"
        browser.post("/my/data/", {"show": "all"})
        if typed == PAYING:
            browser.post(f"/my/consents/{CODE}/withdraw/")
    return Member.objects.get()


def opened_values() -> Iterator[Any]:
    """Every sealed value of every table, history included, that still opens."""
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if isinstance(field, SealedField):
                for row in model._base_manager.exclude(**{f"{field.name}__isnull": True}):
                    try:
                        yield getattr(row, field.name).open()
                    except ValueDestroyed:
                        continue


def files() -> str:
    stored = Path(default_storage.path(""))
    paths = [destruction_list.path(), *(path for path in stored.rglob("*") if path.is_file())]
    return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in paths)


@pytest.mark.parametrize(
    "text", ["x서하루y", "서하루".encode().hex(), base64.b64encode("ab달빛 은행cd".encode()).decode()]
)
def test_the_search_finds_a_value_however_it_is_written(text: str) -> None:
    assert found_in(text)


@pytest.mark.django_db(transaction=True)
def test_nothing_a_person_ever_gave_outlives_them(
    signed_in: Callable[[Member | Account], Client], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    browser = Client(REMOTE_ADDR=ADDRESS, headers={"User-Agent": BROWSER})
    officer, second = a_staff_account("officer@cloud.example", PRIVACY_OFFICER), another_officer()
    agent = a_staff_account("agent@cloud.example", SUPPORT_AGENT)
    member = lives(browser)
    pages = [list_of("consents_consentevent"), page_of(member), page_of(member, "history")]
    # The agent has no request of the member's, and so no page about the member.
    for who, shown in ((officer, pages), (agent, pages[:1])):
        for page in shown:
            assert signed_in(who).get(page).status_code == 200
        signed_in(who).post(list_of("members_member"), {"exact": "서하루"}, follow=True)
    living = found_in(" ".join(map(str, opened_values())))
    assert living >= {"haru.seo@example.com", "서하루", "중문관광로", "77004299811", ADDRESS, "haru at home"}
    assert "3021188447109" not in living, "what was withdrawn is gone at once"
    before = dump()

    closing.close(member, actor=acting(member))
    living = found_in(" ".join(map(str, opened_values())))
    assert "77004299811" not in living, "of a payment, law keeps no number of an account"
    with later(years=4):
        runs.destroy(an_approved_run(officer))
        contract = RetainedRecord.objects.get(rule__code="contract_records")
        assert contract.values.open()["name"] == "서하루", "law keeps this for five years"
    with later(years=6):
        runs.destroy(runs.approve(an_approved_run(officer), actor=staff_acting(second)))

    assert not DataKey.objects.filter(subject_id=member.pk, wrapped_key__isnull=False).exists()
    assert found_in(" ".join(map(str, opened_values()))) == set()
    for text in (before, dump(), files(), caplog.text):
        assert found_in(text) == set()
    assert found_in(str(dict(browser.session.items()))) == set()
    # What stays is the proof: that it was agreed to, by which notice, and that it was destroyed, by whose leave.
    events = Consent.objects.get().events.order_by("id").values_list("kind", flat=True)
    assert list(events) == ["given", "withdrawn", "given", "withdrawn"]
    assert DestructionRecord.objects.get(rule="contract_records").approved_by == [officer.pk, second.pk]
