"""The number of a card or an account stands nowhere whole: not in a page, a log, a mail, the history, an error report,
a package, a bundle, or the database (P1, P2, P5, P6)."""

from __future__ import annotations

import io
import logging
import sys
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.core import mail
from django.core.signals import got_request_exception
from django.test import Client
from django.urls import reverse
from django.views.debug import ExceptionReporter
from django.views.decorators.debug import sensitive_variables

from members.models import Account, Member, PaymentKind, PaymentMethod
from members.payment_methods import adding
from members.staff import PRIVACY_OFFICER
from privacy_portal.audit import revealing
from privacy_portal.vault.fields import SealedValue
from requests import packages
from tests.dumping import dump
from tests.evidence.bundles import all_text, made
from tests.factories import a_business, a_staff_account, staff_acting
from tests.in_admin import list_of, page_of
from tests.paying import NEVER, NUMBER, TYPED, a_card, an_account, documents_of, seen

SignIn = Callable[[Member | Account], Client]
LIST = reverse("members:payment_methods")
PAGES = {
    PaymentKind.CREDIT_CARD: reverse("members:add_card"),
    PaymentKind.ACCOUNT_TRANSFER: reverse("members:add_account"),
}
TYPED_OF = {PaymentKind.CREDIT_CARD: TYPED["card"], PaymentKind.ACCOUNT_TRANSFER: TYPED["account"]}


def whole_in(text: str) -> list[str]:
    return [number for number in NEVER if number in text]


def filled(kind: PaymentKind, **changed: str) -> dict[str, str]:
    return TYPED_OF[kind] | {"notice": seen(kind)} | changed


@pytest.fixture
def log() -> Iterator[Callable[[], str]]:
    """Everything that is logged, as the portal writes it out, and what each record carries besides."""
    records: list[logging.LogRecord] = []

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)
            written.append(formatter.format(record) if formatter else "")

    written: list[str] = []
    root, listening = logging.getLogger(), Listening(logging.DEBUG)
    formatter = next((one.formatter for one in root.handlers if type(one) is logging.StreamHandler), None)
    level = root.level
    root.addHandler(listening)
    root.setLevel(logging.DEBUG)
    yield lambda: "".join(written) + "".join(f"{record.getMessage()}{vars(record)!r}" for record in records)
    root.setLevel(level)
    root.removeHandler(listening)


def of_the_member(client: Client) -> str:
    """Both kinds are added, after errors, looked at, and asked for in full; every page on the way."""
    answers: list[Any] = []
    for kind, page in PAGES.items():
        answers.append(client.get(page))
        answers.append(client.post(page, filled(kind, birth_date="no date", card_expiry="99")))
        answers.append(client.post(page, filled(kind), follow=True))
        answers.append(client.post(page, filled(kind)))  # the same one twice
    for page in (LIST, reverse("members:account"), reverse("consents:data"), *removals()):
        answers.append(client.get(page))
    answers.append(client.post(reverse("consents:data"), {"show": "all"}))
    assert {answer.status_code for answer in answers} == {200}
    return told_by(answers)


def removals() -> list[str]:
    return [reverse("members:remove_payment_method", args=[method.pk]) for method in PaymentMethod.objects.all()]


def of_the_admin(client: Client, member: Member) -> str:
    """Every page of a method and of its member, their history, and the lists, while everything is revealed."""
    methods = list(PaymentMethod.objects.all())
    pages = [list_of("members_paymentmethod"), list_of("vault_destructionrecord"), list_of("audit_accessentry")]
    pages += [list_of("retention_retainedrecord"), page_of(member), page_of(member, "history"), reverse("admin:index")]
    for method in methods:
        pages += [page_of(method), page_of(method, "history")]
        for row in method.history.all():
            pages.append(reverse("admin:members_paymentmethod_version", args=[method.pk, row.pk]))
    answers: list[Any] = [client.get(page) for page in pages]
    searched = [client.post(list_of(name), {"exact": NEVER[0]}, follow=True) for name in WITH_SEARCH]
    assert {answer.status_code for answer in answers} == {200}
    # What somebody searched for is not put back into the page either.
    return told_by([*answers, *searched])


WITH_SEARCH = ("members_member", "members_paymentmethod")


def told_by(answers: list[Any]) -> str:
    told = "".join(f"{answer.content.decode()}{answer.headers}" for answer in answers)
    return told + "".join(str(getattr(answer, "redirect_chain", "")) for answer in answers)


@pytest.mark.django_db(transaction=True)
def test_from_its_first_day_to_its_last_no_number_is_whole_in_a_page_a_log_a_mail_or_a_dump(
    signed_in: SignIn, log: Callable[[], str]
) -> None:
    business = a_business("pays@example.com")
    officer = a_staff_account("officer@cloud.example", PRIVACY_OFFICER)
    client = signed_in(business)
    pages = [of_the_member(client)]
    documents_of(business)
    assert PaymentMethod.objects.count() == 3
    revealing.reveal(business.pk, items=[], why="identity", remark="", reference="R-1", actor=staff_acting(officer))
    pages.append(of_the_admin(signed_in(officer), business))
    living = dump()
    for page in removals():
        pages.append(told_by([client.post(page, follow=True)]))
    pages.append(of_the_admin(signed_in(officer), business))
    for text in (*pages, log(), "".join(str(message.message()) for message in mail.outbox)):
        assert whole_in(text) == []
    assert "4111-11**-****-1111" in pages[0]  # there was something to see
    assert "4111-11**-****-1111" in pages[1]
    assert "*******9012" in pages[1]
    assert log()
    # Neither while they live nor afterwards; and of no other value either.
    for text in (living, dump()):
        for value in (*NEVER, NUMBER, "남궁대표", "1990-05-31", "08/33"):
            assert value not in text
            assert value.encode().hex() not in text


@pytest.mark.django_db(transaction=True)
def test_what_a_member_takes_away_and_what_proves_it_hold_no_number(business: Member, officer: Account) -> None:
    a_card(business, birth_date="1990-05-31")
    an_account(business)
    documents_of(business)
    with zipfile.ZipFile(io.BytesIO(packages.content_of(business, "R-1", ["items"]))) as package:
        text = "".join(package.read(name).decode() for name in package.namelist())
    assert "4111-11**-****-1111" in text
    assert "남궁대표" in text  # the rest is the member's own to read
    assert whole_in(text) == []
    bundle = all_text(made(officer, business.pk))
    assert "4111-11**-****-1111" in bundle
    assert whole_in(bundle) == []


@pytest.mark.django_db
@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize("place", ["make_data_key", "save_as", "normal_values"])
def test_a_crash_tells_no_number_to_a_log_or_an_error_report(
    kind: PaymentKind,
    place: str,
    business: Member,
    signed_in: SignIn,
    log: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = signed_in(business)
    client.raise_request_exception = False
    reports: list[str] = []

    def report(request: Any = None, **kwargs: Any) -> None:
        """What a tool that listens for crashes would send away."""
        reporter = ExceptionReporter(request, *sys.exc_info())
        reports.extend([reporter.get_traceback_text(), reporter.get_traceback_html()])

    @sensitive_variables()
    def failing(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(adding, place, failing)
    got_request_exception.connect(report)
    try:
        answer = client.post(PAGES[kind], filled(kind))
    finally:
        got_request_exception.disconnect(report)
    assert answer.status_code == 500
    assert "the disk is full" in log()
    assert len(reports) == 2
    typed = [*NEVER, *TYPED_OF[kind].values()]
    for text in (answer.content.decode(), *reports, log()):
        assert [value for value in typed if len(value) > 5 and value in text] == []


@pytest.mark.django_db
def test_the_history_of_a_method_holds_sealed_values_only_and_no_index(business: Member) -> None:
    for row in an_account(business).history.all():
        assert isinstance(row.account_number, SealedValue)
        assert whole_in(f"{row!r}{row}{vars(row)!r}") == []
        assert not [name for name in vars(row) if name.endswith("_index")]


def test_the_admin_has_no_column_or_filter_of_a_number() -> None:
    model_admin = admin.site._registry[PaymentMethod]
    columns = {*map(str, model_admin.list_display), *map(str, model_admin.list_filter), *model_admin.search_fields}
    assert columns.isdisjoint({"card_number", "account_number", "card_number_index", "account_number_index"})
