"""A change of address whose old mailbox is lost: an officer who made sure of the person confirms in its place."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacy_portal.admin_base import Button
from privacy_portal.audit import sight
from privacy_portal.doors import actor_of
from privacy_portal.errors import PortalError
from privacy_portal.forms import add_refusal

from .. import changing_address
from ..models import AddressChange, Member

MAY_CONFIRM = "members.confirm_address"


class LostMailboxForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("How you made sure that it is the member"),
        max_length=80,
        help_text=gettext_lazy("For example the number of the request. No personal information."),
    )


def _waiting_of(member: Member) -> AddressChange | None:
    return changing_address.waiting(member.account) if member.account else None


def lost_mailbox_button(request: HttpRequest, member: Member) -> list[Button]:
    if not request.user.has_perm(MAY_CONFIRM):
        return []
    waiting = _waiting_of(member)
    if waiting is None or waiting.confirmed_old_at:
        return []
    url = reverse("admin:members_member_address", args=[member.pk])
    return [Button(_("Old mailbox is lost"), url, "contact_mail")]


def address_pages(site: admin.AdminSite) -> list[URLPattern]:
    def page(request: HttpRequest, number: UUID) -> HttpResponse:
        return _lost_mailbox(site, request, number)

    return [path("<uuid:number>/address/", site.admin_view(page), name="members_member_address")]


def _lost_mailbox(site: admin.AdminSite, request: HttpRequest, number: UUID) -> HttpResponse:
    if not request.user.has_perm(MAY_CONFIRM):
        raise PermissionDenied
    member = Member.objects.select_related("account").filter(pk=number).first()
    waiting = _waiting_of(member) if member else None
    if waiting is None:
        raise Http404
    sight.saw(number)
    back = reverse("admin:members_member_change", args=[number])
    form = LostMailboxForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            changing_address.confirm(waiting.pk, "old", actor=actor_of(request), reason=form.cleaned_data["reason"])
        except PortalError as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("Confirmed in place of the old address."))
            return redirect(back)
    request.current_app = site.name  # type: ignore[attr-defined]
    context = {
        **site.each_context(request),
        "title": _("Old mailbox is lost"),
        "intro": _(
            "The member asked for another address to sign in with, and cannot read e-mails at the one until now. Your "
            "confirmation takes its place; the new address still has to confirm for itself. Both are told."
        ),
        "submit": _("Confirm in place of the old address"),
        "back": back,
        "form": form,
    }
    return TemplateResponse(request, "admin/record/form.html", context)
