"""What is said when NAVER says no, or says nothing, or nothing that can be read: one sentence each (V7)."""

from __future__ import annotations

from typing import Any

import structlog
from django.utils.translation import gettext_lazy as _

from privacy_portal.errors import PortalError

log = structlog.get_logger()

SENTENCES: dict[str, Any] = {
    "naver_cancelled": _("You cancelled at NAVER. Nothing was passed on to us, and nothing was changed."),
    "naver_state": _(
        "This way to NAVER did not begin in this browser, or it has been used or is too old. Please begin again here."
    ),
    "naver_code_used": _(
        "NAVER does not take this sign-in any more: it has been used already, or it is too old. Please begin again."
    ),
    "naver_timeout": _("NAVER took too long to answer. Nothing was changed. Please try again in a moment."),
    "naver_unreachable": _("NAVER cannot be reached at the moment. Nothing was changed. Please try again later."),
    "naver_out_of_order": _("NAVER is out of order at the moment. Nothing was changed. Please try again later."),
    "naver_portal_unknown": _(
        "NAVER does not accept this portal at the moment. The mistake is ours, not yours. "
        "Please sign in another way, or try again later."
    ),
    "naver_portal_wrong": _(
        "We asked NAVER in a way it does not understand. The mistake is ours, not yours. Please try again later."
    ),
    "naver_profile_refused": _("NAVER no longer lets us see who signed in. Please begin again."),
    "naver_profile_forbidden": _(
        "NAVER does not let us see your profile. Please begin again and agree at NAVER to pass it on."
    ),
    "naver_profile_missing": _("NAVER has no profile for this sign-in. Please begin again."),
    "naver_unknown_error": _("NAVER answered with an error we do not know. Nothing was changed. Please begin again."),
    "naver_unreadable": _("We could not read what NAVER answered. Nothing was kept. Please try again later."),
    "naver_token_dead": _("NAVER no longer knows this link."),
}
# Nobody's fault, so nothing to log.
ORDINARY = {"naver_cancelled", "naver_state", "naver_token_dead"}
# Somebody has to mend the settings.
OURS = {"naver_portal_unknown", "naver_portal_wrong"}

OAUTH_ERRORS = {
    "access_denied": "naver_cancelled",
    "unauthorized_client": "naver_portal_unknown",
    "invalid_client": "naver_portal_unknown",
    "invalid_request": "naver_portal_wrong",
    "unsupported_response_type": "naver_portal_wrong",
    "unsupported_grant_type": "naver_portal_wrong",
    "server_error": "naver_out_of_order",
    "temporarily_unavailable": "naver_out_of_order",
}
# Where a code or a token is handed in, this is what NAVER says of one that was used, or that it no longer knows.
HANDED_IN = ("invalid_request", "invalid_grant")
# By the profile's own error code, then by the status of the answer.
PROFILE_ERRORS: dict[str | int, str] = {
    "024": "naver_profile_refused",
    "028": "naver_portal_wrong",
    401: "naver_profile_refused",
    403: "naver_profile_forbidden",
    404: "naver_profile_missing",
}


def refusal(code: str, *, step: str) -> PortalError:
    """The error to raise; what may concern the operator is logged, by code and never by what was sent."""
    if code not in ORDINARY:
        (log.error if code in OURS else log.warning)("naver_refused", code=code, step=step)
    return PortalError(code, SENTENCES[code])


def of_oauth_error(error: object, *, step: str, handed_in: str = "") -> PortalError:
    """What an OAuth error string means; `handed_in` is the code of the error if what was handed in is not taken."""
    if handed_in and error in HANDED_IN:
        return refusal(handed_in, step=step)
    code = OAUTH_ERRORS.get(error, "") if isinstance(error, str) else ""
    return refusal(code or "naver_unknown_error", step=step)


def of_status(status: int, *, step: str) -> PortalError:
    """What an answer means that holds nothing but its HTTP status."""
    return refusal("naver_out_of_order" if status >= 500 else "naver_unknown_error", step=step)
