"""NAVER for tests: the stand-in behind httpx2's mock transport, whose answers can be changed one by one."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from django.test import Client

from members.naver import provider
from members.naver.standin.people import PEOPLE

TOLD = {value for person in PEOPLE.values() for value in person.values()}


class Naver:
    """`asked` are the steps NAVER was asked for, in order; what is put into `answers` of a step comes first."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.secrets: set[str] = set()
        self.answers: dict[str, list[httpx2.Response | Exception]] = defaultdict(list)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        values = {name: value[0] for name, value in parse_qs(request.content.decode()).items()}
        step = values.get("grant_type", "profile")
        self.asked.append(step)
        if self.answers[step]:
            answer = self.answers[step].pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        reply = Client().generic(
            request.method,
            request.url.path,
            request.content,
            content_type=request.headers.get("Content-Type", ""),
            headers={"Authorization": request.headers.get("Authorization", "")},
        )
        given = reply.json()
        self.secrets |= {given[name] for name in ("access_token", "refresh_token") if name in given}
        return httpx2.Response(reply.status_code, content=reply.content)


def played(monkeypatch: pytest.MonkeyPatch) -> Naver:
    """Put NAVER in the place of the network."""
    naver, client = Naver(), provider._client
    transport = httpx2.MockTransport(naver.answer)
    monkeypatch.setattr(provider, "_client", lambda **options: client(transport=transport, **options))
    return naver


def says(status: int = 200, **answer: Any) -> httpx2.Response:
    return httpx2.Response(status, json=answer)


def went(client: Client, address: str = "/naver/start/", **data: str) -> str:
    """Press a button that leads to NAVER; the path and query of NAVER's page."""
    response = client.post(address, data)
    assert response.status_code == 302, response.content
    return local(response["Location"])


def agreed(client: Client, page: str, person: str = "complete", answer: str = "agree") -> str:
    """Agree or cancel on NAVER's page; the path and query of the address to come back to."""
    return local(client.post(page, {"person": person, "answer": answer})["Location"])


def through_naver(client: Client, person: str = "complete", address: str = "/naver/start/", **data: str) -> Any:
    """The whole way there and back; the answer to the last step, which is a redirect."""
    return client.get(agreed(client, went(client, address, **data), person))


def local(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def told(client: Client, response: Any) -> str:
    """The page somebody is led to, sentences above it included."""
    while response.status_code == 302:
        response = client.get(response["Location"])
    text: str = response.content.decode()
    return text
