"""Exact search in the admin's lists, with what was typed kept out of every address and log (A11).

The search box posts. What the text comes to under the keyed indexes is kept in the session, under a random
name; the list's address carries that name alone, so filters, sorting and paging go on working.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from .admin_base import RecordAdmin
from .admin_lists import RecordChangeList
from .audit import sight

FOUND = "found"
SESSION_KEY = "exact_searches"
# How many of a person's searches can be gone back to.
KEPT = 20

Terms = dict[str, str]


class ExactSearchAdmin(RecordAdmin):
    """An admin whose search box finds whole values only.

    A subclass says what a text would be (`terms_of`), as indexes and numbers and never as the text itself, and
    which rows those mean (`found_by`).
    """

    exact_search_help: Any = ""

    @property
    def own_parameters(self) -> set[str]:
        return {*super().own_parameters, FOUND}

    def terms_of(self, text: str) -> Terms:
        raise NotImplementedError

    def found_by(self, terms: Terms) -> Q:
        raise NotImplementedError

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        typed = request.POST.get("exact") if request.method == "POST" else request.GET.get("q")
        if typed is not None:
            return self._search(request, typed)
        return super().changelist_view(request, extra_context)

    def narrowed(self, request: HttpRequest, changelist: RecordChangeList, queryset: QuerySet[Any]) -> QuerySet[Any]:
        queryset = super().narrowed(request, changelist, queryset)
        if FOUND not in changelist.params:
            return queryset
        terms = request.session.get(SESSION_KEY, {}).get(changelist.params[FOUND])
        changelist.search_is_over = terms is None
        if terms is not None:
            sight.searched_for(f"{kind}:{term}" for kind, term in terms.items())
        return queryset.filter(self.found_by(terms)) if terms else queryset.none()

    def _search(self, request: HttpRequest, typed: str) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        parameters = request.GET.copy()
        for name in ("q", "p", "e", *self.own_parameters):
            parameters.pop(name, None)
        if typed.strip():
            name = secrets.token_urlsafe(9)
            searches = request.session.get(SESSION_KEY, {})
            searches[name] = self.terms_of(typed)
            request.session[SESSION_KEY] = dict(list(searches.items())[-KEPT:])
            parameters[FOUND] = name
        query = parameters.urlencode()
        return HttpResponseRedirect(f"{request.path}?{query}" if query else request.path)
