"""What is written about a change of address, and to whom. No e-mail names an address."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django_tasks import task

from members.addresses import account_with
from members.models import Account, AddressChange
from privacy_portal.outbox.mail import post

from . import links


def tell_old(change: AddressChange) -> None:
    """Ask the address until now to confirm or to stop the change."""
    _post(change.account, "old", link=links.url_of(change.pk, "old"))


@task()
def tell_new(change_id: str) -> None:
    """Ask the new address to confirm; where it is somebody's already, tell them, and nobody else, that it was tried."""
    change = AddressChange.objects.select_related("account__data_key", "data_key").get(pk=UUID(change_id))
    if change.new_address is None or change.new_address.is_destroyed:
        return
    address = change.new_address.open_unseen()
    owner = account_with(address)
    if owner is not None:
        _post(owner, "taken", reset=settings.BASE_URL + reverse("account_reset_password"))
    else:
        _post(change.account, "new", to=address, link=links.url_of(change.pk, "new"))


def tell_changed(account: Account, *, before: str) -> None:
    """Tell both that it is done: the address `before`, and the account's own by now."""
    _post(account, "changed_old", to=before)
    _post(account, "changed_new", link=settings.BASE_URL + reverse("account_login"))


def _post(account: Account, name: str, *, to: str = "", **context: Any) -> None:
    if account.email.is_destroyed:
        return
    context |= {"company": settings.COMPANY_NAME, "hours": settings.ADDRESS_CHANGE_HOURS}
    with translation.override(account.language):
        post(
            to=to or account.email.open_unseen(),
            subject=" ".join(render_to_string(f"members/address/email/{name}_subject.txt", context).split()),
            text=render_to_string(f"members/address/email/{name}.txt", context).strip(),
            data_key=account.data_key,
        )
