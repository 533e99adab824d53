"""Every personal value is sealed under the key of the ground it was collected on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .keyring import Keyring


def current_keyring() -> Keyring:
    """The keyring that the settings name, as it stands on disk now. Raises `KeyringError`."""
    from django.conf import settings

    from . import keyring

    return keyring.load(settings.VAULT_KEYRING)
