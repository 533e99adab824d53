"""Who may open the member's pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from .models import Member

P = ParamSpec("P")
MemberView = Callable[Concatenate[HttpRequest, Member, P], HttpResponseBase]
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def member_page(view: MemberView[P]) -> View[P]:
    """A page of the member who is signed in; staff, who are not members, are led to the admin."""

    @login_required
    @wraps(view)
    def page(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        member = (
            Member.objects.select_related("data_key", "account__data_key", "notice__collection")
            .filter(account=request.user.pk)
            .first()
        )
        if member is None:
            return redirect("admin:index")
        return view(request, member, *args, **kwargs)

    return page
