"""What members of the demo do, by the same verbs as everybody else. A deed that no longer makes sense is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from consents import asking, giving, refusing, withdrawal
from consents.models import Consent, State
from members.models import Member
from members.signup import add_visitor, notice_for, sign_up
from privacy_portal.actors import Actor
from privacy_portal.clock import now
from privacy_portal.policy.models import Collection, MemberKind, Notice

from .people import Person

# How likely a stranger agrees to an optional item.
GENEROSITY = 0.6
# How staff came to know, by collection method.
REASONS = {
    "phone": "상담 전화에서 본인을 확인한 뒤 말씀하신 대로 기록함",
    "document": "지점에 내신 서면 동의서를 옮겨 적음",
    "fax": "팩스로 받은 동의서를 옮겨 적음",
    "offline_event_or_seminar": "세미나 등록대에서 받은 신청서를 옮겨 적음",
    "partner_company": "제휴사가 전해 준 신청서를 옮겨 적음",
    "counselling_board": "상담 게시판에 남기신 뜻에 따라 기록함",
}


class Notices:
    """The notices in force by collection, read once until the next is published."""

    def __init__(self) -> None:
        self.known: dict[str, Notice] = {}

    def of(self, collection_code: str) -> Notice:
        if collection_code not in self.known:
            collection = Collection.objects.get(pk=collection_code)
            self.known[collection_code] = asking.notice_in_force(collection)
        return self.known[collection_code]


@dataclass
class Life:
    """One person's doings. `agent` is the member of staff who records what did not come by the website."""

    person: Person
    agent: Actor
    notices: Notices
    deeds: list[dict[str, Any]]
    is_written: bool = False  # all of it stands in cast.yaml: chance adds nothing
    member: Member | None = None

    def do(self, deed: Mapping[str, Any]) -> Consent | None:
        """Do one deed: its verb is the key beside `ago`. Returns the consent it was about, if it did anything."""
        if "join" in deed:
            self._join()
            return None
        assert self.member is not None  # noqa: S101
        verb = next(name for name in VERBS if name in deed)
        consents = Consent.objects.select_related("collection", "notice")
        consent = consents.filter(member=self.member, collection=deed[verb]).first()
        return VERBS[verb](self, self.notices.of(deed[verb]), consent, deed)

    def has_to_answer_again(self, collection_code: str) -> bool:
        return Consent.objects.filter(
            member=self.member, collection_id=collection_code, state=State.SUPERSEDED
        ).exists()

    def _join(self) -> None:
        person = self.person
        stranger = Actor("member", None, "website", person.address, person.browser)
        if person.kind == MemberKind.VISITOR:
            self.member = add_visitor(language=person.language, actor=stranger)
            return
        self.member = sign_up(
            person.kind,
            person.sign_up_values(),
            password=None,
            notice=notice_for(person.kind),
            said_14_or_over=True,
            language=person.language,
            actor=stranger,
            verified=True,
        )

    def _give(self, notice: Notice, consent: Consent | None, deed: Mapping[str, Any]) -> Consent | None:
        if consent and consent.stands:
            return None
        return self._agree(notice, consent, deed)

    def _agree(self, notice: Notice, consent: Consent | None, deed: Mapping[str, Any]) -> Consent:
        assert self.member is not None  # noqa: S101
        asked = asking.asked_items(self.member, notice)
        items = self._chosen_items(asked, without=deed.get("without"))
        # Who is asked again types only what is asked anew.
        held = consent.items if consent and consent.state == State.SUPERSEDED else []
        event = giving.give(
            self.member,
            notice.collection,
            notice=notice,
            items=items,
            values=self._typed(notice, asked, [item for item in items if item not in held]),
            language=self.person.language,
            **self._by(deed, consent),
        )
        return event.consent

    def _refuse(self, notice: Notice, consent: Consent | None, deed: Mapping[str, Any]) -> Consent | None:
        if consent and consent.state in (State.GIVEN, State.REFUSED, State.WITHDRAWN):
            return None
        return self._say_no(notice, deed)

    def _say_no(self, notice: Notice, deed: Mapping[str, Any]) -> Consent:
        assert self.member is not None  # noqa: S101
        event = refusing.refuse(
            self.member,
            notice.collection,
            notice=notice,
            language=self.person.language,
            **self._by(deed, None),
        )
        return event.consent

    def _withdraw(self, notice: Notice, consent: Consent | None, deed: Mapping[str, Any]) -> Consent | None:
        if consent is None or consent.state not in (State.GIVEN, State.SUPERSEDED):
            return None
        return withdrawal.withdraw(consent, language=self.person.language, **self._by(deed, consent)).consent

    def _renew(self, notice: Notice, consent: Consent | None, deed: Mapping[str, Any]) -> Consent | None:
        if consent is None or not consent.stands or consent.lapses_at is None:
            return None
        return giving.renew(consent, notice=notice, language=self.person.language, actor=self._myself()).consent

    def _answer_again(self, notice: Notice, consent: Consent | None, deed: Mapping[str, Any]) -> Consent | None:
        if consent is None or consent.state != State.SUPERSEDED:
            return None
        return self._agree(notice, consent, deed) if deed["agrees"] else self._say_no(notice, deed)

    def _agree_to_item(self, notice: Notice, consent: Consent | None, deed: Mapping[str, Any]) -> Consent | None:
        if consent is None or not consent.stands:
            return None
        asked = [
            item for item in self._asked(consent.notice) if not item.is_required and item.code not in consent.items
        ]
        item = next((item for item in asked if deed.get("item") in (None, item.code)), None)
        if item is None:
            return None
        value = self._typed(notice, [item], [item.code]).get(item.code, "")
        language = self.person.language
        return giving.agree_to_item(consent, item.code, value=value, language=language, actor=self._myself()).consent

    def _take_back_item(self, notice: Notice, consent: Consent | None, deed: Mapping[str, Any]) -> Consent | None:
        if consent is None or not consent.stands or len(consent.items) == 1:
            return None
        agreed = [item for item in self._asked(consent.notice) if not item.is_required and item.code in consent.items]
        item = next((item for item in agreed if deed.get("item") in (None, item.code)), None)
        if item is None:
            return None
        return giving.take_back_item(consent, item.code, language=self.person.language, actor=self._myself()).consent

    def _asked(self, notice: Notice) -> list[asking.AskedItem]:
        assert self.member is not None  # noqa: S101
        return asking.asked_items(self.member, notice)

    def _chosen_items(self, asked: list[asking.AskedItem], *, without: list[str] | None) -> list[str]:
        """What is needed, one of each choice, and the optional items that the person does not decline."""
        rng, chosen = self.person.rng, [item.code for item in asked if item.is_required and item.choice is None]
        for choice in sorted({item.choice for item in asked if item.choice is not None}):
            alternatives = [item.code for item in asked if item.choice == choice]
            chosen.append(rng.choice([code for code in alternatives if code not in (without or ())]))
        optional = [item.code for item in asked if not item.is_required]
        if without is None:
            agreed = [code for code in optional if rng.random() < GENEROSITY]
        else:
            agreed = [code for code in optional if code not in without]
        return chosen + agreed or optional[:1]

    def _typed(self, notice: Notice, asked: list[asking.AskedItem], items: list[str]) -> dict[str, str]:
        source = self.person.delegate if notice.collection.about_another_person else self.person.values
        return {item.code: source[item.code] for item in asked if item.is_typed and item.code in items}

    def _myself(self) -> Actor:
        account_id = self.member.account_id if self.member else None
        return Actor("member", account_id, "website", self.person.address, self.person.browser)

    def _by(self, deed: Mapping[str, Any], consent: Consent | None) -> dict[str, Any]:
        """Who acts and why: the member, or staff who record what came by another way, often of some days before."""
        method = deed.get("through")
        if method is None:
            return {"actor": self._myself()}
        at: datetime | None = None
        if deed.get("days_before"):
            at = now() - timedelta(days=deed["days_before"])
            if consent and at < consent.since:
                at = None
        return {"actor": self.agent.by(method), "reason": deed.get("reason") or REASONS[method], "at": at}


VERBS = {
    "give": Life._give,
    "refuse": Life._refuse,
    "withdraw": Life._withdraw,
    "renew": Life._renew,
    "answer_again": Life._answer_again,
    "agree_to_item": Life._agree_to_item,
    "take_back_item": Life._take_back_item,
}
