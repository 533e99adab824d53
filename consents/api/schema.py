"""The door described by its own code: OpenAPI 3.1 for programs, and a page of the same for people."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_safe
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator

METHODS = ("get", "post")


class BearerKey(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "consents.api.access.ServiceAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        description = "The key of a service, made by a privacy officer in the admin."
        return {"type": "http", "scheme": "bearer", "description": description}


@dataclass(frozen=True)
class Operation:
    """One call, as the page shows it."""

    id: str
    method: str
    address: str
    summary: str
    parameters: list[dict[str, Any]]
    body: str
    answers: list[tuple[str, str, str]]


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    return JsonResponse(document(), headers={"Cache-Control": "public, max-age=300"})


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Written on the server: the pages that draw a schema in the browser need inline scripts and styles."""
    described = document()
    context = {"info": described["info"], "operations": operations(described), "shapes": shapes(described)}
    response = render(request, "consents/api/docs.html", context)
    response["Cache-Control"] = "public, max-age=300"
    return response


@cache
def document() -> dict[str, Any]:
    """The schema. It changes with the code only."""
    with translation.override("en"):
        described: dict[str, Any] = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    return described


def operations(described: dict[str, Any]) -> list[Operation]:
    return [
        Operation(
            id=operation["operationId"],
            method=method.upper(),
            address=address,
            summary=operation["summary"],
            parameters=operation.get("parameters", []),
            body=shape_in(operation.get("requestBody", {})),
            answers=[
                (status, answer["description"], shape_in(answer)) for status, answer in operation["responses"].items()
            ],
        )
        for address, calls in described["paths"].items()
        for method in METHODS
        if (operation := calls.get(method))
    ]


def shapes(described: dict[str, Any]) -> list[tuple[str, str, list[tuple[str, str, bool, str]]]]:
    """Each shape: its name, what it is, and its fields with kind, whether it is always there, and meaning."""
    return [
        (
            name,
            shape.get("description", ""),
            [
                (field, kind_of(facts), field in shape.get("required", ()), facts.get("description", ""))
                for field, facts in shape["properties"].items()
            ],
        )
        for name, shape in described["components"]["schemas"].items()
        if "properties" in shape
    ]


def shape_in(message: dict[str, Any]) -> str:
    """The name of the shape that a body or an answer has."""
    for content in message.get("content", {}).values():
        return kind_of(content.get("schema", {}))
    return ""


def kind_of(facts: dict[str, Any]) -> str:
    """What a value is, in a few words: a type, a shape, a list of them, or one of some words."""
    if "$ref" in facts:
        return str(facts["$ref"].rpartition("/")[2])
    if parts := facts.get("oneOf") or facts.get("allOf") or facts.get("anyOf"):
        return " or ".join(kind_of(part) for part in parts)
    if "enum" in facts:
        return " | ".join(f'"{value}"' for value in facts["enum"])
    if facts.get("type") == "array":
        return f"list of {kind_of(facts['items'])}"
    kinds = facts.get("type", "any")
    kind = " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
    return f"{kind} ({facts['format']})" if "format" in facts else kind
