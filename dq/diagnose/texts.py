"""The one place that says how one text became another: cut, escaped, read in another character set, folded, trimmed, composed.

All in SQL over `s` and `t`. A text in another character set is made again from its characters' own bytes, so nothing is guessed; that is worked
out once, in columns of its own (`beforehand`): written out in each claim that needs it, it took 16 ms of a query to plan.
"""

from __future__ import annotations

from collections.abc import Iterator

_UPPER_HALF = "[^\\x00-\\x7F]"
_EMOJI = "[^\\x00-\\x{FFFF}]"  # beyond what three bytes of UTF-8 hold
_JOINERS = "[\\x{200D}\\x{FE0F}]"  # what joins emoji to one sign, or asks for its colour
# Bytes 128 to 159 as Windows-1252 reads them; Latin-1 has control characters there. Five stand for nothing.
# Source: WHATWG Encoding, index windows-1252.
_WINDOWS = {byte: letter for byte, letter in enumerate("€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ", start=128) if letter != "\0"}
_ENTITIES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))
_QUOTE = ('"', "&quot;")
_APOSTROPHES = ("&#39;", "&#x27;", "&#039;", "&apos;")


def beforehand(relation: str) -> str:
    """Return a relation of `s` and `t` with what one text may have been made from the other, NULL where that cannot be.

    `latin`, `windows`: `s` as it reads in another character set; `twice`: the list of both, read so again. `escaped`, `unescaped`: lists of `s`, and of
    `t`, escaped in each way.
    """
    garbled = f"regexp_matches(s, '{_UPPER_HALF}') AND length(t) > length(s)"
    once = f"(SELECT *, CASE WHEN {garbled} THEN {_latin('s')} END AS latin FROM {relation})"
    windows = f"(SELECT *, {_windows('latin')} AS windows FROM {once})"
    again = f"list_transform([latin, windows], one -> {_latin('one')})"
    of = "[CASE WHEN contains(t, '&') THEN s END, CASE WHEN contains(s, '&') AND length(s) > length(t) THEN t END]"
    escapes = f"list_transform({of}, one -> [{', '.join(_escaped('one'))}])"
    lists = f"(SELECT *, {again} AS again, {escapes} AS escapes FROM {windows})"
    return f"(SELECT *, [again[1], {_windows('again[2]')}] AS twice, escapes[1] AS escaped, escapes[2] AS unescaped FROM {lists})"


def text_arms(blanks: str) -> Iterator[tuple[str, str]]:
    """Yield claims and labels of texts that are both not NULL and not empty, see `beforehand`; `blanks` are the blanks there are, as a literal."""
    yield from (("t = latin", "'mojibake:Latin-1'"), ("t = windows", "'mojibake:Windows-1252'"), ("list_contains(twice, t)", "'mojibake:twice'"))
    yield "length(t) > length(s) AND list_contains(escaped, t)", "'escaped'"
    yield "contains(t, '&amp;') AND list_contains(list_transform(escaped, one -> replace(one, '&', '&amp;')), t)", "'escaped:twice'"
    yield "list_contains(unescaped, s)", "'unescaped'"
    yield from (("nfc_normalize(s) = t", "'form:composed'"), ("s = nfc_normalize(t)", "'form:decomposed'"), ("nfc_normalize(s) = nfc_normalize(t)", "'form'"))
    crlf, cr, lf = "chr(13) || chr(10)", "chr(13)", "chr(10)"
    unix = f"replace(s, {crlf}, {lf})"
    yield f"contains(s, {crlf}) AND t = {unix}", "'line ends:CR LF became LF'"
    yield f"contains(t, {crlf}) AND t = replace(s, {lf}, {crlf})", "'line ends:LF became CR LF'"
    yield f"contains(s, {lf}) AND t IN (replace({unix}, {lf}, ''), replace({unix}, {lf}, ' '), replace(s, {cr}, ''))", "'line ends:they are gone'"
    yield f"{unix} = replace(t, {crlf}, {lf})", "'line ends'"
    yield f"t = trim(s, {blanks})", "'blanks:trimmed'"
    yield f"trim(s, {blanks}) = trim(t, {blanks})", "'blanks'"
    yield from (("t = upper(s)", "'case:upper'"), ("t = lower(s)", "'case:lower'"), ("lower(s) = lower(t)", "'case'"))
    bare = f"regexp_replace(s, '{_JOINERS}', '', 'g')"
    has_emoji = f"regexp_matches(s, '{_EMOJI}')"
    yield f"{has_emoji} AND t IN (regexp_replace(s, '{_EMOJI}', '', 'g'), regexp_replace({bare}, '{_EMOJI}', '', 'g'))", "'emoji gone'"
    yield f"{has_emoji} AND t = regexp_extract(s, '(?s)^([\\x00-\\x{{FFFF}}]*)', 1)", "'emoji cut'"
    signs = ("'?'", "chr(65533)")
    lost = [f"regexp_replace(s, '{letters}', {sign}, 'g')" for sign in signs for letters in (_UPPER_HALF, _EMOJI)]
    # each byte of a character may have become a sign of its own
    lost += [f"regexp_replace(s, '{_EMOJI}', repeat({sign}, {times}), 'g')" for sign in signs for times in (2, 4)]
    yield f"regexp_matches(s, '{_UPPER_HALF}') AND t IN ({', '.join(lost)})", "'lost characters'"
    left = [f"regexp_replace({text}, '{_EMOJI}', '?', 'g')" for text in ("s", "t")]  # only some of them were lost: all others are the same
    yield (
        f"{has_emoji} AND length(t) = length(s) AND length(replace(t, '?', '')) < length(replace(s, '?', '')) AND {' = '.join(left)}",
        "'lost characters'",
    )
    is_cut = "t <> '' AND starts_with(s, t)"
    yield is_cut, "concat('cut:', length(t))"
    yield f"{is_cut} AND strlen(t) > length(t)", "concat('bytes cut:', strlen(t))"
    yield "s <> '' AND starts_with(t, s)", "'longer'"


def _latin(text: str) -> str:
    """Return a text as it reads if its bytes of UTF-8 are taken for Latin-1, an expression."""
    point = "unicode(c)"

    def byte(lead: int, shift: int) -> str:
        return f"chr(CAST({lead} | (({point} >> {shift}) & 63) AS INTEGER))"

    def first(lead: int, shift: int) -> str:
        return f"chr(CAST({lead} | ({point} >> {shift}) AS INTEGER))"

    arms = f"""
        CASE WHEN {point} < 128 THEN c
             WHEN {point} < 2048 THEN {first(192, 6)} || {byte(128, 0)}
             WHEN {point} < 65536 THEN {first(224, 12)} || {byte(128, 6)} || {byte(128, 0)}
             ELSE {first(240, 18)} || {byte(128, 12)} || {byte(128, 6)} || {byte(128, 0)} END"""
    return f"array_to_string(list_transform(string_split({text}, ''), c -> {arms}), '')"


def _windows(latin: str) -> str:
    """Return the same taken for Windows-1252."""
    return f"translate({latin}, '{''.join(map(chr, _WINDOWS))}', '{''.join(_WINDOWS.values())}')"


def _escaped(text: str) -> list[str]:
    """Return a text as it is once it was escaped for HTML, in each of the ways that libraries have, expressions."""
    plain = text
    for letter, entity in _ENTITIES:
        plain = f"replace({plain}, '{letter}', '{entity}')"
    quoted = f"replace({plain}, '{_QUOTE[0]}', '{_QUOTE[1]}')"
    less = f"replace(replace({text}, '&', '&amp;'), '<', '&lt;')"
    return [plain, quoted, less, f"replace({text}, '&', '&amp;')", *(f"replace({quoted}, chr(39), '{one}')" for one in _APOSTROPHES)]
