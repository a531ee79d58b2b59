"""The one place for records that nobody would leave by choice: hostile in every text, and enormous."""

from __future__ import annotations

from functools import cache

from dq.record import BatchLine, Cause, Check, Example, LedgerLine, Money, Outcome, Record, SliceCount, SumLine
from tests.report.records import calendar, check, clean, entity, snapshots, waiver

ATTACKS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}",
    "</style><script>alert(2)</script>",
    "a\u202egnp.exe\u202c\u200b\u00a0\ufeff",
    "\x00\x07\x1b[31mred\x1b[0m\r\nGATE OPEN batch=2 run=3f9a1c0b7d2e\n",
    '=HYPERLINK("https://evil.example","y")',
    "[link](javascript:alert(3)) ![i](http://evil.example/i.png) `code` | pipe | **bold** [red]markup[/red] [/]",
    "]]><!-- --> &amp; &lt;b&gt; ${7*7} <svg onload=alert(4)> \ud800 \uffff 好评 👍 é",
    "# heading\n- item\n<details open ontoggle=alert(5)>\nwww.evil.example someone@evil.example @team #1",
)


def hostile() -> Record:
    """Return a record with strangers' text in every text field."""

    def bad(turn: int) -> str:
        return ATTACKS[turn % len(ATTACKS)]

    checks = tuple(
        Check(
            id=bad(turn),
            entity=bad(turn + 1) if turn % 3 else None,
            kind=bad(turn + 2),
            name=bad(turn + 3),
            outcome=tuple(Outcome)[turn % 4],
            sentence=bad(turn + 4),
            reason=bad(turn + 5),
            looked_at=10,
            broken=5,
            cells=6,
            people=2,
            money=(Money(currency=bad(turn + 6), amount=bad(turn + 7)), Money(currency="IDR", amount="-1.5")),
            columns={item: number for number, item in enumerate(ATTACKS, start=1)},
            statuses={item: number for number, item in enumerate(ATTACKS, start=1)},
            equal_after={item: number for number, item in enumerate(ATTACKS, start=1)},
            slices=tuple(SliceCount(by={bad(turn + step): bad(turn + step + 1)}, source=1, target=2, broken=1) for step in range(3)),
            sums=(
                SumLine(
                    by={bad(turn): None}, source_net=bad(turn), target_net=bad(turn + 1), source_gross=bad(turn + 2), target_gross=bad(turn + 3), agrees=False
                ),
            ),
            examples=(Example(row=bad(turn + 8), status=bad(turn + 9), columns=(bad(turn), bad(turn + 1)), note=bad(turn + 2)),),
            details=ATTACKS,
        )
        for turn in range(2 * len(ATTACKS))
    )
    rows = tuple(
        entity(
            text,
            outcome=tuple(Outcome)[turn % 4],
            promise=bad(turn + 1),
            people=3,
            missing=1,
            money=(Money(currency=bad(turn), amount="7"),),
            excused_by={bad(turn): 3},
        )
        for turn, text in enumerate(ATTACKS)
    )
    strange = tuple(
        item.model_copy(update={"store": bad(turn), "content": bad(turn + 1), "moment": bad(turn + 2), "region": bad(turn + 3)})
        for turn, item in enumerate(snapshots())
    )
    return clean(
        run=bad(0),
        migration=bad(1),
        title=bad(3),
        region=bad(4),
        as_of=bad(5),
        freeze=bad(6),
        deadline=bad(7),
        calendar=calendar(
            sentences=ATTACKS,
            batches=tuple(BatchLine(number=turn, region=text, status="moved", accounts=turn, rows=None) for turn, text in enumerate(ATTACKS)),
        ),
        outcome=Outcome.NOT_PROVEN,
        headline=bad(3),
        contract=bad(1),
        snapshots=strange,
        versions={text: text for text in ATTACKS},
        entities=rows,
        checks=checks,
        causes=tuple(
            Cause(
                entity=text,
                kind=text,
                sentence=text,
                columns=ATTACKS,
                checks=("no check of this record",) if turn % 2 else (bad(turn), bad(turn + 3)),
                rows=3,
                people=None,
                money=rows[turn].money,
            )
            for turn, text in enumerate(ATTACKS)
        ),
        waivers=tuple(
            waiver(
                check=bad(turn),
                why=bad(turn + 1),
                status=("waived", "does not hold", "matches nothing", "not judged")[turn % 4],
                money=(Money(currency=text, amount=bad(turn + 2)),),
                sha256=bad(turn + 3),
                cause=bad(turn + 4),
                at_most=(Money(currency=bad(turn + 5), amount="7"),),
                reason=text,
                ticket=bad(turn + 6),
                author=bad(turn + 7),
                approver_role=bad(turn + 8),
                expires=bad(turn + 9),
            )
            for turn, text in enumerate(ATTACKS)
        ),
        coverage=tuple(
            LedgerLine(side=side, table=text, column=bad(turn + 1), status=status, entities=ATTACKS, reason=bad(turn + 2))  # type: ignore[arg-type]
            for turn, text in enumerate(ATTACKS)
            for side in ("source", "target")
            for status in ("compared", "used", "excluded", "uncovered")
        ),
        not_checked=ATTACKS,
    )


@cache
def enormous(*, checks: int = 700, columns: int = 400) -> Record:
    """Return a record with very long names, hundreds of columns and of broken checks, and a text of 5 MB."""
    long_name = "extraordinarily_long_column_name_without_any_place_to_break_" * 3
    wide = {f"{long_name}{number}": columns - number for number in range(columns)}
    many = tuple(
        check(
            f"entity_{number % 40}.{'values' if number % 2 else long_name}.{number}",
            outcome=Outcome.FAILED if number % 5 else Outcome.NOT_PROVEN,
            sentence=f"Check {number} is broken. " + "It goes on and on about columns. " * (200_000 if number == 1 else 60),
            broken=10**15 + number,
            looked_at=10**17,
            people=10**12,
            money=tuple(Money(currency=code, amount="123456789012345678901234567890.12") for code in ("IDR", "GBP", "EUR", "USD", "MYR", "CNY")),
            columns=wide,
            statuses={"changed": 10**15},
            slices=tuple(SliceCount(by={"region": f"R{step}", long_name: long_name}, source=10**15, target=10**15, broken=10**14) for step in range(60)),
            sums=tuple(
                SumLine(by={"region": f"R{step}"}, source_net="1" * 38, target_net="2" * 38, source_gross="1" * 38, target_gross="2" * 38, agrees=False)
                for step in range(60)
            ),
            examples=tuple(Example(row=f"entity_{number % 40}#{step}", status="changed", columns=tuple(wide), note=long_name) for step in range(5)),
            details=tuple(f"{long_name} {step}" for step in range(300)),
        )
        for number in range(checks)
    )
    passed = tuple(check(f"entity_{number}.rows") for number in range(3_000))
    entities = tuple(
        entity(
            f"entity_{number}" if number % 7 else f"{long_name}{number}",
            outcome=Outcome.FAILED,
            promise="All of it moves. " * 200,
            people=10**9,
            changed=10**12,
            missing=10**12,
            money=many[0].money,
        )
        for number in range(300)
    )
    return clean(
        outcome=Outcome.NOT_PROVEN,
        entities=entities,
        checks=many + passed,
        causes=tuple(
            Cause(
                entity=f"entity_{number % 40}",
                kind="offset",
                sentence=f"Cause {number}. " + long_name * 20,
                checks=tuple(item.id for item in many[number % 50 : number % 50 + 20]),
                rows=10**15,
                people=10**9,
                money=many[0].money,
            )
            for number in range(400)
        )
        + tuple(Cause(entity="entity_1", kind="null", sentence="Further. " * 300, rows=1) for _ in range(200)),
        coverage=tuple(
            LedgerLine(side=side, table=f"{long_name}{table}", column=f"{long_name}{column}", status=status, reason=long_name * 5)  # type: ignore[arg-type]
            for side in ("source", "target")
            for table in range(200)
            for column, status in enumerate(("compared", "used", "excluded", "uncovered") * 4)
        ),
        not_checked=("Nothing. " * 500,) * 100,
        headline="Everything is broken. " * 400,
        calendar=calendar(
            sentences=("It goes on and on. " * 200,) * 3,
            batches=tuple(BatchLine(number=number, region=long_name, status="to move", accounts=10**12, rows=10**15) for number in range(1, 5_000)),
        ),
        title="A title. " * 400,
    )
