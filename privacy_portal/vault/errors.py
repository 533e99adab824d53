"""What can go wrong in the vault. None of these messages holds a personal value or a key."""


class VaultError(Exception):
    """A value or key could not be sealed or opened."""


class KeyringError(VaultError):
    """The keyring file is missing, unreadable, or lacks the key that is asked of it."""


class DoesNotOpen(VaultError):
    """The sealed bytes fail authentication: they were changed, moved from another place, or the key is wrong."""


class ValueDestroyed(VaultError):
    """The ground of this value has ended and its key is destroyed; nobody can read it any more."""


class DestructionListError(VaultError):
    """The list of destructions is missing, or not the one this database was written beside."""
