"""The whole form on which a request is filed: what is asked, the separate consent, the documents, and for whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.utils.datastructures import MultiValueDict
from django.utils.functional import cached_property

from consents.asking import notice_in_force
from consents.forms import GiveForm, Row
from members.models import Member
from privacy_portal.errors import PortalError
from privacy_portal.policy.models import Collection, MemberKind, Notice
from requests import kinds, pages
from requests.documents import AUTHORITY_FORM, name_of
from requests.kinds import Kind
from requests.models import Draft

from .asked import AskedForm, RepresentativeForm

ABOUT_DOCUMENTS = {"document_missing", "document_not_asked", "too_many_documents"}


class Slot:
    """The place of one document on the form: what is kept there already, and what was wrong with the last file."""

    def __init__(self, item: str, need: str) -> None:
        self.item, self.need = item, need
        self.held: list[pages.ShownDocument] = []
        self.error: Any = ""

    @cached_property
    def name(self) -> str:
        return name_of(self.item)


class FilingRow(NamedTuple):
    """An item of the consent, and where it is a document, its place."""

    row: Row
    slot: Slot | None


class FilingForm:
    """Holds the three forms of the page together. `draft` is where what was typed and attached is kept, if anywhere."""

    def __init__(
        self,
        kind: Kind,
        member: Member | None,
        *,
        data: MultiValueDict[str, Any] | None = None,
        draft: Draft | None = None,
    ) -> None:
        self.kind, self.member, self.draft = kind, member, draft
        # Where it is kept as one goes: everything that a member asks for on a page of its own.
        self.keeps_a_draft = member is not None and kind.effect != "reopen"
        kept: dict[str, Any] = draft.values.open() if draft and data is None else {}
        self.submission = self._submission(data)
        self.notice_changed = False  # since the draft was kept
        self.asked = AskedForm(data, kind=kind, member=member, initial=kept)
        self.agent = RepresentativeForm(data, initial=kept) if member and kind.effect != "answer" else None
        self.consent = self._consent(data, kept) if kind.collection else None
        self.slots = self._slots()
        self.show_kept(draft)

    def show_kept(self, draft: Draft | None) -> None:
        """Show the documents that a draft holds by now."""
        self.draft = draft
        held = pages.documents_of(draft) if draft else []
        for slot in self.slots.values():
            slot.held = [document for document in held if document.item == slot.item]

    @property
    def notice(self) -> Notice | None:
        return self.consent.shown if self.consent else None

    @property
    def notice_items(self) -> list[Any]:
        return list(self.notice.items.all()) if self.notice else []

    @property
    def required_rows(self) -> list[FilingRow]:
        return self._with_slots(self.consent.required_rows if self.consent else [])

    @property
    def choice_rows(self) -> list[list[FilingRow]]:
        return [self._with_slots(rows) for rows in (self.consent.choice_rows if self.consent else [])]

    @property
    def optional_rows(self) -> list[FilingRow]:
        return self._with_slots(self.consent.optional_rows if self.consent else [])

    @property
    def papers(self) -> list[Slot]:
        """Documents that the law lets us ask for, which no consent is about."""
        return [slot for item, slot in self.slots.items() if item in kinds.papers() and item != AUTHORITY_FORM]

    @property
    def authority_slot(self) -> Slot | None:
        return self.slots.get(AUTHORITY_FORM)

    def goes_along(self, item: str) -> bool:
        """Whether a document of this kind is sent: a form of authority is not, where one asks for oneself after all."""
        return item != AUTHORITY_FORM or (self.agent is not None and self.agent.is_for_another)

    @property
    def has_errors(self) -> bool:
        bound = [form for form in self._forms if form.is_bound]
        return any(form.errors for form in bound) or any(slot.error for slot in self.slots.values())

    @property
    def top_errors(self) -> list[Any]:
        """What is wrong with the whole of it, to be said at the top."""
        return [error for form in self._forms if form.is_bound for error in form.non_field_errors()]

    def is_valid(self) -> bool:
        return all(form.is_valid() for form in self._forms)

    def arguments(self) -> dict[str, Any]:
        """What `filing.file` takes of it. Only of a valid form."""
        arguments: dict[str, Any] = {"submission": self.submission, "asked": self.asked.typed}
        if self.agent:
            arguments["representative"] = self.agent.representative
        if self.consent:
            arguments |= {
                "notice": self.consent.told,
                "items": self.consent.agreed,
                "values": self.consent.values,
            }
        return arguments

    def to_keep(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """What was typed, right or wrong, as a draft keeps it; and which items are agreed to."""
        typed = {}
        for form in self._forms:
            for name, field in form.fields.items():
                if value := field.widget.value_from_datadict(data, {}, name):
                    typed[name] = value
        agreed = [item.code for item in self.consent.asked if typed.get(f"agree_{item.code}")] if self.consent else []
        return typed | {"agreed": agreed}

    def add_refusal(self, error: PortalError) -> None:
        """Put what a verb refused beside what it is about."""
        slot = self.slots.get(error.field or "")
        if error.code in ABOUT_DOCUMENTS and slot:
            slot.error = error.sentence
        elif error.code == "notice_replaced" and self.consent:
            self.consent.add_error("notice", error.sentence)
        elif error.code == "not_agreed" and self.consent:
            self.consent.add_error(f"agree_{error.field}", error.sentence)
        elif self.consent and f"value_{error.field}" in self.consent.fields:
            self.consent.add_refusal(error)
        else:
            self.asked.add_refusal(error)

    def begin_anew_where_the_notice_changed(self) -> None:
        """Whoever saw another notice decides again: what was typed stays, no tick does (N6)."""
        if self.consent and self.consent.is_bound and self.consent.has_error("notice"):
            self.consent.begin_anew()

    @property
    def _forms(self) -> list[Any]:
        return [form for form in (self.asked, self.agent, self.consent) if form is not None]

    def _submission(self, data: Mapping[str, Any] | None) -> UUID:
        """Made with the form, and given back by it: the same form sent twice is one request."""
        try:
            return UUID(str((data or {})["submission"]))
        except (KeyError, ValueError):
            return self.draft.submission if self.draft else uuid4()

    def _consent(self, data: MultiValueDict[str, Any] | None, kept: dict[str, Any]) -> GiveForm:
        shown = notice_in_force(Collection.objects.get(pk=self.kind.collection))
        form = GiveForm(data, member=self.member or Member(kind=MemberKind.VISITOR), shown=shown)
        on_this_notice = kept.get("notice", form.initial["notice"]) == form.initial["notice"]
        self.notice_changed = not on_this_notice
        for name, value in kept.items():
            # A tick is only kept for the notice it was made on.
            if name in form.fields and name != "notice" and (on_this_notice or not name.startswith("agree_")):
                form.initial[name] = value
        return form

    def _slots(self) -> dict[str, Slot]:
        papers = {paper.item: paper.need for paper in self.kind.documents}
        if self.agent:
            papers[AUTHORITY_FORM] = "required"
        return {item: Slot(item, need) for item, need in papers.items()}

    def _with_slots(self, rows: Iterable[Row]) -> list[FilingRow]:
        return [FilingRow(row, self.slots.get(row.item.code)) for row in rows]
