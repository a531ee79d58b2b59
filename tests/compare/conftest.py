"""What tests of the comparison may ask for."""

from __future__ import annotations

import pytest

from dq import measuring
from dq.canaries import CanaryResult


@pytest.fixture
def no_canaries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a run plant nothing: canaries take longer than the rest, and have a file of their own."""
    monkeypatch.setattr(measuring, "release", lambda *_, **__: CanaryResult(0, 0, 0))
