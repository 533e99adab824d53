"""The member's pages of payment methods: what there is, masked; adding one; removing one."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from privacy_portal.doors import actor_of
from privacy_portal.errors import PortalError
from privacy_portal.policy.models import Item

from ..access import member_page
from ..models import Member, PaymentKind, PaymentMethod
from . import adding, removing, showing
from .forms import PaymentMethodForm

# So many of those that were removed are told of.
MOST_ENDED = 20

# What a room above holds with a method, such as a document, as a piece of the member's page.
more_of: list[Callable[[HttpRequest, PaymentMethod], str]] = []


@require_safe
@member_page
def payment_methods(request: HttpRequest, member: Member) -> HttpResponse:
    """The list: each method masked, what can be added, and what was removed."""
    actor = actor_of(request)
    rows = [
        (one, [text for more in more_of if (text := more(request, one.method))]) for one in showing.living_of(member)
    ]
    ended = member.payment_methods.filter(ended_at__isnull=False).order_by("-ended_at")[:MOST_ENDED]
    context = {
        "rows": rows,
        "offers": [kind for kind in adding.kinds_for(member) if adding.why_not_add(member, kind, actor) is None],
        "ended": ended,
        "kinds": PaymentKind,
    }
    return render(request, "members/payment_methods/list.html", context)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def add(request: HttpRequest, member: Member, kind: PaymentKind) -> HttpResponse:
    """The notice and the form of one kind of method. Documents come with files: the room above has their page."""
    actor = actor_of(request)
    if adding.why_not_add(member, kind, actor):
        raise Http404
    form = PaymentMethodForm(request.POST or None, member=member, kind=kind)
    if request.method == "POST" and form.is_valid():
        try:
            language = request.LANGUAGE_CODE[:2]
            adding.add(member, kind, form.values(), notice=form.shown, language=language, actor=actor)
        except PortalError as error:
            form.refuse(error)
        else:
            messages.success(request, _("It is kept, sealed. You can remove it here at any time."))
            return redirect("members:payment_methods")
    return render(request, "members/payment_methods/add.html", {"form": form, "kind": kind, "kinds": PaymentKind})


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def remove(request: HttpRequest, member: Member, number: UUID) -> HttpResponse:
    """What is destroyed and what law keeps, before it is done; by POST it is done."""
    methods = member.payment_methods.select_related("data_key", "member", "notice__collection")
    method = get_object_or_404(methods, pk=number)
    if method.ended_at is not None:
        when = date_format(localtime(method.ended_at), "DATETIME_FORMAT")
        messages.info(request, _("This was removed on %(when)s already. Nothing was changed.") % {"when": when})
        return redirect("members:payment_methods")
    if request.method == "POST":
        removing.remove(method, actor=actor_of(request))
        messages.success(request, _("It is removed, and no longer used to pay."))
        return redirect("members:payment_methods")
    context = {"one": showing.show(method, Item.objects.in_bulk()), "kinds": PaymentKind}
    return render(request, "members/payment_methods/remove.html", context)
