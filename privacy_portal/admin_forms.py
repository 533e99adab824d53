"""One small form on a page of its own: what a record's button leads to."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from privacy_portal.errors import PortalError


def form_page(
    request: HttpRequest,
    site: Any,
    form: forms.Form,
    *,
    title: str,
    intro: str,
    submit: str,
    back: str,
    act: Any,
    done: str,
) -> HttpResponse:
    """Show `form`; when it is sent and valid, call `act` with what it holds and go back."""
    if request.method == "POST" and form.is_valid():
        try:
            act(**form.cleaned_data)
        except PortalError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.sentence))
        else:
            messages.success(request, done)
            return redirect(back)
    request.current_app = site.name  # type: ignore[attr-defined]
    context = {
        **site.each_context(request),
        "title": title,
        "intro": intro,
        "submit": submit,
        "back": back,
        "form": form,
    }
    return TemplateResponse(request, "admin/record/form.html", context)
