"""The mailed link with which a forgotten password is chosen anew."""

from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django_tasks import task

from privacy_portal.outbox.mail import post

from .models import Account


@task()
def mail_link(alias: str) -> None:
    """Mail the link to whoever has the address that `alias` stands for; nothing where nobody does.

    In the background, so that asking for a link takes the same work whether somebody has the address or not.
    """
    account = Account.objects.select_related("data_key").filter(alias=alias, is_active=True).first()
    if account is None or account.email.is_destroyed:
        return
    token = default_token_generator.make_token(account)
    path = reverse("account_reset_password_from_key", args=[user_pk_to_url_str(account), token])
    context = {"password_reset_url": settings.BASE_URL + path}
    with translation.override(account.language):
        post(
            to=account.email.open_unseen(),
            subject=" ".join(render_to_string("account/email/password_reset_key_subject.txt", context).split()),
            text=render_to_string("account/email/password_reset_key_message.txt", context).strip(),
            data_key=account.data_key,
        )
