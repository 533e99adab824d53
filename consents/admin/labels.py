"""States of consents and kinds of events as coloured labels, the same wherever they are shown."""

from __future__ import annotations

from django.utils.safestring import SafeString

from consents.models import ConsentEvent, State
from privacy_portal.admin_base import label

Kind = ConsentEvent.Kind

OF_STATES = {State.GIVEN: "good", State.WITHDRAWN: "bad", State.SUPERSEDED: "warn"}
OF_KINDS = {
    Kind.GIVEN: "good",
    Kind.RENEWED: "good",
    Kind.ITEM_AGREED: "good",
    Kind.WITHDRAWN: "bad",
    Kind.ITEM_TAKEN_BACK: "bad",
    Kind.SUPERSEDED: "warn",
    Kind.SUSPENDED: "warn",
}


def state_label(state: str) -> SafeString:
    return label(State(state).label, OF_STATES.get(State(state), ""))


def kind_label(event: ConsentEvent) -> SafeString:
    return label(event.get_kind_display(), OF_KINDS.get(Kind(event.kind), ""))
