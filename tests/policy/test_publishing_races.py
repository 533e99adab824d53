"""Two officers press the same button at once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from privacy_portal.errors import PortalError
from privacy_portal.policy import publishing
from privacy_portal.policy.models import Collection, Notice
from tests.factories import SYSTEM

OFFICER = SYSTEM


@pytest.mark.django_db(transaction=True)
def test_a_draft_published_by_two_at_once_is_one_new_version() -> None:
    newsletter = Collection.objects.get(pk="general.newsletter")
    start = Barrier(4)

    def draft_and_publish(number: int) -> str:
        try:
            draft = publishing.draft(newsletter, actor=OFFICER)
            if number == 0:
                draft.purpose_en = "To send you something else."
                draft.save()
            start.wait(timeout=10)
            publishing.publish(Notice.objects.get(pk=draft.pk), actor=OFFICER)
        except PortalError as refusal:
            return refusal.code
        finally:
            connection.close()
        return "published"

    with ThreadPoolExecutor(4) as pool:
        said = Counter(pool.map(draft_and_publish, range(4)))

    assert said == {"published": 1, "already_published": 3}
    assert [notice.version for notice in newsletter.notices.published()] == [2, 1]
    assert not newsletter.notices.filter(published_at__isnull=True).exists()
    newest = newsletter.notices.get(version=2)
    assert newest.digest == publishing.digest(newest)
