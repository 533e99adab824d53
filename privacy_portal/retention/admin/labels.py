"""The words of retention in the admin: reasons, names of rules, coloured states."""

from __future__ import annotations

from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from privacy_portal.admin_base import label
from privacy_portal.retention.due import SOURCES
from privacy_portal.retention.models import DestructionItem, DestructionRun, RetentionRule

RETENTION_REASONS = {
    "schedule": _("the retention schedule was loaded"),
    "period set": _("period set by an officer"),
    "hold placed": _("legal hold placed"),
    "hold lifted": _("legal hold lifted"),
    "run proposed": _("proposed by the daily job"),
    "run approved": _("approved by an officer"),
    "run begun": _("destruction begun"),
    "run done": _("destruction done"),
    "run cancelled": _("cancelled by an officer"),
    **{f"retention.{code}": _("retention period over") for code in SOURCES},
}
TONES = {
    DestructionRun.State.PROPOSED: "warn",
    DestructionRun.State.APPROVED: "warn",
    DestructionRun.State.RUNNING: "warn",
    DestructionRun.State.DONE: "good",
}
OUTCOMES = DestructionItem.Outcome


def state_label(run: DestructionRun) -> SafeString:
    return label(run.get_state_display(), TONES.get(DestructionRun.State(run.state), ""))


def rule_names() -> dict[str, str]:
    """What each rule is called, by its code."""
    return {rule.code: str(rule) for rule in RetentionRule.objects.order_by("effective_from")}
