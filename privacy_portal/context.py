from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def portal(request: HttpRequest) -> dict[str, Any]:
    """What every page may need: whether this is the demo, and whether one can sign in with NAVER."""
    return {"is_demo": settings.DEMO, "has_naver": bool(settings.NAVER_CLIENT_ID)}
