"""The support desk in the admin: the queue, the page of a request, its documents and its record."""

from . import events, figures, licence, of_member, papers, queue

__all__ = ["events", "figures", "licence", "of_member", "papers", "queue"]
