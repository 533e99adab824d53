from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RetentionConfig(AppConfig):
    name = "privacy_portal.retention"
    label = "retention"
    verbose_name = _("Keeping and destroying")

    def ready(self) -> None:
        from consents import ending
        from members import closing as membership_closing
        from members.payment_methods import removing
        from privacy_portal.vault import destruction

        from . import closing, complaints, holds, payment_methods, payments

        destruction.holds.append(holds.held_among)
        # After the desk's own, which first ends what rests on the consent.
        ending.before_destroying.append(complaints.keep_what_ends)
        ending.before_destroying.append(payments.keep_what_ends)
        ending.kept_by_law.append(payments.rules_of)
        membership_closing.keepers.append(closing.KEEPER)
        removing.before_destroying.append(payment_methods.keep)
