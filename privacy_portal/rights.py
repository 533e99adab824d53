"""What staff may do, asked by the verbs themselves: a door that forgot to ask opens nothing."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from .actors import Actor
from .errors import PortalError


def has_right(actor: Actor, right: str) -> bool:
    """Whether the actor may do what `right` names, such as `retention.approve_run`. The portal itself may."""
    if actor.kind == "system":
        return True
    if actor.account_id is None:
        return False
    account = get_user_model()._default_manager.filter(pk=actor.account_id, is_staff=True).first()
    return account is not None and account.has_perm(right)


def demand(actor: Actor, right: str) -> None:
    """Refuse whoever lacks the right (A1). Raises `PortalError` `not_allowed`."""
    if not has_right(actor, right):
        raise PortalError("not_allowed", _("Your account has no right to do this. Ask a privacy officer."))
