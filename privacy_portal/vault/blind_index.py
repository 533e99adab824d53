"""Finding sealed values without opening them.

A blind index is a keyed hash (HMAC-SHA-256, cut to 16 bytes) of the value's normal form: equal values have
equal indexes, and nothing else can be learnt from one without the key. Indexes are kept out of history and
cleared when the value is destroyed.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Callable
from typing import Any

from django.core.exceptions import FieldError
from django.db import models
from django.db.models import Case, Exists, Value, When

from . import current_keyring
from .fields import SealedField, SealedValue
from .models import DataKey

INDEX_BYTES = 16


def _letters(value: str) -> str:
    """One form for a name however it is typed: folded (after decomposing, as Unicode D145 says), single spaces."""
    folded = unicodedata.normalize("NFD", value).casefold()
    return " ".join(unicodedata.normalize("NFC", folded).split())


def _digits(value: str) -> str:
    return "".join(character for character in value if character.isdecimal())


# E-mail addresses and phone numbers are stored in normal form already (policy.values).
NORMAL_FORMS: dict[str, Callable[[str], str]] = {
    "email": str,
    "name": _letters,
    "phone": str,
    "digits": _digits,
    "login_id": str,  # as its provider gives it, letter for letter
    "log": str,  # what the access log compares: searches and sessions
}


def blind_index(kind: str, value: str, *, within: object = "") -> bytes:
    """The index of `value`; `kind` is one of `NORMAL_FORMS`.

    `within` names whose value it is, where it is to be found among that one's own alone: the same value of two has
    two indexes, so that an index says nothing of anybody else.
    """
    realm = f"{kind}\x00{within}" if within else kind
    named = f"{realm}\x00{NORMAL_FORMS[kind](value)}".encode("utf-8", "surrogatepass")
    return hmac.digest(current_keyring().index_key, named, hashlib.sha256)[:INDEX_BYTES]


class BlindIndexField(models.BinaryField):  # type: ignore[type-arg]
    """The blind index of the sealed field named `of` on the same model; filter it with the plain value.

    `within` is the field that says whose value it is; such an index is filtered with `blind_index(..., within=...)`.
    """

    def __init__(self, *args: Any, of: str = "", kind: str = "name", within: str = "", **kwargs: Any) -> None:
        self.of, self.kind, self.within = of, kind, within
        kwargs |= {"null": True, "editable": False, "db_index": True}
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        for option in ("null", "editable", "db_index"):
            kwargs.pop(option, None)
        if self.within:
            kwargs["within"] = self.within
        return name, path, args, kwargs | {"of": self.of, "kind": self.kind}

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, str) and self.within:
            raise FieldError(f"{self.name} differs by {self.within}: ask for blind_index(..., within=...).")
        return blind_index(self.kind, value) if isinstance(value, str) else super().get_prep_value(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        sealed = getattr(model_instance, self.of)
        if sealed is None:
            setattr(model_instance, self.attname, None)
        elif isinstance(sealed, SealedValue) and sealed.is_at_hand:
            within = getattr(model_instance, self.within) if self.within else ""
            setattr(model_instance, self.attname, blind_index(self.kind, sealed.open_unseen(), within=within))
        index = getattr(model_instance, self.attname)
        if add or index is None:
            return index
        # An object read before its key was destroyed, and saved after, must not bring the index back.
        key_id = getattr(model_instance, f"{self.key_name}_id")
        living = DataKey.objects.filter(pk=key_id, wrapped_key__isnull=False)
        return Case(When(Exists(living), then=Value(index)), default=None, output_field=models.BinaryField())

    @property
    def key_name(self) -> str:
        """The name of the foreign key to the data key that seals the value."""
        sealed = self.model._meta.get_field(self.of)
        assert isinstance(sealed, SealedField)  # noqa: S101
        return sealed.key
