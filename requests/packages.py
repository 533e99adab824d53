"""What is prepared for access: everything held of the member, in one file to download for some days (Q1 to Q3)."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django_tasks import task

from consents.models import Consent, ConsentEvent
from members.models import Member
from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.clock import beginning_of, now
from privacy_portal.errors import PortalError
from privacy_portal.vault.destruction import destroy_key
from privacy_portal.vault.keys import make_data_key
from privacy_portal.vault.models import DataKey

from . import held, kinds, record
from .models import MemberRequest, Package, RequestEvent
from .steps import why_not_member


def make(member_request: MemberRequest, parts: Sequence[str], *, actor: Actor) -> Package:
    """Prepare the package of an approved request. It ends with the last of its days in Asia/Seoul."""
    today = timezone.localdate(now())
    days = kinds.number("package_days", today)
    package = Package(
        member_request=member_request,
        data_key=make_data_key(DataKey.Ground.REQUEST, member_request.pk, subject_id=member_request.member_id),
        made_at=now(),
        expires_at=beginning_of(today + timedelta(days=days + 1)),
    )
    with translation.override(member_request.language):
        package.file = content_of(member_request.member, member_request.reference, parts)
    save_as(actor, package, reason="package", force_insert=True)
    return package


@transaction.atomic
def download(member_request: MemberRequest, *, actor: Actor) -> Package:
    """Note that the member downloads the package; the first time is on the request's record.

    Raises `PortalError`: `not_yours`, `no_package`, `package_expired`.
    """
    member_request = record.locked(member_request)
    if refusal := why_not_member(member_request, actor):
        raise refusal
    package = Package.objects.select_related("data_key").filter(member_request=member_request).first()
    if package is None:
        raise PortalError("no_package", _("Nothing has been prepared for download."))
    if package.data_key.is_destroyed or package.expires_at <= now():
        raise PortalError(
            "package_expired",
            _("The time to download this is over, and it is destroyed. You can ask for access again."),
        )
    if package.downloaded_at is None:
        package.downloaded_at = now()
        save_as(actor, package, reason="downloaded")
        record.write(member_request, RequestEvent.Kind.DOWNLOADED, actor=actor)
    return package


@task()
def destroy_expired() -> None:
    """Destroy packages whose days are over; run by the schedule. Can be stopped and repeated."""
    actor = Actor.system("destroy_packages")
    over = Package.objects.filter(expires_at__lte=now(), data_key__wrapped_key__isnull=False)
    for key_id in over.values_list("data_key_id", flat=True):
        destroy_key(key_id, because="request.package_expired", actor=actor)


def content_of(member: Member, reference: str, parts: Sequence[str]) -> bytes:
    """A ZIP with the parts asked for, once to be read and once for machines, in the language of the moment."""
    everything: dict[str, Any] = {}
    if "items" in parts:
        everything["items"] = _items(member)
    if {"purpose", "period", "consents"} & set(parts):
        everything["consents"] = [_consent(consent, parts) for consent in held.consents_of(member)]
    if "third_parties" in parts:
        everything["third_parties"] = []
    told = {
        "company": settings.COMPANY_NAME,
        "reference": reference,
        "made_at": timezone.localtime(now()).isoformat(timespec="seconds"),
        "parts": list(parts),
        **everything,
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("information.json", json.dumps(told, ensure_ascii=False, indent=2))
        package.writestr("information.html", render_to_string("requests/package.html", told))
    return target.getvalue()


def _items(member: Member) -> list[dict[str, str]]:
    names = held.item_names()
    return [
        {"item": one.item, "name": names.get(one.item, one.item), "value": value, "ground": one.ground}
        for one in held.held_of(member)
        if (value := one.written()) is not None
    ]


def _consent(consent: Consent, parts: Sequence[str]) -> dict[str, Any]:
    told: dict[str, Any] = {"consent": str(consent.collection), "code": consent.collection_id}
    if "purpose" in parts:
        told["purpose"] = consent.notice.purpose
    if "period" in parts:
        told["period"] = consent.notice.retention
    if "consents" in parts:
        told["state"] = consent.get_state_display()
        told["items"] = list(consent.items)
        told["events"] = [_event(event) for event in reversed(consent.events.all())]
    return told


def _event(event: ConsentEvent) -> dict[str, Any]:
    return {
        "what": event.get_kind_display(),
        "at": timezone.localtime(event.at).isoformat(timespec="seconds"),
        "notice_version": event.notice.version,
        "items": list(event.items),
    }
