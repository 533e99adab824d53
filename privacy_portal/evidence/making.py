"""Making an evidence bundle: everything on record about one person or one consent, signed, in one zip.

`evidence.format` says what is in it, `audit.sections` who adds to it, `evidence.check` how it is checked.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consents.models import Consent, ConsentEvent
from members.models import Member
from privacy_portal.actors import Actor
from privacy_portal.admin_history import by_whom, staff_names
from privacy_portal.append_only import is_append_only
from privacy_portal.audit import sections, sight, signing
from privacy_portal.audit.ledger.problems import LedgerError
from privacy_portal.audit.sections import Section, Subject
from privacy_portal.audit.tables import in_one_snapshot
from privacy_portal.clock import now
from privacy_portal.errors import PortalError
from privacy_portal.policy.models import LANGUAGES
from privacy_portal.rights import demand

from .archive import Archive
from .format import FORMAT, KEYS, MANIFEST, REPORT, SIGNATURE
from .proof import Proof, without
from .report import Report
from .words import at

RIGHT, RIGHT_TO_OPEN = "audit.export_evidence", "audit.reveal_values"
LONGEST_REMARK = 500
ROWS_AT_ONCE = 500

Progress = Callable[[int], object]


class Why(models.TextChoices):
    REQUEST = "request", gettext_lazy("a request of the person")
    DISPUTE = "dispute", gettext_lazy("a complaint, dispute or lawsuit")
    AUTHORITY = "authority", gettext_lazy("an authority's lawful demand")
    INSPECTION = "inspection", gettext_lazy("an audit or inspection")
    OTHER = "other", gettext_lazy("another reason")


@dataclass(frozen=True)
class Asked:
    """What somebody wants a bundle of, why, and how."""

    why: str
    remark: str = ""
    reference: str = ""
    language: str = "ko"
    opened: bool = False  # whether addresses, browsers and reasons are told in full, where they are still held


@dataclass
class Bundle:
    """A finished bundle: a temporary file, at its beginning, that is gone once it is closed."""

    file: IO[bytes]
    name: str
    rows: dict[str, int] = field(default_factory=dict)
    checkpoints: int = 0


def why_not(asked: Asked) -> PortalError | None:
    if asked.why not in Why.values:
        return PortalError("reason_needed", _("Please choose the reason."), field="why")
    if asked.why in (Why.REQUEST, Why.AUTHORITY) and not asked.reference.strip():
        return PortalError("reference_needed", _("Please write the reference of the request."), field="reference")
    if asked.why == Why.OTHER and not asked.remark.strip():
        return PortalError("reason_needed", _("Please write what the reason is."), field="remark")
    if asked.language not in LANGUAGES:
        return PortalError("unknown_language", _("Please choose Korean or English."), field="language")
    return None


def make_bundle(
    person_id: UUID | None = None,
    *,
    consent_id: UUID | None = None,
    asked: Asked,
    actor: Actor,
    progress: Progress = lambda rows: None,
) -> Bundle:
    """Make the bundle of a person, or of one consent. That it was made, by whom and why, is on the access log before
    it is handed out. The caller closes `file`.

    Raises `PortalError`: `not_allowed`, `reference_needed`, `reason_needed`, `not_found`, `cannot_sign`.
    """
    demand(actor, RIGHT)
    if asked.opened:
        demand(actor, RIGHT_TO_OPEN)
    if actor.account_id is None:
        raise PortalError("not_allowed", _("A bundle is made by somebody who answers for it, not by the system."))
    if refusal := why_not(asked):
        raise refusal
    subject = _subject(person_id, consent_id)
    try:
        keys = signing.load(settings.LEDGER_SIGNING_KEYS)
    except LedgerError as error:
        raise PortalError("cannot_sign", _("The bundle cannot be signed. Ask whoever runs the portal.")) from error
    file: IO[bytes] = tempfile.TemporaryFile(prefix="evidence-")  # noqa: SIM115  (whoever is handed it closes it)
    try:
        with sight.seen_by(actor, "evidence:bundle"):
            bundle = _written(file, subject, asked, actor, keys, progress)
            sight.saw(subject.person_id, *subject.items)
            reason = " · ".join(part for part in (asked.why, asked.remark.strip()[:LONGEST_REMARK]) if part)
            sight.did(sight.What.EXPORT, reason=reason, reference=asked.reference.strip())
            sight.put_on_record()
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return bundle


def _subject(person_id: UUID | None, consent_id: UUID | None) -> Subject:
    if consent_id is None:
        if person_id is not None and Member.objects.filter(pk=person_id).exists():
            return Subject(person_id)
    elif consent := Consent.objects.filter(pk=consent_id).first():
        named = ConsentEvent.objects.filter(consent=consent).order_by().values_list("items", flat=True).distinct()
        return Subject(consent.member_id, consent.pk, frozenset(item for items in named for item in items))
    raise PortalError("not_found", _("There is no such member or consent."))


def _written(
    file: IO[bytes], subject: Subject, asked: Asked, actor: Actor, keys: signing.SigningKeys, progress: Progress
) -> Bundle:
    made_at, archive, proof = now(), Archive(file), Proof()
    bundle = Bundle(file, f"evidence-{timezone.localtime(made_at):%Y%m%d-%H%M%S}-{str(subject.person_id)[:8]}.zip")
    about = {"person": str(subject.person_id), "consent": str(subject.consent_id) if subject.consent_id else None}
    with translation.override(asked.language), in_one_snapshot(), Report() as report:
        for section in sections.registered():
            found = section.rows(subject)
            with (
                archive.writing_rows(f"data/{section.name}.json") as add,
                report.section(section, is_proven=is_append_only(found.model)) as tell,
            ):
                for rows in _in_batches(found):
                    told = [*_told(section, rows, proof, asked.opened)]
                    for row, _cells in told:
                        add(row)
                    tell(told)
                    progress(len(rows))
                    bundle.rows[section.name] = bundle.rows.get(section.name, 0) + len(rows)
        bundle.checkpoints = proof.write(archive, progress)
        with archive.writing(REPORT) as write:
            report.write(write, _first_lines(made_at, about, asked, actor))
    facts = {
        "format": FORMAT,
        "made_at": made_at.isoformat(),
        "made_by": {"kind": actor.kind, "account": str(actor.account_id), "by_command": actor.name},
        "about": about,
        # The remark stays on the access log, sealed.
        "reason": asked.why,
        "reference": asked.reference.strip(),
        "language": asked.language,
        "evidence_opened": asked.opened,
        "key": keys.active,
    }
    archive.add(KEYS, keys.public_keys.as_text().encode())
    manifest = json.dumps({**facts, "files": archive.files}, ensure_ascii=False, indent=1).encode()
    archive.add(MANIFEST, manifest)
    archive.add(SIGNATURE, keys.sign(manifest))
    archive.close()
    return bundle


def _first_lines(made_at: datetime, about: dict[str, Any], asked: Asked, actor: Actor) -> dict[str, Any]:
    return {
        "language": asked.language,
        "company": settings.COMPANY_NAME,
        "about": about,
        "made_at": at(made_at),
        "made_by": by_whom(actor.kind, actor.account_id, actor.name, staff_names([actor.account_id])),
        "why": Why(asked.why).label,
        "reference": asked.reference.strip(),
        "opened": asked.opened,
    }


def _in_batches(rows: models.QuerySet[Any]) -> Iterator[list[Any]]:
    if not rows.query.order_by:
        rows = rows.order_by("pk")
    found = rows.iterator(chunk_size=ROWS_AT_ONCE)
    while batch := list(islice(found, ROWS_AT_ONCE)):
        yield batch


def _told(section: Section, rows: list[Any], proof: Proof, opened: bool) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """Each row for its data file, and its cells for the report."""
    proven = proof.of(rows)
    for row, line in zip(rows, section.lines(rows, opened), strict=True):
        its_proof = without(proven[row.pk], line.kept_back.items()) if proven else {}
        cells = [*line.cells, _place(its_proof)] if its_proof else [*line.cells]
        yield {**its_proof, **line.facts}, cells


def _place(its_proof: dict[str, Any]) -> str:
    """Where in the ledger a row stands, in words."""
    words = {"row": str(its_proof["row"]), "checkpoint": str(its_proof["checkpoint"])}
    if its_proof["checkpoint"] is None:
        return _("row %(row)s, not closed yet") % words
    return _("row %(row)s, checkpoint %(checkpoint)s") % words
