"""Second factors at the door: allauth's adapter, who has passed, and the way into the admin."""

from __future__ import annotations

import ipaddress
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import get_next_redirect_url
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacy_portal.audit.masking import masked

from .factors import has_second_factor, why_not_remove


class SecondFactorAdapter(DefaultMFAAdapter):
    """allauth's second factors, in the portal's words and without an address in clear."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": gettext_lazy(
            "Staff sign in with a second factor. Set up another one before removing this."
        ),
        "cannot_generate_recovery_codes": gettext_lazy("Recovery codes come with a second factor. Set one up first."),
        "incorrect_code": gettext_lazy(
            "That is not right. A code works once and for half a minute: please type the one shown now."
        ),
        "unverified_email": gettext_lazy("Please confirm your e-mail address first."),
    }

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return why_not_remove(authenticator) is None

    def get_totp_issuer(self) -> str:
        return f"{settings.COMPANY_NAME} · {_('Privacy portal')}"

    def _get_user_identifier(self, user: Any) -> str:
        """How an app or a passkey names the account: enough for its person to know it by."""
        return masked("email", user.email)

    def get_public_key_credential_user_entity(self, user: Any) -> dict[str, Any]:
        name = self._get_user_identifier(user)
        return {**super().get_public_key_credential_user_entity(user), "display_name": name, "name": name}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": host_of(context.request), "name": str(settings.COMPANY_NAME)}

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return _("Passkey %(number)s") % {"number": number}


def host_of(request: HttpRequest) -> str:
    return request.get_host().partition(":")[0]


def takes_passkeys(request: HttpRequest) -> bool:
    """Browsers make passkeys for a name such as privacy.example or localhost, never for a number such as 127.0.0.1."""
    try:
        ipaddress.ip_address(host_of(request))
    except ValueError:
        return True
    return False


def passed_second_factor(request: HttpRequest) -> bool:
    """Whether the person showed a second factor in this very session."""
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, request.user))


def note_passed(request: HttpRequest, kind: str) -> None:
    """Setting a factor up shows that one has it."""
    factor = Authenticator.objects.filter(user=request.user, type=kind).latest("id")
    record_authentication(request, request.user, method="mfa", id=factor.pk, type=kind)  # type: ignore[arg-type]


def may_open_admin(request: HttpRequest) -> bool:
    """Staff, and only after the second factor: asked by every page of the admin before it opens."""
    account = request.user
    return bool(account.is_active and account.is_staff and passed_second_factor(request))


def way_into_admin(request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
    """Where the admin sends whom it does not let in: to sign in, to the second factor, or to set one up."""
    account: Any = request.user
    next_url = get_next_redirect_url(request) or reverse("admin:index")
    if not account.is_authenticated:
        return redirect(_with_next(resolve_url(settings.LOGIN_URL), next_url))
    if not (account.is_active and account.is_staff):
        raise PermissionDenied
    if passed_second_factor(request):
        return redirect(next_url)
    if has_second_factor(account):
        return redirect(_with_next(reverse("account_reauthenticate"), next_url))
    messages.info(request, _("Before the admin opens, please set up a second factor. It takes a minute."))
    return redirect("mfa_index")


def _with_next(url: str, next_url: str) -> str:
    return f"{url}?{urlencode({REDIRECT_FIELD_NAME: next_url})}"
