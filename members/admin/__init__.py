"""Members and accounts in the admin: to look at, never to edit; personal values only masked."""

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.models import Group
from django_tasks_db.models import DBTaskResult

from .account import AccountAdmin
from .member import MemberAdmin, more_buttons, more_pages, sections

# Rights come with the code (privacy_portal.roles), an address is an alias, and background work is for the commands:
# none of the pages that packages bring for them belongs here.
for model in (Group, EmailAddress, DBTaskResult):
    if admin.site.is_registered(model):
        admin.site.unregister(model)

__all__ = ["AccountAdmin", "MemberAdmin", "more_buttons", "more_pages", "sections"]
