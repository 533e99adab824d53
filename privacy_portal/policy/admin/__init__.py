"""The policy in the admin: what the catalogue says, to read; notices to draft, compare, preview and publish."""

from . import catalogue, notice

__all__ = ["catalogue", "notice"]
