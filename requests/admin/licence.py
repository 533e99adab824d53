"""The copy of the business licence, on the member's page."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string

from members.admin import sections
from members.models import Member
from requests import business_licence

from .papers import RIGHT


def licence_section(request: HttpRequest, member: Member) -> str:
    if member.kind != Member.Kind.BUSINESS or not request.user.has_perm(RIGHT):
        return ""
    context = {"document": business_licence.held(member)}
    return render_to_string("admin/requests/document/of_member.html", context, request)


sections.append(licence_section)
