"""The form behind the button: what it asks, and the zip that answers it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from consents.admin.consent import more_buttons_of_consent, more_pages_of_consent
from consents.models import Consent
from members.access import asked_for_second_factor
from members.admin import more_buttons, more_pages
from members.models import LANGUAGE_CHOICES, Member
from privacy_portal.admin_base import Button
from privacy_portal.audit import people
from privacy_portal.doors import actor_of
from privacy_portal.errors import PortalError
from privacy_portal.evidence.making import LONGEST_REMARK, RIGHT, Asked, Why, make_bundle, why_not


class BundleForm(forms.Form):
    """Why a bundle is made, and how it is to be."""

    why = forms.ChoiceField(label=gettext_lazy("Reason"))
    reference = forms.CharField(label=gettext_lazy("Reference of the request"), required=False, max_length=60)
    remark = forms.CharField(
        label=gettext_lazy("Remark"),
        required=False,
        max_length=LONGEST_REMARK,
        help_text=gettext_lazy("Kept sealed on the access log; it is not in this bundle."),
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language of the report"), choices=LANGUAGE_CHOICES)
    opened = forms.BooleanField(
        label=gettext_lazy("Tell addresses, browsers and reasons in full"),
        required=False,
        help_text=gettext_lazy("Where they are still held. Otherwise they are masked."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["why"].choices = [("", _("Please choose")), *Why.choices]  # type: ignore[attr-defined]
        self.fields["language"].initial = "en" if (get_language() or "").startswith("en") else "ko"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and (refusal := why_not(Asked(**cleaned))):
            self.add_error(refusal.field, forms.ValidationError(refusal.sentence, code=refusal.code))
        return cleaned


def pages_of_member(site: AdminSite) -> list[URLPattern]:
    def page(request: HttpRequest, number: UUID) -> HttpResponseBase:
        return _page(request, site, Member.objects.filter(pk=number).first(), None)

    return [path("<uuid:number>/evidence/", site.admin_view(page), name="members_member_evidence")]


def pages_of_consent(site: AdminSite) -> list[URLPattern]:
    def page(request: HttpRequest, number: UUID) -> HttpResponseBase:
        consent = Consent.objects.filter(pk=number).select_related("member", "collection").first()
        return _page(request, site, consent.member if consent else None, consent)

    return [path("<uuid:number>/evidence/", site.admin_view(page), name="consents_consent_evidence")]


def _page(request: HttpRequest, site: AdminSite, member: Member | None, consent: Consent | None) -> HttpResponseBase:
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    if member is None:
        raise Http404
    if first := asked_for_second_factor(request):
        return first
    form = BundleForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        consent_id, asked = consent.pk if consent else None, Asked(**form.cleaned_data)
        try:
            bundle = make_bundle(member.pk, consent_id=consent_id, asked=asked, actor=actor_of(request))
        except PortalError as error:
            form.add_error(error.field, forms.ValidationError(error.sentence, code=error.code))
        else:
            headers = {"Cache-Control": "no-store, private", "X-Content-Type-Options": "nosniff"}
            return FileResponse(
                bundle.file,
                as_attachment=True,
                filename=bundle.name,
                content_type="application/zip",
                headers=headers,
            )
    name = people.named([member.pk])[member.pk]
    request.current_app = site.name  # type: ignore[attr-defined]
    about: Any = consent or member
    context = {
        **site.each_context(request),
        "title": _("Evidence bundle"),
        "opts": about._meta,
        "subject": f"{consent.collection} · {name}" if consent else name,
        "is_of_consent": consent is not None,
        "form": form,
        "back": reverse(f"admin:{about._meta.app_label}_{about._meta.model_name}_change", args=[about.pk]),
    }
    return TemplateResponse(request, "admin/evidence/new.html", context)


def _button(request: HttpRequest, url: str) -> list[Button]:
    return [Button(_("Evidence bundle…"), url, "folder_zip")] if request.user.has_perm(RIGHT) else []


def button_of_member(request: HttpRequest, member: Member) -> list[Button]:
    return _button(request, reverse("admin:members_member_evidence", args=[member.pk]))


def button_of_consent(request: HttpRequest, consent: Consent) -> list[Button]:
    return _button(request, reverse("admin:consents_consent_evidence", args=[consent.pk]))


more_buttons.append(button_of_member)
more_pages.append(pages_of_member)
more_buttons_of_consent.append(button_of_consent)
more_pages_of_consent.append(pages_of_consent)
