"""What the tests of the ledger share: a ledger with something in it, somebody who tampers, and what is found."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from consents.models import ConsentEvent
from consents.withdrawal import withdraw
from privacy_portal.audit import signing
from privacy_portal.audit.closing import close_all
from privacy_portal.audit.ledger import checkpoint
from privacy_portal.audit.ledger.checkpoint import beginning_of
from privacy_portal.audit.ledger.keys import read_public_keys
from privacy_portal.audit.models import Checkpoint, LedgerClosing
from privacy_portal.audit.tables import LedgerTable, stamp, transactions
from privacy_portal.audit.verify_dump import verify_dump
from privacy_portal.clock import now
from tests import dumping
from tests.factories import a_consent, a_member, acting

EVENTS = "consents_consentevent"
DESTRUCTIONS = "vault_destructionrecord"
ATTEMPTS = 20


def events(times: int) -> list[int]:
    """The numbers of so many pairs of new consent events, each given and withdrawn; the first gives destructions."""
    member = a_member()
    before = set(ConsentEvent.objects.values_list("pk", flat=True))
    for _time in range(times):
        withdraw(a_consent(member, "general.newsletter", company_name="하늘상사"), language="ko", actor=acting(member))
    return sorted(set(ConsentEvent.objects.values_list("pk", flat=True)) - before)


def copies(count: int) -> None:
    """So many more events, like the last one, in one transaction."""
    execute(
        f"INSERT INTO {EVENTS} (reference, {COPIED}) SELECT gen_random_uuid(), {COPIED} FROM {EVENTS}"
        f" CROSS JOIN generate_series(1, %s) WHERE id = (SELECT max(id) FROM {EVENTS})",
        count,
    )


COPIED = (
    "consent_id, kind, at, recorded_at, notice_id, items, method_id, language, actor_kind, actor_id, actor_name,"
    " evidence_key_id, evidence"
)


def close() -> list[Checkpoint]:
    """Run the job; returns the checkpoints it made.

    Tests run beside each other, in databases of one server. A transaction of another one that ends just while the job
    looks counts as running here, and what came after it is closed the next time: so it is run until all is closed,
    or a test of its own holds it up.
    """
    before = set(Checkpoint.objects.values_list("pk", flat=True))
    cluster, _ended, following = transactions()
    for _attempt in range(ATTEMPTS):
        close_all.call()
        if not LedgerClosing.objects.filter(reached__lt=stamp(cluster, following)).exists():
            break
        time.sleep(0.02)
    return list(Checkpoint.objects.exclude(pk__in=before).order_by("pk"))


def a_checkpoint(table: str = EVENTS) -> Checkpoint:
    """A signed checkpoint of no rows, for tests that cannot close what their own transaction wrote."""
    keys = signing.load(settings.LEDGER_SIGNING_KEYS)
    begins = beginning_of("00000000-0000-0000")
    one = checkpoint.Checkpoint(
        table=table,
        number=1,
        previous=b"",
        columns=json.dumps(LedgerTable(table).columns()),
        begins=begins,
        ends=begins,
        rows=0,
        total=0,
        rows_digest=checkpoint.Rows().digest,
        listing=b"",
        made_at=now(),
        key=keys.active,
    )
    return Checkpoint.stored(replace(one, signature=keys.sign(one.signed)))


def execute(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def tamper(statement: str, *values: Any) -> None:
    """Somebody who may do anything in the database, with its triggers switched off."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            cursor.execute(statement, values)
        finally:
            cursor.execute("SET session_replication_role = DEFAULT")


def found() -> list[str]:
    """What `verify_ledger` says of the database; its last line is the conclusion."""
    said = StringIO()
    try:
        call_command("verify_ledger", stdout=said, stderr=StringIO())
    except CommandError as error:
        said.write(str(error))
    return said.getvalue().splitlines()


def found_in_dump(path: Path, *, anchors: str | None = None) -> list[str]:
    """The same of a dump of the database as it is now."""
    dumping.dump(path)
    return verified(path, anchors=anchors)


def verified(path: Path, *, anchors: str | None = None) -> list[str]:
    """What the verification says of a dump."""
    said: list[str] = []
    keys = read_public_keys(settings.LEDGER_SIGNING_KEYS)
    _agrees, conclusion = verify_dump(str(path), keys, anchors=anchors, say=said.append)
    return [*said, conclusion]
