"""Model fields whose values are sealed under the data key of the ground they are held on.

A model with sealed fields has a foreign key `data_key` and a UUID that no other row shares (its primary key
unless `bound_to` names another field). Reading such a field gives a `SealedValue`, never the value itself:
call `open()` where the value is really needed. Its text, in a log or a template, is only a row of dots.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.exceptions import FieldError
from django.db import models
from django.db.models.query_utils import DeferredAttribute

from . import envelope
from .errors import DoesNotOpen, VaultError
from .models import DataKey

DOTS = "••••••"

# Each is told whose value is opened to be read, and which item it is of. The access log stands here (A8).
when_read: list[Callable[[UUID | None, str], None]] = []


class Sealed:
    """What a sealed field gives: it knows its key and its place, and shows nothing of itself."""

    __slots__ = ("_field", "_owner")

    def __init__(self, field: Any, owner: models.Model) -> None:
        self._field, self._owner = field, owner

    def _tell_who_reads(self) -> None:
        for told in when_read:
            told(self._key().person_id, self._item())

    def _key(self) -> DataKey:
        key = getattr(self._owner, self._field.key)
        if key is None:
            raise VaultError(f"{self._owner._meta.label} has no data key to seal {self._field.name} under.")
        return key

    def _item(self) -> str:
        """The item this is a value of: the field's name, unless the field holds one item or another."""
        key = self._key()
        is_of_one = len(key.items) == 1 and key.ground != DataKey.Ground.STAFF
        return str(key.items[0] if is_of_one else self._field.name)

    def _place(self) -> str:
        # A history row keeps what the row it copies holds, so it names that row's place.
        model = getattr(type(self._owner), "instance_type", type(self._owner))
        bound_to = getattr(self._owner, self._field.bound_to or model._meta.pk.attname)
        key_id = getattr(self._owner, f"{self._field.key}_id")
        return f"{model._meta.label_lower}.{self._field.name}:{bound_to}:{key_id}"

    def __str__(self) -> str:
        return DOTS

    def __repr__(self) -> str:
        return f"<sealed {self._owner._meta.label}.{self._field.name}>"


class SealedValue(Sealed):
    """The value of a sealed field on one object: encrypted, or given and not yet saved."""

    __slots__ = ("_envelope", "_plain", "_source")

    def __init__(
        self,
        field: SealedField,
        owner: models.Model,
        *,
        sealed: bytes | None = None,
        plain: bytes | None = None,
        source: SealedValue | None = None,
    ):
        super().__init__(field, owner)
        self._envelope, self._plain, self._source = sealed, plain, source

    @property
    def is_destroyed(self) -> bool:
        return self._envelope is not None and self._key().is_destroyed

    @property
    def is_at_hand(self) -> bool:
        """Whether the plain value is already here: just given, or opened before."""
        return self._plain is not None

    def open(self) -> Any:
        """The plain value, to be read. Raises `ValueDestroyed`, `DoesNotOpen` or `KeyringError`, never gives a blank.

        Whoever is shown it is on the record for it.
        """
        value = self.open_unseen()
        self._tell_who_reads()
        return value

    def open_unseen(self) -> Any:
        """The plain value for the portal's own use, such as sending a mail: never for a page or an answer."""
        return self._field.loads(self._opened())

    def envelope(self) -> bytes:
        """The encrypted bytes as stored; sealed now if the value was just given."""
        if self._envelope is None:
            self._envelope = envelope.seal(self._key().secret(), self._opened(), place=self._place())
        elif self._source is not None and self._source._place() != self._place():
            raise VaultError(
                f"The sealed value of {self._source._place()} does not open as the value of {self._place()}. "
                "Assign what open() gives, to seal it anew."
            )
        return self._envelope

    def moved_to(self, field: SealedField, owner: models.Model) -> SealedValue:
        """The same sealed bytes on another object of the same row, as simple-history copies them."""
        return SealedValue(field, owner, sealed=self.envelope(), source=self)

    def holds(self, value: Any) -> bool:
        """Whether this is `value`; false when it is destroyed or does not open."""
        try:
            return not self.is_destroyed and self._opened() == self._field.dumps(value)
        except DoesNotOpen:
            return False

    def _opened(self) -> bytes:
        if self._plain is None:
            self._plain = envelope.open_(self._key().secret(), self._envelope or b"", place=self._place())
        return self._plain

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SealedValue) and self.envelope() == other.envelope()

    def __hash__(self) -> int:
        return hash(self.envelope())


class SealedAttribute(DeferredAttribute):
    """Turns what is assigned (a plain value, sealed bytes from the database, None) into a `SealedValue`."""

    field: SealedField

    def __set__(self, instance: models.Model, value: Any) -> None:
        current = instance.__dict__.get(self.field.attname)
        sealed: Any
        if value is None or value is models.DEFERRED:
            sealed = value
        elif isinstance(value, SealedValue):
            sealed = value if value is current else value.moved_to(self.field, instance)
        elif isinstance(value, bytes | memoryview):
            sealed = SealedValue(self.field, instance, sealed=bytes(value))
        elif isinstance(current, SealedValue) and current.holds(value):
            sealed = current  # the same value again: the same bytes, so that history shows no change
        else:
            sealed = SealedValue(self.field, instance, plain=self.field.dumps(value))
        instance.__dict__[self.field.attname] = sealed


class SealedField(models.BinaryField):  # type: ignore[type-arg]
    """The base of the sealed fields below; not used by itself."""

    descriptor_class = SealedAttribute

    def __init__(self, *args: Any, key: str = "data_key", bound_to: str = "", **kwargs: Any) -> None:
        self.key, self.bound_to = key, bound_to
        # Editable, so that history compares it; but no form ever shows or takes it by itself (`formfield`).
        super().__init__(*args, **{"editable": True, **kwargs})

    def formfield(self, **kwargs: Any) -> Any:
        return None

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        if self.key != "data_key":
            kwargs["key"] = self.key
        if self.bound_to:
            kwargs["bound_to"] = self.bound_to
        return name, path, args, kwargs

    def dumps(self, value: Any) -> bytes:
        raise TypeError("Use SealedTextField or SealedJSONField.")

    def loads(self, plain: bytes) -> Any:
        raise TypeError("Use SealedTextField or SealedJSONField.")

    def to_python(self, value: Any) -> Any:
        return value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if isinstance(value, SealedValue):
            value = value.envelope()
        elif value is not None and not isinstance(value, bytes | memoryview):
            raise FieldError(
                f"{self.name} is sealed and takes no plain value in a query; assign it and save the object."
            )
        return super().get_db_prep_value(value, connection, prepared)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is sealed and cannot be compared; filter by its blind index.")
        return super().get_lookup(lookup_name)


class SealedTextField(SealedField):
    """Text, sealed."""

    def dumps(self, value: str) -> bytes:
        return value.encode("utf-8", "surrogatepass")

    def loads(self, plain: bytes) -> str:
        return plain.decode("utf-8", "surrogatepass")


class SealedJSONField(SealedField):
    """Anything JSON can say, sealed. Assign a new value to change it; changing it in place is not saved."""

    def dumps(self, value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")

    def loads(self, plain: bytes) -> Any:
        return json.loads(plain.decode("utf-8", "surrogatepass"))
