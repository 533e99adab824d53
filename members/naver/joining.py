"""Joining with a NAVER ID: an account, a member and their link, all or nothing."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from privacy_portal.actors import Actor
from privacy_portal.errors import PortalError
from privacy_portal.policy.models import MemberKind, Notice

from ..models import Member, PendingNaver
from ..signup import sign_up
from . import linking, waiting


@transaction.atomic
def join(
    pending_id: str | None,
    typed: Mapping[str, str],
    *,
    notice: Notice,
    said_14_or_over: bool,
    language: str,
    actor: Actor,
) -> Member:
    """Make the member from what NAVER passed on and what was typed, which goes before it. No password is set, and the
    address is not taken for confirmed: NAVER's word is no proof that it is the person's (V6).

    Raises `PortalError`: `naver_waited_too_long`, `naver_member_already`, and what `members.signup.sign_up` raises.
    """
    pending = _waiting(pending_id)
    given = {item: value.open_unseen() for item, value in waiting.given(pending).items() if not typed.get(item)}
    profile_id = pending.profile_id.open_unseen()
    if linking.link_with(profile_id):
        raise PortalError("naver_member_already", _("This NAVER ID belongs to a member already. Sign in with it."))
    member = sign_up(
        MemberKind.NAVER,
        {**typed, **given},
        password=None,
        notice=notice,
        said_14_or_over=said_14_or_over,
        language=language,
        actor=actor,
    )
    assert member.account is not None  # noqa: S101 (only visitors have none)
    joined = Actor("member", member.account.pk, actor.method, actor.address, actor.browser)
    token = pending.refresh_token.open_unseen() if pending.refresh_token else ""
    linking.link_new_member(member, profile_id, token, items=given, actor=joined)
    waiting.use_up(pending, actor=joined)
    return member


@transaction.atomic
def link_waiting(pending_id: str | None, member: Member, *, actor: Actor) -> None:
    """Link the NAVER ID that waits to a member who proved the account they had before. Nothing else of it is kept.

    Raises `PortalError`: `naver_waited_too_long`, and what `linking.link` raises.
    """
    pending = _waiting(pending_id)
    token = pending.refresh_token.open_unseen() if pending.refresh_token else ""
    assert member.account is not None  # noqa: S101 (a member who signed in has one)
    linking.link(member.account, pending.profile_id.open_unseen(), token, actor=actor)
    waiting.use_up(pending, actor=actor)


def _waiting(pending_id: str | None) -> PendingNaver:
    """What waits, locked: it is used once."""
    pending = waiting.find(pending_id, lock=True)
    if pending is None:
        raise PortalError(
            "naver_waited_too_long",
            _("This page was open for too long, so we forgot what NAVER passed on. Please begin again."),
        )
    return pending
