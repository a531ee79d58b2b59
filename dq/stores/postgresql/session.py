"""The one place for what a PostgreSQL session is told before it reads, and what it tells of its moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from dq.stores.seal import Origin

BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# Settings that the text of a value, the meaning of a condition or the length of a session hang on; a server sets those that it knows.
SETTINGS = {
    "TimeZone": "UTC",
    "DateStyle": "ISO",
    "IntervalStyle": "postgres",
    "extra_float_digits": "3",  # every double exactly, also before version 12; since then no different from 1
    "bytea_output": "hex",
    "client_encoding": "UTF8",
    "standard_conforming_strings": "on",
    "quote_all_identifiers": "off",
    "search_path": "pg_catalog, pg_temp",  # nobody's function or type stands in for the server's own
    "row_security": "off",  # a policy that would hide rows is an error
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "transaction_timeout": "0",
}
SET = """
    SELECT pg_catalog.set_config(s.name, w.value, false)
    FROM unnest(%s::text[], %s::text[]) AS w(name, value) JOIN pg_catalog.pg_settings AS s ON s.name = w.name"""
# One statement, the first of the transaction: it takes the snapshot, and says when and where that is.
MOMENT = """
    SELECT statement_timestamp(), current_setting('server_version'),
           CASE WHEN has_function_privilege('pg_catalog.pg_export_snapshot()', 'EXECUTE') THEN pg_export_snapshot() END,
           CASE WHEN NOT pg_is_in_recovery() AND has_function_privilege('pg_catalog.pg_current_wal_lsn()', 'EXECUTE') THEN pg_current_wal_lsn()::text
                WHEN pg_is_in_recovery() AND has_function_privilege('pg_catalog.pg_last_wal_replay_lsn()', 'EXECUTE') THEN pg_last_wal_replay_lsn()::text END,
           CASE WHEN pg_is_in_recovery() THEN coalesce(date_trunc('second', pg_last_xact_replay_timestamp())::text, 'before it was started') END"""
# The files of a table and its partitions as they are, against those of the snapshot: others where it was rewritten or emptied since.
REWRITTEN = """
    WITH RECURSIVE below AS (
        SELECT %s::oid AS child
        UNION
        SELECT i.inhrelid FROM below AS b JOIN pg_inherits AS i ON i.inhparent = b.child)
    SELECT EXISTS (SELECT FROM below AS b JOIN pg_class AS c ON c.oid = b.child WHERE pg_relation_filenode(c.oid) IS DISTINCT FROM nullif(c.relfilenode, 0))"""


def origin_of(moment: Sequence[Any], parents: Sequence[str]) -> Origin:
    """Return what the manifest says of a moment.

    Args:
        moment: the row of `MOMENT`.
        parents: tables that others inherit from.
    """
    began, version, exported, lsn, replayed = moment
    shared = f", exported snapshot {exported}" if exported else ""
    notes = [f"table '{name}' is sealed without the rows of tables that inherit from it: they are tables of their own" for name in parents]
    if replayed is not None:  # the clock of a replica says nothing of how far behind it is
        notes.insert(0, f"read from a replica; the last commit that it had replayed is of {replayed}")
    return Origin("postgresql", version, f"REPEATABLE READ, READ ONLY, tables locked in ACCESS SHARE{shared}", lsn, tuple(notes), began.astimezone(UTC))
