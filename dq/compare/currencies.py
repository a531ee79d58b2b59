"""The one place for currencies: numeric codes and minor units.

Source: ISO 4217, as the `iso4217` distribution carries its maintained table.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

DEFAULT_EXPONENT = 2


@cache
def by_number() -> Mapping[int, str]:
    """Return numeric code to letters."""
    from iso4217 import Currency  # noqa: PLC0415 - reads a table of 180 currencies; only where a contract needs it

    return {currency.number: currency.code for currency in Currency if currency.number is not None}


@cache
def exponents() -> Mapping[str, int]:
    """Return letters to the number of decimals of the minor unit; currencies without one are left out."""
    from iso4217 import Currency  # noqa: PLC0415 - as above

    return {currency.code: currency.exponent for currency in Currency if currency.exponent is not None}
