"""The one place that says what is blank to whoever reads it, where it stands at the ends of a text, and when a text says something at all."""

from __future__ import annotations

BLANKS = " \t\n\r\v\f\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u2028\u2029\u202f\u205f\u3000\ufeff"


def says_something(text: str) -> str:
    """Return the claim that a character of a text is neither a separator nor a control or format character; NULL of NULL.

    More than `BLANKS` says nothing: a word joiner is no blank that anybody trims, and no word either.
    """
    return rf"regexp_matches({text}, '[^\pZ\pC]')"
