"""One NAVER ID, one account: linking them, finding the account by the ID, and unlinking."""

from __future__ import annotations

from collections.abc import Iterable

from allauth.account.models import EmailAddress
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.clock import now
from privacy_portal.errors import PortalError
from privacy_portal.vault.destruction import destroy_key
from privacy_portal.vault.keys import make_data_key
from privacy_portal.vault.models import DataKey

from ..models import Account, Member, NaverLink
from . import telling, unlinking


def link_of(account: Account) -> NaverLink | None:
    """The NAVER ID that signs in to this account, if one does."""
    return _living().filter(account=account).first()


def link_with(profile_id: str) -> NaverLink | None:
    """The link of this NAVER ID, and so the account it signs in to."""
    return _living().select_related("account").filter(profile_id_index=profile_id).first()


@transaction.atomic
def link(account: Account, profile_id: str, refresh_token: str, *, actor: Actor) -> NaverLink:
    """Let this NAVER ID sign in to the account of a member, who is told so by e-mail. Safe to repeat.

    Raises `PortalError`: `not_yours`, `naver_only_members`, `naver_linked_elsewhere`, `naver_other_linked`.
    """
    if actor.account_id != account.pk:
        raise PortalError("not_yours", _("This is not your account."))
    account = Account.objects.select_for_update(of=("self",)).select_related("data_key").get(pk=account.pk)
    member = Member.objects.filter(account=account).first()
    if member is None or account.is_staff:
        raise PortalError("naver_only_members", _("Only members can sign in with NAVER."))
    _end_dead_links(account, actor)
    if there := link_of(account):
        if not there.profile_id.holds(profile_id):
            raise PortalError(
                "naver_other_linked",
                _("Another NAVER ID is linked to your account. Unlink it first, then link this one."),
            )
        keep_token(there, refresh_token)
        return there
    made = link_new_member(member, profile_id, refresh_token, items=[], actor=actor)
    telling.linked(account)
    return made


@transaction.atomic
def link_new_member(
    member: Member, profile_id: str, refresh_token: str, *, items: Iterable[str], actor: Actor
) -> NaverLink:
    """Link somebody who has just joined; `items` are what the membership holds from NAVER.

    Raises `PortalError`: `naver_linked_elsewhere`.
    """
    made = NaverLink(
        account=member.account,
        data_key=make_data_key(DataKey.Ground.MEMBERSHIP, member.pk, subject_id=member.pk, items=["login_id"]),
        profile_id=profile_id,
        refresh_token=refresh_token or None,
        items=sorted(items),
        linked_at=now(),
    )
    try:
        with transaction.atomic():
            save_as(actor, made, reason="naver.linked", force_insert=True)
    except IntegrityError:
        raise PortalError(
            "naver_linked_elsewhere",
            _("This NAVER ID belongs to another membership already. Sign in with NAVER to get to that one."),
        ) from None
    return made


def keep_token(link: NaverLink, refresh_token: str) -> None:
    """Keep the newest token, and no older one. No change of the link, so no line of its history."""
    if refresh_token:
        link.refresh_token = refresh_token
        NaverLink.objects.filter(pk=link.pk).update(refresh_token=link.refresh_token)


def why_not_unlink(account: Account) -> PortalError | None:
    """Why the member may not unlink: there would be no way left to sign in."""
    if account.has_usable_password():
        return None
    return PortalError(
        "naver_only_way_in",
        _("NAVER is the only way to sign in to your account. Set a password first; then you can unlink NAVER."),
    )


@transaction.atomic
def unlink_at_wish(account: Account, *, actor: Actor) -> None:
    """Unlink because the member asks for it. Raises `PortalError`: `not_yours`, `naver_only_way_in`."""
    if actor.account_id != account.pk:
        raise PortalError("not_yours", _("This is not your account."))
    account = Account.objects.select_for_update(of=("self",)).select_related("data_key").get(pk=account.pk)
    if refusal := why_not_unlink(account):
        raise refusal
    if unlink(account, actor=actor):
        telling.unlinked(account)


@transaction.atomic
def unlink(account: Account, *, actor: Actor) -> bool:
    """End the link here at once, and have NAVER told (V4). Says whether there was one; safe to repeat."""
    living = _living().select_for_update(of=("self",)).filter(account=account)
    there = living.first()
    if there is None:
        return False
    if there.refresh_token is not None:
        unlinking.begin(there.refresh_token.open_unseen(), person=there.data_key.subject_id)
    _end(there, actor, because="naver.unlinked")
    return True


def unlink_unproven(account: Account, *, actor: Actor) -> None:
    """Unlink what was linked before anybody had confirmed the account's address.

    Whoever then proves to own the mailbox, by choosing a password with a mailed link, has the account alone: a stranger
    who had joined with that address by a NAVER ID stays out.
    """
    if not EmailAddress.objects.filter(user=account, verified=True).exists():
        unlink(account, actor=actor)


def _living() -> models.QuerySet[NaverLink]:
    return NaverLink.objects.select_related("data_key").filter(unlinked_at=None, data_key__wrapped_key__isnull=False)


def _end_dead_links(account: Account, actor: Actor) -> None:
    """Links whose key is gone, as after a restore from an older dump, are over."""
    for dead in NaverLink.objects.filter(account=account, unlinked_at=None, data_key__wrapped_key__isnull=True):
        _end(dead, actor, because="naver.unlinked")


def _end(link: NaverLink, actor: Actor, *, because: str) -> None:
    link.unlinked_at = now()
    save_as(actor, link, reason=because, update_fields=["unlinked_at"])
    destroy_key(link.data_key_id, because=because, actor=actor)
