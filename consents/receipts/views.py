"""The member's receipt of a consent, as a page and in the forms of the standards; and the public keys."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from consents import pages
from consents.models import Consent
from members.access import member_page
from members.models import Member
from privacy_portal.audit.sight import saw
from privacy_portal.clock import now
from privacy_portal.errors import PortalError

from . import kantara, signing
from .content import Facts, facts_of
from .writing import BY_MEDIA_TYPE, FORMS, Form

PAGE = "text/html"


@require_safe
@member_page
def receipt(request: HttpRequest, member: Member, code: str) -> HttpResponse:
    """The receipt of one's own consent, given or not: what `format` names, else what the browser prefers (`Accept`)."""
    consent = get_object_or_404(
        Consent.objects.select_related("member", "notice", "collection"), member=member, collection_id=code
    )
    form = _form_asked_for(request)
    response = _not_offered() if form is None else _answer(request, consent, form)
    patch_vary_headers(response, ["Accept"])
    return response


def _form_asked_for(request: HttpRequest) -> Form | str | None:
    """The form to answer in, `PAGE`, or None where nothing that is offered will do."""
    if "format" in request.GET:
        return FORMS.get(request.GET["format"])
    media_type = request.get_preferred_type([PAGE, *BY_MEDIA_TYPE])
    return BY_MEDIA_TYPE.get(media_type or "", PAGE if media_type == PAGE else None)


def _answer(request: HttpRequest, consent: Consent, form: Form | str) -> HttpResponse:
    if isinstance(form, str):
        facts = facts_of(consent, language=request.LANGUAGE_CODE[:2])
        response = render(request, "consents/receipt.html", _page(consent, facts))
    else:
        facts = facts_of(consent)
        try:
            content = form.write(facts)
        except PortalError as error:
            return _not_offered(str(error))
        response = HttpResponse(content, content_type=form.media_type)
        if "format" in request.GET:
            name = f"consent-{facts.code}-{str(facts.receipt_id)[:8]}.{form.suffix}"
            response["Content-Disposition"] = f'attachment; filename="{name}"'
    saw(consent.member_id, *(item.code for item in facts.items))
    return response


def _page(consent: Consent, facts: Facts) -> dict[str, object]:
    return {
        "facts": facts,
        "collection": consent.collection,
        # What a lapsed date or a new notice changed by itself is told, though its event may come a little later.
        "state": consent.standing_at(now()),
        "ended_at": facts.now.valid_until or facts.now.since,
        "history": pages.history_of(consent, {})[::-1],
        "has_kantara": kantara.why_not(facts) is None,
    }


def _not_offered(why: str = "") -> HttpResponse:
    offered = ", ".join([PAGE, *BY_MEDIA_TYPE])
    sentence = why or _("A receipt does not come in this form. It comes as: %(forms)s") % {"forms": offered}
    return HttpResponse(sentence, content_type="text/plain; charset=utf-8", status=406)


@require_safe
def public_keys(request: HttpRequest) -> HttpResponse:
    """The keys that signed receipts are verified with; for everybody."""
    headers = {"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*"}
    return JsonResponse(signing.public_keys(), content_type="application/jwk-set+json", headers=headers)
