"""The officers' way to an evidence bundle: a button on a member's and on a consent's page, and the form behind it."""

from privacy_portal.audit.admin.entry import CHOSEN
from privacy_portal.evidence.making import Why

from . import pages  # noqa: F401  (adds buttons and pages)

CHOSEN |= dict(Why.choices)
