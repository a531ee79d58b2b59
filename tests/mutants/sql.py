"""The one place for how a piece of SQL in a string is broken: one operator, join, filter, aggregate or number at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator

# A pattern, and what each match of it becomes; key words are written in upper case throughout, so that prose does not match.
_RULES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"\bIS NOT DISTINCT FROM\b", ("=", "IS DISTINCT FROM")),
    (r"\bIS DISTINCT FROM\b", ("<>", "IS NOT DISTINCT FROM")),
    (r"\bIS NOT NULL\b", ("IS NULL",)),
    (r"\bIS NULL\b", ("IS NOT NULL",)),
    (r"\bIS NOT TRUE\b", ("IS TRUE", "IS FALSE")),
    (r"\bIS TRUE\b", ("IS NOT TRUE",)),
    (r"\bFULL JOIN\b", ("LEFT JOIN", "RIGHT JOIN")),
    (r"\bLEFT JOIN\b", ("JOIN",)),
    (r"\bSEMI JOIN\b", ("ANTI JOIN", "JOIN")),
    (r"\bANTI JOIN\b", ("SEMI JOIN",)),
    (r"(?<!FULL )(?<!LEFT )(?<!SEMI )(?<!ANTI )\bJOIN\b", ("LEFT JOIN",)),
    (r"\bUNION ALL\b", ("UNION",)),
    (r"\bUNION\b(?! ALL)", ("UNION ALL",)),
    (r"\bNOT EXISTS\b", ("EXISTS",)),
    (r"(?<!NOT )\bEXISTS\b", ("NOT EXISTS",)),
    (r"(?<!IS )\bNOT (?=\(|[a-z(])", ("",)),
    (r"\bNOT IN\b", ("IN",)),
    (r"(?<!NOT )\bIN (?=\()", ("NOT IN ",)),
    (r"(?<!IS )(?<!IS NOT )\bDISTINCT (?!FROM)", ("",)),
    (r"\bWHERE ", ("WHERE true OR ",)),
    (r"\bHAVING ", ("HAVING true OR ",)),
    (r"\bQUALIFY ", ("QUALIFY true OR ",)),
    (r"\bFILTER \((?!WHERE)", ("FILTER (true OR ",)),
    (r"\bWHEN ", ("WHEN true OR ",)),
    (r"\bAND\b", ("OR",)),
    (r"\bOR\b(?! REPLACE)", ("AND",)),
    (r"(?<= )<>(?= )", ("=",)),
    (r"(?<= )=(?= )", ("<>",)),
    (r"(?<= )>=(?= )", (">",)),
    (r"(?<= )<=(?= )", ("<",)),
    (r"(?<= )>(?= )", (">=",)),
    (r"(?<= )<(?= )", ("<=",)),
    (r"(?<= )\+(?= )", ("-",)),
    (r"(?<= )-(?= )", ("+",)),
    (r"(?<= )\*(?= )", ("+",)),
    (r"(?<= )//(?= )", ("*",)),
    (r"(?<= )&(?= )", ("|",)),
    (r"(?<= )\|(?= )", ("&",)),
    (r"<<", (">>",)),
    (r">>", ("<<",)),
    (r"\bmin\(", ("max(",)),
    (r"\bmax\(", ("min(",)),
    (r"\bsum\(", ("max(",)),
    (r"\babs\(", ("(",)),
    (r"\bbool_or\(", ("bool_and(",)),
    (r"\bbool_and\(", ("bool_or(",)),
    (r"\bgreatest\(", ("least(",)),
    (r"\bleast\(", ("greatest(",)),
    (r"\bcount\(\*\)", ("(count(*) + 1)",)),
    (r"\bcount\((?=DISTINCT )", ("1 + count(",)),
    (r"\btrue\b", ("false",)),
    (r"\bfalse\b", ("true",)),
    (r"(?<!BY )(?<![\w.$,'(:])\d+(?![\w.':])", ("+1",)),
)
_PATTERNS = tuple((re.compile(pattern), news) for pattern, news in _RULES)
_SQL = re.compile(
    r"\b(SELECT|FROM|WHERE|JOIN|CASE|WHEN|THEN|ELSE|END|GROUP BY|ORDER BY|UNION|INSERT|CREATE|DELETE|CAST|FILTER|OVER|EXISTS|DISTINCT|HAVING|"
    r"IS|NULL|LIMIT|ON|AND|OR|NOT|IN|BETWEEN|INTERVAL|TIMESTAMP|coalesce\(|sum\(|min\(|max\(|count\(|abs\(|hash\(|bool_or\(|bool_and\()|"
    r"^(true|false)$|^ ?(=|<>|&|\|) ?$|(?<= )(=|<>|>=|<=|&)(?= )"
)
_WORDS = re.compile(r"NOT PROVEN|\b(is|are|the|it|no) ")


def is_sql(text: str) -> bool:
    """Say whether a string is a piece of SQL, and no sentence."""
    return bool(_SQL.search(text)) and not _WORDS.search(text)


def broken(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield every way to break a piece of SQL: where, until where (exclusive), and what stands there then."""
    for pattern, news in _PATTERNS:
        for match in pattern.finditer(text):
            begin, end = match.span()
            if match.group() == "AND" and "BETWEEN" in text[max(0, begin - 60) : begin].rpartition("AND")[2]:
                continue
            for new in news:
                yield begin, end, str(int(match.group()) + 1) if new == "+1" else new
