"""The logs: a line of JSON for each request, named by its route, with an id to follow it by and nothing personal."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django_tasks import task

from members.models import Account, Member
from privacy_portal import logs

TOKEN = "Zm9yLW5vYm9keS1lbHNl"
# Whatever of these is in the logs says something of somebody, or opens something.
PERSONAL = ("김하늘", "alice@example.com", "alice%40example.com", "010-1234-5678", "203.0.113.77", TOKEN, "Firefox/200")


class Lines:
    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def of_requests(self) -> list[dict[str, Any]]:
        return [line for line in self.all() if line["event"] == "request"]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What the process would write to standard error, through the handler that it is set up with."""
    written = Lines()
    root = logging.getLogger()
    (handler,) = [one for one in root.handlers if type(one) is logging.StreamHandler]
    before = handler.setStream(written.stream)
    yield written
    if before is not None:
        handler.setStream(before)


@pytest.mark.django_db
def test_a_request_is_one_line_with_its_route_status_time_and_id(lines: Lines) -> None:
    response = Client().get("/account/login/?next=/my/")
    (line,) = lines.of_requests()
    assert {"method": "GET", "route": "account_login", "status": 200, "level": "info"}.items() <= line.items()
    assert 0 <= line["milliseconds"] < 60_000
    assert re.fullmatch(r"[0-9a-f]{32}", line["request_id"])
    assert line["request_id"] == response["X-Request-ID"]


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["0123456789abcdef0123456789abcdef", "5f0f2a36-0d6c-4a6b-9f1e-0e2f6a9b1c2d"])
def test_the_id_that_a_proxy_gave_is_kept(lines: Lines, given: str) -> None:
    assert Client().get("/", headers={"x-request-id": given})["X-Request-ID"] == given
    assert lines.of_requests()[0]["request_id"] == given


@pytest.mark.django_db
@pytest.mark.parametrize(
    "given", ["", "short", "010-1234-5678", "1234-5678-9012-3456", "a" * 65, "alice@example.com-and-more", "a b" * 10]
)
def test_an_id_that_may_say_something_is_replaced(lines: Lines, given: str) -> None:
    assert Client().get("/", headers={"x-request-id": given})["X-Request-ID"] != given
    assert not given or given not in lines.text


@pytest.mark.django_db
def test_two_requests_have_two_ids(lines: Lines) -> None:
    Client().get("/")
    Client().get("/")
    first, second = lines.of_requests()
    assert first["request_id"] != second["request_id"]


@pytest.mark.django_db
def test_what_is_logged_within_a_request_carries_its_id(lines: Lines) -> None:
    response = Client().get("/no/such/page/")
    told, warned = lines.all()
    assert (warned["event"], warned["logger"], warned["level"]) == ("Not Found", "django.request", "warning")
    assert warned["request_id"] == told["request_id"] == response["X-Request-ID"]


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/metrics"])
def test_probes_leave_no_line(lines: Lines, address: str) -> None:
    Client().get(address)
    assert lines.text == ""


@pytest.mark.django_db
def test_no_page_link_or_form_leaves_a_personal_value_in_the_logs(
    lines: Lines, alice: Member, agent: Account, signed_in: Callable[[Member | Account], Client]
) -> None:
    stranger, member, staff = Client(), signed_in(alice), signed_in(agent)
    strict = Client(enforce_csrf_checks=True)
    for client in (stranger, member, staff, strict):
        client.defaults |= {"REMOTE_ADDR": "203.0.113.77", "HTTP_USER_AGENT": "Mozilla/5.0 Firefox/200"}
    for page in ("/", "/my/", "/my/account/", "/my/consents/", "/my/requests/", f"/no/such/{TOKEN}/"):
        for client in (stranger, member):
            client.get(f"{page}?email=alice@example.com&token={TOKEN}&name=김하늘")
    for link in (
        f"/account/confirm-email/{TOKEN}/",
        f"/account/password/reset/key/1-{TOKEN}/",
        f"/requests/follow/{TOKEN}/",
    ):
        stranger.get(link)
    stranger.post("/account/login/", {"login": "alice@example.com", "password": TOKEN})
    strict.post(f"/account/login/?next={TOKEN}", {"login": "alice@example.com", "password": TOKEN})
    stranger.post("/account/password/reset/", {"email": "alice@example.com"})
    stranger.put(f"/account/login/{TOKEN}")
    staff.get(f"/admin/members/member/{alice.pk}/change/?q=alice@example.com")
    staff.get("/admin/members/member/?q=김하늘")
    stranger.get("/", headers={"host": f"{TOKEN}.example"})
    assert len(lines.of_requests()) == 22
    assert {200, 302, 403, 404, 400} <= {line["status"] for line in lines.of_requests()}
    assert not [value for value in PERSONAL if value in lines.text or json.dumps(value)[1:-1] in lines.text]
    assert not re.search(r'"(/|https?:)[^"]*"', lines.text), "no address is logged"


def test_an_error_is_told_with_its_lines_of_code_and_without_address_or_variables(lines: Lines) -> None:
    def broken(name: str) -> None:
        raise RuntimeError(len(name))

    try:
        broken("김하늘")
    except RuntimeError as error:
        said = ("Internal Server Error", f"/my/{TOKEN}/")
        logging.getLogger("django.request").error("%s: %s", *said, exc_info=error)
    (told,) = lines.all()
    assert told["event"] == "Internal Server Error"
    assert told["exception"][0]["exc_type"] == "RuntimeError"
    assert told["exception"][0]["frames"][-1]["name"] == "broken"
    assert TOKEN not in lines.text
    assert "김하늘" not in lines.text


@task()
def fails_quietly() -> None:
    logging.getLogger("portal.test").warning("half_way")


@pytest.mark.django_db
def test_the_lines_of_a_task_carry_its_number_and_no_line_after_it_does(lines: Lines) -> None:
    number = fails_quietly.enqueue().id
    logging.getLogger("portal.test").warning("after")
    within, after = [line for line in lines.all() if line.get("logger") == "portal.test"]
    assert (within["task_id"], within["task"]) == (str(number), "tests.operations.test_logs.fails_quietly")
    assert "task_id" not in after


@pytest.mark.parametrize(
    ("message", "values", "kept"),
    [
        ("Error handling request %s %s", ("GET", f"/?token={TOKEN}"), "Error handling request"),
        (f"Invalid request from ip=203.0.113.77: Invalid HTTP request line: 'GET /{TOKEN}'", (), "Invalid request"),
        ("Worker (pid:%s) exited with code %s.", (7, 1), "Worker"),
    ],
)
def test_what_the_web_server_says_of_a_request_is_cut(message: str, values: tuple[object, ...], kept: str) -> None:
    record = logging.LogRecord("gunicorn.error", logging.WARNING, "", 0, message, values, None)
    assert logs.WithoutAddresses().filter(record)
    said = json.loads(logs.formatter().format(record))["event"]
    assert TOKEN not in said
    assert "203.0.113.77" not in said
    assert said.startswith(kept)
