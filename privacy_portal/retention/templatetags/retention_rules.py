"""What other rooms' pages say of the schedule."""

from __future__ import annotations

from collections.abc import Iterable

from django import template
from django.utils import timezone

from privacy_portal.clock import now
from privacy_portal.retention.models import RetentionRule

register = template.Library()


@register.filter
def rules_named(codes: Iterable[str]) -> list[RetentionRule]:
    """The rules of these codes as they hold today: what is kept, how long and by which law."""
    if not (codes := list(codes)):
        return []
    return list(RetentionRule.objects.in_force(timezone.localdate(now())).filter(code__in=codes))
