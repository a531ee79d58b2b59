"""Proves that one store was moved into another without losing a coupon, a point, an order or a review."""

from __future__ import annotations

__version__ = "0.1.0"
