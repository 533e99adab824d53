from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def portal(request: HttpRequest) -> dict[str, Any]:
    """What every page may need: whether this is the demo."""
    return {"is_demo": settings.DEMO}
