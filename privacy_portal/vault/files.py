"""A model field whose value is a file, sealed under the data key of the ground it is held on.

The row, and every row of its history, holds only the file's random name. Like a sealed field it needs a foreign key
`data_key` and a UUID to be bound to. Assign a binary file, or bytes, and save inside a transaction; reading gives a
`SealedFile`, never the bytes.
"""

from __future__ import annotations

import io
import weakref
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, BinaryIO

from django.apps import apps
from django.core.exceptions import FieldError
from django.db import connections, models, router, transaction
from django.db.models.query_utils import DeferredAttribute

from . import file_envelope, file_store
from .errors import VaultError
from .fields import Sealed
from .models import DataKey


class SealedFile(Sealed):
    """The file of one object: stored and sealed, or given and not yet saved."""

    __slots__ = ("_given", "name")

    def __init__(self, field: SealedFileField, owner: models.Model, *, name: str = "", given: BinaryIO | None = None):
        super().__init__(field, owner)
        self.name, self._given = name, given

    @property
    def is_destroyed(self) -> bool:
        return bool(self.name) and self._key().is_destroyed

    def open(self) -> BinaryIO:
        """The file in clear, to be shown: seekable, decrypted while it is read. Close it.

        Raises `ValueDestroyed`, `DoesNotOpen`, `KeyringError`, or `PortalError` where the store does not give it.
        Whoever is shown it is on the record for it.
        """
        opened = self.open_unseen()
        self._tell_who_reads()
        return opened

    def open_unseen(self) -> BinaryIO:
        """The file in clear for the portal's own use: never for a page or an answer."""
        if not self.name:
            raise VaultError(f"{self!r} is not saved yet.")
        key, place = self._key().secret(), self._place()
        stored = file_store.StoredFile(self.name)
        return io.BufferedReader(_OpenedFile(stored, key=key, place=place))

    def stored_name(self) -> str:
        """The file's name; it is sealed and stored now if it was just given."""
        if self._given is not None:
            key, self.name = self._key().secret(), file_store.new_name()
            file_store.put(self.name, file_envelope.seal(self._given, key=key, place=self._place()))
            self._given = None
        return self.name

    def moved_to(self, field: SealedFileField, owner: models.Model) -> SealedFile:
        """The same file, on another object of the same row, as simple-history copies it."""
        return SealedFile(field, owner, name=self.name, given=self._given)

    @property
    def is_given(self) -> bool:
        return self._given is not None

    def _place(self) -> str:
        return f"{super()._place()}:{self.name}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SealedFile) and (self.name, self._given) == (other.name, other._given)

    def __hash__(self) -> int:
        return hash(self.name)


class SealedFileAttribute(DeferredAttribute):
    """Turns what is assigned (a file, bytes, a name from the database, None) into a `SealedFile`."""

    field: SealedFileField

    def __set__(self, instance: models.Model, value: Any) -> None:
        current = instance.__dict__.get(self.field.attname)
        file: Any
        if value is None or value is models.DEFERRED:
            file = value
        elif isinstance(value, SealedFile):
            file = value if value is current else value.moved_to(self.field, instance)
        elif isinstance(value, str):
            file = SealedFile(self.field, instance, name=value)
        else:
            file = SealedFile(self.field, instance, given=io.BytesIO(value) if isinstance(value, bytes) else value)
        if isinstance(current, SealedFile) and current.name and isinstance(file, SealedFile) and file.is_given:
            raise VaultError(f"{current!r} stays the file it was saved with. Another file is another row.")
        instance.__dict__[self.field.attname] = file


class SealedFileField(models.CharField[Any, Any]):
    """A file, sealed. Its name has an index, so that the sweep finds the row of a file at once."""

    descriptor_class = SealedFileAttribute
    _pyi_private_set_type: Any  # what is assigned is no text: for the type checker

    def __init__(self, *args: Any, key: str = "data_key", bound_to: str = "", **kwargs: Any) -> None:
        self.key, self.bound_to = key, bound_to
        super().__init__(*args, **{"db_index": True, **kwargs, "max_length": 64})

    def formfield(self, **kwargs: Any) -> Any:
        return None

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_length"]
        if self.key != "data_key":
            kwargs["key"] = self.key
        if self.bound_to:
            kwargs["bound_to"] = self.bound_to
        return name, path, args, kwargs

    def to_python(self, value: Any) -> Any:
        return value

    def run_validators(self, value: Any) -> None:
        """Whether a file may be taken is judged where it comes in."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        file = getattr(model_instance, self.attname)
        if isinstance(file, SealedFile) and file.is_given:
            using = model_instance._state.db or router.db_for_write(type(model_instance))
            if not connections[using].in_atomic_block:
                raise VaultError(f"{file!r} is saved inside a transaction only: a file must not outlive its row.")
            _remove_on_rollback(file.stored_name(), using)
        return file

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, SealedFile):
            value = value.name
        if value is not None and not (isinstance(value, str) and value):
            raise FieldError(f"{self.name} is sealed and takes no file in a query; assign it and save the object.")
        return super().get_prep_value(value)


class _OpenedFile(file_envelope.OpenedFile):
    """Closes the store's file with itself."""

    def __init__(self, stored: file_store.StoredFile, *, key: bytes, place: str):
        self._stored = stored
        try:
            super().__init__(stored.read_at, stored.size, key=key, place=place)
        except BaseException:
            stored.close()
            raise

    def close(self) -> None:
        self._stored.close()
        super().close()


class _Unsettled:
    """A stored file whose row is not committed yet. Only the connection's list of what to do on commit holds it."""

    def __init__(self, name: str, using: str):
        self._end = weakref.finalize(self, _remove_unless_unsure, name, using)
        self._end.atexit = False

    def settle(self) -> None:
        """The row is committed: the file stays."""
        self._end.detach()


def _remove_on_rollback(name: str, using: str) -> None:
    """Remove the file once the transaction, or the savepoint it was stored in, is rolled back.

    Django tells nobody of a rollback, but it forgets what was to be done on commit: the file goes with that.
    """
    transaction.on_commit(_Unsettled(name, using).settle, using=using, robust=True)
    # First of all, so that the failure of something else to be done on commit does not look like a rollback.
    hooks = connections[using].run_on_commit
    hooks.insert(0, hooks.pop())


def _remove_unless_unsure(name: str, using: str) -> None:
    # A connection lost while it commits may have committed: then the sweep decides.
    connection = connections[using].connection
    if connection is not None and not connection.closed:
        file_store.remove(name)


@cache
def file_fields() -> list[SealedFileField]:
    """Every sealed file of the portal, found by its type; not those of history, which name the same files again."""
    return [
        field
        for model in apps.get_models()
        if not hasattr(model, "instance_type")
        for field in model._meta.get_fields()
        if isinstance(field, SealedFileField)
    ]


def remove_files_of(keys: Iterable[DataKey]) -> None:
    """Have every file removed that was sealed under these keys, once the transaction is committed."""
    names = list(_names_under(list(keys)))
    for start in range(0, len(names), file_store.NAMES_IN_A_TASK):
        file_store.remove_later.enqueue(names[start : start + file_store.NAMES_IN_A_TASK])


def _names_under(keys: list[DataKey]) -> Iterator[str]:
    for field in file_fields():
        rows = field.model._base_manager.filter(**{f"{field.key}__in": keys, f"{field.name}__isnull": False})
        yield from rows.values_list(field.name, flat=True)
