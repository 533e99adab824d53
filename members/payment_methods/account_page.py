from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string

from ..models import Member


def payment_part(request: HttpRequest, member: Member) -> str:
    """How many payment methods there are, and the way to them."""
    count = member.payment_methods.filter(ended_at__isnull=True).count()
    return render_to_string("members/payment_methods/of_account.html", {"count": count}, request)
