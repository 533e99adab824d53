from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RequestsConfig(AppConfig):
    """What members ask for and staff answer by a deadline. The name is the reason for the seam in
    `privacy_portal.apps`."""

    name = "requests"
    verbose_name = _("Requests")
