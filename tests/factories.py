"""People for tests, made by the real verbs, so that nobody impossible exists."""

from __future__ import annotations

from hashlib import sha256
from io import BytesIO
from typing import Any
from uuid import uuid4

from consents import asking, giving
from consents.models import Consent
from members.addresses import account_with
from members.models import Account, Member, RepresentativeConsent
from members.representatives import asking as asking_representatives
from members.representatives import deciding as deciding_representatives
from members.signup import notice_for, sign_up
from members.staff import PRIVACY_OFFICER, SUPPORT_AGENT, add_staff
from privacy_portal.actors import Actor
from privacy_portal.policy.models import Collection, MemberKind, Notice
from requests import deciding, effects, filing, identity, kinds, workflow
from requests.documents import Attachment
from requests.intake import TakenFile
from requests.models import MemberRequest

PASSWORD = "correct horse battery"
SYSTEM = Actor.system("tests")


def acting(member: Member) -> Actor:
    """The member as an actor at the website."""
    return Actor("member", member.account_id, "website", "203.0.113.7", "Mozilla/5.0 (tests)")


def staff_acting(account: Account, method: str = "document") -> Actor:
    return Actor("staff", account.pk, method, "203.0.113.8", "Mozilla/5.0 (staff)")


def a_member(email: str = "", *, language: str = "ko", **values: str) -> Member:
    """An individual member, verified; `values` by item code replace the usual ones."""
    return sign_up(
        MemberKind.INDIVIDUAL,
        {
            "email": email or f"{uuid4().hex[:12]}@example.com",
            "name": "홍길동",
            "mobile_phone": "010-1234-5678",
            "address": "서울특별시 강남구 테헤란로 152",
            "country_of_residence": "KR",
            **values,
        },
        password=PASSWORD,
        notice=notice_for(MemberKind.INDIVIDUAL),
        said_14_or_over=True,
        language=language,
        actor=Actor("member", address="203.0.113.7", browser="Mozilla/5.0 (tests)"),
        verified=True,
    )


def a_business(email: str = "", *, language: str = "ko", **values: str) -> Member:
    return sign_up(
        MemberKind.BUSINESS,
        {
            "email": email or f"{uuid4().hex[:12]}@example.com",
            "company_name": "한빛소프트 주식회사",
            "person_in_charge_name": "이담당",
            "mobile_phone": "010-9876-5432",
            "address": "부산광역시 해운대구 센텀중앙로 90",
            "country_of_residence": "KR",
            **values,
        },
        password=PASSWORD,
        notice=notice_for(MemberKind.BUSINESS),
        said_14_or_over=True,
        language=language,
        actor=Actor("member", address="203.0.113.7", browser="Mozilla/5.0 (tests)"),
        verified=True,
    )


THE_REPRESENTATIVE = Actor("member", address="203.0.113.7", browser="Mozilla/5.0 (tests)")


def a_representative(
    email: str = "parent@example.com", *, name: str = "이보호", on_paper: bool = False, language: str = "ko"
) -> RepresentativeConsent:
    """A child's representative who was asked, by e-mail or on paper, and has not decided."""
    contact = {"representative_phone": "010-2222-3333"} if on_paper else {"representative_email": email}
    return asking_representatives.ask({"representative_name": name, **contact}, submission=uuid4(), language=language)


def an_agreed_representative(email: str = "parent@example.com", **asked: Any) -> RepresentativeConsent:
    """One who consented by e-mail; nobody has joined yet."""
    consent = a_representative(email, **asked)
    deciding_representatives.agree_by_email(
        consent.pk, shown=notice_for(MemberKind.INDIVIDUAL).pk, actor=THE_REPRESENTATIVE
    )
    consent.refresh_from_db()
    return consent


def a_child(email: str = "", *, representative: RepresentativeConsent | None = None, **values: str) -> Member:
    """A member younger than 14, whose representative consented by e-mail."""
    return sign_up(
        MemberKind.INDIVIDUAL,
        {
            "email": email or f"{uuid4().hex[:12]}@example.com",
            "name": "최아이",
            "mobile_phone": "010-7777-8888",
            "address": "서울특별시 노원구 동일로 1414",
            "country_of_residence": "KR",
            **values,
        },
        password=PASSWORD,
        notice=notice_for(MemberKind.INDIVIDUAL),
        said_14_or_over=False,
        representative=representative or an_agreed_representative(),
        language="ko",
        actor=THE_REPRESENTATIVE,
        verified=True,
    )


def a_staff_account(email: str, group: str) -> Account:
    return add_staff(email, name=f"직원 {group}", password=PASSWORD, groups=[group], actor=SYSTEM)


def collection(code: str) -> Collection:
    return Collection.objects.get(pk=code)


def notice(code: str) -> Notice:
    return asking.notice_in_force(collection(code))


def a_consent(member: Member, code: str, *, without: tuple[str, ...] = (), **values: str) -> Consent:
    """A consent given by the member to every item but those in `without`; `values` are typed, by item code."""
    current = notice(code)
    items = [item.code for item in asking.asked_items(member, current) if item.code not in without]
    event = giving.give(
        member, current.collection, notice=current, items=items, values=values, language="ko", actor=acting(member)
    )
    return Consent.objects.get(pk=event.consent_id)


def a_file(item: str, content: bytes = b"%PDF-1.7 a document made by a test", name: str = "서류.pdf") -> Attachment:
    """A document as it comes out of the judging of an upload."""
    digest = sha256(content).digest()
    taken = TakenFile(content=BytesIO(content), kind="pdf", name=name, size=len(content), sha256=digest, pages=1)
    return Attachment(item, taken)


ASKED: dict[str, dict[str, Any]] = {
    "information_change_individual": {"name": "홍길순", "address": "서울특별시 종로구 세종대로 209"},
    "information_change_business": {"person_in_charge_name": "박새담"},
    "duplicate_payment": {"payment_details": "11월 3일 33,000원이 두 번 결제되었습니다. 주문 번호 A-1042"},
    "infringement_report": {
        "post_address": "https://board.example/post/17",
        "details": "제 사진을 허락 없이 올렸습니다.",
    },
    "general_inquiry": {"question": "요금제를 바꾸려면 어떻게 하나요?"},
    "sales_inquiry": {"question": "직원 50명이 쓰려면 어떤 상품이 좋을까요?"},
    "access": {"parts": ["items", "consents"]},
    "correction": {"name": "홍길순", "details": "이름이 잘못 적혀 있습니다."},
    "deletion": {},
    "suspension": {},
    "objection": {"details": "서류를 다시 보아 주세요."},
}
VALUES = {
    "account_number": "110-234-567890",
    "name": "방문자",
    "email": "visitor@example.com",
    "mobile_phone": "010-5555-6666",
    "company_name": "새벽상사",
}


def a_filing(kind_code: str, member: Member | None, **changed: Any) -> dict[str, Any]:
    """What `filing.file` takes for a right request of this kind by this member, or by a visitor (None)."""
    kind = kinds.kind(kind_code)
    filing_: dict[str, Any] = {
        "member": member,
        "submission": uuid4(),
        "asked": dict(ASKED[kind_code]),
        "documents": [a_file(item) for item in [*kind.required_documents, *kind.one_of_documents[:1]]],
        "language": "ko",
        "actor": acting(member) if member else Actor("member", address="203.0.113.9", browser="Mozilla/5.0 (tests)"),
    }
    if kind.effect in ("delete", "suspend") and "asked" not in changed:
        assert member is not None
        if not Consent.objects.filter(member=member, state="given").exists():
            a_consent(member, "general.newsletter", company_name="하늘상사")
        filing_["asked"]["held" if kind.effect == "delete" else "consents"] = ["general.newsletter"]
    if kind.collection:
        shown = notice(kind.collection)
        asked = asking.asked_items(member or Member(kind=MemberKind.VISITOR), shown)
        one_of = kind.one_of_documents[1:]
        filing_ |= {
            "notice": shown,
            "items": [item.code for item in asked if item.code not in one_of],
            "values": {item.code: VALUES[item.code] for item in asked if item.is_typed},
        }
    if kind.effect == "reopen":
        assert member is not None
        filing_["objects_to"] = a_request("general_inquiry", member, state="refused")
    return filing_ | changed


def a_request(kind_code: str, member: Member | None, *, state: str = "received", **changed: Any) -> MemberRequest:
    """A request of this kind, led by the real verbs to `state`; `done` from approved. `changed` goes to `a_filing`.

    Its agent is `the_agent()`, who decides; `the_officer()` confirms.
    """
    member_request = filing.file(kind_code, **a_filing(kind_code, member, **changed))
    # What is objected to was decided by the agent: another one takes the objection.
    agent = staff_acting(another_agent() if kind_code == "objection" else the_agent(), "website")
    if state == "cancelled":
        workflow.cancel(member_request, actor=_owner(member_request))
    if state in ("received", "cancelled"):
        return fresh(member_request)
    workflow.take(member_request, seen=1, actor=agent)
    if state == "in_review":
        return fresh(member_request)
    if state == "waiting":
        workflow.ask(member_request, "서류를 한 번 더 보내 주세요.", seen=2, actor=agent)
        return fresh(member_request)
    decision = "approved" if state in ("done", "to_confirm") else state
    decided_by(member_request, agent, decision)
    if state != "to_confirm" and fresh(member_request).state == "to_confirm":
        officer = staff_acting(the_officer(), "website")
        deciding.confirm(member_request, seen=fresh(member_request).version, actor=officer)
    if state == "done":
        deciding.finish(member_request, seen=None, actor=agent)
    return fresh(member_request)


def decided_by(member_request: MemberRequest, actor: Actor, decision: str, **changed: Any) -> None:
    """Decide with everything the kind needs: reason, ground, amount, part, check of identity."""
    ground = kinds.grounds_for(member_request.kind)[0].code
    granted: dict[str, Any] = {"amount": 33000} if member_request.kind == "duplicate_payment" else {}
    whole = effects.EFFECTS[member_request.the_kind.effect]
    if decision == "partly_approved" and whole.part:
        granted[whole.part] = whole.whole(member_request)[:1]
    said: dict[str, Any] = {
        "reason": "살펴본 결과를 알려 드립니다.",
        "ground": "" if decision == "approved" else ground,
        "granted": granted,
        "identity": "document" if identity.needs_identity(member_request) else "",
    }
    said |= {"seen": fresh(member_request).version} | changed
    deciding.decide(member_request, decision, actor=actor, **said)


def fresh(member_request: MemberRequest) -> MemberRequest:
    """The request as it is in the database now."""
    related = ("member__account", "data_key", "values_key", "consent__collection")
    return MemberRequest.objects.select_related(*related).get(pk=member_request.pk)


def the_agent() -> Account:
    return account_with("desk.agent@cloud.example") or a_staff_account("desk.agent@cloud.example", SUPPORT_AGENT)


def another_agent() -> Account:
    return account_with("desk.other@cloud.example") or a_staff_account("desk.other@cloud.example", SUPPORT_AGENT)


def the_officer() -> Account:
    return account_with("desk.officer@cloud.example") or a_staff_account("desk.officer@cloud.example", PRIVACY_OFFICER)


def _owner(member_request: MemberRequest) -> Actor:
    account_id = member_request.member.account_id
    return Actor("member", account_id, "website", "203.0.113.7", "Mozilla/5.0 (tests)")
