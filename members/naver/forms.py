"""What somebody who joins with NAVER still has to say."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from privacy_portal.audit.masking import masked
from privacy_portal.doors import actor_of
from privacy_portal.policy.models import MemberKind, Notice

from ..forms import SignUpForm
from ..models import Account, PendingNaver
from . import joining, waiting


class JoinForm(SignUpForm):
    """Sign-up with NAVER: asks for what NAVER did not pass on. What it did pass on may be typed anew, or left empty."""

    def __init__(self, *args: Any, pending: PendingNaver, **kwargs: Any) -> None:
        super().__init__(*args, kind=MemberKind.NAVER, **kwargs)
        self.pending = pending
        self.given = waiting.given(pending)
        del self.fields["password1"]
        for item in self.given:
            self.fields[item].required = False
        self.fields["email"].help_text = _("We send a link there to confirm that the address is yours.")

    def clean_email(self) -> str:
        if self.cleaned_data["email"] or "email" not in self.given:
            return super().clean_email()
        alias = waiting.alias_of_given(self.pending)
        self.validate_unique_email(alias)
        return alias

    @property
    def asked(self) -> list[forms.BoundField]:
        """What NAVER did not pass on."""
        return [self[item] for item in waiting.ITEMS if item not in self.given]

    @property
    def passed_on(self) -> list[tuple[forms.BoundField, str]]:
        """What NAVER passed on, masked, each with the field to type it anew."""
        return [(self[item], masked(item, value)) for item, value in self.given.items()]

    @property
    def typed_anew(self) -> bool:
        """Whether something that NAVER passed on was typed anew, so that it is shown again with what is wrong in it."""
        return any(self[item].value() or self[item].errors for item in self.given)

    def save(self, request: HttpRequest, email: str = "") -> Account:
        typed = {item: self.data.get(item, "").strip() for item in waiting.ITEMS}
        member = joining.join(
            str(self.pending.pk),
            typed | ({"email": email} if email else {}),
            notice=Notice.objects.select_related("collection").get(pk=self.cleaned_data["notice"]),
            said_14_or_over=self.cleaned_data["age"] == "14_or_over",
            language=request.LANGUAGE_CODE[:2],
            actor=actor_of(request),
        )
        return cast(Account, member.account)  # only visitors have none
