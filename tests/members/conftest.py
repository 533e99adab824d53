from __future__ import annotations

import pytest

from tests.naver import Naver, played


@pytest.fixture
def naver(monkeypatch: pytest.MonkeyPatch) -> Naver:
    return played(monkeypatch)
