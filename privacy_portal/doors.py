"""What every door of the portal does with a request before it calls a verb."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.http import HttpRequest

from .actors import Actor

LONGEST_BROWSER = 300


def actor_of(request: HttpRequest) -> Actor:
    """Who acts in this request: staff in the admin, a service at its door, a member or a stranger anywhere else."""
    if (service := getattr(request, "service", None)) is not None:
        return service
    account = request.user if request.user.is_authenticated else None
    in_admin = request.path.startswith("/admin/") and account is not None and account.is_staff
    return Actor(
        kind="staff" if in_admin else "member",
        account_id=account.pk if account else None,
        method="website",
        address=get_adapter().get_client_ip(request),
        browser=request.headers.get("User-Agent", "")[:LONGEST_BROWSER],
    )
