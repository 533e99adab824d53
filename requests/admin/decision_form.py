"""The form of a decision: what can be granted of this request, on which grounds it can be refused, and why."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacy_portal.actors import Actor
from privacy_portal.admin_history import item_names
from privacy_portal.errors import PortalError
from requests import deciding, effects, kinds
from requests.asking import names_of_held
from requests.effects import EFFECTS
from requests.identity import Check, needs_identity
from requests.models import Decision, MemberRequest
from requests.steps import Step

from .forms import StepForm, choose, long_text, remark

NAMES = {
    Decision.APPROVED: gettext_lazy("Approve"),
    Decision.PARTLY_APPROVED: gettext_lazy("Approve in part"),
    Decision.REFUSED: gettext_lazy("Refuse"),
}
# Where only the whole can be granted: an answer, and reopening what was objected to.
ONLY_WHOLE = ("answer", "reopen")


class DecideForm(StepForm):
    step, done = Step.DECIDE, gettext_lazy("The decision is recorded.")

    decision = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what is decided.")},
    )
    parts = forms.MultipleChoiceField(
        label=gettext_lazy("What is granted"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Tick what is granted. The rest is refused."),
    )
    amount = forms.IntegerField(label=gettext_lazy("Amount refunded, in won"), required=False, min_value=1)
    ground = choose(gettext_lazy("Ground"), [], required=False)
    reason = long_text(gettext_lazy("Reason"), required=False, help_text=gettext_lazy("The member reads this."), rows=5)
    identity = choose(
        gettext_lazy("How identity or authority was checked"),
        list(Check.choices),
        required=False,
        help_text=gettext_lazy("Needed to grant anything."),
    )
    remark = remark()

    def prepare(self) -> None:
        one = self.member_request
        kind = one.the_kind
        self.part = EFFECTS[kind.effect].part
        answers = kind.effect == "answer"
        names = {**NAMES, Decision.APPROVED: _("Answer")} if answers else NAMES
        left_out = {Decision.PARTLY_APPROVED} if kind.effect in ONLY_WHOLE else set()
        fields: Any = self.fields
        fields["decision"].choices = [(code.value, name) for code, name in names.items() if code not in left_out]
        if answers:
            fields["reason"].label = _("Answer, or reason to refuse")
        parts = part_names(one)
        if len(parts) > 1:
            fields["parts"].choices = list(parts.items())
        else:
            del fields["parts"]
        if self.part and len(parts) < 2:  # one thing alone cannot be granted in part
            fields["decision"].choices = [
                choice for choice in fields["decision"].choices if choice[0] != Decision.PARTLY_APPROVED
            ]
        if kind.effect != "record_refund":
            del fields["amount"]
        if not needs_identity(one) or one.identity_checked_at:
            del fields["identity"]
        grounds = [(ground.code, str(ground)) for ground in kinds.grounds_for(one.kind)]
        fields["ground"].choices = [("", _("Please choose")), *grounds]

    def clean(self) -> dict[str, Any]:
        """What the verb would say, before it is called: a preview shows nothing that could not be decided."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        given, decision = self._given(**cleaned), Decision(cleaned["decision"])
        asked = {name: given[name] for name in ("reason", "ground", "granted")}
        refusal = deciding.why_not_decide(self.member_request, decision, **asked)
        if refusal is not None and refusal.code == "identity_unchecked" and given["identity"]:
            # The check is recorded in the same step, which the question cannot know.
            refusal = effects.why_not(self.member_request, decision, given["granted"])
        if refusal is not None:
            self.add_refusal(refusal)
        return cleaned

    def field_of(self, error: PortalError) -> str | None:
        return "parts" if self.part and error.field == self.part else error.field

    def take(self, *, seen: int, actor: Actor, **values: Any) -> Any:
        return deciding.decide(self.member_request, values["decision"], seen=seen, actor=actor, **self._given(**values))

    def _given(self, **values: Any) -> dict[str, Any]:
        granted: dict[str, Any] = {}
        if self.part and values["decision"] == Decision.PARTLY_APPROVED:
            granted[self.part] = values.get("parts") or []
        if values.get("amount") and values["decision"] != Decision.REFUSED:
            granted["amount"] = values["amount"]
        return {
            "reason": values["reason"],
            "ground": "" if values["decision"] == Decision.APPROVED else values["ground"],
            "granted": granted or None,
            "identity": values.get("identity", ""),
            "remark": values["remark"],
        }


def part_names(member_request: MemberRequest) -> dict[str, str]:
    """What can be granted apart from the rest, by code: items, consents, or parts of what is held."""
    kind = member_request.the_kind
    effect = EFFECTS[kind.effect]
    codes = effect.whole(member_request) if effect.part else []
    if not codes:
        return {}
    if effect.part == "items":
        names = item_names()
    elif effect.part in ("consents", "held"):
        names = names_of_held(codes)
    else:
        names = {code: str(text) for field in kind.fields for code, text in (field.choices or {}).items()}
    return {code: names.get(code, code) for code in codes}
