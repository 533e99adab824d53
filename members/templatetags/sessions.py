from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings

from ..sessions import activity
from ..sessions.views import who

register = template.Library()


@register.simple_tag(takes_context=True)
def session_watch(context: dict[str, Any]) -> dict[str, Any] | None:
    """What a page needs to warn before its session ends; nothing for those who are not signed in."""
    request = context.get("request")
    if request is None or not getattr(request, "user", None) or not request.user.is_authenticated:
        return None
    longest = activity.longest_idle(request.user)
    return {
        "who": who(request),
        # The page itself is activity, noted once it is on its way.
        "left": longest,
        "minutes": longest // 60,
        "warning": min(settings.IDLE_WARNING_SECONDS, longest // 3),
    }
