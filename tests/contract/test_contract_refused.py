"""A contract that does not hold is refused in one line with file, key and the nearest known name; nothing of it is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_contract import FILES, refused, write

from dq.contract.reading import read_contract

Case = tuple[str, str, str, str]  # file, what it says, what it says instead, the error

MERGED = '[merge]\ntable = "points"\nid = "id"\ncreated_at = "made"\nchanged_at = "touched"\n'

MIGRATION: tuple[Case, ...] = (
    ("migration.toml", 'name     = "a-b"', 'nmae = "a-b"', "migration.toml: nmae: unknown key; did you mean 'name'?"),
    ("migration.toml", 'title    = "A moves into B"\n', "", "migration.toml: title: missing"),
    ("migration.toml", 'title    = "A moves into B"', 'title = ""', "migration.toml: title: is empty"),
    ("migration.toml", "2024-10-20T17:00:00Z", "2024-10-20T17:00:00", "migration.toml: freeze: an instant needs an offset, e.g. 2024-10-20T17:00:00Z"),
    ("migration.toml", "2024-10-20T17:00:00Z", "2025-10-20T17:00:00Z", "migration.toml: freeze: the freeze is not before the deadline"),
    ("migration.toml", "2024-10-20T17:00:00Z", '"soon"', "migration.toml: freeze: input should be a valid datetime or date, input is too short"),
    ("migration.toml", '"balances"]', '"balances", "coupons"]', "migration.toml: entities: 'coupons' stands there 2 times"),
    ("migration.toml", '"balances"]', '"balances", "copons"]', "migration.toml: entities: 'copons' has no file copons.toml; did you mean 'coupons'?"),
    ("migration.toml", ', "balances"]', "]", "balances.toml: 'balances' is not in migration.toml's entities; known: coupons, entries"),
    ("migration.toml", 'entities = ["coupons", "entries", "balances"]', "entities = []", "migration.toml: entities: is empty"),
    ("migration.toml", "[stores.source]", "[stores.sorce]", "migration.toml: stores.sorce: unknown key; did you mean 'source'?"),
    ("migration.toml", 'snapshot = "source.duckdb"\n', "", "migration.toml: stores.source.snapshot: missing"),
    ("migration.toml", "max_age_hours   = 72", "max_age_hours = 0", "migration.toml: limits.max_age_hours: input should be greater than or equal to 1"),
    (
        "migration.toml",
        "max_age_hours   = 72",
        "max_age_hours = 99999999999999999999999",
        "migration.toml: limits.max_age_hours: input should be less than or equal to 876000",
    ),
    (
        "migration.toml",
        "max_apart_hours = 24",
        "max_apart_hours = 876001",
        "migration.toml: limits.max_apart_hours: input should be less than or equal to 876000",
    ),
    ("migration.toml", "max_age_hours   = 72", f"max_age_hours = {'9' * 5_000}", "migration.toml: a number has more digits than can be read"),
    ("migration.toml", "2024-10-20T17:00:00Z", "0001-01-01T00:00:00+14:00", "migration.toml: freeze: the year 1 is none between 1970 and 9000"),
    ("migration.toml", "number = 2", "number = 2147483648", "migration.toml: batches.1.number: input should be less than or equal to 2147483647"),
    ("migration.toml", "max_age_hours   = 72", "max_age = 72", "migration.toml: limits.max_age: unknown key; did you mean 'max_age_hours'?"),
    ("migration.toml", "max_age_hours   = 72", "max_age_hours = 1.5", "migration.toml: limits.max_age_hours: input should be a valid integer"),
    ("migration.toml", "number = 2", "number = 1", "migration.toml: batches.number: '1' stands there 2 times"),
    ("migration.toml", '["ID", "GB"]', "[]", "migration.toml: regions: is empty"),
    ("migration.toml", '"GB"]', '"GB", "ID"]', "migration.toml: regions: 'ID' stands there 2 times"),
    ("migration.toml", "number = 1", "number = 0", "migration.toml: batches.0.number: input should be greater than or equal to 1"),
    ("migration.toml", 'region = "GB"', 'region = "GBR"', "migration.toml: batches.2.region: unknown region 'GBR'; did you mean 'GB'?"),
    ("migration.toml", 'region = "ID"', 'regoin = "ID"', "migration.toml: batches.0.regoin: unknown key; did you mean 'region'?"),
    ("migration.toml", 'accounts = "accounts"\n', "", "migration.toml: batches: batches need 'accounts' and a crosswalk snapshot that lists their accounts"),
    (
        "migration.toml",
        '[stores.crosswalk]\nname     = "ids"\nsnapshot = "crosswalk.duckdb"\n',
        "",
        "migration.toml: batches: batches need 'accounts' and a crosswalk snapshot that lists their accounts",
    ),
    (
        "migration.toml",
        '[stores.baseline]\nname     = "b"\nsnapshot = "baseline.duckdb"\n',
        "",
        "coupons.toml: merge: native rows are told by a baseline: migration.toml names none",
    ),
    (
        "migration.toml",
        'side    = "source"',
        'side = "sauce"',
        "migration.toml: excluded.0.side: 'sauce' is none of 'source' or 'target'; did you mean 'source'?",
    ),
    ("migration.toml", 'reason  = "is not moved"\n', "", "migration.toml: excluded.0.reason: missing"),
    ("migration.toml", 'reason  = "is not moved"', 'reason = ""', "migration.toml: excluded.0.reason: is empty"),
    ("migration.toml", "IDR = 2", 'IDR = "two"', "migration.toml: minor_units.IDR: input should be a valid integer"),
    ("migration.toml", "IDR = 2", "IDR = -1", "migration.toml: minor_units.IDR: input should be greater than or equal to 0"),
    ("migration.toml", "[minor_units]", "[minor-units]", "migration.toml: minor-units: unknown key; did you mean 'minor_units'?"),
    (
        "migration.toml",
        'entities = ["coupons", "entries", "balances"]',
        'entities = ["coupons", "entries", "balances", "canary"]',
        "migration.toml: entities: 'canary' is a word of check ids and names no entity",
    ),
    ("migration.toml", "IDR = 2", "IDR = 19", "migration.toml: minor_units.IDR: input should be less than or equal to 18"),
    ("migration.toml", 'title    = "A moves into B"', 'title = "  "', "migration.toml: title: is empty"),
    ("migration.toml", 'title    = "A moves into B"', 'title = "\\u200b\\u00a0"', "migration.toml: title: is empty"),
    ("migration.toml", "freeze   = 2024-10-20T17:00:00Z", "freeze = 2024-12-12T17:00:00Z", "migration.toml: freeze: the freeze is not before the deadline"),
    (
        "migration.toml",
        'title    = "A moves into B"',
        'title = "A"\nzone = "Asia/Jakatra"',
        "migration.toml: zone: 'Asia/Jakatra' is no zone of the IANA database; did you mean 'Asia/Jakarta'?",
    ),
    (
        "migration.toml",
        'title    = "A moves into B"',
        'title = "A"\nzone = "../UTC"',
        "migration.toml: zone: '../UTC' is no zone of the IANA database; did you mean 'UTC'?",
    ),
    (
        "migration.toml",
        'accounts = "accounts"',
        'accounts = "acounts"',
        "migration.toml: accounts: no column goes through a crosswalk 'acounts'; did you mean 'accounts'?",
    ),
    (
        "migration.toml",
        'entities = ["coupons", "entries", "balances"]',
        'entities = ["coupons", "entries", "balances", "calendar"]',
        "migration.toml: entities: 'calendar' is a word of check ids and names no entity",
    ),
)
COUPONS: tuple[Case, ...] = (
    ("coupons.toml", 'promise  = "Coupons move."\n', "", "coupons.toml: promise: missing"),
    ("coupons.toml", "promise ", "promies ", "coupons.toml: promies: unknown key; did you mean 'promise'?"),
    ("coupons.toml", 'key      = "code"', 'key = "cod"', "coupons.toml: key: unknown column 'cod'; did you mean 'code'?"),
    ("coupons.toml", 'key      = "code"', 'key = ["code", "code"]', "coupons.toml: key: 'code' stands there 2 times"),
    ("coupons.toml", 'key      = "code"', "key = []", "coupons.toml: key: is empty"),
    ("coupons.toml", 'key      = "code"\n', "", "coupons.toml: key: missing"),
    ("coupons.toml", 'owner    = "account_id"', 'owner = "accountid"', "coupons.toml: owner: unknown column 'accountid'; did you mean 'account_id'?"),
    ("coupons.toml", 'owner    = "account_id"', 'owner = "coupon_id"', "coupons.toml: owner: the owner goes through 'accounts', so that batches can be told"),
    ("coupons.toml", 'currency = "currency" }', 'curency = "currency" }', "coupons.toml: money.curency: unknown key; did you mean 'currency'?"),
    (
        "coupons.toml",
        'currency = "currency" }',
        'currency = "money" }',
        "coupons.toml: money.currency: unknown column 'money'; known: account_id, code, coupon_id, currency, ends, face, kind, title",
    ),
    ("coupons.toml", 'amount = "face"', 'amount = "title"', "coupons.toml: money.amount: 'title' is no exact number"),
    ("coupons.toml", 'amount = "face"', 'amount = "fac"', "coupons.toml: money.amount: unknown column 'fac'; did you mean 'face'?"),
    ("coupons.toml", 'slices   = ["kind"]', 'slices = ["kinds"]', "coupons.toml: slices: unknown column 'kinds'; did you mean 'kind'?"),
    ("coupons.toml", 'slices   = ["kind"]', 'slices = ["kind", "kind"]', "coupons.toml: slices: 'kind' stands there 2 times"),
    ("coupons.toml", "at_least = 1", 'created = "end"', "coupons.toml: created: unknown column 'end'; did you mean 'ends'?"),
    ("coupons.toml", "at_least = 1", 'created = "title"', "coupons.toml: created: 'title' is no INSTANT"),
    (
        "coupons.toml",
        "at_least = 1",
        'region = "regoin"',
        "coupons.toml: region: unknown column 'regoin'; known: account_id, code, coupon_id, currency, ends, face, kind, title",
    ),
    ("coupons.toml", "at_least = 1", 'region = "face"', "coupons.toml: region: 'face' is no VARCHAR and no ENUM"),
    ("coupons.toml", "at_least = 1", "at_least = 0", "coupons.toml: at_least: input should be greater than or equal to 1"),
    ("coupons.toml", "at_least = 1", "at_least = -3", "coupons.toml: at_least: input should be greater than or equal to 1"),
    ("coupons.toml", "at_least = 1", 'at_least = "1"', "coupons.toml: at_least: input should be a valid integer"),
    ("coupons.toml", "at_least = 1", "at_least = true", "coupons.toml: at_least: input should be a valid integer"),
    ("coupons.toml", "at_least = 1", 'at_least = 5\nmay_be_empty = "none yet"', "coupons.toml: may_be_empty: contradicts at_least"),
    ("coupons.toml", "at_least = 1", 'may_be_empty = ""', "coupons.toml: may_be_empty: is empty"),
    (
        "coupons.toml",
        'changed_at = "touched"',
        'changed_at = "touched"\nof = "coupon"',
        "coupons.toml: merge.of: unknown column 'coupon'; did you mean 'coupon_id'?",
    ),
    (
        "coupons.toml",
        'changed_at = "touched"',
        'changed_at = "touched"\nof = "code"',
        "coupons.toml: merge.of: 'code' goes through no crosswalk: nothing says what was moved",
    ),
    ("coupons.toml", 'changed_at = "touched"\n', "", "coupons.toml: merge.changed_at: missing"),
    ("coupons.toml", 'changed_at = "touched"', 'changed = "touched"', "coupons.toml: merge.changed: unknown key; did you mean 'changed_at'?"),
    (
        "coupons.toml",
        'side   = "source"\nwhere',
        'side = "baseline"\nwhere',
        "coupons.toml: excluded.0.side: 'baseline' is none of 'source' or 'target'; known: source, target",
    ),
    ("coupons.toml", "[[excluded]]", "[excluded]", "coupons.toml: excluded: is a list of tables: write [[excluded]]"),
    ("coupons.toml", '[[sums]]\ncolumn = "face"', '[[sums]]\ncolumn = "title"', "coupons.toml: sums.column: 'title' is no exact number"),
    ("coupons.toml", '[[sums]]\ncolumn = "face"', '[[sums]]\ncolumn = "faec"', "coupons.toml: sums.column: unknown column 'faec'; did you mean 'face'?"),
    ("coupons.toml", 'by     = ["kind", "currency"]', 'by = ["kinds"]', "coupons.toml: sums.by: unknown column 'kinds'; did you mean 'kind'?"),
    ("coupons.toml", "[[counts]]", '[[sums]]\ncolumn = "face"\n[[counts]]', "coupons.toml: check id: 'coupons.sums.face' stands there 2 times"),
    (
        *("coupons.toml", 'by     = ["kind", "currency"]', 'by = ["title.month"]'),
        "coupons.toml: sums.by: unknown column 'title.month'; did you mean 'ends.month'?",
    ),
    ("coupons.toml", 'by     = ["kind", "currency"]', 'by = ["end.month"]', "coupons.toml: sums.by: unknown column 'end.month'; did you mean 'ends.month'?"),
    ("coupons.toml", 'by     = ["kind", "currency"]', 'per = "acount_id"', "coupons.toml: sums.per: unknown column 'acount_id'; did you mean 'account_id'?"),
    (
        "coupons.toml",
        'by     = ["kind", "currency"]',
        'by = ["kind"]\nper = "account_id"',
        "coupons.toml: sums.0: a sum is taken either 'by' slices or 'per' person",
    ),
    (
        "balances.toml",
        "[aggregate]",
        '[later]\nbalanc = { entity = "entries", sum = "points", by = ["account_id"] }\n[aggregate]',
        "balances.toml: later.balanc: is no column of [aggregate]; did you mean 'balance'?",
    ),
    (
        "balances.toml",
        "[aggregate]",
        '[later]\nbalance = { entity = "entries", sum = "points", by = ["account_id"] }\n[aggregate]',
        "balances.toml: later.balance: without [merge] there is no baseline since which it could have grown",
    ),
    (
        "balances.toml",
        "[aggregate]",
        MERGED + '[later]\nbalance = { entity = "entrys", sum = "points", by = ["account_id"] }\n[aggregate]',
        "balances.toml: later.balance: unknown entity 'entrys'; did you mean 'entries'?",
    ),
    (
        "balances.toml",
        "[aggregate]",
        MERGED + '[later]\nbalance = { entity = "entries", sum = "points", by = ["account_id"] }\n[aggregate]',
        "balances.toml: later.balance: entries has no [merge]: nobody knows which of its rows are the target's own",
    ),
    ("coupons.toml", "[[sums]]", "[sums]", "coupons.toml: sums: is a list of tables: write [[sums]]"),
    ("coupons.toml", "[[counts]]", "[counts]", "coupons.toml: counts: is a list of tables: write [[counts]]"),
    ("coupons.toml", 'by   = ["currency"]', 'by = ["curr"]', "coupons.toml: counts.by: unknown column 'curr'; did you mean 'currency'?"),
    (
        "coupons.toml",
        "[[invariant]]",
        '[[counts]]\nname = "currencies"\nby = ["kind"]\n[[invariant]]',
        "coupons.toml: check id: 'coupons.counts.currencies' stands there 2 times",
    ),
    (
        "coupons.toml",
        "[[fit]]",
        '[[invariant]]\nname = "positive"\nholds = "face > 1"\n[[fit]]',
        "coupons.toml: check id: 'coupons.invariant.positive' stands there 2 times",
    ),
    ("coupons.toml", 'holds = "face > 0"', "", "coupons.toml: invariant.0: an invariant has either 'holds', or 'unique', or 'column' and 'equals'"),
    (
        "coupons.toml",
        'holds = "face > 0"',
        'holds = "face > 0"\ncolumn = "face"',
        "coupons.toml: invariant.0: an invariant has either 'holds', or 'unique', or 'column' and 'equals'",
    ),
    ("coupons.toml", 'holds = "face > 0"', 'unique = ["titel"]', "coupons.toml: invariant.unique: unknown column 'titel'; did you mean 'title'?"),
    ("coupons.toml", "[[fit]]\n", '[[fit]]\nname = ""\n', "coupons.toml: fit.0.name: is empty"),
    ("coupons.toml", 'by   = ["currency"]', 'by   = ["currency", 1]', "coupons.toml: counts.0.by.1: input should be a valid string"),
    ("coupons.toml", 'name = "currencies"\nby   = ["currency"]', "by   = 1.5", "coupons.toml: counts.0.by: input should be a valid tuple"),
    (
        "coupons.toml",
        '2 = "percent" }',
        '2 = "amount" }',
        "coupons.toml: columns.kind.target: several codes become 'amount', and nothing tells them apart any more: it needs a 'reason' beside it",
    ),
    ("coupons.toml", 'holds = "face > 0"', "unique = []", "coupons.toml: invariant.0.unique: is empty"),
    ("coupons.toml", 'holds = "face > 0"', 'unique = ["title", "title"]', "coupons.toml: invariant.positive.unique: 'title' stands there 2 times"),
    (
        "coupons.toml",
        'holds = "face > 0"',
        'unique = ["title", "code"]',
        "coupons.toml: invariant.positive.unique: holds the whole key, which coupons.keys proves to stand once: it could never fail",
    ),
    (
        "coupons.toml",
        'holds = "face > 0"',
        'holds = "face > 0"\nunique = ["title"]',
        "coupons.toml: invariant.0: an invariant has either 'holds', or 'unique', or 'column' and 'equals'",
    ),
    ("coupons.toml", 'holds = "face > 0"', 'hold = "face > 0"', "coupons.toml: invariant.0.hold: unknown key; did you mean 'holds'?"),
    (
        "coupons.toml",
        "[[fit]]",
        '[[fit]]\ntype   = "expect_column_values_to_match_regex"\ncolumn = "code"\nregex  = "x"\n[[fit]]',
        "coupons.toml: check id: 'coupons.fit.code.match_regex' stands there 2 times",
    ),
    ("coupons.toml", "promise ", 'name = "coupons"\npromise ', "coupons.toml: name: an entity is named by its file"),
    ("coupons.toml", 'promise  = "Coupons move."', 'promise = "\\t"', "coupons.toml: promise: is empty"),
    ("coupons.toml", 'name = "currencies"\nby   = ["currency"]', "by = []", "coupons.toml: counts.0.name: is empty"),
    ("coupons.toml", 'name = "currencies"\nby   = ["currency"]', 'name = "currencies"', "coupons.toml: counts.0.by: missing"),
)
COLUMNS: tuple[Case, ...] = (
    ("coupons.toml", 'key      = "code"', "key = 7", "coupons.toml: key: is a column, or a list of columns"),
    (
        "coupons.toml",
        ', currency = "currency" }',
        " }",
        "coupons.toml: columns.face.target: minor units need money.currency, or { minor = '<currency column>' }",
    ),
    ("coupons.toml", 'code       = "VARCHAR"', 'code = "VARCHR"', "coupons.toml: columns.code.type: unknown type 'VARCHR'; did you mean 'VARCHAR'?"),
    ("coupons.toml", 'code       = "VARCHAR"', 'code = "DOUBLE"', "coupons.toml: columns.code.type: 'DOUBLE' is not exact; use DECIMAL(p,s)"),
    ("coupons.toml", 'code       = "VARCHAR"', 'code = "varchar"', "coupons.toml: columns.code.type: unknown type 'varchar'; did you mean 'VARCHAR'?"),
    (
        "coupons.toml",
        'code       = "VARCHAR"',
        'code = "DECIMAL(39,2)"',
        "coupons.toml: columns.code.type: 'DECIMAL(39,2)': precision is 1 to 38 and scale at most the precision",
    ),
    (
        "coupons.toml",
        'code       = "VARCHAR"',
        'code = "DECIMAL(2,3)"',
        "coupons.toml: columns.code.type: 'DECIMAL(2,3)': precision is 1 to 38 and scale at most the precision",
    ),
    ("coupons.toml", 'code       = "VARCHAR"', "code = 7", "coupons.toml: columns.code: is a type, or a table with a type"),
    ("coupons.toml", 'code       = "VARCHAR"', "code = {}", "coupons.toml: columns.code.type: unknown type ''"),
    ("coupons.toml", 'code       = "VARCHAR"', 'code = { tpye = "VARCHAR" }', "coupons.toml: columns.code.tpye: unknown key; did you mean 'type'?"),
    ("coupons.toml", 'through = "coupons"', 'trough = "coupons"', "coupons.toml: columns.coupon_id.trough: unknown key; did you mean 'through'?"),
    (
        "coupons.toml",
        'severity = "warning"',
        'severity = "fatal"',
        "coupons.toml: columns.account_id.severity: 'fatal' is none of 'critical', 'warning' or 'info'; known: critical, info, warning",
    ),
    ("coupons.toml", 'tolerance = "0.01"', "tolerance = 0.01", 'coupons.toml: columns.face.tolerance: is decimal text, e.g. "0.01"'),
    ("coupons.toml", 'tolerance = "0.01"', 'tolerance = "NaN"', "coupons.toml: columns.face.tolerance: 'NaN' is not above zero"),
    ("coupons.toml", 'tolerance = "0.01"', 'tolerance = "Infinity"', "coupons.toml: columns.face.tolerance: 'Infinity' is not above zero"),
    ("coupons.toml", 'tolerance = "0.01"', 'tolerance = "-0.01"', "coupons.toml: columns.face.tolerance: '-0.01' is not above zero"),
    ("coupons.toml", 'tolerance = "0.01"', 'tolerance = "0"', "coupons.toml: columns.face.tolerance: '0' is not above zero"),
    (
        "coupons.toml",
        'tolerance = "0.01"',
        'tolerance = "1e16"',
        "coupons.toml: columns.face.tolerance: '1e16' is as much as any DECIMAL(18,2): it could never fail",
    ),
    ("coupons.toml", 'tolerance = "0.01"', 'tolerance = "1e37"', "coupons.toml: columns.face.tolerance: '1e37' fits in no DECIMAL with 2 places or more"),
    ("coupons.toml", 'tolerance = "0.01"', 'tolerance = "1e-39"', "coupons.toml: columns.face.tolerance: '1e-39' fits in no DECIMAL with 2 places or more"),
    ("coupons.toml", 'tolerance = "0.01"', 'tolerance = "a cent"', "coupons.toml: columns.face.tolerance: 'a cent' is not a decimal number"),
    ("coupons.toml", ', reason = "rounded"', "", "coupons.toml: columns.face.tolerance: needs a 'reason' beside it: it makes different values count as equal"),
    (
        "coupons.toml",
        'reason = "rounded"',
        'reason = " "',
        "coupons.toml: columns.face.tolerance: needs a 'reason' beside it: it makes different values count as equal",
    ),
    (
        "coupons.toml",
        '["nfc", "trim"], reason = "typed by hand"',
        '["nfc", "trim"]',
        "coupons.toml: columns.title.equal_after: needs a 'reason' beside it: it makes different values count as equal",
    ),
    ("coupons.toml", '["nfc", "trim"]', '["ncf"]', "coupons.toml: columns.title.equal_after: unknown rule 'ncf'; did you mean 'nfc'?"),
    ("coupons.toml", '["nfc", "trim"]', '"nfc"', 'coupons.toml: columns.title.equal_after: is a list, e.g. ["nfc"]'),
    (
        "coupons.toml",
        'iso-numeric"',
        'iso-numeric", tolerance = "1", reason = "r"',
        "coupons.toml: columns.currency.tolerance: only DECIMAL columns have a tolerance, not CURRENCY",
    ),
    ("coupons.toml", 'iso-numeric"', 'iso"', 'coupons.toml: columns.currency.target: CURRENCY takes "iso-numeric"'),
    (
        "coupons.toml",
        'target = { 1 = "amount", 2 = "percent" }',
        'target = "words"',
        'coupons.toml: columns.kind.target: ENUM takes a table of codes and words, { 1 = "amount" }',
    ),
    (
        "coupons.toml",
        'target = { 1 = "amount", 2 = "percent" }',
        "target = { 1 = 5 }",
        'coupons.toml: columns.kind.target: ENUM takes a table of codes and words, { 1 = "amount" }',
    ),
    (
        "coupons.toml",
        'target = "minor"',
        'target = "minors"',
        'coupons.toml: columns.face.target: DECIMAL(18,2) takes "minor" or { minor = "<currency column>" }',
    ),
    (
        "coupons.toml",
        'target = "minor"',
        'target = { minor = "curency" }',
        "coupons.toml: columns.face.target: unknown column 'curency'; did you mean 'currency'?",
    ),
    ("coupons.toml", 'zone = "zone", day_end', 'zon = "zone", day_end', "coupons.toml: columns.ends.source.zon: unknown key; did you mean 'zone'?"),
    ("coupons.toml", 'zone = "zone", day_end', "day_end", "coupons.toml: columns.ends.source: a wall clock needs 'zone'"),
    (
        "coupons.toml",
        'day_end = "inclusive"',
        'day_end = "included"',
        "coupons.toml: columns.ends.source.day_end: 'included' is none of 'exclusive' or 'inclusive'; did you mean 'inclusive'?",
    ),
    (
        "coupons.toml",
        'code       = "VARCHAR"',
        'code = { type = "VARCHAR", source = "x" }',
        "coupons.toml: columns.code.source: VARCHAR is read as it is and takes nothing",
    ),
    ("coupons.toml", "[columns]", "[colums]", "coupons.toml: columns: a table of columns is needed"),
    (
        "coupons.toml",
        'through = "coupons"',
        'through = "merges"',
        "coupons.toml: columns.coupon_id.through: 'merges' is no map: it says who moves, merged or was erased",
    ),
    (
        "coupons.toml",
        'code       = "VARCHAR"',
        'code = { type = "VARCHAR", equal_after = ["casefold"], reason = "r" }',
        "coupons.toml: columns.code: a key is compared exactly: no rule or tolerance",
    ),
    ("coupons.toml", 'through = "coupons"', "through = 7", "coupons.toml: columns.coupon_id.through: input should be a valid string"),
)
FITS: tuple[Case, ...] = (
    ("coupons.toml", 'type   = "expect_column_values_to_match_regex"\n', "", "coupons.toml: fit: needs 'type', the name of a Great Expectations expectation"),
    (
        "coupons.toml",
        "expect_column_values_to_match_regex",
        "expect_column_values_to_match_regexp",
        (
            "coupons.toml: fit.code.match_regexp: "
            "no stock expectation is called "
            "'expect_column_values_to_match_regexp'; did you mean 'expect_column_values_to_match_regex'?"
        ),
    ),
    (
        "coupons.toml",
        "regex  = ",
        "mostly = 0.99\nregex  = ",
        (
            "coupons.toml: fit.code.match_regex: "
            "'mostly' is refused: a claim holds for every row or it "
            "does not hold; take the rows that may differ out of the SQL"
        ),
    ),
    (
        "coupons.toml",
        "regex  = ",
        'row_condition = "1 = 1"\nregex  = ',
        (
            "coupons.toml: fit.code.match_regex: "
            "'row_condition' is refused: a condition that matches no row "
            "passes in silence; filter in the SQL, where rows are counted"
        ),
    ),
    (
        "coupons.toml",
        "regex  = ",
        'result_format = "COMPLETE"\nregex  = ',
        "coupons.toml: fit.code.match_regex: 'result_format' is refused: results are always exact counts and never rows or values",
    ),
    (
        "coupons.toml",
        '[[fit]]\ntype   = "expect_column_values_to_match_regex"\ncolumn = "code"\nregex  = "^[A-Z]+$"',
        '[[fit]]\ntype = "expect_column_sum_to_be_between"\ncolumn = "face"\nmin_value = 1',
        (
            "coupons.toml: fit.face.sum_to_be_between: "
            "'expect_column_sum_to_be_between' needs integer, and face is DECIMAL(18,2); Great Expectations "
            "makes a float of it, which loses digits: bound each value, or write [[sums]] or an [[invariant]]"
        ),
    ),
    ("coupons.toml", 'column = "code"\nregex', 'column = "cod"\nregex', "coupons.toml: fit.cod.match_regex: no column is called 'cod'; did you mean 'code'?"),
    ("coupons.toml", "[[fit]]", "[fit]", "coupons.toml: fit: is a list of tables: write [[fit]]"),
)
FOLDER: tuple[Case, ...] = (
    ("coupons.toml", "title      = {", "code       = {", "coupons.toml: not TOML: Cannot overwrite a value (at line 14, column 91)"),
    ("copons.toml", "", 'promise = "x"\n', "copons.toml: 'copons' is not in migration.toml's entities; did you mean 'coupons'?"),
    ("sql/source/copons.sql", "", "SELECT 1\n", "sql/source/copons.sql: no entity of that name; did you mean 'coupons'?"),
    ("sql/soruce/coupons.sql", "", "SELECT 1\n", "sql/soruce/coupons.sql: no entity of that name; did you mean 'coupons'?"),
    ("stores.lock.toml", 'code = "VARCHAR"', "code = VARCHAR", "stores.lock.toml: not TOML: Invalid value (at line 2, column 8)"),
    ("stores.lock.toml", 'code = "VARCHAR"', "code = 7", "stores.lock.toml: source.coupons: is a table of columns and their types"),
    ("migration.toml", 'name     = "a-b"', "name: a-b", "migration.toml: not TOML: Expected '=' after a key in a key/value pair (at line 1, column 5)"),
    (
        "coupons.toml",
        "promise  =",
        "promise: x\nkey:\n  - code\n",
        "coupons.toml: not TOML: Expected '=' after a key in a key/value pair (at line 1, column 8)",
    ),
    ("stores.lock.toml", "[source.coupons]", "[sorce.coupons]", "stores.lock.toml: sorce: unknown key; did you mean 'source'?"),
    ("stores.lock.toml", "[source.coupons]\n", "[source]\n", "stores.lock.toml: source.code: is a table of columns and their types"),
)
BALANCES: tuple[Case, ...] = (
    ("balances.toml", 'balance = "sum"', 'balance = "max"', "balances.toml: aggregate.balance: 'max' is none of 'sum'; known: sum"),
    ("balances.toml", 'balance = "sum"', 'balanc = "sum"', "balances.toml: aggregate: unknown column 'balanc'; did you mean 'balance'?"),
    ("balances.toml", 'balance = "sum"', 'account_id = "sum"', "balances.toml: aggregate.account_id: only a number that is no key can be summed"),
    ("balances.toml", 'balance    = "BIGINT"', 'balance    = "VARCHAR"', "balances.toml: aggregate.balance: only a number that is no key can be summed"),
    ("balances.toml", 'entity = "entries"', 'entity = "entris"', "balances.toml: invariant.ledger.equals: unknown entity 'entris'; did you mean 'entries'?"),
    ("balances.toml", 'sum = "points"', 'sum = "point"', "balances.toml: invariant.ledger.equals: entries has no column 'point'; did you mean 'points'?"),
    (
        "balances.toml",
        'by = ["account_id"]',
        'by = ["entry"]',
        "balances.toml: invariant.ledger.equals.by: balances has no column 'entry'; known: account_id, balance",
    ),
    (
        "balances.toml",
        'balance    = "BIGINT"',
        'balance    = "BIGINT"\npoints     = "BIGINT"\n[[invariant]]\nname="no"\ncolumn="balance"\nequals={ entity="entries", sum="points", by=["points"] }',
        "balances.toml: invariant.no.equals.by: 'by' must be the key of balances, or its own id, one row a sum",
    ),
    (
        "balances.toml",
        'by = ["account_id"] }',
        'by = ["account_id", "account_id"] }',
        "balances.toml: invariant.ledger.equals.by: 'account_id' stands there 2 times",
    ),
    (
        "entries.toml",
        'owner   = "account_id"\n[columns]\nentry      = "VARCHAR"\naccount_id = { type = "BIGINT", through = "accounts" }',
        '[columns]\nentry      = "VARCHAR"\naccount_id = { type = "BIGINT", through = "people" }',
        "balances.toml: invariant.ledger.equals.by: 'account_id' goes through another crosswalk in entries: its ids would be others",
    ),
    ("balances.toml", 'by = ["account_id"]', "by = []", "balances.toml: invariant.0.equals.by: is empty"),
    ("balances.toml", 'column = "balance"', 'column = "balanc"', "balances.toml: invariant.column: unknown column 'balanc'; did you mean 'balance'?"),
    ("balances.toml", 'column = "balance"', "", "balances.toml: invariant.0: an invariant has either 'holds', or 'unique', or 'column' and 'equals'"),
)
CASES = (*MIGRATION, *COUPONS, *COLUMNS, *BALANCES, *FITS, *FOLDER)


def test_the_contract_that_the_cases_change_is_read(tmp_path: Path) -> None:
    assert [entity.name for entity in read_contract(write(tmp_path)).entities] == ["coupons", "entries", "balances"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[3][:70])
def test_a_contract_that_does_not_hold_is_refused_in_one_line(case: Case, tmp_path: Path) -> None:
    file, old, new, message = case
    assert message == refused(write(tmp_path, file=file, old=old, new=new))


def test_no_two_cases_are_the_same() -> None:
    assert len(CASES) == len({case[:3] for case in CASES})


def test_every_refusal_is_one_line() -> None:
    assert [message for *_, message in CASES if "\n" in message] == []


def test_a_moment_of_creation_needs_a_freeze_to_be_held_against(tmp_path: Path) -> None:
    folder = write(tmp_path, file="coupons.toml", old="at_least = 1", new='created = "ends"')
    file = folder / "migration.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("freeze   = 2024-10-20T17:00:00Z\n", ""), encoding="utf-8")
    assert refused(folder) == "coupons.toml: created: there is no freeze in migration.toml that a row could be after"


@pytest.mark.parametrize("left", ["owner", "batches"])
def test_a_region_needs_an_owner_and_batches_to_be_held_against(left: str, tmp_path: Path) -> None:
    folder = write(tmp_path, file="coupons.toml", old="at_least = 1", new='region = "kind"')
    if left == "owner":
        file = folder / "coupons.toml"
        file.write_text(file.read_text(encoding="utf-8").replace('owner    = "account_id"\n', ""), encoding="utf-8")
    else:
        text = (folder / "migration.toml").read_text(encoding="utf-8")
        (folder / "migration.toml").write_text(text[: text.index("[[batches]]")] + text[text.index("[[excluded]]") :], encoding="utf-8")
    assert refused(folder) == "coupons.toml: region: a row's region is held against its owner's batch: it needs 'owner', and batches in migration.toml"


def test_a_column_that_goes_through_a_crosswalk_needs_one(tmp_path: Path) -> None:
    text = FILES["migration.toml"]
    batches = text[text.index("[[batches]]") : text.index("[[excluded]]")]
    crosswalk = text[text.index("[stores.crosswalk]") : text.index("[limits]")]
    folder = write(tmp_path, file="migration.toml", old=text, new=text.replace(batches, "").replace(crosswalk, ""))
    assert refused(folder) == "coupons.toml: columns.coupon_id.through: 'through' needs [stores.crosswalk] in migration.toml"


def test_entries_that_explain_a_balance_stand_before_it(tmp_path: Path) -> None:
    later = '[later]\nbalance = { entity = "entries", sum = "points", by = ["account_id"] }\n[aggregate]'
    folder = write(tmp_path, file="balances.toml", old="[aggregate]", new=MERGED + later)
    entries, migration = folder / "entries.toml", folder / "migration.toml"
    entries.write_text(entries.read_text(encoding="utf-8") + MERGED, encoding="utf-8")
    read_contract(folder)
    text = migration.read_text(encoding="utf-8")
    migration.write_text(text.replace('"entries", "balances"', '"balances", "entries"'), encoding="utf-8")
    assert refused(folder) == "balances.toml: later.balance: entries must stand before balances in 'entities' of migration.toml"
