"""The copy of the business licence: on the member's page, and on that of the payment method it came with."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string

from members.admin import sections, sections_of_method
from members.models import Member, PaymentMethod
from requests import business_licence, payment_documents

from .papers import RIGHT


def licence_section(request: HttpRequest, member: Member) -> str:
    if member.kind != Member.Kind.BUSINESS or not request.user.has_perm(RIGHT):
        return ""
    context = {"document": business_licence.held(member)}
    return render_to_string("admin/requests/document/of_member.html", context, request)


def licence_of_method_section(request: HttpRequest, method: PaymentMethod) -> str:
    if method.kind != payment_documents.KIND or not request.user.has_perm(RIGHT):
        return ""
    context = {"document": payment_documents.licence_of(method)}
    return render_to_string("admin/requests/document/of_member.html", context, request)


sections.append(licence_section)
sections_of_method.append(licence_of_method_section)
