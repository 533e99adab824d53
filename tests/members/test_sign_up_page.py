from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core import mail
from django.test import Client

from members.models import Account, Member
from members.signup import notice_for
from privacy_portal.outbox.models import Mail
from tests.factories import a_member

PASSWORD = "a long enough phrase"


def typed(kind: str = "individual", **changes: str) -> dict[str, str]:
    values = {
        "age": "14_or_over",
        "email": "minji@example.com",
        "password1": PASSWORD,
        "mobile_phone": "010-5555-6666",
        "address": "서울특별시 마포구 양화로 45",
        "country_of_residence": "KR",
        "notice": str(notice_for(kind).pk),
    }
    values |= (
        {"name": "박민지"}
        if kind == "individual"
        else {"company_name": "민지네 가게", "person_in_charge_name": "박민지"}
    )
    return values | changes


def join(client: Client, kind: str = "individual", **changes: str) -> Any:
    return client.post(f"/sign-up/{kind}/", typed(kind, **changes))


def test_an_individual_joins_confirms_the_address_and_is_led_to_the_optional_consents(db: None, client: Client) -> None:
    response = join(client)
    assert response.status_code == 302
    assert response.url == "/account/confirm-email/"
    assert client.get("/my/").status_code == 302

    (message,) = mail.outbox
    assert message.to == ["minji@example.com"]
    link = re.search(r"http://testserver(/account/confirm-email/\S+)", str(message.body))
    assert link is not None
    assert Client().get(link[1]).status_code == 200
    response = client.post(link[1])
    assert response["Location"] == "/my/welcome/"
    assert client.get("/my/welcome/").status_code == 200

    member = Member.objects.get()
    assert member.name.open() == "박민지"
    assert member.mobile_phone.open() == "+821055556666"
    assert member.account is not None
    assert member.account.check_password(PASSWORD)
    assert member.notice == notice_for("individual")


def test_the_mail_that_was_sent_leaves_nothing_behind(db: None, client: Client) -> None:
    join(client)
    sent = Mail.objects.get()
    assert sent.ended_at is not None
    assert (sent.to, sent.subject, sent.text) == (None, None, None)


def test_nobody_signs_in_before_the_address_is_confirmed(db: None, client: Client) -> None:
    join(client)
    other = Client()
    response = other.post("/account/login/", {"login": "minji@example.com", "password": PASSWORD})
    assert response["Location"] == "/account/confirm-email/"
    assert other.get("/my/").status_code == 302


def test_an_address_is_signed_in_with_however_it_is_written(alice: Member, client: Client) -> None:
    response = client.post("/account/login/", {"login": "  ALICE@Example.COM ", "password": "correct horse battery"})
    assert response.status_code == 302
    assert client.get("/my/").status_code == 200


def test_a_known_address_gets_the_same_answer_and_its_owner_a_mail(alice: Member, client: Client) -> None:
    unknown = join(Client())
    mail.outbox.clear()
    known = join(client, email="Alice@EXAMPLE.com")
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)
    assert client.get(known.url).status_code == 200
    assert Account.objects.filter(member__isnull=False).count() == 2
    (message,) = mail.outbox
    assert message.to == ["alice@example.com"]


def test_a_child_is_told_what_to_do_and_nothing_is_kept(db: None, client: Client) -> None:
    response = join(client, age="under_14")
    assert response.url == "/sign-up/under-14/"
    assert client.get(response.url).status_code == 200
    assert not Member.objects.exists()


def test_the_age_is_asked(db: None, client: Client) -> None:
    response = join(client, age="")
    assert response.context["form"].errors["age"]
    assert not Member.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "no address"),
        ("email", "a@b\x00.com"),
        ("mobile_phone", "123"),
        ("mobile_phone", "02-123-4567"),
        ("name", "홍\u200b길동"),
        ("name", "홍\x00길동"),
        ("name", "가" * 10_000),
        ("name", "\ud800"),
        ("name", "12345"),
        ("address", " "),
        ("address", "a" * 201),
        ("country_of_residence", "XX"),
        ("password1", "short"),
        ("password1", "1234567890"),
    ],
)
def test_bad_input_gets_a_sentence_beside_its_field_and_loses_nothing_else(
    db: None, client: Client, field: str, value: str
) -> None:
    body = urlencode(typed(**{field: value}), errors="surrogatepass")
    response = client.post("/sign-up/individual/", body, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 200
    form = response.context["form"]
    assert list(form.errors) == [field]
    page = response.content.decode()
    assert f'id="id_{field}_error"' in page
    for other in ("박민지", "minji@example.com", "서울특별시 마포구 양화로 45", "010-5555-6666"):
        if typed().get(field) != other:
            assert other in page
    assert PASSWORD not in page
    assert not Member.objects.exists()


def test_a_wrong_business_number_is_told_beside_its_field(db: None, client: Client) -> None:
    response = join(client, "business", business_registration_number="123-45-67890")
    assert list(response.context["form"].errors) == ["business_registration_number"]


def test_a_business_abroad_leaves_the_korean_items_empty(db: None, client: Client) -> None:
    response = join(client, "business", country_of_residence="GB", mobile_phone="+447400123456", ceo_name="Jane Doe")
    assert list(response.context["form"].errors) == ["ceo_name"]
    response = join(client, "business", country_of_residence="GB", mobile_phone="+447400123456")
    assert response.status_code == 302


def test_a_notice_that_was_never_shown_is_not_agreed_to(db: None, client: Client) -> None:
    response = join(client, notice=str(notice_for("business").pk))
    assert response.context["form"].non_field_errors()
    assert not Member.objects.exists()
    again = client.post("/sign-up/individual/", {**typed(), "notice": response.context["form"]["notice"].value()})
    assert again.status_code == 302


def test_no_address_is_taken_from_the_url(db: None, client: Client) -> None:
    page = client.get("/sign-up/individual/?email=someone@example.com").content.decode()
    assert "someone@example.com" not in page


def test_a_forgotten_password_is_chosen_anew_by_a_mailed_link(alice: Member, client: Client) -> None:
    known = client.post("/account/password/reset/", {"email": "ALICE@example.com"})
    (message,) = mail.outbox
    unknown = client.post("/account/password/reset/", {"email": "nobody@example.com"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert len(mail.outbox) == 1
    link = re.search(r"https?://[^/]+(/account/password/reset/key/\S+)", str(message.body))
    assert link is not None
    form_page = client.get(link[1], follow=True)
    response = client.post(form_page.request["PATH_INFO"], {"password1": PASSWORD, "password2": PASSWORD})
    assert response.status_code == 302
    alice.account.refresh_from_db()  # type: ignore[union-attr]
    assert alice.account.check_password(PASSWORD)  # type: ignore[union-attr]


def test_signed_in_pages_stay_out_of_caches(alice: Member, client: Client) -> None:
    client.post("/account/login/", {"login": "alice@example.com", "password": "correct horse battery"})
    assert "no-store" in client.get("/my/data/")["Cache-Control"]


def test_a_name_in_foreign_letters_is_kept_as_it_is(db: None) -> None:
    assert a_member(name="José  Ángel Núñez").name.open() == "José Ángel Núñez"


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_link_that_confirmed_an_address_already_has_a_page_that_says_so(
    db: None, client: Client, method: str
) -> None:
    join(client)
    link = re.search(r"http://testserver(/account/confirm-email/\S+)", str(mail.outbox[-1].body))
    assert link is not None
    client.post(link[1])
    answer = getattr(Client(), method)(link[1])
    assert answer.status_code == 200
    assert 'href="/account/login/"' in answer.content.decode()


def test_a_link_to_a_new_password_works_once(alice: Member, client: Client) -> None:
    client.post("/account/password/reset/", {"email": "alice@example.com"})
    link = re.search(r"https?://[^/]+(/account/password/reset/key/\S+)", str(mail.outbox[-1].body))
    assert link is not None
    form_page = client.get(link[1], follow=True)
    weak = client.post(form_page.request["PATH_INFO"], {"password1": "1234"})
    assert list(weak.context["form"].errors) == ["password1"]
    client.post(form_page.request["PATH_INFO"], {"password1": PASSWORD})
    for other in (client, Client()):
        answer = other.get(link[1], follow=True)
        assert 'name="password1"' not in answer.content.decode()
        assert 'href="/account/password/reset/"' in answer.content.decode()


def test_a_new_password_ends_every_session_and_leaves_the_address_alone(
    alice: Member, client: Client, signed_in: Any
) -> None:
    before = signed_in(alice)
    client.post("/account/password/reset/", {"email": "alice@example.com"})
    link = re.search(r"https?://[^/]+(/account/password/reset/key/\S+)", str(mail.outbox[-1].body))
    assert link is not None
    form_page = client.get(link[1], follow=True)
    client.post(form_page.request["PATH_INFO"], {"password1": PASSWORD})
    assert before.get("/my/").status_code == 302


def test_mails_about_the_account_are_in_its_language_whoever_asks(db: None, client: Client) -> None:
    a_member("dana@example.com", language="en")
    for path, typed_in in (
        ("/account/password/reset/", {"email": "dana@example.com"}),
        ("/sign-up/individual/", typed(email="dana@example.com")),
    ):
        client.post(path, typed_in)
        assert str(mail.outbox[-1].body).startswith("Hello,")


def test_a_closed_account_is_mailed_no_link_to_a_new_password(alice: Member, client: Client) -> None:
    Account.objects.filter(member=alice).update(is_active=False)
    client.post("/account/password/reset/", {"email": "alice@example.com"})
    assert mail.outbox == []
