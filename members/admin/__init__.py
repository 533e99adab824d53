"""Members and accounts in the admin: to look at, never to edit; personal values only masked."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django_tasks_db.models import DBTaskResult

from . import rights, rights_review  # noqa: F401  (each registers its pages)
from .account import AccountAdmin
from .address import address_pages, lost_mailbox_button
from .member import MemberAdmin, more_buttons, more_pages, sections
from .payment_method import PaymentMethodAdmin, sections_of_method
from .representative import RepresentativeConsentAdmin, representative_section

# Rights come with the code (privacy_portal.roles), an address is an alias, a second factor is its person's own, and
# background work is for the commands: none of the pages that packages bring for them belongs here.
for model in (Group, EmailAddress, Authenticator, DBTaskResult):
    if admin.site.is_registered(model):
        admin.site.unregister(model)

sections.append(representative_section)
more_buttons.append(lost_mailbox_button)
more_pages.append(address_pages)

__all__ = [
    "AccountAdmin",
    "MemberAdmin",
    "PaymentMethodAdmin",
    "RepresentativeConsentAdmin",
    "more_buttons",
    "more_pages",
    "sections",
    "sections_of_method",
]
