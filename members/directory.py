"""What the access log asks of this room: masked names, pages and exact search of people, staff among them."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.urls import reverse

from privacy_portal.audit.masking import masked
from privacy_portal.audit.people import Directory

from .finding import found_by, terms_of
from .models import Account, Member, RepresentativeConsent
from .naming import masked_name


def names(people: Collection[UUID]) -> dict[UUID, str]:
    """Masked names of members and of those asked on a child's behalf, and the names of colleagues, in at most three
    queries."""
    members = Member.objects.filter(pk__in=people).select_related("data_key")
    named = {member.pk: masked_name(member) for member in members}
    others = set(people) - set(named)
    staff = Account.objects.filter(pk__in=others, is_staff=True) if others else Account.objects.none()
    named |= {account.pk: account.staff_name or str(account.pk) for account in staff.defer("password")}
    others -= set(named)
    asked = RepresentativeConsent.objects.filter(pk__in=others).select_related("data_key") if others else ()
    return named | {one.pk: masked("name", one.representative_name) for one in asked}


def url(person: UUID) -> str:
    return reverse("admin:members_member_change", args=[person])


def found(terms: dict[str, str]) -> list[UUID]:
    """The members that an exact search means, by number."""
    return list(Member.objects.filter(found_by(terms)).order_by().values_list("pk", flat=True))


DIRECTORY = Directory(names=names, url=url, terms_of=terms_of, found=found)
