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
        from members.payment_methods.views import more_of
        from privacy_portal.vault import destruction

        from . import closing
        from .copies import parts
        from .copies.ending import outdated_by
        from .ending import end_with_consent
        from .views.business_documents import licence_line

        consent_ending.before_destroying.append(end_with_consent)
        membership_closing.parts.append(closing.PART)
        more_of.append(licence_line)
        destruction.copies.append(outdated_by)
        parts.register()
