"""The officers' pages of retention: rules, holds, runs, and what law keeps."""

from privacy_portal.admin_history import REASONS

from . import figures, holds, retained, rules, runs  # noqa: F401  (each registers its pages)
from .labels import RETENTION_REASONS

REASONS |= RETENTION_REASONS
