"""How rows are worded in a bundle: moments, names of items, who acted, and sealed evidence."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from privacy_portal.audit.masking import mask_ip
from privacy_portal.audit.sight import shown_in_full
from privacy_portal.policy.models import Item
from privacy_portal.vault.errors import DoesNotOpen
from privacy_portal.vault.fields import DOTS, SealedValue

DASH = "–"


def at(moment: datetime | None) -> str:
    """A moment in Asia/Seoul, to the second."""
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M:%S") if moment else DASH


def items_in_words() -> dict[str, str]:
    return {item.pk: str(item) for item in Item.objects.all()}


def listed(codes: Iterable[str], names: dict[str, str]) -> str:
    return ", ".join(names.get(code, code) for code in codes) or DASH


def evidence(sealed: SealedValue | None, opened: bool, parts: Collection[str] = ()) -> tuple[str, dict[str, Any]]:
    """Sealed evidence for the report and for the data: in full if `opened`, else the address masked and the rest only
    named. `parts` are those that may be told at all; all, if none are named."""
    if sealed is None:
        return DASH, {"state": "none taken"}
    if sealed.is_destroyed:
        return _("destroyed"), {"state": "destroyed"}
    try:
        held: dict[str, str] = sealed.open()
    except DoesNotOpen:
        return _("cannot be opened: altered or moved"), {"state": "does not open"}
    told = {name: text for name, text in held.items() if not parts or name in parts}
    if opened:
        shown_in_full()
    else:
        told = {name: mask_ip(text) if name == "address" else DOTS for name, text in told.items()}
    titles = {
        "address": _("IP address"),
        "browser": _("browser"),
        "reason": _("reason"),
        "identity": _("check of identity"),
    }
    shown = " · ".join(text if parts else f"{titles.get(name, name)}: {text}" for name, text in told.items())
    return shown or DASH, {"state": "opened" if opened else "masked", **told}
