from __future__ import annotations

import uuid

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from privacy_portal.audit.history import History
from privacy_portal.clock import now
from privacy_portal.policy.models import LANGUAGES
from privacy_portal.vault.fields import SealedTextField
from privacy_portal.vault.models import DataKey

LANGUAGE_CHOICES = list(zip(LANGUAGES, ("한국어", "English"), strict=True))


class AccountManager(BaseUserManager["Account"]):
    def get_by_natural_key(self, alias: str | None) -> Account:
        return self.get(alias=alias)


class Account(AbstractBaseUser, PermissionsMixin):
    """Someone who can sign in: a member, or staff. Known by an e-mail address that is nowhere in clear.

    `alias` stands for the address wherever Django or allauth want one: a keyed hash of its normal form
    (`members.addresses`), so one address is one account however it is written. `email` is the address itself,
    sealed: under the membership's key for a member, under a key of the account's own for staff.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    alias = models.CharField(_("alias of the e-mail address"), max_length=80, unique=True, editable=False)
    data_key = models.ForeignKey(DataKey, models.PROTECT, related_name="+", editable=False)
    email = SealedTextField(verbose_name=_("e-mail address"))
    staff_name = models.CharField(_("name (staff)"), max_length=100, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=LANGUAGE_CHOICES, default="ko")
    is_staff = models.BooleanField(_("staff"), default=False)
    is_active = models.BooleanField(_("may sign in"), default=True)
    date_joined = models.DateTimeField(_("account made"), default=now, editable=False)
    # Without the alias: an address that was given up leads to nobody any more.
    history = History(excluded_fields=["alias", "password", "last_login"], m2m_fields=[])

    objects = AccountManager()

    USERNAME_FIELD = EMAIL_FIELD = "alias"

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        permissions = [("reset_second_factor", _("Can reset a colleague's second factor that is lost"))]
        indexes = [models.Index(fields=["-is_staff", "-date_joined", "-id"], name="members_accounts_newest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_staff=True) | Q(staff_name="", is_superuser=False), name="members_only_staff_are_named"
            )
        ]

    def __str__(self) -> str:
        return self.staff_name or str(self.pk)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Of the address as well as the password: changing either ends every session but the one that was told."""
        key_salt = "members.models.Account.session"
        return salted_hmac(key_salt, f"{self.password}\n{self.alias}", secret=secret, algorithm="sha256").hexdigest()
