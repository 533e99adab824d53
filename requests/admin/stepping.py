"""Taking a step from the page of a request, or from the queue.

A step that cannot be taken gives the page back as it is now, with what happened above it and everything typed still
in its form. Where the request is no longer this colleague's to see, they are told so, and get back what they typed.
"""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from members.access import asked_for_second_factor
from privacy_portal.actors import Actor
from privacy_portal.doors import actor_of
from privacy_portal.errors import PortalError
from requests.models import MemberRequest
from requests.steps import WORK, Step

from . import page, reach
from .as_read import as_read
from .decision_form import DecideForm
from .forms import StepForm
from .step_forms import FORMS

STALE = 409


def take_step(request: HttpRequest, number: UUID, step: Step) -> HttpResponseBase:
    if step not in FORMS or not request.user.has_perm(WORK):
        raise Http404
    member_request = _followed(request, number, step)
    form, actor = FORMS[step](request.POST, member_request=member_request), actor_of(request)
    if not form.is_valid():
        return page.response(request, member_request, bound=form)
    if isinstance(form, DecideForm) and "preview" in request.POST:
        preview = as_read(member_request, form.cleaned_data)
        return page.response(request, member_request, bound=form, preview=preview)
    if step == Step.CONFIRM and member_request.the_kind.effect == "delete":
        page_of_it = reverse("admin:requests_memberrequest_change", args=[number])
        if first := asked_for_second_factor(request, back=page_of_it):
            return first
    try:
        form.run(actor)
    except PortalError as error:
        return _refused(request, form, error, actor)
    messages.success(request, form.done)
    return _onwards(request, number)


def _followed(request: HttpRequest, number: UUID, step: Step) -> MemberRequest:
    """The request, for whoever sees it, may take it, or had it before somebody else was given it."""
    found = MemberRequest.objects.select_related(*page.RELATED).filter(pk=number).first()
    if found is None:
        raise Http404
    account = request.user
    if reach.visible_to(account).filter(pk=number).exists():
        return found
    if step == Step.TAKE or MemberRequest.history.filter(id=number, assigned_to=account.pk).exists():
        return found
    raise Http404


def _refused(request: HttpRequest, form: StepForm, error: PortalError, actor: Actor) -> HttpResponse:
    number = form.member_request.pk
    if _is_repeated(form, error, actor):  # a second click on the same button
        return _onwards(request, number)
    if form.step == Step.TAKE:
        messages.error(request, _why_not_taken(form.member_request, error))
        return _onwards(request, number)
    now_there = MemberRequest.objects.select_related(*page.RELATED).get(pk=number)
    status = STALE if error.code == "changed_meanwhile" else 200
    if not reach.visible_to(request.user).filter(pk=number).exists():
        return page.taken_away(request, now_there, form, error, status=STALE)
    again = FORMS[form.step](request.POST, member_request=now_there)
    again.is_valid()
    has_its_field = again.field_of(error) in again.fields
    if has_its_field:
        again.add_refusal(error)
    return page.response(request, now_there, bound=again, above=None if has_its_field else error, status=status)


def _is_repeated(form: StepForm, error: PortalError, actor: Actor) -> bool:
    """Whether what happened meanwhile is this very step, sent twice."""
    return (
        error.code == "changed_meanwhile"
        and error.details.get("by") == actor.account_id
        and error.details.get("version") == form.cleaned_data["seen"] + 1
        and error.details.get("what") in page.EVENTS_OF[form.step]
    )


def _why_not_taken(member_request: MemberRequest, error: PortalError) -> str:
    name = error.details.get("by_name")
    if error.code == "changed_meanwhile" and error.details.get("what") == "taken":
        return _("%(reference)s was taken by %(who)s a moment ago.") % {
            "reference": member_request.reference,
            "who": name,
        }
    return f"{member_request.reference}: {error.sentence}"


def _onwards(request: HttpRequest, number: UUID) -> HttpResponse:
    """To the request's page, or to the queue where the request is somebody else's now."""
    if reach.visible_to(request.user).filter(pk=number).exists():
        return redirect("admin:requests_memberrequest_change", number)
    return redirect("admin:requests_memberrequest_changelist")
