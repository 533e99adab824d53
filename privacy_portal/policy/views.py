from __future__ import annotations

from itertools import groupby

from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from .changes import compare
from .headings import under_headings
from .models import Collection, CollectionMethod, Notice, Purpose


@require_safe
def policy(request: HttpRequest) -> HttpResponse:
    """The whole policy in force, from the data (N13)."""
    notices = list(Notice.objects.in_force().select_related("collection__group"))
    prefetch_related_objects(notices, "items", "collection__purposes")
    purposes = [
        (group, list(of_group)) for group, of_group in groupby(Purpose.objects.all(), key=lambda one: one.group)
    ]
    context = {
        "sections": under_headings(notices, lambda notice: notice.collection),
        "purposes": purposes,
        "methods": CollectionMethod.objects.all(),
        "in_force_since": max(notice.published_at for notice in notices if notice.published_at) if notices else None,
    }
    return render(request, "policy/policy.html", context)


@require_safe
def versions(request: HttpRequest, code: str) -> HttpResponse:
    """Every published version of one notice, the newest first, with what changed from one to the next (N2)."""
    collection = get_object_or_404(Collection.objects.select_related("group"), pk=code)
    notices = list(Notice.objects.published().filter(collection=collection).prefetch_related("items"))
    earlier = [*notices[1:], None]
    listed = [
        (notice, compare(before, notice) if before else []) for notice, before in zip(notices, earlier, strict=True)
    ]
    return render(request, "policy/versions.html", {"collection": collection, "listed": listed})
