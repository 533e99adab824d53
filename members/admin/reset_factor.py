"""The page on which an officer takes away the second factor that a colleague has lost."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacy_portal.admin_base import Button
from privacy_portal.doors import actor_of
from privacy_portal.errors import PortalError

from ..access import asked_for_second_factor
from ..models import Account
from ..second_factor.factors import RIGHT_TO_RESET, has_second_factor, reset

LONGEST_REASON = 70


class ResetForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=LONGEST_REASON,
        help_text=gettext_lazy(
            "Such as: telephone lost, identity checked in person. It stays in the account's history."
        ),
    )


def button(request: HttpRequest, account: Account) -> list[Button]:
    allowed = request.user.has_perm(RIGHT_TO_RESET) and request.user.pk != account.pk
    if not allowed or not has_second_factor(account):
        return []
    url = reverse("admin:members_account_reset_factor", args=[account.pk])
    return [Button(_("Reset the second factor…"), url, "phonelink_erase")]


def page(request: HttpRequest, account: Account | None) -> HttpResponseBase:
    if not request.user.has_perm(RIGHT_TO_RESET):
        raise PermissionDenied
    if account is None:
        raise Http404
    if first := asked_for_second_factor(request):
        return first
    back = reverse("admin:members_account_change", args=[account.pk])
    form = ResetForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            reset(account, reason=form.cleaned_data["reason"], actor=actor_of(request))
        except PortalError as error:
            form.add_error(None, forms.ValidationError(error.sentence, code=error.code))
        else:
            messages.success(request, _("The second factor is reset, and the account is signed out everywhere."))
            return redirect(back)
    request.current_app = admin.site.name  # type: ignore[attr-defined]
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "opts": Account._meta,
        "title": _("Reset the second factor"),
        "intro": _(
            "Be sure that it is really your colleague who asks. Their app, passkeys and recovery codes stop working, "
            "they are signed out, and at their next sign-in they set up new ones."
        ),
        "form": form,
        "submit": _("Reset the second factor"),
        "back": back,
    }
    return TemplateResponse(request, "admin/record/form.html", context)
