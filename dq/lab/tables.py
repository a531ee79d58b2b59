"""The one place for tables of a run that people look at: Great Tables, alike in a light and a dark notebook."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import great_tables as gt
import polars as pl

from dq.lab import frames
from dq.lab.look import FONT, Nothing
from dq.lab.signatures import signatures, verification
from dq.record import Cause, Money, Outcome
from dq.report.blocks import MARKS, amount, moment, moneys
from dq.result import Run

Table = gt.GT | Nothing
_ROWS: Final = 60  # of a table that is to be read
_STAKE: Final = "at stake"
_FOLLOW: Final = ("counts", "sums")  # kinds of check that tell again, slice by slice, of rows that others name
_WORDS: Final = {outcome.value: f"{mark.symbol} {mark.word}" for outcome, mark in MARKS.items()}
_EDGE: Final = "rgba(128, 136, 144, .45)"
# Great Tables writes colours for a white page; these follow the notebook's.
_CSS: Final = f"""
#dq-table {{ padding: 0 0 10px; }}
#dq-table .gt_table {{ margin: 0; color: inherit; font-family: {FONT}; border-color: {_EDGE}; font-size: 14px; }}
#dq-table .gt_table tr {{ background: none; }}
#dq-table .gt_table td, #dq-table .gt_table th {{ color: inherit; border-color: {_EDGE}; background: none; max-width: 34rem; padding: 5px 14px 5px 0; }}
#dq-table .gt_table td {{ vertical-align: top; }}
#dq-table .gt_title {{ font-size: 16px; font-weight: 600; text-align: left; }}
#dq-table .gt_subtitle, #dq-table .gt_sourcenote {{ font-size: 13px; text-align: left; opacity: .75; }}
#dq-table .gt_col_headings, #dq-table .gt_heading, #dq-table .gt_table_body {{ border-color: {_EDGE}; }}
#dq-table .gt_col_heading {{ font-size: 12px; font-weight: 600; opacity: .75; text-transform: none; }}
#dq-table .gt_row {{ border-top: 1px solid {_EDGE}; white-space: normal; font-variant-numeric: tabular-nums; }}
#dq-table .gt_right {{ white-space: nowrap; }}
"""


def counts(run: Run) -> Table:
    """Return what became of each entity's rows; what is not as it should be stands out."""
    names = ("source_rows", "native", "target_rows", "changed", "missing", "extra", "duplicate", "excused")
    frame = frames.promises(run).select("entity", *names, "outcome").with_columns(pl.col("outcome").replace(_WORDS))
    labels = {"source_rows": "source", "target_rows": "target, moved", "native": "target, its own"}
    return _table(frame, title="Every entity's rows on both sides", labels=labels, alarms=("changed", "missing", "extra", "duplicate"))


def signed(run: Run) -> Table:
    """Return who signed the run, role by role, and whether it is verified."""
    found = verification(run)
    if found is None:
        return Nothing("There is no roster (signers.toml) where this run's contract is: nobody is asked to sign.")
    if found.count is None:
        return Nothing(f"{found.word}: {found.problems[0]}")
    return _table(signatures(found), title=f"Who signed: {found.word}", labels={"signed_at": "when", "why": "why it does not count"})


def slices(run: Run) -> Table:
    """Return the counts that differ, by slice."""
    frame = frames.counts(run).filter(pl.col("difference") != 0)
    if frame.is_empty():
        return Nothing("Every count is the same on both sides, in every slice.")
    return _table(frame, title="Counts that differ")


def sums(run: Run) -> Table:
    """Return the sums that differ, net and gross: two errors that cancel in the one show in the other."""
    frame = frames.sums(run).filter(~pl.col("agrees")).drop("agrees")
    if frame.is_empty():
        return Nothing(f"Every exact sum is the same on both sides, net and gross: {frames.sums(run).height:,} sums.")
    labels = {name: name.replace("_", ", ") for name in ("source_net", "target_net", "source_gross", "target_gross")}
    return _table(frame, title="Exact sums that differ", labels=labels | {"difference": "difference, net"})


def causes(run: Run) -> Table:
    """Return what to tell the engineers: each cause with where it is, how many rows and people, how much money; then what no cause is known of."""
    rows = [(cause.entity, cause.sentence, "; ".join(_where(run, cause)), cause.rows, cause.people, _stake(cause.money)) for cause in run.record.causes]
    named = {check for cause in run.record.causes for check in cause.checks}
    rows += [
        (check.entity or "", check.sentence, "; ".join(one.sentence for one in check.overrepresented), check.broken, check.people, _stake(check.money))
        for check in run.record.checks
        if check.outcome.exit_status and check.id not in named and check.kind not in _FOLLOW
    ]
    if not rows:
        return Nothing("Nothing is broken, so there is nothing to tell.")
    schema = dict.fromkeys(("entity", "what happened", "where"), pl.String) | {"rows": pl.Int64, "people": pl.Int64, _STAKE: pl.String}
    return _table(frames.framed(rows, schema), title="What to tell the engineers")


def _where(run: Run, cause: Cause) -> tuple[str, ...]:
    """Return where a cause's rows are; where nothing is known of them alone, but they are all that is broken of a check, where these are."""
    alone = {one.sentence for check in run.record.checks if check.id in cause.checks and check.broken == cause.rows for one in check.overrepresented}
    return tuple(one.sentence for one in cause.overrepresented) or tuple(sorted(alone))


def _stake(money: tuple[Money, ...]) -> str:
    return ", ".join(moneys(money))


def broken(run: Run) -> Table:
    """Return the checks that are broken or not proven, a line each."""
    frame = frames.broken(run)
    if frame.is_empty():
        return Nothing(f"All {len(run.record.checks):,} checks hold.")
    told = frame.select("check", pl.col("outcome").replace(_WORDS), "broken", "people", "sentence")
    return _table(told, title="Checks that are broken or not proven")


def made_from(run: Run) -> Table:
    """Return what the report was made from: the snapshots with their digests, and the contract's."""
    rows = [(item.side, item.store, moment(item.moment), item.rows, item.content) for item in run.record.snapshots]
    rows.append(("contract", run.record.migration, "", None, run.record.contract))  # type: ignore[arg-type]
    schema = {"what": pl.String, "store": pl.String, "as of": pl.String, "rows": pl.Int64, "digest of the content": pl.String}
    return _table(frames.framed(rows, schema), title="What the report was made from", digests=("digest of the content",))


def at_stake(run: Run) -> Table:
    """Return the money at stake of each check that is broken, by currency; never added across currencies."""
    rows = [(check.id, check.people, text) for check in run.record.checks if check.outcome.exit_status for text in moneys(check.money)]
    if not rows:
        return Nothing("No money is at stake.")
    schema = {"check": pl.String, "people": pl.Int64, _STAKE: pl.String}
    return _table(frames.framed(rows, schema), title="Money at stake")


def outcomes(run: Run) -> Table:
    """Return how many checks of each kind hold, are waived, broken, not proven."""
    checks = frames.framed([(check.kind, check.outcome.value) for check in run.record.checks], {"kind": pl.String, "outcome": pl.String})
    columns = [pl.col("outcome").eq(outcome.value).sum().cast(pl.Int64).alias(outcome.value) for outcome in Outcome]
    return _table(checks.group_by("kind", maintain_order=True).agg(columns), title="Checks by kind", alarms=("FAILED", "NOT PROVEN"))


def table(frame: pl.DataFrame, *, title: str = "") -> Table:
    """Return a frame of your own as a table that looks like the others."""
    return _table(frame, title=title) if not frame.is_empty() else Nothing("There is no such row.")


def _table(frame: pl.DataFrame, *, title: str, labels: dict[str, str] | None = None, alarms: tuple[str, ...] = (), digests: tuple[str, ...] = ()) -> gt.GT:
    shown = gt.GT(frame.head(_ROWS), id="dq-table").tab_options(table_background_color="transparent", table_font_size="14px").sub_missing(missing_text="–")
    numbers = [name for name, kind in frame.schema.items() if kind.is_integer() and not name.endswith("_id")]
    exact = [name for name, kind in frame.schema.items() if kind.is_decimal()]
    shown = shown.fmt_integer(columns=numbers) if numbers else shown
    shown = shown.fmt(_amount, columns=exact).cols_align("right", columns=exact) if exact else shown
    shown = shown.cols_label(cases={name: (labels or {}).get(name, name.replace("_", " ")) for name in frame.columns})
    for name in alarms:
        wrong = [place for place, number in enumerate(frame.head(_ROWS)[name]) if number]
        shown = shown.tab_style(gt.style.text(weight="bold"), gt.loc.body(columns=name, rows=wrong)) if wrong else shown
        fine = [place for place in range(min(frame.height, _ROWS)) if place not in wrong]
        shown = shown.tab_style(gt.style.css("opacity: .45"), gt.loc.body(columns=name, rows=fine)) if fine else shown
    if "slice" in frame.columns:
        shown = shown.tab_style(gt.style.css("min-width: 9rem"), gt.loc.body(columns="slice"))
    if _STAKE in frame.columns:
        shown = shown.tab_style(gt.style.css("white-space: nowrap"), gt.loc.body(columns=_STAKE))
    for name in digests:
        shown = shown.tab_style(gt.style.css("font-family: ui-monospace, monospace; font-size: 12px; overflow-wrap: anywhere"), gt.loc.body(columns=name))
    more = frame.height - _ROWS
    shown = shown.tab_source_note(f"and {more:,} rows more") if more > 0 else shown
    shown = shown.tab_header(title) if title else shown
    return shown.opt_css(_CSS)


def _amount(value: Decimal) -> str:
    """Return every digit, grouped: nothing becomes a float on its way to the reader."""
    whole = value == value.to_integral_value()
    return amount(f"{value.to_integral_value() if whole else value:f}")
