"""The demo's signing keys are made once; lost ones are not replaced behind its owner's back."""

from __future__ import annotations

from pathlib import Path

import pytest

from privacy_portal.audit import signing
from privacy_portal.serving.installation import make_secrets
from privacy_portal.serving.progress import CannotServe


def test_they_are_made_once(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    files = [tmp_path / "ledger-signing.json", tmp_path / "receipt-signing.json"]
    made = [signing.load(file).active for file in files]
    make_secrets(tmp_path)
    assert [signing.load(file).active for file in files] == made
    assert len(set(made)) == 2


def test_those_of_receipts_are_made_anew_as_receipts_can_be_fetched_again(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    (tmp_path / "receipt-signing.json").unlink()
    make_secrets(tmp_path)
    assert signing.load(tmp_path / "receipt-signing.json").active


def test_lost_ones_are_told_and_not_replaced(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    (tmp_path / "ledger-anchors.log").touch()
    (tmp_path / "ledger-signing.json").unlink()
    with pytest.raises(CannotServe, match=r"ledger-signing\.json is missing"):
        make_secrets(tmp_path)
    assert not (tmp_path / "ledger-signing.json").exists()
