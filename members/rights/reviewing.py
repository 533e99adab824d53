"""The quarterly review of what staff may do (A3): who has which rights since when, and signing it off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from members.models import Account, RightsChange, RightsReview
from privacy_portal.actors import Actor
from privacy_portal.audit import rules
from privacy_portal.clock import now
from privacy_portal.errors import PortalError
from privacy_portal.rights import demand

RIGHT = "members.sign_off_rightsreview"


@dataclass(frozen=True)
class Holder:
    """One colleague, as the review looks at them. `has_signed_in_lately` within the time between two reviews."""

    account: Account
    groups: list[str]
    since: datetime | None  # of the last change of rights
    has_signed_in_lately: bool


def holders(today: date) -> list[Holder]:
    """Everybody who may sign in as staff, by name."""
    since: dict[object, datetime] = {}
    accounts = list(_accounts().prefetch_related("groups").defer("password").order_by("staff_name", "pk"))
    for change in RightsChange.objects.filter(account__in=accounts).order_by("id"):
        since[change.account_id] = change.at
    before = today - timedelta(days=rules.number("rights_review_days", today))
    return [
        Holder(
            account,
            sorted(group.name for group in account.groups.all()),
            since.get(account.pk),
            account.last_login is not None and timezone.localdate(account.last_login) >= before,
        )
        for account in accounts
    ]


def last_change() -> int | None:
    """The newest line of the record of rights."""
    return RightsChange.objects.order_by("-id").values_list("id", flat=True).first()


def due_on(today: date) -> date | None:
    """By when the rights are to be reviewed; None where there is nobody to review."""
    reviewed = RightsReview.objects.order_by("-id").values_list("at", flat=True).first()
    began = reviewed or RightsChange.objects.order_by("id").values_list("at", flat=True).first()
    if began is None:
        return None
    return timezone.localdate(began) + timedelta(days=rules.number("rights_review_days", today))


@transaction.atomic
def sign_off(*, note: str, seen: int | None, actor: Actor) -> RightsReview:
    """Sign the review off. `seen` is the last change the officer was shown: nothing that came after is signed unseen.

    Raises `PortalError`: `not_allowed`, `note_needed`, `rights_have_changed`.
    """
    demand(actor, RIGHT)
    if actor.account_id is None:
        raise PortalError("not_allowed", _("A review is signed off by somebody who answers for it."))
    if not note.strip():
        raise PortalError("note_needed", _("Please write what was looked into and what was found."), field="note")
    with connection.cursor() as cursor:  # from here on no right changes until this is written
        cursor.execute(f"LOCK TABLE {RightsChange._meta.db_table} IN SHARE MODE")
    if last_change() != seen:
        raise PortalError(
            "rights_have_changed", _("Rights have changed since you opened this page. Please look again.")
        )
    return RightsReview.objects.create(
        at=now(), reviewed_by=actor.account_id, note=note.strip(), accounts=_accounts().count(), last_change_id=seen
    )


def _accounts() -> QuerySet[Account]:
    return Account.objects.filter(is_staff=True, is_active=True)
