"""What differs between two versions of a notice, and whether people must be asked again (N2)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from .models import LANGUAGES, Notice, NoticeItem

PARTS = {
    "purpose": _("Purpose"),
    "retention": _("How long it is kept"),
    "refusal": _("Right to refuse and its effect"),
}
# Kept as pieces of their own, so that nothing of the text is lost.
WORDS_APART = re.compile(r"(\s+)")
ITEMS_APART = re.compile(r"(, )")
OTHER_PARTS = {"validity": _("How long the consent stands"), "items": _("Items")}


@dataclass(frozen=True)
class Change:
    """One difference. `part` is a key of the two above; `language` is empty where it is the same in both."""

    part: str
    language: str
    before: str
    after: str

    @property
    def title(self) -> str:
        return str(PARTS.get(self.part) or OTHER_PARTS[self.part])

    @property
    def marked(self) -> SafeString:
        """Both texts in one, what was taken out and what was put in marked as such."""
        apart = ITEMS_APART if self.part == "items" else WORDS_APART
        return marked_difference(self.before, self.after, apart=apart)


def compare(before: Notice, after: Notice) -> list[Change]:
    """Every difference in the four parts of N1. Any of them means a new consent."""
    changes = []
    for part in PARTS:
        for language in LANGUAGES:
            old, new = getattr(before, f"{part}_{language}"), getattr(after, f"{part}_{language}")
            if old != new:
                changes.append(Change(part, language, old, new))
    if before.valid_months != after.valid_months:
        changes.append(Change("validity", "", _months(before), _months(after)))
    old_items, new_items = list(before.items.all()), list(after.items.all())
    if _facts(old_items) != _facts(new_items):
        changes.append(Change("items", "", _listed(old_items), _listed(new_items)))
    return changes


def marked_difference(before: str, after: str, *, apart: re.Pattern[str] = WORDS_APART) -> SafeString:
    """`before` and `after` piece by piece, as HTML with <del> and <ins>; `apart` is what stands between pieces."""
    old, new = ([piece for piece in apart.split(text) if piece] for text in (before, after))
    pieces = []
    for kind, old_from, old_to, new_from, new_to in difflib.SequenceMatcher(None, old, new, False).get_opcodes():
        gone, come = "".join(old[old_from:old_to]), "".join(new[new_from:new_to])
        if kind == "equal":
            pieces.append(format_html("{}", gone))
            continue
        if gone:
            pieces.append(format_html("<del>{}</del>", gone))
        if come:
            pieces.append(format_html("<ins>{}</ins>", come))
    return format_html_join("", "{}", ((piece,) for piece in pieces))


def _facts(items: Iterable[NoticeItem]) -> set[tuple[str, str, int | None, str]]:
    return {(item.item_id, item.requirement, item.choice, item.label) for item in items}


def _listed(items: Iterable[NoticeItem]) -> str:
    return ", ".join(f"{item} ({item.get_requirement_display()})" for item in items)


def _months(notice: Notice) -> str:
    return str(
        _("%(months)s months") % {"months": notice.valid_months} if notice.valid_months else _("until withdrawn")
    )
