from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class PrivacyPortalConfig(AppConfig):
    name = "privacy_portal"
    verbose_name = "Privacy portal"

    def ready(self) -> None:
        # Django REST framework offers a test client built on the HTTP library "requests" and looks for
        # that library by name; it finds our app instead, and `rest_framework.test` (which drf-spectacular
        # imports) then fails. Telling it that there is no such library is all the cure it needs.
        import rest_framework.compat

        rest_framework.compat.requests = None  # type: ignore[assignment]

        from . import roles, startup_checks  # noqa: F401  (the second registers its checks)

        # After the last app that has models, when the permissions of all are there. Apps without send no signal.
        *_, last = (config for config in apps.get_app_configs() if config.models_module)
        post_migrate.connect(roles.set_rights, sender=last)
