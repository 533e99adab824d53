from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RetentionConfig(AppConfig):
    name = "privacy_portal.retention"
    label = "retention"
    verbose_name = _("Keeping and destroying")

    def ready(self) -> None:
        from privacy_portal.vault import destruction

        from . import holds

        destruction.holds.append(holds.held_among)
