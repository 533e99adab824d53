from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RequestsConfig(AppConfig):
    """What members ask for and staff answer by a deadline. The name is the reason for the seam in
    `privacy_portal.apps`."""

    name = "requests"
    verbose_name = _("Requests")

    def ready(self) -> None:
        from consents import ending as consent_ending
        from members import closing as membership_closing

        from . import closing
        from .ending import end_with_consent

        consent_ending.before_destroying.append(end_with_consent)
        membership_closing.parts.append(closing.PART)
