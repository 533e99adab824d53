"""Adding services, saying what each may do, and making and revoking their keys. Officers only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.clock import now
from privacy_portal.errors import PortalError
from privacy_portal.policy.models import Collection as PolicyCollection
from privacy_portal.rights import demand

from . import keys
from .models import Scope, ServiceClient, ServiceKey

RIGHT = "consents.manage_services"
# The key in use, and the one that takes its place.
KEYS_AT_A_TIME = 2
MOST_CALLS_A_MINUTE = 1_000_000


@dataclass(frozen=True)
class Terms:
    """What a service is called and may do. `rate_limit` is calls a minute; no address ranges is from anywhere."""

    name: str
    scopes: Collection[str]
    collections: Collection[str]
    rate_limit: int
    address_ranges: Collection[str] = ()


def add(terms: Terms, *, actor: Actor) -> ServiceClient:
    """Add a service. It calls nothing yet: that takes a key.

    Raises `PortalError` `name_missing`, `name_taken`, `unknown_scope`, `unknown_collection`, `not_a_consent`,
    `bad_rate_limit` or `bad_address_range`, each with its field.
    """
    demand(actor, RIGHT)
    client = ServiceClient()
    _describe(client, terms)
    _save(client, actor, "service added")
    return client


@transaction.atomic
def change(client: ServiceClient, terms: Terms, *, is_active: bool, actor: Actor) -> ServiceClient:
    """Change what a service may do, from its next call on. Raises the same as `add`."""
    demand(actor, RIGHT)
    client = _locked(client)
    _describe(client, terms)
    client.is_active = is_active
    _save(client, actor, "service changed")
    return client


@transaction.atomic
def make_key(client: ServiceClient, *, expires_at: datetime, actor: Actor) -> tuple[ServiceKey, str]:
    """A new key of a service, and the whole of it as the service sends it: it cannot be told again.

    Raises `PortalError` `two_keys`, `expiry_past` or `expiry_too_late`.
    """
    demand(actor, RIGHT)
    at = now()
    if expires_at <= at:
        raise PortalError("expiry_past", _("Choose a day in the future."), field="expires_at")
    if expires_at > at + timedelta(days=settings.SERVICE_KEY_DAYS + 1):  # the whole of the last day
        raise PortalError(
            "expiry_too_late",
            _("A key may be valid for %(days)s days at most.") % {"days": settings.SERVICE_KEY_DAYS},
            field="expires_at",
        )
    client = _locked(client)
    if client.keys.valid(at).count() >= KEYS_AT_A_TIME:
        raise PortalError("two_keys", _("This service has two valid keys. Revoke the one it no longer uses first."))
    secret = keys.new_secret()
    key = ServiceKey(
        client=client,
        prefix=keys.new_prefix(),
        secret_digest=keys.digest_of(secret),
        made_at=at,
        expires_at=expires_at,
    )
    save_as(actor, key, reason="key made", force_insert=True)
    return key, f"{key.prefix}.{secret}"


@transaction.atomic
def revoke_key(key: ServiceKey, *, actor: Actor) -> ServiceKey:
    """Revoke a key: no call with it is answered from now on. Revoking twice is revoking once."""
    demand(actor, RIGHT)
    _locked(key.client)
    key = ServiceKey.objects.select_related("client").get(pk=key.pk)
    if key.revoked_at is None:
        key.revoked_at = now()
        save_as(actor, key, reason="key revoked", update_fields=["revoked_at"])
    return key


def may_call_from(client: ServiceClient, address: str) -> bool:
    """Whether a call of this service from `address` is answered."""
    if not client.address_ranges:
        return True
    try:
        caller = ip_address(address)
    except ValueError:
        return False
    # A socket that takes both kinds of addresses shows the older kind inside the newer.
    caller = getattr(caller, "ipv4_mapped", None) or caller
    return any(caller in ip_network(one) for one in client.address_ranges)


def _locked(client: ServiceClient) -> ServiceClient:
    return ServiceClient.objects.select_for_update().get(pk=client.pk)


def _describe(client: ServiceClient, terms: Terms) -> None:
    client.name = terms.name.strip()
    if not client.name:
        raise PortalError("name_missing", _("Name the service."), field="name")
    if unknown := set(terms.scopes) - set(Scope.values):
        raise PortalError(
            "unknown_scope", _("There is no such right: %(name)s") % {"name": min(unknown)}, field="scopes"
        )
    client.scopes = [scope for scope in Scope.values if scope in terms.scopes]
    client.collections = _known(set(terms.collections))
    if not 1 <= terms.rate_limit <= MOST_CALLS_A_MINUTE:
        sentence = _("Give a number from 1 to %(most)s.") % {"most": MOST_CALLS_A_MINUTE}
        raise PortalError("bad_rate_limit", sentence, field="rate_limit")
    client.rate_limit = terms.rate_limit
    client.address_ranges = [_range(one) for one in terms.address_ranges]


def _known(codes: set[str]) -> list[str]:
    found = list(PolicyCollection.objects.filter(pk__in=codes))
    if unknown := codes - {one.pk for one in found}:
        sentence = _("There is no such consent: %(code)s") % {"code": min(unknown)}
        raise PortalError("unknown_collection", sentence, field="collections")
    for one in found:
        if not one.is_separate_consent:
            sentence = _("This is not asked as a consent: %(code)s") % {"code": one.pk}
            raise PortalError("not_a_consent", sentence, field="collections")
    return [one.pk for one in found]


def _range(text: str) -> str:
    try:
        return str(ip_network(text.strip()))
    except ValueError:
        sentence = _("This is no network address: %(text)s. Write one such as 192.0.2.7 or 192.0.2.0/24.")
        raise PortalError("bad_address_range", sentence % {"text": text.strip()[:50]}, field="address_ranges") from None


def _save(client: ServiceClient, actor: Actor, reason: str) -> None:
    try:
        with transaction.atomic():
            save_as(actor, client, reason=reason)
    except IntegrityError:
        raise PortalError("name_taken", _("Another service has this name."), field="name") from None
