"""What there is to show, and the check."""

from __future__ import annotations

from collections import Counter as Tally
from datetime import datetime
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import conditional_page
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from prometheus_client import Counter
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from consents.checks import Answer, Question, check
from consents.services.models import Scope
from privacy_portal.api import MEDIA_TYPE, Refusal
from privacy_portal.clock import now
from privacy_portal.policy.models import Collection, Notice

from . import reading, shapes
from .access import ServiceView, demand_collection, service_of

CHECKS = Counter("portal_checks", "Questions that services asked, by the reason of the answer.", ["reason"])
# A caller keeps what it was told, and asks each time whether it is still so.
ASK_AGAIN = {"Cache-Control": "private, no-cache"}
NOT_CHANGED = {304: OpenApiResponse(description="It is still what If-None-Match names.")}
TELLS = {
    400: "What was sent cannot be read.",
    401: "There is no valid key.",
    403: "The service may not do this, not from there, or not for this collection.",
    404: "There is no such collection, or nothing to show of it.",
    413: "The body is too large.",
    415: "The body is not sent as application/json.",
    429: "The service called too often. Retry-After has the seconds to wait.",
}


def problems(*statuses: int) -> dict[Any, OpenApiResponse]:
    """How the problems that an address answers with are described."""
    return {(status, MEDIA_TYPE): OpenApiResponse(shapes.Problem, TELLS[status]) for status in statuses}


@method_decorator(conditional_page, name="dispatch")
class CollectionsView(ServiceView):
    @extend_schema(
        operation_id="list_collections",
        summary="The collections this service has to do with",
        responses={200: shapes.Collections, **NOT_CHANGED, **problems(400, 401, 403, 429)},
        tags=["what to show"],
    )
    def get(self, request: Request) -> Response:
        reading.query(request)
        notices = Notice.objects.in_force().filter(collection__in=service_of(request).collections)
        shown = [shapes.CollectionShape(notice).data for notice in notices.select_related("collection")]
        return Response({"collections": shown}, headers=ASK_AGAIN)


@method_decorator(conditional_page, name="dispatch")
class CollectionView(ServiceView):
    @extend_schema(
        operation_id="get_collection",
        summary="One collection, with the version and digest of its notice",
        responses={200: shapes.CollectionShape, **NOT_CHANGED, **problems(400, 401, 403, 404, 429)},
        tags=["what to show"],
    )
    def get(self, request: Request, code: str) -> Response:
        reading.query(request)
        return Response(shapes.CollectionShape(notice_of(request, code)).data, headers=ASK_AGAIN)


@method_decorator(conditional_page, name="dispatch")
class NoticeView(ServiceView):
    @extend_schema(
        operation_id="get_notice",
        summary="The notice in force: what a member must be shown before answering",
        parameters=[
            OpenApiParameter("lang", enum=shapes.LANGUAGES, default="ko", description="The language to show it in.")
        ],
        responses={200: shapes.NoticeShape, **NOT_CHANGED, **problems(400, 401, 403, 404, 429)},
        tags=["what to show"],
    )
    def get(self, request: Request, code: str) -> Response:
        language = reading.query(request, "lang").get("lang", ["ko"])[0]
        if language not in shapes.LANGUAGES:
            raise Refusal("invalid", "Ask for “ko” or “en”.", field="lang")
        notice = notice_of(request, code)
        prefetch_related_objects([notice], "items")
        return Response(shapes.NoticeShape(notice, context={"language": language}).data, headers=ASK_AGAIN)


class CheckView(ServiceView):
    scope = Scope.CHECK

    @extend_schema(
        operation_id="check_one",
        summary="May these items of this member be used for this?",
        parameters=[
            OpenApiParameter("member", str, required=True, description="The member's number, a UUID."),
            OpenApiParameter("collection", str, required=True, description="The code of the collection."),
            OpenApiParameter("item", str, many=True, description="May be repeated. None: whatever is covered."),
        ],
        responses={200: shapes.OneAnswer, **problems(400, 401, 403, 429)},
        tags=["check"],
    )
    def get(self, request: Request) -> Response:
        asked = reading.query(request, "member", "collection", "item", repeated=["item"])
        single = {name: asked[name][0] for name in ("member", "collection") if name in asked}
        question = reading.question({**single, "items": asked.get("item", [])})
        if isinstance(question, reading.Invalid):
            field = "item" if question.field == "items" else question.field
            raise Refusal("invalid", question.detail, field=field)
        at = now()
        [answer] = answered(request, [question], at)
        return Response({**told(question, answer), "checked_at": moment(at)})

    @extend_schema(
        operation_id="check_many",
        summary="The same of up to 1,000 questions, answered in their order",
        request=shapes.Questions,
        responses={200: shapes.Answers, **problems(400, 401, 403, 413, 415, 429)},
        tags=["check"],
    )
    def post(self, request: Request) -> Response:
        asked = reading.questions(request.data)
        at = now()
        questions = [one for one in asked if isinstance(one, Question)]
        found = iter(answered(request, questions, at))
        answers = [told(one, next(found)) if isinstance(one, Question) else invalid(one) for one in asked]
        return Response({"checked_at": moment(at), "answers": answers})


def answered(request: Request, questions: list[Question], at: datetime) -> list[Answer]:
    """The answers, counted by reason for whoever watches the portal (docs/operations.md)."""
    answers = check(questions, may_touch=service_of(request).collections, at=at)
    for reason, number in Tally(answer.reason for answer in answers).items():
        CHECKS.labels(reason.value).inc(number)
    return answers


def notice_of(request: Request, code: str) -> Notice:
    """The notice in force of a collection that the service has to do with."""
    if not Collection.objects.filter(pk=code).exists():
        raise NotFound("There is no such collection.", "unknown_collection")
    demand_collection(request, code)
    notice = Notice.objects.in_force().filter(collection=code).select_related("collection").first()
    if notice is None:
        raise NotFound("This collection has no notice in force.", "no_notice")
    return notice


def told(question: Question, answer: Answer) -> dict[str, Any]:
    return {
        "member": str(question.member),
        "collection": question.collection,
        "allowed": answer.allowed,
        "reason": answer.reason,
        "items": answer.items,
        "notice_version": answer.notice_version,
        "since": moment(answer.since),
    }


def invalid(question: reading.Invalid) -> dict[str, Any]:
    """The answer to a question that is none. What was sent is not repeated: it could be anything."""
    return {
        "member": None,
        "collection": None,
        "allowed": False,
        "reason": "invalid",
        "items": [],
        "notice_version": None,
        "since": None,
        "field": question.field,
        "detail": question.detail,
    }


def moment(at: datetime | None) -> str | None:
    """RFC 3339, in Asia/Seoul."""
    return timezone.localtime(at).isoformat() if at else None
