"""The state that goes to NAVER and comes back (V1): random, of this browser's session, good once and not for long.

Each way to NAVER has a state of its own, so that two tabs do not get into each other's way.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from typing import Literal

from django.contrib.sessions.backends.base import SessionBase
from django.utils.crypto import constant_time_compare

from privacy_portal.clock import now

from .answers import refusal

Purpose = Literal["sign_in", "link", "confirm"]

KEY = "naver_states"
MOST = 5
SECONDS = 10 * 60


@dataclass(frozen=True)
class Way:
    """What somebody went to NAVER for, as which account, and where they want to be afterwards."""

    purpose: Purpose
    account: str = ""
    next: str = ""


def begin(session: SessionBase, way: Way) -> str:
    """Remember a way, and make the state for it. The oldest of too many is forgotten."""
    state = secrets.token_urlsafe(32)
    kept = session.get(KEY, [])[1 - MOST :]
    session[KEY] = [*kept, {"state": state, "at": now().timestamp(), "way": asdict(way)}]
    return state


def end(session: SessionBase, state: str) -> Way:
    """The way that this state belongs to; from now on it belongs to none. Raises `PortalError`: `naver_state`."""
    found = [one for one in session.get(KEY, []) if constant_time_compare(one["state"], state)]
    session[KEY] = [one for one in session.get(KEY, []) if one not in found]
    if not found or now().timestamp() - found[0]["at"] > SECONDS:
        raise refusal("naver_state", step="callback")
    return Way(**found[0]["way"])
