"""NAVER Login as a client of it (V1 to V7): Authlib over httpx2. Tokens, codes and answers are never logged or kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from django.conf import settings
from django.urls import reverse
from django.utils.http import urlencode

from privacy_portal.errors import PortalError
from privacy_portal.policy.values import normal_value

from .answers import PROFILE_ERRORS, of_oauth_error, of_status, refusal

LONGEST_ID = 200


@dataclass(frozen=True)
class Tokens:
    """What NAVER gives for a code. The access token is for the profile alone and is never kept."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)


@dataclass(frozen=True)
class Profile:
    """Who signed in: the id that stays the same, and what the person agreed to pass on, in normal form (V5, V6).

    Empty is what was not agreed to or is not valid: it is asked for. Whatever else NAVER sends is not taken.
    """

    id: str = field(repr=False)
    name: str = field(default="", repr=False)
    mobile_phone: str = field(default="", repr=False)
    email: str = field(default="", repr=False)


def redirect_address() -> str:
    """The one address NAVER sends people back to, as registered with it."""
    return f"{settings.BASE_URL}{reverse('members:naver_callback')}"


def authorise_address(state: str, *, again: bool = False) -> str:
    """Where the person goes (V1). With `again`, NAVER asks for its password even of those signed in to it."""
    more = {"auth_type": "reauthenticate"} if again else {}
    with _client() as client:
        address, _state = client.create_authorization_url(settings.NAVER_AUTHORIZE_URL, state=state, **more)
    return str(address)


def code_of(reply: Mapping[str, str]) -> str:
    """The code NAVER sent the person back with. Raises `PortalError` for what it sent instead."""
    if error := reply.get("error"):
        raise of_oauth_error(error, step="authorise")
    if not (code := reply.get("code", "")):
        raise refusal("naver_unreadable", step="authorise")
    return code


def tokens_for(code: str, state: str) -> Tokens:
    """Hand the code in (V2, V3); it can be done once."""
    # Authlib takes `state` for its own use and does not send it on; NAVER asks for it.
    answer = _token("authorization_code", handed_in="naver_code_used", code=code, body=urlencode({"state": state}))
    refresh = answer.get("refresh_token")
    return Tokens(_text_of(answer, "access_token"), refresh if isinstance(refresh, str) else "")


def profile_of(tokens: Tokens) -> Profile:
    """Who signed in (V5)."""
    with _asking("profile"), _client(token={"access_token": tokens.access, "token_type": "bearer"}) as client:
        response = client.get(settings.NAVER_PROFILE_URL)
        return _profile_in(response)


def refreshed(refresh_token: str) -> str:
    """A fresh access token. Raises `naver_token_dead` when NAVER no longer knows the link."""
    answer = _token("refresh_token", handed_in="naver_token_dead", refresh_token=refresh_token)
    return _text_of(answer, "access_token")


def delete(access_token: str) -> None:
    """Ask NAVER to forget the link. It says "success" of a dead token too, so this proves nothing (V4)."""
    answer = _token("delete", handed_in="naver_token_dead", access_token=access_token, service_provider="NAVER")
    if answer.get("result") != "success":
        raise refusal("naver_unreadable", step="delete")


def _client(**options: Any) -> OAuth2Client:
    return OAuth2Client(
        client_id=settings.NAVER_CLIENT_ID,
        client_secret=settings.NAVER_CLIENT_SECRET,
        token_endpoint_auth_method="client_secret_post",  # noqa: S106 (the name of a way, not a password)
        redirect_uri=redirect_address(),
        timeout=settings.NAVER_SECONDS,
        trust_env=not settings.DEMO,  # the demo's stand-in is on this machine, behind no proxy
        **options,
    )


def _token(grant_type: str, *, handed_in: str, **values: str) -> dict[str, Any]:
    """Ask the token address. Its errors come with any status, also 200, so the answer itself is looked at (V7)."""
    with _asking(grant_type, handed_in), _client() as client:
        return dict(client.fetch_token(settings.NAVER_TOKEN_URL, grant_type=grant_type, **values))


@contextmanager
def _asking(step: str, handed_in: str = "") -> Iterator[None]:
    """Turn every way in which an answer can fail to come or to make sense into its own `PortalError`."""
    try:
        yield
    except PortalError:
        raise
    except httpx2.TimeoutException:
        raise refusal("naver_timeout", step=step) from None
    except httpx2.HTTPStatusError as error:
        raise of_status(error.response.status_code, step=step) from None
    except httpx2.HTTPError:
        raise refusal("naver_unreachable", step=step) from None
    except OAuthError as error:
        raise of_oauth_error(error.error, step=step, handed_in=handed_in) from None
    except (ValueError, TypeError, AttributeError, RecursionError):  # no JSON, or none of the shape it should have
        raise refusal("naver_unreadable", step=step) from None


def _text_of(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise refusal("naver_unreadable", step=name)
    return value


def _profile_in(response: httpx2.Response) -> Profile:
    try:
        answer = response.json()
    except ValueError:
        answer = None
    code = (answer.get("resultcode") or answer.get("errorCode")) if isinstance(answer, dict) else None
    if code == "00" and response.is_success:
        return _read(answer.get("response"))
    if isinstance(code, str) and code in PROFILE_ERRORS:
        raise refusal(PROFILE_ERRORS[code], step="profile")
    if response.status_code in PROFILE_ERRORS:
        raise refusal(PROFILE_ERRORS[response.status_code], step="profile")
    if not response.is_success:
        raise of_status(response.status_code, step="profile")
    raise refusal("naver_unreadable", step="profile")


def _read(person: Any) -> Profile:
    found = person.get("id") if isinstance(person, dict) else None
    if not isinstance(found, str) or not 1 <= len(found) <= LONGEST_ID or not found.isprintable():
        raise refusal("naver_unreadable", step="profile")
    return Profile(
        id=found,
        name=_valid("name", person.get("name")),
        mobile_phone=_valid("mobile_phone", person.get("mobile_e164")) or _valid("mobile_phone", person.get("mobile")),
        email=_valid("email", person.get("email")),
    )


def _valid(item: str, value: Any) -> str:
    try:
        return normal_value(item, value) if isinstance(value, str) else ""
    except PortalError:
        return ""
