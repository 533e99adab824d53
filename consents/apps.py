from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConsentsConfig(AppConfig):
    name = "consents"
    verbose_name = _("Consents")

    def ready(self) -> None:
        from members import closing as membership_closing
        from privacy_portal.vault.endings import Room, rooms
        from privacy_portal.vault.models import DataKey

        from . import closing, endings, restoring

        membership_closing.parts.append(closing.PART)
        rooms[DataKey.Ground.CONSENT] = Room(restoring.standing, restoring.end_again, endings.on_record)
