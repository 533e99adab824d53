"""Rights of staff in the admin: asking, approving, and the record of what was granted, changed and removed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from privacy_portal.admin_base import Button, RecordAdmin, label, link, moment
from privacy_portal.admin_forms import form_page
from privacy_portal.admin_history import REASONS, Line, by_whom, staff_names
from privacy_portal.admin_lists import DayRangeFilter
from privacy_portal.audit.masking import masked
from privacy_portal.dashboard import Cell, Panel, Table, panel
from privacy_portal.doors import actor_of
from privacy_portal.errors import PortalError

from ..models import Account, RightsChange, RightsRequest
from ..rights import asking, deciding
from .rights_forms import GROUPS, GroupsForm, NewAccountForm, RefusalForm, RemovalForm

State = RightsRequest.State
TONES = {State.OPEN: "warn", State.APPROVED: "good", State.REFUSED: "bad"}
DASH = "–"
REASONS |= {
    "rights granted": gettext_lazy("rights granted again"),
    "left the company": gettext_lazy("left the company"),
    "rights.asked": gettext_lazy("asked for"),
    "rights.approved": gettext_lazy("approved"),
    "rights.refused": gettext_lazy("the request for an account was refused"),
    "rights.taken_back": gettext_lazy("the request for an account was taken back"),
}


def in_words(groups: Iterable[str], *, every_right: bool = False) -> str:
    names = [str(GROUPS.get(group, group)) for group in groups]
    return ", ".join([*names, *([_("every right")] if every_right else [])]) or DASH


def _account_link(account_id: UUID, name: str) -> str | SafeString:
    return link(reverse("admin:members_account_change", args=[account_id]), name)


@admin.register(RightsRequest)
class RightsRequestAdmin(RecordAdmin):
    list_display = ("shown_name", "shown_kind", "shown_groups", "shown_state", "shown_requested", "shown_decided")
    list_filter = (("state", ChoicesDropdownFilter), ("kind", ChoicesDropdownFilter))
    list_select_related = ("data_key",)
    list_before_template = "admin/members/rightsrequest/before.html"
    ordering = ("-requested_at", "-id")
    sortable_by = ()
    fields = (
        "shown_name",
        "shown_email",
        "shown_kind",
        "shown_before",
        "shown_groups",
        "reason",
        "shown_requested",
        "shown_state",
        "shown_decided",
        "note",
    )
    history_hidden = ("alias", "data_key")

    def get_urls(self) -> list[URLPattern]:
        def page(view: Any) -> Any:
            return self.admin_site.admin_view(view)

        return [
            path("ask/", page(self.ask_view), name="members_rightsrequest_ask"),
            path("ask/<uuid:number>/groups/", page(self.groups_view), name="members_rightsrequest_groups"),
            path("ask/<uuid:number>/removal/", page(self.removal_view), name="members_rightsrequest_removal"),
            path("<uuid:number>/refuse/", page(self.refuse_view), name="members_rightsrequest_refuse"),
            path("<uuid:number>/approve/", page(require_POST(self.approve_view)), name="members_rightsrequest_approve"),
            path("<uuid:number>/back/", page(require_POST(self.back_view)), name="members_rightsrequest_back"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("data_key")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        extra = {"may_ask": request.user.has_perm(asking.RIGHT), **(extra_context or {})}
        return super().changelist_view(request, extra)

    def prepare(self, rows: Any) -> None:
        rows = list(rows)
        names = staff_names(number for row in rows for number in (row.requested_by, row.decided_by))
        for row in rows:
            row.staff_names = names

    def people_of(self, obj: RightsRequest) -> list[UUID | None]:
        return [obj.account_number]

    def buttons(self, request: HttpRequest, obj: RightsRequest) -> list[Button]:
        if not obj.is_open or not request.user.has_perm(asking.RIGHT):
            return []
        if obj.requested_by == request.user.pk:
            return [Button(_("Take it back"), _url("back", obj.pk), "undo", posts=True)]
        if deciding.why_not_decide(obj, request.user.pk):
            return []
        return [
            Button(_("Approve"), _url("approve", obj.pk), "check", posts=True, is_main=True),
            Button(_("Refuse"), _url("refuse", obj.pk), "close"),
        ]

    def ask_view(self, request: HttpRequest) -> HttpResponse:
        _demand(request)

        def act(**values: Any) -> None:
            asking.ask_for_account(actor=actor_of(request), **values)

        return form_page(
            request,
            self.admin_site,
            NewAccountForm(request.POST if request.method == "POST" else None),
            title=_("Ask for a staff account"),
            intro=_("Another officer has to approve it. Whoever gets it chooses a password by a link in an e-mail."),
            submit=_("Ask for the account"),
            back=reverse("admin:members_rightsrequest_changelist"),
            act=act,
            done=_("Asked for. It waits for another officer."),
        )

    def groups_view(self, request: HttpRequest, number: UUID) -> HttpResponse:
        account = _staff(request, number)

        def act(**values: Any) -> None:
            asking.ask_for_groups(account, actor=actor_of(request), **values)

        form = GroupsForm(
            request.POST if request.method == "POST" else None,
            initial={"groups": [group.name for group in account.groups.all()]},
        )
        return form_page(
            request,
            self.admin_site,
            form,
            title=_("Ask for other groups: %(name)s") % {"name": account.staff_name},
            intro=_("The account will be in these groups and no others, once another officer has approved it."),
            submit=_("Ask for the change"),
            back=reverse("admin:members_account_change", args=[account.pk]),
            act=act,
            done=_("Asked for. It waits for another officer."),
        )

    def removal_view(self, request: HttpRequest, number: UUID) -> HttpResponse:
        account = _staff(request, number)

        def act(**values: Any) -> None:
            asking.ask_for_removal(account, actor=actor_of(request), **values)

        return form_page(
            request,
            self.admin_site,
            RemovalForm(request.POST if request.method == "POST" else None),
            title=_("Ask for the removal: %(name)s") % {"name": account.staff_name},
            intro=_("Once another officer has approved it, the account has no rights and no way in, from that moment."),
            submit=_("Ask for the removal"),
            back=reverse("admin:members_account_change", args=[account.pk]),
            act=act,
            done=_("Asked for. It waits for another officer."),
        )

    def refuse_view(self, request: HttpRequest, number: UUID) -> HttpResponse:
        found = _found(request, number)

        def act(**values: Any) -> None:
            deciding.refuse(found, actor=actor_of(request), **values)

        return form_page(
            request,
            self.admin_site,
            RefusalForm(request.POST if request.method == "POST" else None),
            title=_("Refuse: %(what)s") % {"what": found},
            intro=_("Nothing changes. The reason stays on the record."),
            submit=_("Refuse"),
            back=_page_of(found),
            act=act,
            done=_("Refused."),
        )

    def approve_view(self, request: HttpRequest, number: UUID) -> HttpResponse:
        return self._do(request, number, deciding.approve, _("Approved and carried out."))

    def back_view(self, request: HttpRequest, number: UUID) -> HttpResponse:
        return self._do(request, number, asking.take_back, _("Taken back."))

    def _do(self, request: HttpRequest, number: UUID, verb: Any, done: str) -> HttpResponse:
        found = _found(request, number)
        try:
            verb(found, actor=actor_of(request))
        except PortalError as error:
            messages.error(request, str(error.sentence))
        else:
            messages.success(request, done)
        return redirect(_page_of(found))

    @display(description=gettext_lazy("account"))
    def shown_name(self, asked: RightsRequest) -> str:
        return asked.staff_name

    @display(description=gettext_lazy("e-mail address"))
    def shown_email(self, asked: RightsRequest) -> str:
        return masked("email", asked.email) or DASH

    @display(description=gettext_lazy("what"))
    def shown_kind(self, asked: RightsRequest) -> str:
        return str(asked.get_kind_display())

    @display(description=gettext_lazy("groups before"))
    def shown_before(self, asked: RightsRequest) -> str:
        return in_words(asked.groups_before)

    @display(description=gettext_lazy("groups afterwards"))
    def shown_groups(self, asked: RightsRequest) -> str:
        return in_words(asked.groups_after)

    @display(description=gettext_lazy("state"))
    def shown_state(self, asked: RightsRequest) -> SafeString:
        return label(asked.get_state_display(), TONES.get(State(asked.state), ""))

    @display(description=gettext_lazy("requested"))
    def shown_requested(self, asked: RightsRequest) -> str:
        return f"{moment(asked.requested_at)} · {_name(asked, asked.requested_by)}"

    @display(description=gettext_lazy("decided"))
    def shown_decided(self, asked: RightsRequest) -> str:
        return f"{moment(asked.decided_at)} · {_name(asked, asked.decided_by)}" if asked.decided_by else DASH


@admin.register(RightsChange)
class RightsChangeAdmin(RecordAdmin):
    list_display = (
        "shown_at",
        "shown_account",
        "shown_kind",
        "shown_before",
        "shown_after",
        "shown_by",
        "shown_approver",
    )
    list_filter = (("kind", ChoicesDropdownFilter), ("at", DayRangeFilter))
    list_select_related = ("account",)
    narrowed_by = {"account": "account"}
    list_before_template = "admin/record/narrowed.html"
    ordering = ("-id",)
    sortable_by = ()
    fields = (
        "shown_at",
        "shown_account",
        "shown_kind",
        "shown_before",
        "shown_after",
        "reason",
        "shown_by",
        "shown_approver",
        "shown_request",
        "number",
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("account")

    def prepare(self, rows: Any) -> None:
        rows = list(rows)
        names = staff_names(number for row in rows for number in (row.requested_by, row.approved_by))
        for row in rows:
            row.staff_names = names

    def people_of(self, obj: RightsChange) -> list[UUID | None]:
        return [obj.account_id]

    def title_of(self, obj: RightsChange) -> str:
        return f"{obj.account.staff_name}: {obj.get_kind_display()}"

    def only_line(self, obj: RightsChange) -> Line:
        by = by_whom(obj.actor_kind, obj.approved_by, obj.actor_name, staff_names([obj.approved_by]))
        return Line(at=obj.at, what=_("written"), by=by, reason=obj.reason)

    @display(description=gettext_lazy("when"))
    def shown_at(self, change: RightsChange) -> str:
        return moment(change.at)

    @display(description=gettext_lazy("account"))
    def shown_account(self, change: RightsChange) -> str:
        return change.account.staff_name

    @display(description=gettext_lazy("what"))
    def shown_kind(self, change: RightsChange) -> str:
        return str(change.get_kind_display())

    @display(description=gettext_lazy("groups before"))
    def shown_before(self, change: RightsChange) -> str:
        return in_words(change.groups_before)

    @display(description=gettext_lazy("groups afterwards"))
    def shown_after(self, change: RightsChange) -> str:
        return in_words(change.groups_after, every_right=change.every_right)

    @display(description=gettext_lazy("requested by"))
    def shown_by(self, change: RightsChange) -> str:
        return _who(change, change.requested_by, change.requested_by_name)

    @display(description=gettext_lazy("approved by"))
    def shown_approver(self, change: RightsChange) -> str:
        return _who(change, change.approved_by, change.approved_by_name)

    @display(description=gettext_lazy("request"))
    def shown_request(self, change: RightsChange) -> str | SafeString:
        if change.asked_in_id is None:
            return DASH
        return link(reverse("admin:members_rightsrequest_change", args=[change.asked_in_id]), change.asked_in_id)


def account_section(request: HttpRequest, account: Account) -> str:
    """On a colleague's page: what was granted, changed and removed, the newest first."""
    if not account.is_staff or not request.user.has_perm("members.view_rightschange"):
        return ""
    changes = list(RightsChange.objects.filter(account=account).order_by("-id")[:10])
    names = staff_names(number for one in changes for number in (one.requested_by, one.approved_by))
    lines = [
        (
            one,
            in_words(one.groups_before),
            in_words(one.groups_after, every_right=one.every_right),
            names.get(one.requested_by, one.requested_by_name) if one.requested_by else one.requested_by_name,
            names.get(one.approved_by, one.approved_by_name) if one.approved_by else one.approved_by_name,
        )
        for one in changes
    ]
    return render_to_string("admin/members/account/rights.html", {"lines": lines, "account": account})


def account_buttons(request: HttpRequest, account: Account) -> list[Button]:
    if not account.is_staff or not request.user.has_perm(asking.RIGHT):
        return []
    buttons = [Button(_("Ask for other groups"), _url("groups", account.pk), "manage_accounts")]
    if account.is_active:
        buttons.append(Button(_("Ask for the removal"), _url("removal", account.pk), "person_remove"))
    return buttons


@panel(15)
def waiting_for_approval(request: HttpRequest) -> Panel | None:
    """What another officer asked for, and this one can decide."""
    account_id = request.user.pk
    if account_id is None or not request.user.has_perm(asking.RIGHT):
        return None
    rows = [
        [Cell(asked.staff_name, _page_of(asked)), Cell(asked.get_kind_display()), Cell(in_words(asked.groups_after))]
        for asked in deciding.waiting_for(account_id)[:10]
    ]
    return Panel(
        _("Rights of staff that wait for your approval"),
        table=Table([_("Account"), _("What"), _("Groups afterwards")], rows),
        empty=_("Nothing waits for you."),
    )


def _url(page: str, number: UUID) -> str:
    return reverse(f"admin:members_rightsrequest_{page}", args=[number])


def _page_of(asked: RightsRequest) -> str:
    return _url("change", asked.pk)


def _demand(request: HttpRequest) -> None:
    if not request.user.has_perm(asking.RIGHT):
        raise PermissionDenied


def _found(request: HttpRequest, number: UUID) -> RightsRequest:
    _demand(request)
    found = RightsRequest.objects.filter(pk=number).first()
    if found is None:
        raise Http404
    return found


def _staff(request: HttpRequest, number: UUID) -> Account:
    _demand(request)
    account = Account.objects.filter(pk=number, is_staff=True).prefetch_related("groups").first()
    if account is None:
        raise Http404
    return account


def _name(row: Any, account_id: UUID | None) -> str:
    if account_id is None:
        return DASH
    names = getattr(row, "staff_names", None) or staff_names([account_id])
    return str(names.get(account_id, DASH))


def _who(row: Any, account_id: UUID | None, name: str) -> str:
    return _name(row, account_id) if account_id is not None else name or _("system")
