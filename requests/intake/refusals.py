"""Why a file is not taken, in words: what is wrong, and how to mend it."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from privacy_portal.errors import PortalError

# Code to sentence. Codes are stable; sentences may name a limit.
SENTENCES = {
    "empty": _("This file is empty. Please choose another one."),
    "too_large": _(
        "This file is larger than %(megabytes)s MB. Please send a smaller one, such as a photo instead of a scan."
    ),
    "not_taken": _(
        "Please send a PDF or a picture (JPEG, PNG or HEIC). This file is something else, whatever its name says."
    ),
    "cut_off": _(
        "This file ends too early; it was not copied completely. Please send it again from where it was made."
    ),
    "unreadable": _(
        "This file is damaged or cannot be read. Please save it as a PDF or a picture once more and send that."
    ),
    "encrypted": _("This PDF is protected with a password. Please print it to a new PDF without one and send that."),
    "more_than_a_document": _(
        "This PDF holds something before or after the document. Please print it to a new PDF and send that."
    ),
    "too_many_pages": _("This PDF has more than %(pages)s pages. Please send only the pages that are needed."),
    "too_many_pixels": _(
        "A picture in this file is too large, with more than %(megapixels)s million pixels. Please send a smaller one."
    ),
    "unpacks_to_too_much": _(
        "This file unpacks to far more than it should. Please print it to a new PDF or take a photo instead."
    ),
    "takes_too_long": _("This file takes too long to read. Please print it to a new PDF or take a photo instead."),
    "full_resident_number": _(
        "This copy shows a full resident registration number. It was not kept. Please cover the last seven digits and "
        "copy it again: a bar drawn over the text of a PDF does not remove it."
    ),
    "infected": _("The virus scanner found something harmful in this file. It was not kept."),
    "scanner_unavailable": _("Files cannot be checked for viruses at the moment. Please try again in a few minutes."),
    "no_such_page": _("This document has no such page."),
}


def refusal(code: str) -> PortalError:
    limits = {
        "megabytes": settings.DOCUMENT_MAX_BYTES // 1_000_000,
        "pages": settings.DOCUMENT_MAX_PAGES,
        "megapixels": settings.DOCUMENT_MAX_PIXELS // 1_000_000,
    }
    return PortalError(code, str(SENTENCES[code]) % limits)
