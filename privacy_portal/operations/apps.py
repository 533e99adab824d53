from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "privacy_portal.operations"
    label = "operations"
    verbose_name = "Operations"

    def ready(self) -> None:
        from . import tasks  # noqa: F401  (connects its receivers)
