from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.utils.translation import gettext_lazy as _

from privacy_portal.clock import now


class MembersConfig(AppConfig):
    name = "members"
    verbose_name = _("Members")

    def ready(self) -> None:
        # Django would save the account, and so write a line of history that says nothing, at every sign-in.
        user_logged_in.disconnect(dispatch_uid="update_last_login")
        user_logged_in.connect(note_sign_in, dispatch_uid="note_sign_in")

        from privacy_portal.audit import people
        from privacy_portal.vault.endings import Room, rooms
        from privacy_portal.vault.models import DataKey

        from . import closing, portable
        from .directory import DIRECTORY
        from .payment_methods import restoring
        from .second_factor import sealing

        sealing.connect()
        people.register(DIRECTORY)
        portable.register()
        rooms[DataKey.Ground.MEMBERSHIP] = Room(closing.standing, closing.end_again, closing.on_record)
        rooms[DataKey.Ground.PAYMENT_METHOD] = Room(restoring.standing, restoring.end_again, restoring.on_record)


def note_sign_in(sender: Any, user: Any, **kwargs: Any) -> None:
    """Keep when the account was last used, which is no change of it."""
    type(user).objects.filter(pk=user.pk).update(last_login=now())
