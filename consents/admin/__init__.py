"""Consents and their events in the admin, and the page on which staff record what came on paper or by phone."""

from . import consent, event, figures, services

__all__ = ["consent", "event", "figures", "services"]
