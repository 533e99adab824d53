"""Documents: what each is, and sealing them under keys of their own as they come with a request or a draft."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from typing import cast

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from members.models import Member, PaymentMethod
from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.clock import now
from privacy_portal.errors import PortalError
from privacy_portal.policy.models import Item
from privacy_portal.vault.destruction import destroy_key
from privacy_portal.vault.keys import make_data_key
from privacy_portal.vault.models import DataKey

from . import kinds
from .intake import TakenFile, why_not_another
from .kinds import Kind
from .models import Document, Draft, MemberRequest
from .parsers.work import Kind as FileKind

AUTHORITY_FORM = "authority_form"
# How each kind of file that is kept is called to a browser.
TYPES = {"pdf": "application/pdf", "jpeg": "image/jpeg", "png": "image/png"}


@dataclass(frozen=True)
class Attachment:
    """A file that was judged, and which document it is: an item's code, or one of `papers.yaml`."""

    item: str
    taken: TakenFile


def items_for(kind: Kind, *, with_representative: bool = False) -> list[str]:
    """What can be attached to a request of this kind."""
    papers = [paper.item for paper in kind.documents]
    return [*papers, AUTHORITY_FORM] if with_representative else papers


def name_of(item: str) -> str:
    """What a document is called on a page."""
    return str(kinds.papers()[item] if item in kinds.papers() else Item.objects.get(pk=item))


def why_not_complete(kind: Kind, attached: Iterable[str], *, with_representative: bool) -> PortalError | None:
    """Which document is missing, if one is."""
    given = set(attached)
    needed = [*kind.required_documents, *([AUTHORITY_FORM] if with_representative else [])]
    for item in needed:
        if item not in given:
            return PortalError(
                "document_missing", _("Please attach this: %(document)s.") % {"document": name_of(item)}, field=item
            )
    if kind.one_of_documents and not given & set(kind.one_of_documents):
        names = ", ".join(name_of(item) for item in kind.one_of_documents)
        return PortalError(
            "document_missing",
            _("Please attach one of these: %(documents)s.") % {"documents": names},
            field=kind.one_of_documents[0],
        )
    return None


def attach(member_request: MemberRequest, attachments: Sequence[Attachment], *, actor: Actor) -> None:
    """Seal files under keys of their own, on the ground they are held on. Raises `PortalError`: `too_many_documents`,
    `document_not_asked`."""
    if attachments and (refusal := why_not_another(member_request.documents.count() + len(attachments) - 1)):
        raise refusal
    allowed = items_for(member_request.the_kind, with_representative=member_request.representative is not None)
    for attachment in attachments:
        if attachment.item not in allowed:
            raise _not_asked(attachment.item)
        _seal(attachment, _key_for(member_request, attachment.item), actor, member_request=member_request)


@transaction.atomic
def attach_to_draft(draft: Draft, attachment: Attachment, *, actor: Actor) -> Document:
    """Keep a file with a draft. Raises as `attach` does."""
    # Of two files sent at once the second counts the first.
    draft = Draft.objects.select_for_update(of=("self",)).select_related("data_key").get(pk=draft.pk)
    if refusal := why_not_another(_kept(draft).count()):
        raise refusal
    kind = kinds.kind(draft.kind)
    if attachment.item not in items_for(kind, with_representative=True):
        raise _not_asked(attachment.item)
    of_policy = kind.collection is not None and attachment.item not in kinds.papers()
    if of_policy and attachment.item not in draft.values.open_unseen().get("agreed", []):
        raise PortalError("not_agreed", _("Agree to this item first; then attach the document."), field=attachment.item)
    key = make_data_key(DataKey.Ground.REQUEST, draft.pk, subject_id=draft.member_id, items=[attachment.item])
    return _seal(attachment, key, actor, draft=draft)


@transaction.atomic
def take_from_draft(document: Document, *, actor: Actor) -> None:
    """Take a file back out of a draft: it is destroyed. Safe to repeat. Raises `PortalError` `not_yours`."""
    if document.draft is None or actor.account_id is None or actor.account_id != document.draft.member.account_id:
        raise PortalError("not_yours", _("This is not your request."))
    destroy_key(document.data_key_id, because="draft.document_removed", actor=actor)


def attach_to_membership(member: Member, attachment: Attachment, *, actor: Actor) -> Document:
    """Seal a file on the ground of a membership; within the transaction of whoever says that it may be there."""
    ground = DataKey.Ground.MEMBERSHIP
    key = make_data_key(ground, member.pk, subject_id=member.pk, items=[attachment.item])
    return _seal(attachment, key, actor, member=member)


def attach_to_payment_method(method: PaymentMethod, attachment: Attachment, *, actor: Actor) -> Document:
    """Seal a file on the ground of a payment method, to be destroyed with it; within the transaction that adds it."""
    ground = DataKey.Ground.PAYMENT_METHOD
    key = make_data_key(ground, method.pk, subject_id=method.member_id, items=[attachment.item])
    return _seal(attachment, key, actor, payment_method=method)


def kept_with(draft: Draft) -> list[Attachment]:
    """The files kept with a draft, to be filed: they are then sealed anew, on the ground of the request."""
    return [Attachment(document.item, taken_again(document)) for document in _kept(draft)]


def _kept(draft: Draft) -> QuerySet[Document]:
    """The files of a draft, without those taken back."""
    return draft.documents.filter(data_key__wrapped_key__isnull=False).select_related("data_key")


def taken_again(document: Document) -> TakenFile:
    """A document that is kept, as it was when it was judged: to be sealed anew on another ground."""
    with document.file.open_unseen() as file:
        content = file.read()
    return TakenFile(
        content=BytesIO(content),
        kind=cast(FileKind, document.kind),
        name=document.name.open_unseen(),
        size=document.size,
        sha256=sha256(content).digest(),
        pages=document.pages,
    )


def _not_asked(item: str) -> PortalError:
    return PortalError("document_not_asked", _("This kind of request does not take this document."), field=item)


def _key_for(member_request: MemberRequest, item: str) -> DataKey:
    """A key on the ground of the consent for what the policy names, on the request's own for the rest."""
    ground, ground_id = DataKey.Ground.REQUEST, member_request.pk
    if member_request.consent_id is not None and item not in kinds.papers():
        ground, ground_id = DataKey.Ground.CONSENT, member_request.consent_id
    return make_data_key(ground, ground_id, subject_id=member_request.member_id, items=[item])


def _seal(
    attachment: Attachment,
    key: DataKey,
    actor: Actor,
    *,
    member_request: MemberRequest | None = None,
    draft: Draft | None = None,
    member: Member | None = None,
    payment_method: PaymentMethod | None = None,
) -> Document:
    taken = attachment.taken
    document = Document(
        file=taken.content,
        member_request=member_request,
        draft=draft,
        member=member,
        payment_method=payment_method,
        item=attachment.item,
        data_key=key,
        name=taken.name,
        kind=taken.kind,
        size=taken.size,
        pages=taken.pages,
        added_at=now(),
        added_by=actor.account_id,
    )
    save_as(actor, document, reason="document", force_insert=True)
    return document
