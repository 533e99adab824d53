from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from privacy_portal.append_only import never_emptied
from privacy_portal.audit.history import History
from privacy_portal.clock import now

LANGUAGES = ("ko", "en")
ADVERTISING_LAW = _("Network Act, Article 50")


def in_language(instance: Any, part: str, language: str | None = None) -> str:
    """The text of `part` in `language`, or in the language of the page."""
    language = language or get_language() or "ko"
    return str(getattr(instance, f"{part}_{'en' if language.startswith('en') else 'ko'}"))


class MemberKind(models.TextChoices):
    INDIVIDUAL = "individual", _("individual")
    BUSINESS = "business", _("business")
    NAVER = "naver", _("NAVER ID")
    VISITOR = "visitor", _("visitor")


class Item(models.Model):
    """One kind of personal information, such as `email`."""

    class Class(models.TextChoices):
        CONTACT = "contact", _("contact")
        IDENTITY = "identity", _("identity")
        BUSINESS = "business", _("business details")
        PAYMENT = "payment", _("payment")
        CREDENTIAL = "credential", _("credential")
        DOCUMENT = "document", _("document")
        NETWORK = "network", _("network")
        LOCATION = "location", _("location")
        BEHAVIOUR = "behaviour", _("behaviour")

    code = models.SlugField(_("code"), primary_key=True, max_length=60)
    item_class = models.CharField(_("class"), max_length=20, choices=Class)
    name_ko = models.CharField(_("name (Korean)"), max_length=100)
    name_en = models.CharField(_("name (English)"), max_length=100)
    note = models.TextField(_("note"), blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    history = History()

    class Meta:
        verbose_name = _("item")
        verbose_name_plural = _("items")
        ordering = ["position"]

    def __str__(self) -> str:
        return in_language(self, "name")


class Purpose(models.Model):
    """One purpose of Articles 3 to 5 of the policy; `code` is `<group>.<purpose>`."""

    code = models.CharField(_("code"), primary_key=True, max_length=120)
    article = models.PositiveSmallIntegerField(_("article"))
    group_ko = models.CharField(_("group (Korean)"), max_length=100)
    group_en = models.CharField(_("group (English)"), max_length=100)
    name_ko = models.CharField(_("name (Korean)"), max_length=200)
    name_en = models.CharField(_("name (English)"), max_length=200)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    history = History()

    class Meta:
        verbose_name = _("purpose")
        verbose_name_plural = _("purposes")
        ordering = ["position"]

    def __str__(self) -> str:
        return in_language(self, "name")

    @property
    def group(self) -> str:
        return in_language(self, "group")


class CollectionMethod(models.Model):
    """One way in which personal information reaches the company (Article 2, N12)."""

    code = models.SlugField(_("code"), primary_key=True, max_length=60)
    name_ko = models.CharField(_("name (Korean)"), max_length=100)
    name_en = models.CharField(_("name (English)"), max_length=100)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    history = History()

    class Meta:
        verbose_name = _("collection method")
        verbose_name_plural = _("collection methods")
        ordering = ["position"]

    def __str__(self) -> str:
        return in_language(self, "name")


class CollectionGroup(models.Model):
    """A heading of the policy, such as `services.workplace`; the part of a collection's code before its name."""

    code = models.CharField(_("code"), primary_key=True, max_length=120)
    name_ko = models.CharField(_("name (Korean)"), max_length=100)
    name_en = models.CharField(_("name (English)"), max_length=100)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    history = History()

    class Meta:
        verbose_name = _("heading of the policy")
        verbose_name_plural = _("headings of the policy")
        ordering = ["position"]

    def __str__(self) -> str:
        return in_language(self, "name")


class Collection(models.Model):
    """One row of the policy: what is asked of some people on one legal basis. Its items are its notice's."""

    class LegalBasis(models.TextChoices):
        CONTRACT = "contract", _("needed for the contract")
        SEPARATE_CONSENT = "separate_consent", _("separate consent")
        GENERATED = "generated_in_use", _("arises while the service is used")
        LEGAL_DUTY = "legal_duty", _("legal duty")

    # Where the law says so (S4).
    LAW = {
        LegalBasis.CONTRACT: _("Personal Information Protection Act, Article 15(1)4"),
        LegalBasis.SEPARATE_CONSENT: _("Personal Information Protection Act, Article 15(1)1"),
        LegalBasis.GENERATED: _("Personal Information Protection Act, Article 15(1)4"),
        LegalBasis.LEGAL_DUTY: _("Personal Information Protection Act, Article 15(1)2"),
    }

    code = models.CharField(_("code"), primary_key=True, max_length=120)
    group = models.ForeignKey(CollectionGroup, models.PROTECT, verbose_name=_("heading"), related_name="collections")
    title_ko = models.CharField(_("title (Korean)"), max_length=200)
    title_en = models.CharField(_("title (English)"), max_length=200)
    legal_basis = models.CharField(_("legal basis"), max_length=20, choices=LegalBasis)
    purposes = models.ManyToManyField(Purpose, verbose_name=_("purposes"), related_name="collections")
    who_kind = models.CharField(_("asked of"), max_length=20, choices=MemberKind, blank=True)
    who_residence = models.CharField(_("asked of residents of"), max_length=2, blank=True)
    optional_who_kind = models.CharField(_("optional items asked of"), max_length=20, choices=MemberKind, blank=True)
    optional_who_residence = models.CharField(_("optional items asked of residents of"), max_length=2, blank=True)
    about_another_person = models.BooleanField(
        _("about another person"), default=False, help_text=_("The items are not the member's own.")
    )
    beyond_policy = models.BooleanField(
        _("beyond the policy"), default=False, help_text=_("Asked by the company in addition to the published policy.")
    )
    is_advertising = models.BooleanField(
        _("receiving advertising"), default=False, help_text=_("Every answer is confirmed to the person (M5).")
    )
    note = models.TextField(_("note"), blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    asked_again_since = models.PositiveIntegerField(
        _("asked again since version"),
        default=1,
        editable=False,
        help_text=_("Consents to an older version of the notice no longer stand (N2)."),
    )
    history = History()

    class Meta:
        verbose_name = _("collection")
        verbose_name_plural = _("collections")
        ordering = ["position"]

    def __str__(self) -> str:
        return in_language(self, "title")

    @property
    def law(self) -> str:
        return str(ADVERTISING_LAW if self.is_advertising else self.LAW[self.LegalBasis(self.legal_basis)])

    @property
    def is_separate_consent(self) -> bool:
        return self.legal_basis == self.LegalBasis.SEPARATE_CONSENT

    def is_asked_of(self, kind: str, residence: str) -> bool:
        """Whether the policy asks this of a member of this kind, resident in this country (ISO code)."""
        return self.who_kind in ("", kind) and self.who_residence in ("", residence)

    def asks_optional_of(self, kind: str, residence: str) -> bool:
        return self.optional_who_kind in ("", kind) and self.optional_who_residence in ("", residence)


class NoticeQuerySet(models.QuerySet["Notice"]):
    def published(self) -> NoticeQuerySet:
        return self.filter(published_at__isnull=False)

    def in_force(self, at: datetime | None = None) -> NoticeQuerySet:
        """The newest published version of each collection."""
        published = self.published().filter(published_at__lte=at or now())
        return published.order_by("collection__position", "collection_id", "-version").distinct(
            "collection__position", "collection_id"
        )


class Notice(models.Model):
    """What people are told of a collection (N1), in Korean and English. Once published it never changes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    collection = models.ForeignKey(Collection, models.PROTECT, verbose_name=_("collection"), related_name="notices")
    version = models.PositiveIntegerField(_("version"))
    purpose_ko = models.TextField(_("purpose (Korean)"), blank=True)
    purpose_en = models.TextField(_("purpose (English)"), blank=True)
    retention_ko = models.TextField(_("how long it is kept (Korean)"), blank=True)
    retention_en = models.TextField(_("how long it is kept (English)"), blank=True)
    valid_months = models.PositiveSmallIntegerField(
        _("lapses after months"), null=True, blank=True, help_text=_("Empty: stands until it is withdrawn.")
    )
    refusal_ko = models.TextField(_("right to refuse and its effect (Korean)"), blank=True)
    refusal_en = models.TextField(_("right to refuse and its effect (English)"), blank=True)
    published_at = models.DateTimeField(_("published on"), null=True, blank=True, editable=False)
    asks_again = models.BooleanField(
        _("asks again"),
        default=False,
        editable=False,
        help_text=_("Purpose, items, retention or refusal differ from the version before: consents to it are renewed."),
    )
    digest = models.CharField(_("digest"), max_length=64, blank=True, editable=False)
    from_catalogue = models.CharField(max_length=64, blank=True, editable=False)
    history = History()

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["collection__position", "-version"]
        permissions = [("publish_notice", _("Can publish a notice"))]
        constraints = [
            models.UniqueConstraint(fields=["collection", "version"], name="policy_one_notice_a_version"),
            models.UniqueConstraint(
                fields=["collection"], condition=Q(published_at__isnull=True), name="policy_one_draft_a_collection"
            ),
            models.CheckConstraint(
                condition=Q(published_at__isnull=True, digest="")
                | ~(
                    Q(purpose_ko="")
                    | Q(purpose_en="")
                    | Q(retention_ko="")
                    | Q(retention_en="")
                    | Q(refusal_ko="")
                    | Q(refusal_en="")
                    | Q(digest="")
                ),
                name="policy_published_notice_is_whole",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="published_stays",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__published_at__isnull=False),
            ),
            never_emptied(),
        ]

    def __str__(self) -> str:
        return f"{self.collection} · v{self.version}"

    @property
    def is_published(self) -> bool:
        return self.published_at is not None

    @property
    def purpose(self) -> str:
        return in_language(self, "purpose")

    @property
    def retention(self) -> str:
        return in_language(self, "retention")

    @property
    def refusal(self) -> str:
        return in_language(self, "refusal")


PUBLISHED_ITEMS_STAY = """
        -- FOR SHARE: publishing locks the notice, so no item can slip in beside it.
        SELECT published_at INTO published FROM policy_notice
            WHERE id = CASE WHEN TG_OP = 'INSERT' THEN NEW.notice_id ELSE OLD.notice_id END FOR SHARE;
        IF published IS NOT NULL THEN
            RAISE EXCEPTION 'the items of a published notice never change';
        END IF;
        IF TG_OP = 'UPDATE' AND NEW.notice_id <> OLD.notice_id THEN
            RAISE EXCEPTION 'an item stays with its notice';
        END IF;
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
"""


class NoticeItem(models.Model):
    """One item that a notice names, with the name people were shown."""

    class Requirement(models.TextChoices):
        REQUIRED = "required", _("required")
        OPTIONAL = "optional", _("optional")
        REQUIRED_FOR_BUSINESS = "required_for_business", _("required for business")

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="items")
    item = models.ForeignKey(Item, models.PROTECT, verbose_name=_("item"), related_name="+")
    requirement = models.CharField(_("requirement"), max_length=30, choices=Requirement, default=Requirement.REQUIRED)
    choice = models.PositiveSmallIntegerField(
        _("one of"), null=True, blank=True, help_text=_("Items with the same number: one of them is enough.")
    )
    label = models.CharField(_("the policy's own name"), max_length=100, blank=True)
    name_ko = models.CharField(_("name shown (Korean)"), max_length=100)
    name_en = models.CharField(_("name shown (English)"), max_length=100)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("item of a notice")
        verbose_name_plural = _("items of a notice")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["notice", "item"], name="policy_item_once_a_notice"),
            models.CheckConstraint(
                condition=Q(choice__isnull=True) | Q(requirement="required"), name="policy_one_of_is_required"
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="published_items_stay",
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                declare=[("published", "timestamptz")],
                func=PUBLISHED_ITEMS_STAY,
            ),
            never_emptied(),
        ]

    def __str__(self) -> str:
        return in_language(self, "name")
