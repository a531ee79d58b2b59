"""The one place that turns what MySQL, MariaDB and the way to them complain of into one line: no value of a row, no secret.

Only the number of an error is looked at: the messages beside it quote values, and come in the server's language.
Source: MySQL reference, "Server Error Message Reference" and "Client Error Message Reference"; MariaDB reference, "Error Codes".
"""

from __future__ import annotations

import socket
import ssl

from dq.stores.address import Address

LOST = 2013  # the client's number for a connection that broke
CANCELLED = 1317
REFUSED = 1045
NO_TLS = 2026
NULL_LINE = -1  # our own: a row that the server could not put into a line
CHANGED = (1412, 1146, 1051)  # a table's definition has changed; there is no such table
UNKNOWN_COLUMN = 1054
NOT_ALLOWED = (1142, 1143)  # to read the table, or a column of it
_BROKEN = (0, 1053, 1080, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 2002, 2003, 2005, 2006, LOST, 2014, 2027, 4031)
_UNREACHED = (  # what broke underneath, the narrower first
    (ssl.SSLCertVerificationError, "the server's certificate was not accepted (ssl_ca, ssl_mode)"),
    (ssl.SSLError, "TLS could not be agreed on"),
    (socket.gaierror, "there is no host '{host}'"),
    (TimeoutError, "no answer in time"),
    (ConnectionRefusedError, "nothing answers there; is the server up, and host and port right?"),
    (FileNotFoundError, "nothing answers there; is the server up, and its socket right?"),
    (OSError, "the host cannot be reached"),
)
_CONNECTING = {
    1044: "user '{user}' may not use the database '{database}'",
    REFUSED: "the password was refused",
    1049: "there is no database '{database}'",
    1129: "the server admits no connection from this machine after too many failed ones (FLUSH HOSTS)",
    1130: "the server admits no connection from this machine",
    1251: "the server asks for a way to log in that the driver does not know",
    1698: "user '{user}' must log in another way than by password (its authentication plugin)",
    1862: "the password has expired",
    3118: "the account is locked",
    3159: "the server demands TLS (ssl_mode=REQUIRED)",
    4151: "the account is locked",
    NO_TLS: "the server offers no TLS, which ssl_mode demands",
    2058: "the server asks for a way to log in that the driver does not know",
    2059: "the server asks for a way to log in that the driver does not know",
    2061: "the server asks for a way to log in that the driver does not know",
}
_WORDS = {
    1021: "the server's disk is full",
    1030: "the server's storage engine failed; its log says how",
    1034: "the server found a damaged index",
    1037: "the server is out of memory",
    1038: "the server is out of memory",
    1040: "the server has no connection to spare",
    1041: "the server is out of memory",
    1044: "the user may not read it (GRANT SELECT)",
    1142: "the user may not read it (GRANT SELECT)",
    1143: "the user may not read all its columns (GRANT SELECT)",
    1194: "the server marked it as crashed",
    1203: "the server has no connection to spare",
    1205: "somebody is altering it, and no lock was to be had in time; try again later",
    1213: "the server gave the transaction up (deadlock)",
    1226: "the user has no connection or query to spare (its resource limits)",
    CANCELLED: "somebody cancelled it",
    NULL_LINE: "a row is longer than the server's max_allowed_packet, or holds a character that Unicode lacks",
    1356: "the user may not read it (GRANT SELECT)",
    1812: "the server has lost its file",
    1932: "the server has lost its file",
}


class Refusal(Exception):  # noqa: N818 - what was said, and nobody's error yet
    """The server, or the way to it, refused: by number."""

    def __init__(self, code: int, cause: BaseException | None = None) -> None:
        """Keep the number, and what broke underneath."""
        super().__init__(f"error {code}")
        self.code = code
        self.cause = cause


def why_not_connected(code: int, cause: BaseException | None, address: Address, *, has_password: bool) -> str:
    """Return one line for a connection that was not made.

    Args:
        code: the driver's or the server's number.
        cause: what broke underneath it.
        address: where to.
        has_password: one was given.
    """
    if code == REFUSED and not has_password:
        return "a password is needed; MYSQL_PWD or the [client] section of ~/.my.cnf holds it"
    words = next((words for kind, words in _UNREACHED if isinstance(cause, kind)), None) or _CONNECTING.get(code)
    if words is not None:
        return words.format(host=address.host or "localhost", user=address.user or "", database=address.database)
    return "the connection was not made" if code in _BROKEN else _WORDS.get(code) or f"the server refused the connection with error {code}"


def why_refused(code: int, *, cause: BaseException | None = None, timeout: int | None = None, has_condition: bool = False) -> str:
    """Return one line for a statement that failed.

    Args:
        code: the server's number, or the driver's.
        cause: what broke underneath it.
        timeout: the statement timeout in seconds that was set.
        has_condition: it chose rows by a condition that is not ours.
    """
    if isinstance(cause, TimeoutError):
        return "no answer in time"
    if code in _BROKEN:
        return "the connection was lost"
    if code in {1969, 3024}:
        return f"it took longer than the statement timeout of {timeout} s" if timeout else "it took longer than the server allows a statement"
    if code in {UNKNOWN_COLUMN, 1064, 1305} and has_condition:
        return "it cannot read the condition that chooses the rows"
    return _WORDS.get(code) or f"the server failed with error {code}"
