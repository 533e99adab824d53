"""A small form for each step. What it may hold is asked of the request; whether the step may be taken, of the verb."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacy_portal.actors import Actor
from privacy_portal.errors import PortalError
from requests import deciding, record, workflow
from requests.identity import Check
from requests.models import MemberRequest
from requests.steps import Step, colleagues
from requests.workflow import LONGEST


def long_text(label: Any, *, help_text: Any = "", required: bool = True, rows: int = 4) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows, "autocomplete": "off"})
    return forms.CharField(label=label, help_text=help_text, required=required, max_length=LONGEST, widget=widget)


def remark() -> forms.CharField:
    help_text = gettext_lazy("For colleagues only. The member does not see it.")
    return long_text(gettext_lazy("Remark"), help_text=help_text, required=False, rows=2)


def choose(label: Any, choices: list[tuple[str, Any]], **more: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=[("", gettext_lazy("Please choose")), *choices], **more)


class StepForm(forms.Form):
    """What one step needs. `seen`: the version of the request that whoever acts has before them."""

    step: ClassVar[Step]
    # What is said once it is done.
    done: ClassVar[Any]

    seen = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, member_request: MemberRequest) -> None:
        super().__init__(data, auto_id=f"{self.step}_%s", label_suffix="", initial={"seen": member_request.version})
        self.member_request = member_request
        self.prepare()

    def prepare(self) -> None:
        """Fit the fields to the request."""

    def take(self, *, seen: int, actor: Actor, **values: Any) -> Any:
        """Call the verb."""
        raise NotImplementedError

    def run(self, actor: Actor) -> None:
        self.take(actor=actor, **self.cleaned_data)

    def add_refusal(self, error: PortalError) -> None:
        name = self.field_of(error)
        self.add_error(name if name in self.fields else None, forms.ValidationError(error.sentence, code=error.code))

    def field_of(self, error: PortalError) -> str | None:
        return error.field

    def lead_to_what_is_wrong(self) -> None:
        """The page opens at the first field that has to be mended."""
        wrong = [name for name in self.fields if name in self.errors]
        for name in wrong[:1]:
            self.fields[name].widget.attrs["autofocus"] = True

    @property
    def typed(self) -> list[tuple[str, str]]:
        """What was typed into it, to be kept where the step is no longer this colleague's to take."""
        texts = [
            (str(field.label), str(field.value() or "")) for field in self if isinstance(field.field.widget, TYPED)
        ]
        return [(label, text) for label, text in texts if text.strip()]


TYPED = (forms.Textarea, forms.TextInput)


class TakeForm(StepForm):
    step, done = Step.TAKE, gettext_lazy("The request is yours.")

    def take(self, *, seen: int, actor: Actor, **values: Any) -> Any:
        return workflow.take(self.member_request, seen=seen, actor=actor)


class GiveForm(StepForm):
    to = choose(gettext_lazy("Colleague"), [])

    def prepare(self) -> None:
        others = [one for one in colleagues() if one.pk != self.member_request.assigned_to]
        self.fields["to"].choices = [("", _("Please choose")), *((str(one.pk), one.staff_name) for one in others)]  # type: ignore[attr-defined]


class AssignForm(GiveForm):
    step, done = Step.ASSIGN, gettext_lazy("The request is assigned.")

    def take(self, *, seen: int, actor: Actor, to: str = "", **values: Any) -> Any:
        return workflow.assign(self.member_request, _number(to), seen=seen, actor=actor)


class HandOverForm(GiveForm):
    step, done = Step.HAND_OVER, gettext_lazy("The request is handed over.")
    remark = remark()

    def take(self, *, seen: int, actor: Actor, to: str = "", remark: str = "", **values: Any) -> Any:
        return workflow.hand_over(self.member_request, _number(to), seen=seen, actor=actor, remark=remark)


class AskForm(StepForm):
    step, done = Step.ASK, gettext_lazy("The member is asked. The request waits for the answer.")
    text = long_text(gettext_lazy("What the member is asked"))

    def take(self, *, seen: int, actor: Actor, text: str = "", **values: Any) -> Any:
        return workflow.ask(self.member_request, text, seen=seen, actor=actor)


class WriteForm(StepForm):
    step, done = Step.WRITE, gettext_lazy("The message is sent.")
    text = long_text(gettext_lazy("Message to the member"))

    def take(self, *, seen: int, actor: Actor, text: str = "", **values: Any) -> Any:
        with transaction.atomic():  # the same message sent by two clicks is one message
            record.locked_for(Step.WRITE, self.member_request, seen=seen, actor=actor)
            return workflow.write(self.member_request, text, actor=actor)


class CheckForm(StepForm):
    step, done = Step.CHECK_IDENTITY, gettext_lazy("The check is recorded.")
    how = choose(gettext_lazy("How it was checked"), list(Check.choices))
    remark = remark()

    def take(self, *, seen: int, actor: Actor, how: str = "", remark: str = "", **values: Any) -> Any:
        return workflow.check_identity(self.member_request, how, seen=seen, actor=actor, remark=remark)


class ExtendForm(StepForm):
    step, done = Step.EXTEND, gettext_lazy("The period is extended, and the member is told.")
    reason = long_text(gettext_lazy("Reason"), help_text=gettext_lazy("The member reads this."))

    def take(self, *, seen: int, actor: Actor, reason: str = "", **values: Any) -> Any:
        return workflow.extend(self.member_request, reason, seen=seen, actor=actor)


class ConfirmForm(StepForm):
    step, done = Step.CONFIRM, gettext_lazy("The decision is confirmed and takes effect.")
    remark = remark()

    def take(self, *, seen: int, actor: Actor, remark: str = "", **values: Any) -> Any:
        return deciding.confirm(self.member_request, seen=seen, actor=actor, remark=remark)


class SendBackForm(StepForm):
    step, done = Step.SEND_BACK, gettext_lazy("The request is in review again.")
    remark = long_text(
        gettext_lazy("What should be looked at again"), help_text=gettext_lazy("For whoever decided. Sealed."), rows=3
    )

    def take(self, *, seen: int, actor: Actor, remark: str = "", **values: Any) -> Any:
        return deciding.send_back(self.member_request, remark, seen=seen, actor=actor)


class FinishForm(StepForm):
    step, done = Step.FINISH, gettext_lazy("The request is done.")

    def take(self, *, seen: int, actor: Actor, **values: Any) -> Any:
        return deciding.finish(self.member_request, seen=seen, actor=actor)


def _number(text: str) -> Any:
    return forms.UUIDField().clean(text)
