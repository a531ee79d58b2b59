"""What is proposed of two stores that nobody has described yet: entities, keys and column pairs, as a contract whose every guess is marked."""

from __future__ import annotations

from dq.proposing.proposing import Proposed, propose

__all__ = ["Proposed", "propose"]
