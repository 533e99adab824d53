"""Every shape of answer that NAVER is known to give, and some it is not (V1 to V7)."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from members.naver import answers, provider
from privacy_portal.errors import PortalError
from tests.naver import Naver, says

TOKENS = provider.Tokens("an access token", "a refresh token")
PROFILE = {
    "id": "32742776",
    "nickname": "OpenAPI",
    "name": "오픈 API",
    "email": "OpenAPI@naver.com",
    "gender": "F",
    "age": "40-49",
    "birthday": "10-01",
    "profile_image": "https://ssl.pstatic.net/static/pwe/address/nodata_33x33.gif",
}


def refused(ask: Any, *arguments: str) -> str:
    with pytest.raises(PortalError) as error:
        ask(*arguments)
    assert error.value.sentence == answers.SENTENCES[error.value.code]
    return error.value.code


def test_the_person_is_sent_to_naver_with_the_fixed_address_to_come_back_to() -> None:
    address = urlsplit(provider.authorise_address("a state"))
    asked = {name: value[0] for name, value in parse_qs(address.query).items()}
    assert asked == {
        "response_type": "code",
        "client_id": "privacy-portal-demo",
        "redirect_uri": "http://127.0.0.1:8000/naver/callback/",
        "state": "a state",
    }
    assert "redirect_uri=http%3A%2F%2F127.0.0.1" in address.query
    assert "auth_type=reauthenticate" in provider.authorise_address("a state", again=True)


@pytest.mark.parametrize("expires_in", ["3600", 3600])
def test_tokens_are_read_whether_their_life_is_a_string_or_a_number(naver: Naver, expires_in: Any) -> None:
    naver.answers["authorization_code"] = [
        says(access_token="AAAA+/=", refresh_token="c8ceMEjf", token_type="bearer", expires_in=expires_in)
    ]
    assert provider.tokens_for("a code", "a state") == provider.Tokens("AAAA+/=", "c8ceMEjf")


def test_what_is_sent_for_tokens_is_in_the_body_and_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        return says(access_token="a", refresh_token="b", token_type="bearer", expires_in="3600", result="success")

    real = provider._client
    monkeypatch.setattr(provider, "_client", lambda **more: real(transport=httpx2.MockTransport(answer), **more))
    provider.tokens_for("a code", "a state")
    provider.refreshed("a/refresh+token=")
    provider.delete("AAAA+/=&x")
    bodies = [{name: value[0] for name, value in parse_qs(one.content.decode()).items()} for one in sent]
    client = {"client_id": "privacy-portal-demo", "client_secret": "secret-of-the-demo"}
    assert [one.method for one in sent] == ["POST"] * 3
    assert {one.url.query for one in sent} == {b""}
    code = {"grant_type": "authorization_code", "code": "a code", "state": "a state"}
    assert code.items() <= bodies[0].items()
    assert bodies[1] == {"grant_type": "refresh_token", "refresh_token": "a/refresh+token=", **client}
    assert bodies[2] == {"grant_type": "delete", "access_token": "AAAA+/=&x", "service_provider": "NAVER", **client}


def test_a_refresh_brings_an_access_token_and_no_refresh_token(naver: Naver) -> None:
    naver.answers["refresh_token"] = [says(access_token="new", token_type="bearer", expires_in="3600")]
    assert provider.refreshed("old") == "new"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("access_denied", "naver_cancelled"),
        ("unauthorized_client", "naver_portal_unknown"),
        ("invalid_request", "naver_portal_wrong"),
        ("unsupported_response_type", "naver_portal_wrong"),
        ("server_error", "naver_out_of_order"),
        ("something_new", "naver_unknown_error"),
    ],
)
def test_an_error_naver_sends_the_person_back_with_has_its_sentence(error: str, code: str) -> None:
    assert refused(provider.code_of, {"state": "s", "error": error, "error_description": "..."}) == code  # type: ignore[arg-type]


def test_coming_back_with_nothing_is_told() -> None:
    assert refused(provider.code_of, {"state": "s"}) == "naver_unreadable"  # type: ignore[arg-type]


TROUBLE: list[tuple[httpx2.Response | Exception, str]] = [
    (says(error="unauthorized_client", error_description="wrong client id"), "naver_portal_unknown"),
    (says(401, error="unauthorized_client"), "naver_portal_unknown"),
    (says(error="unsupported_response_type"), "naver_portal_wrong"),
    (says(error="server_error"), "naver_out_of_order"),
    (says(400, error="server_error"), "naver_out_of_order"),
    (says(error="something_new"), "naver_unknown_error"),
    (says(error={"an": "object"}), "naver_unknown_error"),
    (httpx2.Response(500), "naver_out_of_order"),
    (httpx2.Response(503, text="<html>busy</html>"), "naver_out_of_order"),
    (httpx2.Response(403, text="<html>no</html>"), "naver_unknown_error"),
    (httpx2.Response(302, headers={"Location": "https://elsewhere.example/"}), "naver_unknown_error"),
    (httpx2.Response(200, text="<html>hello</html>"), "naver_unreadable"),
    (httpx2.Response(200, json=["a", "list"]), "naver_unreadable"),
    (httpx2.Response(200, json=None), "naver_unreadable"),
    (httpx2.Response(200, content=b"\xff\xfe"), "naver_unreadable"),
    (says(), "naver_unreadable"),
    (says(access_token=""), "naver_unreadable"),
    (says(access_token=7), "naver_unreadable"),
    (says(access_token="a", expires_in="soon"), "naver_unreadable"),
    (says(access_token="a", expires_in={"s": 1}), "naver_unreadable"),
    (httpx2.ConnectTimeout("late"), "naver_timeout"),
    (httpx2.ReadTimeout("late"), "naver_timeout"),
    (httpx2.ConnectError("nobody there"), "naver_unreachable"),
    (httpx2.RemoteProtocolError("odd"), "naver_unreachable"),
]


@pytest.mark.parametrize(("trouble", "code"), TROUBLE, ids=[f"{number}-{one[1]}" for number, one in enumerate(TROUBLE)])
def test_trouble_at_the_token_address_has_its_sentence(
    naver: Naver, trouble: httpx2.Response | Exception, code: str
) -> None:
    for step, ask in (
        ("authorization_code", lambda: provider.tokens_for("c", "s")),
        ("refresh_token", lambda: provider.refreshed("r")),
    ):
        naver.answers[step] = [trouble]
        assert refused(ask) == code
    if code != "naver_unreadable":
        naver.answers["delete"] = [trouble]
        assert refused(provider.delete, "a") == code


@pytest.mark.parametrize("status", [200, 400, 401])
@pytest.mark.parametrize("error", ["invalid_request", "invalid_grant"])
def test_a_code_or_token_that_is_not_taken_is_told_from_a_fault_of_ours(naver: Naver, error: str, status: int) -> None:
    naver.answers["authorization_code"] = [says(status, error=error, error_description="no valid data in session")]
    assert refused(provider.tokens_for, "used", "s") == "naver_code_used"
    naver.answers["refresh_token"] = [says(status, error=error)]
    assert refused(provider.refreshed, "dead") == "naver_token_dead"


def test_a_deletion_that_is_not_said_to_have_worked_has_not(naver: Naver) -> None:
    naver.answers["delete"] = [says(access_token="a", result="fail"), says(access_token="a", result="success")]
    assert refused(provider.delete, "a") == "naver_unreadable"
    provider.delete("a")


def test_a_profile_is_read_and_nothing_of_it_but_what_is_needed(naver: Naver) -> None:
    naver.answers["profile"] = [says(resultcode="00", message="success", response=PROFILE)]
    read = provider.profile_of(TOKENS)
    assert read == provider.Profile(id="32742776", name="오픈 API", email="openapi@naver.com")
    assert "오픈" not in repr(read)
    assert "access" not in repr(TOKENS).replace("access token", "")


@pytest.mark.parametrize(
    ("more", "mobile"),
    [
        ({}, ""),
        ({"mobile": "010-1234-5678"}, "+821012345678"),
        ({"mobile": "010-1234-5678", "mobile_e164": "+447400123456"}, "+447400123456"),
        ({"mobile": "010-1234-5678", "mobile_e164": "nonsense"}, "+821012345678"),
        ({"mobile": ""}, ""),
        ({"mobile": "02-123-4567"}, ""),
        ({"mobile": ["010"]}, ""),
        ({"mobile": None}, ""),
    ],
)
def test_a_mobile_number_is_taken_if_it_is_one(naver: Naver, more: dict[str, Any], mobile: str) -> None:
    naver.answers["profile"] = [says(resultcode="00", message="success", response=PROFILE | more)]
    assert provider.profile_of(TOKENS).mobile_phone == mobile


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (says(401, resultcode="024", message="Authentication failed"), "naver_profile_refused"),
        (says(401, errorCode="024", errorMessage="Authentication failed"), "naver_profile_refused"),
        (says(200, resultcode="024", message="Authentication failed"), "naver_profile_refused"),
        (says(401, resultcode="028", message="Authentication header not exists"), "naver_portal_wrong"),
        (httpx2.Response(401), "naver_profile_refused"),
        (says(403, resultcode="403", message="Forbidden"), "naver_profile_forbidden"),
        (httpx2.Response(404, text="<html></html>"), "naver_profile_missing"),
        (says(500, resultcode="500", message="Internal Server Error"), "naver_out_of_order"),
        (httpx2.Response(502), "naver_out_of_order"),
        (httpx2.Response(418), "naver_unknown_error"),
        (httpx2.Response(200, text="hello"), "naver_unreadable"),
        (httpx2.Response(200, json=[]), "naver_unreadable"),
        (says(resultcode="00", message="success"), "naver_unreadable"),
        (says(resultcode="00", message="success", response={}), "naver_unreadable"),
        (says(resultcode="00", message="success", response={"id": ""}), "naver_unreadable"),
        (says(resultcode="00", message="success", response={"id": 7}), "naver_unreadable"),
        (says(resultcode="00", message="success", response={"id": "a" * 201}), "naver_unreadable"),
        (says(resultcode="00", message="success", response={"id": "a\x00b"}), "naver_unreadable"),
        (says(resultcode=0, response={"id": "a"}), "naver_unreadable"),
        (says(500, resultcode="00", response={"id": "a"}), "naver_out_of_order"),
        (httpx2.ReadTimeout("late"), "naver_timeout"),
        (httpx2.ConnectError("nobody there"), "naver_unreachable"),
    ],
)
def test_trouble_at_the_profile_has_its_sentence(naver: Naver, answer: httpx2.Response | Exception, code: str) -> None:
    naver.answers["profile"] = [answer]
    assert refused(provider.profile_of, TOKENS) == code  # type: ignore[arg-type]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(["id", "name", "email", "mobile", "mobile_e164"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(answer=JSON | st.fixed_dictionaries({"resultcode": st.just("00"), "response": st.dictionaries(FIELDS, JSON)}))
def test_whatever_the_profile_is_it_is_read_or_told(naver: Naver, answer: Any) -> None:
    naver.answers["profile"] = [httpx2.Response(200, json=answer)]
    try:
        outcome = provider.profile_of(TOKENS).id
    except PortalError as error:
        outcome = str(answers.SENTENCES[error.code])
    assert outcome


def test_what_is_logged_of_trouble_is_its_code_and_no_value(
    naver: Naver, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    naver.answers["authorization_code"] = [says(error="the secret code", error_description="a secret code")]
    refused(provider.tokens_for, "a secret code", "a secret state")
    naver.answers["profile"] = [says(500, resultcode="500", message="a secret message")]
    refused(provider.profile_of, TOKENS)  # type: ignore[arg-type]
    written = caplog.text + "".join(capsys.readouterr())
    assert "naver_out_of_order" in written
    for secret in ("secret", TOKENS.access, TOKENS.refresh):
        assert secret not in written


def test_every_refusal_has_a_sentence_of_its_own() -> None:
    sentences = [str(sentence) for sentence in answers.SENTENCES.values()]
    assert len(set(sentences)) == len(sentences)
    assert {*answers.OAUTH_ERRORS.values(), *answers.PROFILE_ERRORS.values()} <= set(answers.SENTENCES)
