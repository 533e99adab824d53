"""The mail by which a new colleague chooses a password: nobody else ever knows one."""

from __future__ import annotations

from allauth.account import app_settings
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from members.models import Account
from privacy_portal.outbox.mail import post


def send_password_link(account: Account) -> None:
    """Post the link, in the account's language. It opens once, and for some days (`PASSWORD_RESET_TIMEOUT`)."""
    key = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(account)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(account), "key": key})
    with translation.override(account.language):
        context = {
            "company": settings.COMPANY_NAME,
            "link": settings.BASE_URL + path,
            "days": settings.PASSWORD_RESET_TIMEOUT // 86400,
            "sign_in": settings.BASE_URL + reverse("account_login"),
        }
        post(
            to=account.email.open_unseen(),
            subject=" ".join(render_to_string("members/rights/password_link_subject.txt", context).split()),
            text=render_to_string("members/rights/password_link.txt", context).strip(),
            data_key=account.data_key,
        )
