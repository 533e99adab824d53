"""What answers look like. Collections and notices are written by these; of checks they are the description only."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from consents.checks import Reason
from privacy_portal.policy.models import MemberKind, Notice, NoticeItem, in_language

from .reading import LONGEST_CODE, LONGEST_ITEM, MOST_ITEMS, MOST_QUESTIONS

LANGUAGES = ("ko", "en")
REASONS = (*(reason.value for reason in Reason), "invalid")
DIGEST = "SHA-256 of the notice in both languages. It is sent along when a consent is recorded."


class Problem(serializers.Serializer[Any]):
    """RFC 9457. `type` is stable; `field` is there where one field is wrong."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    field = serializers.CharField(required=False)


class InBothLanguages(serializers.Serializer[Any]):
    ko = serializers.CharField()
    en = serializers.CharField()


class NoticeInForce(serializers.Serializer[Notice]):
    version = serializers.IntegerField()
    digest = serializers.CharField(help_text=DIGEST)
    published_at = serializers.DateTimeField()


@extend_schema_serializer(component_name="Collection")
class CollectionShape(serializers.Serializer[Notice]):
    """A collection as its notice in force has it."""

    code = serializers.CharField(source="collection_id")
    title = serializers.SerializerMethodField()
    asked_of = serializers.ChoiceField(
        source="collection.who_kind", choices=MemberKind.values, allow_blank=True, help_text="Empty: of everybody."
    )
    asked_of_residents_of = serializers.CharField(
        source="collection.who_residence", allow_blank=True, help_text="A country's ISO code. Empty: of any."
    )
    is_advertising = serializers.BooleanField(source="collection.is_advertising")
    asked_again_since = serializers.IntegerField(
        source="collection.asked_again_since", help_text="Consents to an older version of the notice do not stand."
    )
    notice = NoticeInForce(source="*")

    def get_title(self, notice: Notice) -> InBothLanguages:
        collection = notice.collection
        return {"ko": collection.title_ko, "en": collection.title_en}  # type: ignore[return-value]


class Collections(serializers.Serializer[Any]):
    collections = CollectionShape(many=True)


@extend_schema_serializer(component_name="NoticeItem")
class NoticeItemShape(serializers.Serializer[NoticeItem]):
    code = serializers.CharField(source="item_id")
    name = serializers.SerializerMethodField()
    requirement = serializers.ChoiceField(choices=NoticeItem.Requirement.values)
    any_of = serializers.SerializerMethodField(
        help_text="Not empty: of these items, this one among them, one is enough."
    )

    def get_name(self, item: NoticeItem) -> str:
        return in_language(item, "name", self.context["language"])

    def get_any_of(self, item: NoticeItem) -> list[str]:
        if item.choice is None:
            return []
        return [other.item_id for other in item.notice.items.all() if other.choice == item.choice]


@extend_schema_serializer(component_name="Notice")
class NoticeShape(serializers.Serializer[Notice]):
    """What a member must be shown before answering, in the language asked for."""

    collection = serializers.CharField(source="collection_id")
    version = serializers.IntegerField()
    digest = serializers.CharField(help_text=DIGEST)
    language = serializers.SerializerMethodField()
    published_at = serializers.DateTimeField()
    title = serializers.SerializerMethodField()
    purpose = serializers.SerializerMethodField()
    items = NoticeItemShape(source="items.all", many=True)
    retention = serializers.SerializerMethodField()
    lapses_after_months = serializers.IntegerField(
        source="valid_months", allow_null=True, help_text="Null: stands until it is withdrawn."
    )
    refusal = serializers.SerializerMethodField(help_text="The right to refuse, and what follows from it.")

    def get_language(self, notice: Notice) -> str:
        language: str = self.context["language"]
        return language

    def get_title(self, notice: Notice) -> str:
        return in_language(notice.collection, "title", self.context["language"])

    def get_purpose(self, notice: Notice) -> str:
        return in_language(notice, "purpose", self.context["language"])

    def get_retention(self, notice: Notice) -> str:
        return in_language(notice, "retention", self.context["language"])

    def get_refusal(self, notice: Notice) -> str:
        return in_language(notice, "refusal", self.context["language"])


@extend_schema_serializer(component_name="Question")
class QuestionShape(serializers.Serializer[Any]):
    member = serializers.UUIDField()
    collection = serializers.CharField(max_length=LONGEST_CODE)
    items = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_ITEM), max_length=MOST_ITEMS, required=False
    )


class Questions(serializers.Serializer[Any]):
    questions = serializers.ListField(child=QuestionShape(), max_length=MOST_QUESTIONS)


class AnswerShape(serializers.Serializer[Any]):
    """`allowed` is the answer, `reason` why, `items` what may be used now."""

    member = serializers.UUIDField(allow_null=True)
    collection = serializers.CharField(allow_null=True)
    allowed = serializers.BooleanField()
    reason = serializers.ChoiceField(choices=REASONS)
    items = serializers.ListField(child=serializers.CharField())
    notice_version = serializers.IntegerField(allow_null=True, help_text="Of the notice that was answered to.")
    since = serializers.DateTimeField(allow_null=True)


class OneAnswer(AnswerShape):
    checked_at = serializers.DateTimeField()


class AnswerOrInvalid(AnswerShape):
    field = serializers.CharField(required=False, help_text="Of a question that is `invalid`: what is wrong in it.")
    detail = serializers.CharField(required=False)


class Answers(serializers.Serializer[Any]):
    """One answer a question, in their order."""

    checked_at = serializers.DateTimeField()
    answers = AnswerOrInvalid(many=True)
