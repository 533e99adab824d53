"""Joining: an account and a member, with exactly the items that the kind's collection asks for."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.errors import PortalError
from privacy_portal.policy.models import MemberKind, Notice
from privacy_portal.policy.values import normal_email, normal_value
from privacy_portal.vault.keys import make_data_key
from privacy_portal.vault.models import DataKey

from .addresses import alias_of
from .changing import put_values
from .models import OPTIONAL_ITEMS, REQUIRED_ITEMS, Account, Member, RepresentativeConsent
from .representatives.using import use

COLLECTIONS = {
    MemberKind.INDIVIDUAL: "membership.individual_signup",
    MemberKind.BUSINESS: "membership.business_signup",
    MemberKind.NAVER: "membership.naver_id_signup",
}


def notice_for(kind: str) -> Notice:
    """What someone who joins as `kind` is told: the membership notice in force."""
    collection = COLLECTIONS[MemberKind(kind)]
    return Notice.objects.in_force().select_related("collection").get(collection_id=collection)


def may_give_optional_items(notice: Notice, kind: str, country: str) -> bool:
    """Whether the policy offers this kind's optional items to residents of `country`."""
    return bool(OPTIONAL_ITEMS.get(kind)) and notice.collection.asks_optional_of(kind, country)


@transaction.atomic
def sign_up(
    kind: str,
    values: Mapping[str, str],
    *,
    password: str | None,
    notice: Notice,
    said_14_or_over: bool,
    language: str,
    actor: Actor,
    verified: bool = False,
    representative: RepresentativeConsent | None = None,
) -> Member:
    """Make an account and a member of `kind` from the values typed, by item code.

    `notice` is what the person was shown. A child joins, as an individual, on the consent of a `representative`, which
    is used up with it. Raises `PortalError`: `under_14` (S7), `notice_replaced`, `email_taken` (never tell a stranger
    which), `item_not_asked`, what is wrong with a value, or why the representative's consent cannot be used.
    """
    if said_14_or_over == (representative is not None) or (representative and kind != MemberKind.INDIVIDUAL):
        raise PortalError("under_14", _("Joining needs the consent of a parent or guardian before the age of 14."))
    if notice != notice_for(kind):
        raise PortalError("notice_replaced", _("What we tell you here has changed. Please read the new version."))
    held = _held_values(kind, values, notice)
    email = normal_email(values.get("email", ""))

    if representative is not None:
        representative = use(representative.pk, actor=actor)
    member_id = uuid.uuid4() if representative is None else representative.pk
    needed = {item: value for item, value in held.items() if item in REQUIRED_ITEMS[kind]}
    key = make_data_key(DataKey.Ground.MEMBERSHIP, member_id, subject_id=member_id, items=["email", *needed])
    account = Account(alias=alias_of(email), data_key=key, email=email, language=language)
    account.set_password(password)
    acting = (
        Actor("member", account.pk, actor.method, actor.address, actor.browser) if actor.kind == "member" else actor
    )
    try:
        with transaction.atomic():
            save_as(acting, account, reason="sign-up", force_insert=True)
    except IntegrityError:
        raise PortalError("email_taken", _("This address belongs to a member already."), field="email") from None
    EmailAddress.objects.create(user=account, email=account.alias, primary=True, verified=verified)
    member = Member(
        id=member_id,
        kind=kind,
        account=account,
        data_key=key,
        notice=notice,
        language=language,
        said_14_or_over=said_14_or_over,
        representative=representative,
    )
    put_values(member, held)
    save_as(acting, member, reason="sign-up", force_insert=True)
    return member


@transaction.atomic
def add_visitor(*, language: str, actor: Actor) -> Member:
    """Make a member for someone without an account who leaves details with a consent, such as an inquiry."""
    member_id = uuid.uuid4()
    key = make_data_key(DataKey.Ground.MEMBERSHIP, member_id, subject_id=member_id)
    member = Member(id=member_id, kind=MemberKind.VISITOR, data_key=key, language=language)
    save_as(actor, member, reason="visitor", force_insert=True)
    return member


def _held_values(kind: str, values: Mapping[str, str], notice: Notice) -> dict[str, str]:
    country = (
        normal_value("country_of_residence", values["country_of_residence"])
        if values.get("country_of_residence")
        else "KR"
    )
    held = {item: normal_value(item, values.get(item, ""), country=country) for item in REQUIRED_ITEMS[kind]}
    for item in OPTIONAL_ITEMS.get(kind, ()):
        if not values.get(item, "").strip():
            continue
        if not may_give_optional_items(notice, kind, country):
            raise PortalError(
                "item_not_asked", _("We ask this of businesses in Korea only. Please leave it empty."), field=item
            )
        held[item] = normal_value(item, values[item], country=country)
    return held
