"""Which form each step of the desk has, in the order of the page."""

from __future__ import annotations

from requests.steps import Step

from .decision_form import DecideForm
from .forms import (
    AskForm,
    AssignForm,
    CheckForm,
    ConfirmForm,
    ExtendForm,
    FinishForm,
    HandOverForm,
    SendBackForm,
    StepForm,
    TakeForm,
    WriteForm,
)

FORMS: dict[Step, type[StepForm]] = {
    form.step: form
    for form in (
        TakeForm,
        DecideForm,
        ConfirmForm,
        SendBackForm,
        AskForm,
        WriteForm,
        CheckForm,
        ExtendForm,
        AssignForm,
        HandOverForm,
        FinishForm,
    )
}
