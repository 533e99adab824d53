"""How often a service may call: counted in the database, so that all processes count together and no call is lost."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from .models import ServiceClient

# One statement, which locks the service's row: of calls at the same moment each gets a number of its own. A process
# whose clock is behind counts in the minute that runs.
COUNT = """
    INSERT INTO consents_serviceminute AS counted (client_id, minute, calls) VALUES (%s, %s, 1)
    ON CONFLICT (client_id) DO UPDATE SET
        calls = CASE WHEN counted.minute >= EXCLUDED.minute THEN counted.calls + 1 ELSE 1 END,
        minute = GREATEST(counted.minute, EXCLUDED.minute)
    RETURNING calls
"""


def seconds_to_wait(client: ServiceClient, *, at: datetime) -> int:
    """Count one call. 0 where it may be answered, otherwise the seconds until the next minute begins."""
    seconds = int(at.timestamp())
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [client.pk, seconds // 60])
        (calls,) = cursor.fetchone()
    return 0 if calls <= client.rate_limit else 60 - seconds % 60
