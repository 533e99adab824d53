"""Addresses that name a collection by its code."""

from django.urls import register_converter
from django.urls.converters import StringConverter


class CollectionCode(StringConverter):
    """The code of a collection, such as `services.workplace.subscription`; nothing else matches."""

    regex = r"[a-z_]+(?:\.[a-z_]+)*"


register_converter(CollectionCode, "code")
