"""Documents of requests in the admin: sent as a file, shown page by page as a picture, and listed with their history.

Each opening is on the access log (A8). What is sent is kept by no browser and may run nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_safe
from unfold.decorators import display

from members.admin.payment_method import RIGHT as PAYMENT_RIGHT
from privacy_portal.admin_base import RecordAdmin, label, link, moment
from privacy_portal.admin_history import item_names
from privacy_portal.admin_lists import DayRangeFilter
from privacy_portal.audit import people, sight
from privacy_portal.errors import PortalError
from privacy_portal.vault.errors import DoesNotOpen, ValueDestroyed
from requests import kinds
from requests.documents import TYPES
from requests.models import Document, MemberRequest
from requests.previews import preview

from . import reach

RIGHT = "requests.view_document"
# A document is looked at, never run: nothing loads, nothing is framed.
SAFELY = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
}
# More pages than this are read in the file itself.
MOST_PREVIEWED = 10


@dataclass(frozen=True)
class Paper:
    """One document on a request's page."""

    name: str
    kind: str
    size: str
    added_at: Any
    is_destroyed: bool
    url: str
    pages: list[tuple[int, str]]
    has_more_pages: bool


def of_request(request: HttpRequest, one: MemberRequest) -> list[Paper]:
    documents = list(one.documents.select_related("data_key"))
    may_open, names = request.user.has_perm(RIGHT), item_names() if documents else {}
    return [_paper(one, document, names, may_open=may_open) for document in documents]


def _paper(one: MemberRequest, document: Document, names: dict[str, str], *, may_open: bool) -> Paper:
    is_destroyed = document.file.is_destroyed
    numbers = [one.pk, document.pk]
    opens = may_open and not is_destroyed
    shown = range(1, min(document.pages, MOST_PREVIEWED) + 1) if opens else ()
    return Paper(
        name=name_of(document, names),
        kind=document.kind.upper(),
        size=filesizeformat(document.size),
        added_at=document.added_at,
        is_destroyed=is_destroyed,
        url=reverse("admin:requests_memberrequest_document", args=numbers) if opens else "",
        pages=[(page, reverse("admin:requests_memberrequest_preview", args=[*numbers, page])) for page in shown],
        has_more_pages=document.pages > MOST_PREVIEWED,
    )


def name_of(document: Document, names: dict[str, str]) -> str:
    papers = kinds.papers()
    return str(papers[document.item]) if document.item in papers else names.get(document.item, document.item)


def download(request: HttpRequest, number: UUID, document: UUID) -> HttpResponseBase:
    """The document itself, to be saved; never shown inside a page."""
    return _to_save(_opened(request, number, document))


def download_of_member(request: HttpRequest, number: UUID) -> HttpResponseBase:
    """A document that is kept with a membership, or with a payment method, to be saved."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    kept = Document.objects.filter(Q(member__isnull=False) | Q(payment_method__isnull=False), pk=number)
    found: Any = kept.select_related("data_key", "payment_method").first()
    person = found and (found.member_id or found.payment_method.member_id)
    if found is None or not people.may_see(request.user, person):
        raise Http404
    if found.payment_method is not None and not request.user.has_perm(PAYMENT_RIGHT):
        raise PermissionDenied
    sight.saw(person, found.item)
    sight.did(sight.What.DOCUMENT)
    return _to_save(found)


def _to_save(found: Document) -> FileResponse:
    try:
        file, name = found.file.open(), found.name.open()
    except (ValueDestroyed, DoesNotOpen):
        raise Http404 from None
    return FileResponse(file, as_attachment=True, filename=name, content_type=TYPES[found.kind], headers=SAFELY)


def preview_page(request: HttpRequest, number: UUID, document: UUID, page: int) -> HttpResponseBase:
    """One page as a picture, made in memory."""
    found = _opened(request, number, document)
    try:
        picture = preview(found.file, page)
    except (PortalError, ValueDestroyed, DoesNotOpen):
        raise Http404 from None
    return FileResponse(BytesIO(picture), content_type="image/png", headers=SAFELY)


def _opened(request: HttpRequest, number: UUID, document: UUID) -> Document:
    """The document, of a request that this colleague sees; that it is opened is on record."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    visible = reach.visible_to(request.user).filter(pk=number)
    found = Document.objects.filter(pk=document, member_request__in=visible)
    one = found.select_related("data_key", "member_request").first()
    if one is None or one.member_request is None:
        raise Http404
    sight.saw(one.member_request.member_id, one.item)
    sight.did(sight.What.DOCUMENT, reference=one.member_request.reference)
    return one


@admin.register(Document)
class DocumentAdmin(RecordAdmin):
    list_display = ("shown_added", "shown_item", "shown_request", "kind", "shown_size", "pages", "shown_state")
    list_display_links = ("shown_added",)
    list_filter = (("added_at", DayRangeFilter),)
    list_select_related = ("data_key", "member_request")
    ordering = ("-added_at", "-id")
    sortable_by = ()
    narrowed_by = {"member": "member_request__member", "request": "member_request"}
    list_before_template = "admin/requests/narrowed.html"
    people_path = "member_request.member_id"
    fields = ("id", "shown_item", "shown_request", "kind", "shown_size", "pages", "shown_added", "shown_state")
    history_hidden = ("data_key", "file", "draft", "member", "payment_method")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(download_of_member))
        return [path("<uuid:number>/of-member/", view, name="requests_document_of_member"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        """Those of requests. A draft is the member's own; what is kept with a membership, or to be paid by, is on
        its own page."""
        return (
            super().get_queryset(request).filter(member_request__isnull=False).select_related(*self.list_select_related)
        )

    def within_reach(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(member_request__in=reach.visible_to(request.user).order_by())

    def title_of(self, obj: Document) -> str:
        return f"{name_of(obj, item_names())} · {obj.member_request}"

    def prepare(self, rows: Any) -> None:
        names = item_names()
        for row in rows:
            row.item_name = name_of(row, names)

    @display(description=gettext_lazy("added"))
    def shown_added(self, row: Document) -> str:
        return moment(row.added_at)

    @display(description=gettext_lazy("what it is"))
    def shown_item(self, row: Any) -> str:
        return getattr(row, "item_name", "") or name_of(row, item_names())

    @display(description=pgettext_lazy("desk", "request"))
    def shown_request(self, row: Document) -> SafeString:
        return link(reverse("admin:requests_memberrequest_change", args=[row.member_request_id]), row.member_request)

    @display(description=gettext_lazy("size"))
    def shown_size(self, row: Document) -> str:
        return filesizeformat(row.size)

    @display(description=gettext_lazy("state"))
    def shown_state(self, row: Document) -> SafeString:
        return label(_("destroyed"), "bad") if row.file.is_destroyed else label(_("kept"), "good")
