"""How forms look and how a rule's refusal gets back into one."""

from __future__ import annotations

from django import forms
from django.forms.renderers import TemplatesSetting

from .errors import PortalError


class PortalFormRenderer(TemplatesSetting):
    field_template_name = "forms/field.html"


def add_refusal(form: forms.Form, error: PortalError) -> None:
    """Put the sentence beside the field it belongs to, or above the form."""
    field = error.field if error.field in form.fields else None
    form.add_error(field, forms.ValidationError(error.sentence, code=error.code))
