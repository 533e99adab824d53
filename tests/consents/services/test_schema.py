"""The schema is valid, says what the code does, and is readable as a page."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import URLResolver, get_resolver

from consents.api import schema
from consents.api.shapes import REASONS
from members.models import Member
from tests.consents.services.calling import NEWSLETTER, a_caller
from tests.factories import a_consent


def shape(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}", "components": schema.document()["components"]}


def fits(document: Any, name: str) -> None:
    jsonschema.Draft202012Validator(shape(name)).validate(document)


def test_the_schema_is_valid_and_leaves_nothing_to_guess() -> None:
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json", stdout=out)
    assert '"openapi": "3.1.0"' in out.getvalue()


def test_every_address_of_the_door_is_in_the_schema() -> None:
    [door] = [
        one for one in get_resolver().url_patterns if isinstance(one, URLResolver) and str(one.pattern) == "api/v1/"
    ]
    routes = {re.sub(r"<\w+:(\w+)>", r"{\1}", f"/api/v1/{route.pattern}") for route in door.url_patterns}
    assert routes - {"/api/v1/schema/", "/api/v1/docs/"} == set(schema.document()["paths"])


@pytest.mark.django_db
def test_answers_are_what_the_schema_says(alice: Member) -> None:
    a_consent(alice, NEWSLETTER, company_name="하늘상사")
    calls = a_caller()
    fits(calls.get("collections").json(), "Collections")
    fits(calls.get(f"collections/{NEWSLETTER}").json(), "Collection")
    fits(calls.get(f"notices/{NEWSLETTER}").json(), "Notice")
    asked = {"member": str(alice.pk), "collection": NEWSLETTER}
    fits(calls.get("consents/check", asked).json(), "OneAnswer")
    questions = [asked, None, {**asked, "collection": "no.such"}]
    fits(calls.post("consents/check", {"questions": questions}).json(), "Answers")
    fits(calls.get("consents/check").json(), "Problem")


def test_the_documentation_has_every_reason() -> None:
    text = (Path(__file__).parents[3] / "docs/api.md").read_text(encoding="utf-8")
    assert [reason for reason in REASONS if f"| `{reason}` |" not in text] == []


@pytest.mark.django_db
def test_schema_and_page_open_without_a_key_or_a_script() -> None:
    described = Client().get("/api/v1/schema/")
    assert described.json() == schema.document()
    page = Client().get("/api/v1/docs/")
    assert (page.status_code, page["Content-Language"]) == (200, "en")
    assert not page.cookies
    text = page.content.decode()
    assert "<script" not in text
    assert "style=" not in text
    for operation in schema.operations(schema.document()):
        assert f'id="{operation.id}"' in text
    for link in re.findall(r'href="#([^"]+)"', text):
        assert f'id="{link}"' in text, link
