"""The officers' way to an evidence bundle: a button on a member's and on a consent's page, and the form behind it."""

from . import pages  # noqa: F401  (adds buttons and pages)
