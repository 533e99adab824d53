"""The retention schedule: loading it, the rule in force, and the periods that the law leaves to the officer."""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.clock import now
from privacy_portal.errors import PortalError
from privacy_portal.rights import demand

from .models import RetentionRule

FILE = Path(__file__).parent / "schedule.yaml"
ACTOR = Actor.system("load_retention")
LONGEST = 600


@transaction.atomic
def load() -> list[str]:
    """Bring in the versions of rules that are not known yet; returns their codes. Safe to repeat.

    A version once loaded stays as it is, save that the file may end it; what an officer set later stays too.
    """
    added = []
    for row in yaml.safe_load(FILE.read_text("utf-8")):
        found = RetentionRule.objects.filter(code=row["code"], effective_from=row["effective_from"]).first()
        ends = row.get("effective_to")
        if found is None:
            save_as(ACTOR, _from(row), reason="schedule", force_insert=True)
            added.append(str(row["code"]))
        elif ends is not None and found.effective_to is None:
            found.effective_to = ends
            save_as(ACTOR, found, reason="schedule")
    return added


def rule_in_force(code: str, on: date | None = None) -> RetentionRule:
    """The rule as it stands. Raises `PortalError` `no_rule`."""
    rule = RetentionRule.objects.in_force(on or today()).filter(code=code).first()
    if rule is None:
        raise PortalError("no_rule", _("The retention schedule has no rule for this on that day."))
    return rule


def why_not_set(rule: RetentionRule) -> PortalError | None:
    """Why this rule's period cannot be set, if so."""
    if not rule.set_by_officer:
        return PortalError("set_by_law", _("The law sets this period."))
    if rule.effective_to is not None:
        return PortalError("not_in_force", _("This version of the rule has been replaced."))
    return None


@transaction.atomic
def set_period(rule: RetentionRule, months: int, *, needs_second_officer: bool, actor: Actor) -> RetentionRule:
    """Set a period that the law leaves to the company: a new version from today on; the old one stays on record."""
    demand(actor, "retention.set_period")
    rule = RetentionRule.objects.select_for_update().get(pk=rule.pk)
    if refusal := why_not_set(rule):
        raise refusal
    if not 0 < months <= LONGEST:
        raise PortalError(
            "months", _("Give a number of months from 1 to %(most)s.") % {"most": LONGEST}, field="months"
        )
    if rule.effective_from < today():
        rule.effective_to = today() - timedelta(days=1)
        save_as(actor, rule, reason="period set")
        rule = RetentionRule.objects.get(pk=rule.pk)
        rule.pk, rule.effective_from, rule.effective_to = None, today(), None  # type: ignore[assignment]
        rule._state.adding = True
    rule.months, rule.needs_second_officer = months, needs_second_officer
    save_as(actor, rule, reason="period set")
    return rule


def today() -> date:
    """The day it is in Asia/Seoul."""
    return timezone.localdate(now())


def months_after(moment: datetime, months: int) -> datetime:
    """So many months later (or earlier), on the same day in Asia/Seoul or the month's last."""
    local = timezone.localtime(moment)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day)


def _from(row: dict[str, Any]) -> RetentionRule:
    names = {
        f"{part}_{language}": row[part][language] for part in ("name", "ground", "source") for language in ("ko", "en")
    }
    facts = {part: row[part] for part in ("code", "months", "counts_from", "effective_from")}
    optional = ("effective_to", "set_by_officer", "needs_second_officer")
    return RetentionRule(**names, **facts, **{part: row[part] for part in optional if part in row})
