from __future__ import annotations

from collections.abc import Iterable

from django import template

from privacy_portal.policy.models import NoticeItem

register = template.Library()


@register.filter
def one_of(items: Iterable[NoticeItem]) -> list[list[NoticeItem]]:
    """The items in order, those of which one is enough put together."""
    together: list[list[NoticeItem]] = []
    for item in items:
        if item.choice is not None and together and together[-1][0].choice == item.choice:
            together[-1].append(item)
        else:
            together.append([item])
    return together
