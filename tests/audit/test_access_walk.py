"""No page can show a person and leave no entry: every page of every registered admin is opened, and every API route."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from consents.models import Scope
from consents.withdrawal import withdraw
from members.models import Account, Member
from privacy_portal.audit import revealing, watch_list
from privacy_portal.audit.models import AccessEntry, AccessReview, OwnAccessEntry
from privacy_portal.audit.months import key_for
from privacy_portal.audit.sight import Sight, Viewer
from privacy_portal.clock import now
from privacy_portal.policy import publishing
from requests.models import Document
from tests.architecture.test_admin_rights import request_rows, retention_rows, rights_rows
from tests.consents.services.calling import Calls, a_key, a_service
from tests.factories import a_consent, a_representative, acting, collection, staff_acting, the_agent
from tests.in_admin import list_of
from tests.ledger import a_checkpoint
from tests.paying import a_card

SignIn = Callable[[Member | Account], Client]
ROOT = Path(__file__).parents[2]
ADMINS = list(admin.site._registry.values())
# Masked forms and whole values of the person that everything in this test is about.
SHOWN = (
    "김*늘",
    "김하늘",
    "al******@example.com",
    "alice@example.com",
    "010-****-5678",
    "1234-5678",
    "강남구",
    "하늘상사",
    "4111-11**-****-1111",
)
# Addresses of the admin that belong to no model.
PLAIN_PAGES = {
    "index",
    "login",
    "logout",
    "password_change",
    "password_change_done",
    "autocomplete",
    "jsi18n",
    "view_on_site",
    "app_list",
    "search",
    "toggle_sidebar",
}
# Where an opened value is used by the portal itself and shown to nobody.
UNSEEN = {
    "privacy_portal/vault/fields.py",
    "privacy_portal/vault/files.py",
    "privacy_portal/vault/blind_index.py",
    "privacy_portal/audit/masking.py",
    "privacy_portal/outbox/mail.py",
    "members/models/member.py",
    "members/addresses.py",
    "members/representatives/telling.py",
    "members/rights/deciding.py",
    "members/rights/password_link.py",
    "members/sign_in.py",
    "members/forgotten_password.py",
    "members/changing_address.py",
    "members/closing.py",
    "members/address/telling.py",
    "consents/telling.py",
    "privacy_portal/retention/retaining.py",
    "requests/previews.py",
    # Carrying out what was asked: the decision, not a page, is what uses the value.
    "members/changing.py",
    "members/naver/joining.py",
    "members/naver/linking.py",
    "members/naver/telling.py",
    "members/naver/unlinking.py",
    "members/naver/waiting.py",
    "requests/models.py",
    "requests/effects.py",
    "requests/held.py",
    "requests/copies/parts.py",
    "requests/copies/of_requests.py",
    "requests/copies/making.py",
    "requests/documents.py",
    "requests/telling.py",
    "requests/digest.py",
    "requests/links_again.py",
    "privacy_portal/retention/complaints.py",
}


@pytest.fixture
def cast(officer: Account, alice: Member) -> None:
    """At least one row of everything the admin shows, all of it about Alice."""
    actor = staff_acting(officer)
    a_consent(alice, "general.sales_inquiry", company_name="하늘상사")
    withdraw(a_consent(alice, "general.newsletter", company_name="하늘상사"), language="ko", actor=acting(alice))
    publishing.draft(collection("general.newsletter"), actor=actor)
    watch_list.watch(alice.pk, why="colleague", actor=actor)
    revealing.reveal(alice.pk, items=["job_title"], why="identity", remark="", reference="R-1", actor=actor)
    a_card(alice)
    rights_rows(officer)
    retention_rows(alice)
    request_rows(alice, the_agent())
    a_representative()
    a_key(a_service())
    a_checkpoint()
    AccessReview.objects.create(month="2026-10-01", signed_off_by=officer.pk, note="fine", entries=1)
    sight = Sight(lambda: Viewer(actor, "admin:members_member_change", "", AccessEntry.What.VIEW), {alice.pk: None})
    sight.write()
    assert alice.account_id is not None
    OwnAccessEntry.objects.create(
        person_id=alice.pk, account_id=alice.account_id, data_key=key_for(now()), page="consents:data"
    )
    assert [one.opts.label for one in ADMINS if not one.model._default_manager.exists()] == []


def shows_alice(response: Any, alice: Member) -> list[str]:
    body = response.getvalue() if response.streaming else response.content
    text = body.decode(errors="replace")
    number = str(alice.pk)
    # A page that only gives back the number it was asked with tells nothing.
    told = () if number in response.request["QUERY_STRING"] else (number,)
    return [value for value in (*SHOWN, *told) if value in text]


def addresses(model_admin: Any) -> Iterator[str]:
    """Every address of one admin, with the objects and numbers it asks for."""
    row = model_admin.model._default_manager.order_by("-pk").first()
    for pattern in model_admin.get_urls():
        if pattern.name is None:
            continue
        route = str(pattern.pattern)
        names = re.findall(r"<(?:\w+:)?(\w+)>", route)
        if names and row is None:
            continue
        yield reverse(f"admin:{pattern.name}", kwargs={name: argument(name, row) for name in names})


def argument(name: str, row: models.Model) -> Any:
    if name in ("object_id", "number"):
        return row.pk
    if name == "document":
        return Document.objects.get(member_request=row.pk).pk
    if name == "version":
        manager = getattr(row._meta, "simple_history_manager_attribute", None)
        return getattr(row, manager).first().pk if manager else 1
    return {"code": "general.newsletter", "year": 2026, "month": 10, "page": 1, "step": "write"}[name]


def visits(model_admin: Any, alice: Member) -> Iterator[tuple[str, str, dict[str, str]]]:
    for address in addresses(model_admin):
        yield "get", address, {}
        yield "get", f"{address}?member={alice.pk}", {}
        yield "get", f"{address}?person={alice.pk}", {}
        if "/history/" not in address:
            yield "post", address, {"exact": "김하늘"}
            yield "post", f"{address}?person={alice.pk}", {"why": ""}
    bulk = {"action": "delete_selected", "_selected_action": "1"}
    yield "post", list_of(f"{model_admin.opts.app_label}_{model_admin.opts.model_name}"), bulk


@pytest.mark.parametrize("model_admin", ADMINS, ids=lambda one: one.opts.label_lower)
@pytest.mark.usefixtures("cast")
def test_a_page_that_shows_a_person_leaves_an_entry(
    model_admin: Any, officer: Account, alice: Member, signed_in: SignIn
) -> None:
    client = signed_in(officer)
    visited = 0
    for method, address, data in visits(model_admin, alice):
        before = AccessEntry.objects.count()
        response = getattr(client, method)(address, data)
        while response.status_code == 302 and response["Location"].startswith(("/admin/", "?")):
            response = client.get(response["Location"])
        shown = shows_alice(response, alice) if response.status_code < 400 else []
        new = list(AccessEntry.objects.order_by("id")[before:])
        assert not shown or any(alice.pk in entry.people for entry in new), (method, address, shown)
        visited += 1
    assert visited >= 5


@pytest.mark.usefixtures("cast")
def test_the_walk_sees_people_where_they_are(officer: Account, alice: Member, signed_in: SignIn) -> None:
    client = signed_in(officer)
    seen = {
        model_admin.opts.label_lower
        for model_admin in ADMINS
        for method, address, _data in visits(model_admin, alice)
        if method == "get" and shows_alice(client.get(address), alice)
    }
    assert {"members.member", "members.account", "consents.consent", "consents.consentevent"} <= seen
    assert {"vault.destructionrecord", "audit.accessentry", "audit.reveal", "audit.watchedperson"} <= seen
    assert {"requests.memberrequest", "members.paymentmethod"} <= seen


def test_every_other_page_of_the_admin_shows_nobody(officer: Account, alice: Member, signed_in: SignIn) -> None:
    of_models = {pattern.name for one in ADMINS for pattern in one.get_urls()}
    plain = [pattern for pattern in admin.site.get_urls() if isinstance(pattern, URLPattern) and pattern.name]
    assert {pattern.name for pattern in plain} - of_models <= PLAIN_PAGES
    client = signed_in(officer)
    for name in ("index", "jsi18n", "autocomplete"):
        query = {"app_label": "members", "model_name": "member", "field_name": "account", "term": "김"}
        assert shows_alice(client.get(reverse(f"admin:{name}"), query), alice) == []


def api_routes(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from api_routes(pattern, route)
        elif route.startswith("api/"):
            yield route


@pytest.mark.usefixtures("cast")
def test_a_route_of_the_api_that_shows_a_person_leaves_an_entry(alice: Member) -> None:
    calls = Calls(a_key(a_service("walker", scopes=Scope.values)))
    answered = 0
    for route in api_routes(get_resolver()):
        address = "/" + re.sub(r"<(?:\w+:)?\w+>|\(\?P<\w+>[^)]*\)", str(alice.pk), route).strip("^$")
        before = AccessEntry.objects.count()
        response = calls.client.get(address, headers=calls.headers)
        answered += response.status_code == 200
        assert not shows_alice(response, alice) or AccessEntry.objects.count() > before, address
    assert answered


def test_values_are_opened_unseen_only_where_nobody_is_shown_them() -> None:
    found = set()
    for room in ("privacy_portal", "members", "consents", "requests"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Attribute) and node.attr in ("open_unseen", "_opened", "_plain"):
                    found.add(str(path.relative_to(ROOT)))
    assert found <= UNSEEN
