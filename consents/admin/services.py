"""Services in the admin: adding one, saying what it may do, making and revoking its keys."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.decorators import display

from consents.models import Scope, ServiceClient, ServiceKey
from consents.services import clients
from members.access import asked_for_second_factor
from privacy_portal.admin_base import Button, RecordAdmin, label
from privacy_portal.admin_forms import form_page
from privacy_portal.admin_history import REASONS, staff_names
from privacy_portal.clock import beginning_of, now
from privacy_portal.doors import actor_of
from privacy_portal.errors import PortalError
from privacy_portal.policy.models import Collection

DASH = "–"
NOT_ACTIVE = gettext_lazy("may not call")
REASONS |= {
    "service added": gettext_lazy("service added"),
    "service changed": gettext_lazy("what it may do was changed"),
}


def consents_by_heading() -> list[tuple[str, list[tuple[str, str]]]]:
    """What the policy asks a consent for, under its headings."""
    asked = Collection.objects.filter(legal_basis=Collection.LegalBasis.SEPARATE_CONSENT).select_related("group")
    by_heading: dict[str, list[tuple[str, str]]] = {}
    for collection in asked:
        by_heading.setdefault(str(collection.group), []).append((collection.pk, str(collection)))
    return list(by_heading.items())


class ServiceForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=60,
        help_text=gettext_lazy("Stands in the access log and in consent events. No personal information."),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("May do"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple, required=False
    )
    collections = forms.MultipleChoiceField(
        label=gettext_lazy("For these consents"),
        choices=consents_by_heading,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    rate_limit = forms.IntegerField(
        label=gettext_lazy("Calls a minute"), min_value=1, max_value=clients.MOST_CALLS_A_MINUTE, initial=600
    )
    address_ranges = forms.CharField(
        label=gettext_lazy("Network addresses"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("One a line, such as 192.0.2.7 or 192.0.2.0/24. Empty: it may call from anywhere."),
    )

    def terms(self) -> clients.Terms:
        said = self.cleaned_data
        return clients.Terms(
            name=said["name"],
            scopes=said["scopes"],
            collections=said["collections"],
            rate_limit=said["rate_limit"],
            address_ranges=said["address_ranges"].split(),
        )


class ChangeForm(ServiceForm):
    is_active = forms.BooleanField(
        label=gettext_lazy("May call"),
        required=False,
        help_text=gettext_lazy("Without the tick none of its calls is answered, whatever the key."),
    )


class KeyForm(forms.Form):
    last_day = forms.DateField(label=gettext_lazy("Valid until the end of"), widget=forms.DateInput({"type": "date"}))

    def add_refusal(self, error: PortalError) -> None:
        self.add_error("last_day" if error.field == "expires_at" else None, str(error.sentence))


@admin.register(ServiceClient)
class ServiceClientAdmin(RecordAdmin):
    list_display = ("name", "shown_scopes", "shown_state", "rate_limit", "shown_addresses")
    list_before_template = "admin/consents/serviceclient/before.html"
    ordering = ("name",)
    sortable_by = ()
    fields = ("name", "shown_state", "shown_scopes", "shown_collections", "rate_limit", "shown_addresses", "made_at")
    # Outside the page's own form: it has forms of its own.
    change_form_outer_after_template = "admin/consents/serviceclient/after.html"

    def get_urls(self) -> list[URLPattern]:
        def page(view: Any) -> Any:
            return self.admin_site.admin_view(_for_officers(view))

        return [
            path("new/", page(self.add_page), name="consents_serviceclient_new"),
            path("<uuid:number>/terms/", page(self.change_page), name="consents_serviceclient_terms"),
            path("<uuid:number>/key/", page(self.key_page), name="consents_serviceclient_key"),
            path("key/<uuid:number>/revoke/", page(require_POST(self.revoke)), name="consents_serviceclient_revoke"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        extra = {"may_manage": request.user.has_perm(clients.RIGHT), **(extra_context or {})}
        return super().changelist_view(request, extra)

    def buttons(self, request: HttpRequest, obj: ServiceClient) -> list[Button]:
        if not request.user.has_perm(clients.RIGHT):
            return []
        return [
            Button(_("Make a key"), reverse("admin:consents_serviceclient_key", args=[obj.pk]), "key", is_main=True),
            Button(
                _("Change what it may do"),
                reverse("admin:consents_serviceclient_terms", args=[obj.pk]),
                "edit_document",
            ),
        ]

    def more_context(self, request: HttpRequest, obj: ServiceClient) -> dict[str, Any]:
        at = now()
        rows = ServiceKey.history.filter(client=obj).values_list("id", "history_change_reason", "history_user_id")  # type: ignore[attr-defined]
        by = {(number, reason): account for number, reason, account in rows}
        names = staff_names(by.values())

        def who(key: ServiceKey, reason: str) -> str:
            account = by.get((key.pk, reason))
            return names.get(account, "") if account else ""

        return {
            "keys": [
                (key, key.is_valid_at(at), who(key, "key made"), who(key, "key revoked")) for key in obj.keys.all()
            ],
            "may_manage": request.user.has_perm(clients.RIGHT),
        }

    def add_page(self, request: HttpRequest) -> HttpResponse:
        form = ServiceForm(request.POST if request.method == "POST" else None)

        def act(**said: Any) -> None:
            clients.add(form.terms(), actor=actor_of(request))

        return form_page(
            request,
            self.admin_site,
            form,
            title=_("Add a service"),
            intro=_("It may do nothing until it has a key, which you make on its page."),
            submit=_("Add the service"),
            back=reverse("admin:consents_serviceclient_changelist"),
            act=act,
            done=_("The service is added. Open it to make its key."),
        )

    def change_page(self, request: HttpRequest, number: UUID) -> HttpResponse:
        client = _service(number)
        form = ChangeForm(
            request.POST if request.method == "POST" else None,
            initial={
                "name": client.name,
                "scopes": client.scopes,
                "collections": client.collections,
                "rate_limit": client.rate_limit,
                "address_ranges": "\n".join(client.address_ranges),
                "is_active": client.is_active,
            },
        )

        def act(is_active: bool, **said: Any) -> None:
            clients.change(client, form.terms(), is_active=is_active, actor=actor_of(request))

        return form_page(
            request,
            self.admin_site,
            form,
            title=_("Change what %(name)s may do") % {"name": client.name},
            intro=_("It holds from the service's next call on."),
            submit=_("Save"),
            back=reverse("admin:consents_serviceclient_change", args=[number]),
            act=act,
            done=_("Saved."),
        )

    def key_page(self, request: HttpRequest, number: UUID) -> HttpResponseBase:
        client = _service(number)
        if first := asked_for_second_factor(request):
            return first
        last_day = timezone.localdate(now()) + timedelta(days=settings.SERVICE_KEY_DAYS)
        form = KeyForm(request.POST if request.method == "POST" else None, initial={"last_day": last_day})
        back = reverse("admin:consents_serviceclient_change", args=[number])
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": _("Make a key for %(name)s") % {"name": client.name},
            "intro": _(
                "The key is shown once. A service may have two valid keys, so that one can take over from the other."
            ),
            "submit": _("Make the key"),
            "back": back,
            "form": form,
        }
        if request.method == "POST" and form.is_valid():
            try:
                key, token = clients.make_key(
                    client, expires_at=_end_of(form.cleaned_data["last_day"]), actor=actor_of(request)
                )
            except PortalError as error:
                form.add_refusal(error)
            else:
                made = {"title": _("The key of %(name)s") % {"name": client.name}, "key": key, "token": token}
                return TemplateResponse(request, "admin/consents/serviceclient/key.html", {**context, **made})
        return TemplateResponse(request, "admin/record/form.html", context)

    def revoke(self, request: HttpRequest, number: UUID) -> HttpResponse:
        key = ServiceKey.objects.select_related("client").filter(pk=number).first()
        if key is None:
            raise Http404
        clients.revoke_key(key, actor=actor_of(request))
        messages.success(request, _("The key is revoked. No call with it is answered any more."))
        return redirect("admin:consents_serviceclient_change", key.client_id)

    @display(description=gettext_lazy("state"))
    def shown_state(self, client: ServiceClient) -> SafeString:
        return label(_("may call"), "good") if client.is_active else label(NOT_ACTIVE, "bad")

    @display(description=gettext_lazy("may do"))
    def shown_scopes(self, client: ServiceClient) -> str:
        return ", ".join(str(Scope(scope).label) for scope in client.scopes) or DASH

    @display(description=gettext_lazy("for these consents"))
    def shown_collections(self, client: ServiceClient) -> str:
        return ", ".join(str(one) for one in Collection.objects.filter(pk__in=client.collections)) or DASH

    @display(description=gettext_lazy("network addresses"))
    def shown_addresses(self, client: ServiceClient) -> str:
        return ", ".join(client.address_ranges) or _("from anywhere")


def _for_officers(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perm(clients.RIGHT):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return page


def _service(number: UUID) -> ServiceClient:
    client = ServiceClient.objects.filter(pk=number).first()
    if client is None:
        raise Http404
    return client


def _end_of(day: date) -> Any:
    return beginning_of(day + timedelta(days=1))
