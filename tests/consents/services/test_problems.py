"""Whatever goes wrong at the services' door is told as a problem document (RFC 9457)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from consents.api import views
from privacy_portal.api import as_problem
from privacy_portal.errors import PortalError
from tests.consents.services.calling import NEWSLETTER, Calls, a_caller, is_problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def calls() -> Calls:
    return a_caller()


def test_what_is_not_there_is_a_problem_with_and_without_a_key(calls: Calls) -> None:
    for address in ("/api/", "/api/v1/", "/api/v1/nothing", "/api/v2/collections", "/api/v1/notices/%00"):
        is_problem(Client().get(address), 404, "not_found")
        is_problem(calls.client.get(address, headers=calls.headers), 404, "not_found")
    is_problem(calls.get("collections/general.nothing"), 404, "unknown_collection")
    is_problem(calls.get("notices/general.nothing"), 404, "unknown_collection")


def test_another_method_is_a_problem(calls: Calls) -> None:
    is_problem(calls.post("collections", {}), 405, "method_not_allowed")
    is_problem(calls.client.options("/api/v1/collections", headers=calls.headers), 405, "method_not_allowed")
    is_problem(calls.client.delete("/api/v1/consents/check", headers=calls.headers), 405, "method_not_allowed")


@pytest.mark.parametrize("body", ["{", "nothing", '{"questions": NaN}', b"\xff\xfe", "[" * 100_000])
def test_what_is_no_json_is_a_problem(calls: Calls, body: Any) -> None:
    is_problem(calls.post("consents/check", body), 400, "malformed_json")


def test_another_media_type_is_a_problem(calls: Calls) -> None:
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        is_problem(calls.post("consents/check", b"{}", media_type), 415, "unsupported_media_type")
    is_problem(calls.get("collections", Accept="text/html"), 406, "not_acceptable")


def test_a_body_that_is_too_large_is_a_problem(calls: Calls, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 500
    is_problem(calls.post("consents/check", b" " * 501), 413, "too_large")
    assert calls.post("consents/check", b'{"questions": []}' + b" " * 483).status_code == 200


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ([], "invalid", None),
        ({}, "invalid", "questions"),
        ({"questions": {}}, "invalid", "questions"),
        ({"questions": [], "dry": 1}, "unknown_field", "dry"),
        ({"questions": [1] * 1001}, "too_many_questions", "questions"),
    ],
)
def test_a_body_that_is_no_batch_is_a_problem_that_names_the_field(
    calls: Calls, body: Any, code: str, field: str | None
) -> None:
    is_problem(calls.post("consents/check", body), 400, code, field=field)


@pytest.mark.parametrize(
    ("address", "query", "code", "field"),
    [
        ("collections", {"page": "2"}, "unknown_field", "page"),
        (f"collections/{NEWSLETTER}", {"x": "1"}, "unknown_field", "x"),
        (f"notices/{NEWSLETTER}", {"lang": "fr"}, "invalid", "lang"),
        (f"notices/{NEWSLETTER}", {"lang": ["ko", "en"]}, "given_twice", "lang"),
        ("consents/check", {}, "invalid", "member"),
        ("consents/check", {"member": "x", "collection": NEWSLETTER}, "invalid", "member"),
        ("consents/check", {"member": "0" * 8 + "-0000-4000-8000-" + "0" * 12}, "invalid", "collection"),
        ("consents/check", {"items": "email"}, "unknown_field", "items"),
    ],
)
def test_a_query_that_is_wrong_is_a_problem_that_names_the_parameter(
    calls: Calls, address: str, query: dict[str, Any], code: str, field: str
) -> None:
    is_problem(calls.get(address, query), 400, code, field=field)


def test_a_defect_is_a_problem_that_tells_nothing(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("secret@example.com")

    monkeypatch.setattr(views, "check", broken)
    response = calls.post("consents/check", {"questions": []})
    is_problem(response, 500, "error")
    assert b"secret" not in response.content


def test_a_portal_that_serves_nobody_says_so_to_services_too(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("privacy_portal.vault.destruction_list.why_not_serve", lambda: "restored")
    response = calls.get("collections")
    is_problem(response, 503, "not_served")
    assert response["Retry-After"] == "600"


def test_what_a_rule_refuses_keeps_its_code_and_field() -> None:
    response = as_problem(PortalError("already_decided", "It was decided.", field="state"), {})
    assert response is not None
    assert (response.status_code, response.data["type"]) == (422, "urn:privacy-portal:problem:already_decided")
    assert response.data["field"] == "state"


def test_a_wrong_field_within_a_list_is_named_by_its_place() -> None:
    detail = {"items": [{}, {"code": [ErrorDetail("This field is required.", "required")]}]}
    response = as_problem(serializers.ValidationError(detail), {})
    assert response is not None
    assert (response.data["field"], response.data["type"].rpartition(":")[2]) == ("items[1].code", "required")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(["questions"]), inner),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=JSON | st.fixed_dictionaries({"questions": st.lists(JSON)}))
def test_no_body_breaks_the_door(calls: Calls, body: Any) -> None:
    response = calls.post("consents/check", body)
    assert response.status_code in (200, 400, 429)
    if response.status_code == 200:
        assert len(response.json()["answers"]) == len(body["questions"])
