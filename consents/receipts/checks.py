"""Without these no receipt could be issued that says who the controller is, or that its holder can prove."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks

from privacy_portal.audit import signing
from privacy_portal.audit.ledger.problems import LedgerError

# What R4 has a receipt say of the controller.
OF_THE_CONTROLLER = (
    "COMPANY_NAME",
    "COMPANY_ADDRESS",
    "COMPANY_PRIVACY_CONTACT",
    "COMPANY_PRIVACY_EMAIL",
    "COMPANY_PRIVACY_PHONE",
)


@checks.register(checks.Tags.security)
def receipts_can_be_issued(**kwargs: Any) -> list[checks.CheckMessage]:
    if settings.DEMO:  # bin/serve sees to it
        return []
    findings: list[checks.CheckMessage] = []
    try:
        signing.load(settings.RECEIPT_SIGNING_KEYS)
    except LedgerError as error:
        hint = "Set RECEIPT_SIGNING_KEYS to the file; make one with: python -m privacy_portal.audit.signing PATH"
        findings.append(checks.Error(str(error), hint=hint, id="consents.E001"))
    if settings.RECEIPT_SIGNING_KEYS == settings.LEDGER_SIGNING_KEYS:
        hint = "Make receipts a file of their own: python -m privacy_portal.audit.signing PATH"
        findings.append(checks.Error("Ledger and receipts have one signing key.", hint=hint, id="consents.E002"))
    for name in OF_THE_CONTROLLER:
        if not getattr(settings, name):
            hint = "Receipts of consents name the company and how to reach it (docs/receipts.md)."
            findings.append(checks.Error(f"{name} is empty.", hint=hint, id="consents.E003"))
    return findings
