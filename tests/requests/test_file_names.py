"""Names that files come with are shown to people: none of them can pretend, hide, lead elsewhere or tell a number."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from requests.intake.names import EXTENSIONS, LONGEST, harmless
from requests.parsers.resident_numbers import holds_full_number
from requests.parsers.work import Kind

KINDS = st.sampled_from([*EXTENSIONS])


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("사업자등록증.pdf", "사업자등록증.pdf"),
        (unicodedata.normalize("NFD", "인감증명서.PDF"), "인감증명서.pdf"),
        (r"..\..\x.pdf", "x.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("/", "document.pdf"),
        ("", "document.pdf"),
        ("...", "document.pdf"),
        (".pdf", "document.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.pdf"),
        ("scan.pdf.exe", "scan.pdf"),
        ("scan.exe.pdf", "scan.pdf"),
        ("2026.11.25.pdf", "2026.11.25.pdf"),
        ("scan\0.pdf", "scan.pdf"),
        ("my\r\n scan.pdf", "my scan.pdf"),
        ("con.pdf", "document.pdf"),
        ("<b>.pdf", "b.pdf"),
        ("주민등록증 900101-1234567.jpg", "document.pdf"),
        ("\ud800.pdf", "document.pdf"),
    ],
)
def test_a_name_is_made_harmless(name: str, shown: str) -> None:
    assert harmless(name, "pdf") == shown


@given(name=st.text(st.characters(exclude_categories=())), kind=KINDS)
@example(name="x" * 10_000 + ".pdf", kind="pdf")
@example(name="가" * 10_000, kind="png")
@example(name="a." * 50, kind="png")
def test_any_name_becomes_one_that_can_be_shown_and_stored(name: str, kind: Kind) -> None:
    shown = harmless(name, kind)
    assert shown.endswith(EXTENSIONS[kind])
    assert len(EXTENSIONS[kind]) < len(shown) <= LONGEST
    assert not set(shown) & set('/\\<>:"|?*')
    assert all(unicodedata.category(char)[0] != "C" for char in shown)
    assert shown == shown.strip()
    assert shown.count("\0") == 0
    shown.encode()
    assert not shown.startswith(".")
    assert not holds_full_number(shown)
    assert harmless(shown, kind) == shown
