"""The one place that turns what PostgreSQL and its client library complain of into one line: no value of a row, no secret.

The library's own messages quote rows and connection strings. What is known is said in own words, by SQLSTATE; of the rest only the
server's first line is shown, and only for the classes of errors in which no value stands.
Source: PostgreSQL documentation, "PostgreSQL Error Codes".
"""

from __future__ import annotations

import re

from dq.stores.address import Address

_OPTION = re.compile(r'connection option "(\w+)"|invalid (\w+) value: "|bad value for (\w+)')
_SHOWN = ("08", "28", "3D", "42", "53", "57")  # classes whose messages name objects, never values
_WORDS = {  # SQLSTATE, or its class
    "08": "the connection was lost",
    "22021": "text that is not of the database's encoding",
    "22P05": "text that is not of the database's encoding",
    "25P03": "the connection was lost",
    "25P04": "the server ended the transaction: it has a limit on how long one may take (transaction_timeout)",
    "40": "the server gave up what was read: a replica does when it must catch up (hot_standby_feedback or a longer max_standby_streaming_delay prevents that)",
    "42601": "it cannot read the condition that chooses the rows",  # its message quotes from it
    "53100": "the server's disk is full",
    "53200": "the server is out of memory",
    "53300": "the server has no connection to spare",
    "55P03": "somebody is altering its tables, and no lock was to be had in time; try again later",
    "57P": "the connection was lost: the server ended it",
    "XX001": "the server found damaged data",
    "XX002": "the server found a damaged index",
}
# What the library says when it cannot connect, which has no SQLSTATE; the first that fits. Servers may speak other languages: then the last.
_CONNECTING = (
    ("password authentication failed|authentication failed for user", "the password was refused"),
    ("no password supplied", "a password is needed; PGPASSWORD or ~/.pgpass holds it"),
    ("could not translate host name|failed to resolve host|name or service not known", "there is no host '{host}'"),
    ("does not support ssl", "the server offers no TLS, which sslmode demands"),
    ("certificate", "the server's certificate, or one of ours, was not accepted (sslmode, sslrootcert, sslcert)"),
    ("no pg_hba.conf entry|pg_hba.conf rejects", "the server admits no such connection of this user (pg_hba.conf)"),
    ("ssl|tls", "TLS could not be agreed on"),
    ('database ".*" does not exist', "there is no database '{database}'"),
    ('role ".*" does not exist', "there is no user '{user}'"),
    ("permission denied for database", "user '{user}' may not connect to the database"),
    ("connection refused|no such file or directory", "nothing answers there; is the server up, and host and port right?"),
    ("timeout expired|timed out", "no answer in time"),
    ("too many clients|connection slots|too many connections", "the server has no connection to spare"),
    ("starting up|shutting down|recovery", "the server is starting up or shutting down"),
    ("unreachable|no route to host", "the host cannot be reached"),
)


def refused_option(message: str) -> str | None:
    """Return the option of the URL whose value the library does not take, where that is what it complains of."""
    found = _OPTION.search(message)
    return next(filter(None, found.groups())) if found is not None else None


def why_not_connected(message: str, address: Address) -> str:
    """Return one line for a connection that was not made."""
    for pattern, words in _CONNECTING:
        if re.search(pattern, message, re.IGNORECASE):
            return words.format(host=address.host or address.options.get("host", ""), database=address.database, user=address.user or "")
    return "the connection was not made"


def why_refused(state: str | None, message: str | None, *, of_table: bool = False, is_policed: bool = False, timeout: int | None = None) -> str:
    """Return one line for a statement that failed.

    Args:
        state: its SQLSTATE; none where the connection itself broke.
        message: the server's first line.
        of_table: it read a table's rows.
        is_policed: a row-level security policy would hide rows of that table.
        timeout: the statement timeout in seconds that was set.
    """
    if state is None:
        return _WORDS["08"]
    if state == "42501" and of_table:
        policed = "a row-level security policy would hide rows of it; read it as its owner, or as a user with BYPASSRLS"
        return policed if is_policed else "the user may not read it (GRANT SELECT)"
    if state == "57014":
        return f"it took longer than the statement timeout of {timeout} s" if timeout else "somebody cancelled it"
    for known in (state, state[:3], state[:2]):
        if known in _WORDS:
            return _WORDS[known]
    said = (message or "").strip().partition("\n")[0]
    return f"{said} (SQLSTATE {state})" if said and state.startswith(_SHOWN) else f"the server failed with SQLSTATE {state}"
