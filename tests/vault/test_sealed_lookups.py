"""Sealed fields cannot be searched, and say what to do instead."""

from __future__ import annotations

import pytest
from django.core.exceptions import FieldError
from django.db.models import Q

from members.models import Member


@pytest.mark.parametrize(
    "condition",
    [
        Q(name="김하늘"),
        Q(name__in=["김하늘"]),
        Q(name__contains="하늘"),
        Q(name__icontains="하늘"),
        Q(name__startswith="김"),
        Q(name__gt="김"),
        Q(name__lower="김하늘"),
        Q(account__email="alice@example.com"),
    ],
)
def test_comparing_a_sealed_field_is_refused_and_points_to_the_blind_index(alice: Member, condition: Q) -> None:
    with pytest.raises(FieldError, match=r"sealed and cannot be compared; filter by its blind index"):
        Member.objects.filter(condition).exists()


def test_whether_a_sealed_value_is_held_can_be_asked(alice: Member) -> None:
    assert Member.objects.filter(name__isnull=False, company_name__isnull=True).get() == alice
