from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EvidenceConfig(AppConfig):
    name = "privacy_portal.evidence"
    label = "evidence"
    verbose_name = _("Evidence bundles")

    def ready(self) -> None:
        from . import asked_for, contents, seen

        contents.register()
        asked_for.register()
        seen.register()
