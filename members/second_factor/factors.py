"""Second factors: who has one, which may be removed, what is noted of a change, the way out for who lost theirs."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.errors import PortalError
from privacy_portal.rights import demand

from ..models import Account
from ..sessions.ending import end_all

RIGHT_TO_RESET = "members.reset_second_factor"
Kind = Authenticator.Type
# Recovery codes stand in for a factor; they are none by themselves.
FACTORS = (Kind.TOTP, Kind.WEBAUTHN)


def factors_of(account: Account) -> QuerySet[Authenticator]:
    return Authenticator.objects.filter(user=account, type__in=FACTORS)


def has_second_factor(account: Account) -> bool:
    return factors_of(account).exists()


def why_not_remove(authenticator: Authenticator) -> PortalError | None:
    """Staff keep at least one (A9): they put another in its place first."""
    account: Account = authenticator.user
    if not account.is_staff or authenticator.type not in FACTORS:
        return None
    if factors_of(account).exclude(pk=authenticator.pk).exists():
        return None
    return PortalError("last_factor", _("Staff sign in with a second factor. Set up another one before removing this."))


@transaction.atomic
def set_up_app(account: Account, *, actor: Actor) -> str:
    """Give an account an authenticator app by the portal itself, as for the demo's staff. Returns its secret."""
    secret: str = generate_totp_secret()
    TOTP.activate(account, secret)
    note_change(account, "authenticator app added", actor=actor)
    return secret


@transaction.atomic
def forget_app(account: Account) -> None:
    """Take the app away that another is about to stand in for."""
    Authenticator.objects.filter(user=account, type=Kind.TOTP).delete()


def app_secret(account: Account) -> str | None:
    """The secret of an account's app, for the demo to tell."""
    app = Authenticator.objects.filter(user=account, type=Kind.TOTP).first()
    return str(app.data["secret"]) if app else None


@transaction.atomic
def note_change(account: Account, what: str, *, actor: Actor) -> None:
    """A line in the account's history: which kind of factor came or went, by whom."""
    current = Account.objects.select_for_update(of=("self",), no_key=True).select_related("data_key").get(pk=account.pk)
    save_as(actor, current, reason=what)


def why_not_reset(account: Account) -> PortalError | None:
    if has_second_factor(account):
        return None
    return PortalError("no_second_factor", _("This account has no second factor."))


@transaction.atomic
def reset(account: Account, *, reason: str, actor: Actor) -> None:
    """Take every factor of an account away, when its person has lost theirs, and sign it out everywhere.

    Staff set up a new one at their next sign-in. `reason` goes into the account's history and holds no personal value.
    Raises `PortalError`: `not_allowed`, `own_factor`, `no_second_factor`.
    """
    demand(actor, RIGHT_TO_RESET)
    if actor.account_id == account.pk:
        raise PortalError("own_factor", _("Your own second factor is reset by another officer."))
    if refusal := why_not_reset(account):
        raise refusal
    forget(account)
    note_change(account, f"second factor reset: {reason}"[:100], actor=actor)


@transaction.atomic
def forget(account: Account) -> None:
    """Take away every factor and every session of an account, as when its membership ends."""
    Authenticator.objects.filter(user=account).delete()
    end_all(account)
