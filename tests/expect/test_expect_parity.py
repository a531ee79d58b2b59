"""The parity expectations say in a plain checkpoint what `dq run` says: the same judgement, asked once."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args

import pytest
from small_shops import build

import dq
from dq.compare.evidence import EntityEvidence, Harm, Population
from dq.contract.reading import read_contract
from dq.errors import SnapshotError, UsageError
from dq.expect import parity
from dq.expect.datasource import quiet_context
from dq.expect.door import get_expectation_impl, gx
from dq.judgement.rows import judge_rows
from dq.record import Check, Outcome, Severity

CONTRACT = Path(__file__).parents[2] / "expectations"
COUPONS = next(entity for entity in read_contract(CONTRACT).entities if entity.name == "coupons")


def check(check_id: str, outcome: str = "PASSED", **facts: Any) -> Check:
    entity, _, kind = check_id.partition(".")
    kind, _, name = kind.partition(".")
    whole = entity in ("snapshot", "coverage", "calendar", "crosswalk")
    named = {"entity": None, "kind": entity, "name": kind} if whole else {"entity": entity, "kind": kind, "name": name or None}
    return Check(**{"id": check_id, "outcome": outcome, "sentence": f"{outcome.capitalize()}.", "looked_at": 10, **named, **facts})


def asked(expectation: Any, checks: Sequence[Check] | Callable[[str], Sequence[Check]]) -> Any:
    store = parity.add_store(quiet_context(), judge=checks if callable(checks) else lambda _entity: checks)
    batch = store.entity("coupons").add_batch_definition_whole_table("whole").get_batch()
    return batch.validate(expectation)


# ---- outcomes -----------------------------------------------------------------------------------------------------

OUTCOMES = [("PASSED", True), ("WAIVED", True), ("FAILED", False), ("NOT PROVEN", False)]


@pytest.mark.parametrize(("outcome", "success"), OUTCOMES)
def test_succeeds_when_passed_or_waived_and_tells_failed_from_not_proven(outcome: str, success: bool) -> None:  # noqa: FBT001 - a case
    result = asked(parity.ExpectValuesToMatch(entity="coupons"), [check("coupons.values", outcome)])
    assert (success, outcome) == (result.success, result.result["observed_value"]["outcome"])


def test_nothing_is_raised_where_nothing_is_proven() -> None:
    result = asked(parity.ExpectValuesToMatch(entity="coupons"), [check("coupons.values", "NOT PROVEN", reason="the fingerprints do not agree")])
    observed = result.result["observed_value"]
    assert (result.exception_info["raised_exception"], observed["reason"]) == (False, "the fingerprints do not agree")


def test_the_result_holds_population_sentence_and_every_check() -> None:
    checks = [check("coupons.keys"), check("coupons.rows", "FAILED", broken=3, sentence="3 rows are missing in the target."), check("coupons.values", "FAILED")]
    result = asked(parity.ExpectKeysToMatch(entity="coupons"), checks)
    expected = {
        "observed_value": {
            "outcome": "FAILED",
            "sentence": "3 rows are missing in the target.",
            "reason": None,
            "checks": {"coupons.keys": "PASSED", "coupons.rows": "FAILED"},
        },
        "element_count": 20,
        "unexpected_count": 3,
    }
    assert expected == result.result


def test_a_check_that_nobody_made_is_not_proven() -> None:
    result = asked(parity.ExpectSumsToMatch(entity="coupons"), [check("coupons.values")])
    assert (result.result["observed_value"]["outcome"], result.result["observed_value"]["reason"]) == ("NOT PROVEN", "the comparison has no such check")


def test_checks_of_another_entity_prove_nothing() -> None:
    result = asked(parity.ExpectValuesToMatch(entity="coupons"), [check("orders.values")])
    assert result.result["observed_value"]["outcome"] == "NOT PROVEN"


def test_one_of_several_is_asked_for_by_name() -> None:
    checks = [check("coupons.sums.face_value", "FAILED"), check("coupons.sums.minimum_spend")]
    named = parity.ExpectSumsToMatch(entity="coupons", name="minimum_spend")
    assert (asked(named, checks).success, asked(parity.ExpectSumsToMatch(entity="coupons"), checks).success) == (True, False)


def test_the_judgement_of_hand_made_evidence_is_the_one_that_is_told() -> None:
    harms = {kind: Harm() for kind in ("", "keys", "rows", "attribution", "instants")} | {"values": Harm(keys=1, cells=1, columns={"title": 1})}
    population = Population(source_rows=5, target_rows=5)
    evidence = EntityEvidence(
        entity="coupons", population=population, compared=5, same=4, harms=harms, equal_after={}, weak={}, remarks={}, agrees=True, key_proof=""
    )
    judged = judge_rows(COUPONS, "values", evidence, counts=(), seen={})
    result = asked(parity.ExpectValuesToMatch(entity="coupons"), [judged])
    assert ("FAILED", 5, 1, judged.sentence) == (
        result.result["observed_value"]["outcome"],
        result.result["element_count"],
        result.result["unexpected_count"],
        result.result["observed_value"]["sentence"],
    )


# ---- crashes ------------------------------------------------------------------------------------------------------


def _no_snapshot(_entity: str) -> Sequence[Check]:
    message = "the target snapshot is not what its manifest says"
    raise SnapshotError(message)


def _bug(_entity: str) -> Sequence[Check]:
    message = "anna.schmidt@example.org"
    raise ValueError(message)


CRASHES = [(_no_snapshot, "the target snapshot is not what its manifest says"), (_bug, "the check crashed (ValueError in test_expect_parity.py, line ")]


@pytest.mark.parametrize(("judge", "reason"), CRASHES)
def test_a_comparison_that_cannot_be_made_is_not_proven_and_says_why(judge: Callable[[str], Sequence[Check]], reason: str) -> None:
    result = asked(parity.ExpectKeysToMatch(entity="coupons"), judge)
    observed = result.result["observed_value"]
    assert (result.success, observed["outcome"], observed["reason"].startswith(reason)) == (False, "NOT PROVEN", True)
    assert "anna" not in json.dumps(result.to_json_dict())


def test_a_data_source_without_a_comparison_proves_nothing() -> None:
    store = quiet_context().data_sources.add_parity("empty", connection_string="duckdb:///:memory:")
    result = store.entity("coupons").add_batch_definition_whole_table("whole").get_batch().validate(parity.ExpectKeysToMatch(entity="coupons"))
    assert result.result["observed_value"]["reason"] == "no comparison stands behind this data source"


# ---- once ---------------------------------------------------------------------------------------------------------


def test_the_judgement_is_asked_once_for_all_expectations_of_an_entity() -> None:
    calls: list[str] = []

    def judge(entity: str) -> Sequence[Check]:
        calls.append(entity)
        return [check("coupons.values")]

    asked(parity.suite_of(CONTRACT, "coupons"), judge)
    assert calls == ["coupons"]


# ---- what is refused ----------------------------------------------------------------------------------------------

REFUSED = [
    ({"mostly": 0.99}, "'mostly' is refused: a claim holds for every row or it does not hold"),
    ({"row_condition": 'col("region") == "ID"'}, "'row_condition' is refused"),
    ({"condition_parser": "pandas"}, "'condition_parser' is refused"),
    ({"result_format": "COMPLETE"}, "'result_format' is refused: results are always exact counts and never rows or values"),
    ({"catch_exceptions": False}, "'catch_exceptions' is refused"),
    ({"tolerance": 1}, "extra fields not permitted"),
]


@pytest.mark.parametrize("cls", parity.EXPECTATIONS)
@pytest.mark.parametrize(("argument", "expected"), REFUSED)
def test_arguments_that_weaken_a_claim_are_refused(cls: Any, argument: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValueError, match="validation error") as caught:
        cls(entity="coupons", **argument)
    assert expected in str(caught.value)


def test_an_expectation_needs_an_entity() -> None:
    with pytest.raises(ValueError, match="entity\n  field required"):
        parity.ExpectKeysToMatch()


# ---- suites -------------------------------------------------------------------------------------------------------

WHOLE = {"snapshot", "coverage", "calendar", "crosswalk", "canary"}


@pytest.mark.parametrize("entity", read_contract(CONTRACT).entities, ids=lambda entity: entity.name)
def test_a_suite_asks_for_every_kind_of_check_that_the_contract_implies(entity: Any) -> None:
    expected = WHOLE | {kind for _, kind, _ in entity.check_ids()}
    assert expected == {kind for expectation in parity.suite_of(CONTRACT, entity.name).expectations for kind in expectation.kinds}


@pytest.mark.parametrize("entity", read_contract(CONTRACT).entities, ids=lambda entity: entity.name)
@pytest.mark.parametrize("outcome", [Outcome.PASSED, Outcome.FAILED, Outcome.NOT_PROVEN])
def test_a_suite_succeeds_exactly_when_every_check_of_the_entity_passes(entity: Any, outcome: Outcome) -> None:
    ids = [check_id for check_id, _, _ in entity.check_ids()]
    checks = [check(check_id) for check_id in (*ids, "snapshot.source", "coverage.target", "calendar.deadline", "crosswalk.accounts")]
    checks.append(check(f"{entity.name}.canary"))
    store = parity.add_store(quiet_context(), judge=lambda _entity: checks)
    batch = store.entity(entity.name).add_batch_definition_whole_table("whole").get_batch()
    suite = parity.suite_of(CONTRACT, entity.name)
    found = {}
    for place, one in enumerate(list(checks)):
        checks[place] = one.model_copy(update={"outcome": outcome})
        found[one.id] = batch.validate(suite).success
        checks[place] = one
    assert dict.fromkeys(found, outcome is Outcome.PASSED) == found


def test_no_two_expectations_ask_for_the_same_kind_of_check() -> None:
    kinds = [kind for cls in parity.EXPECTATIONS for kind in cls.kinds]
    assert sorted(set(kinds)) == sorted(kinds)


def test_every_severity_of_the_contract_is_one_of_great_expectations() -> None:
    severities = {str(expectation.severity.value) for expectation in parity.suite_of(CONTRACT, "coupons").expectations}
    assert severities <= set(get_args(Severity))


def test_the_severity_of_an_invariant_comes_from_the_contract() -> None:
    contract = read_contract(CONTRACT)
    invariants = tuple(item.model_copy(update={"severity": "info"}) if item.name == "spent" else item for item in COUPONS.invariant)
    changed = contract.model_copy(update={"entities": (COUPONS.model_copy(update={"invariant": invariants}),)})
    found = {item.name: item.severity.value for item in parity.suite_of(changed, "coupons").expectations if item.kinds == ("invariant",)}
    assert {name: severity for name, severity in found.items() if severity != "critical"} == {"spent": "info"}


def test_a_suite_of_nothing_names_the_near_miss() -> None:
    with pytest.raises(UsageError, match="no entity 'coupon'; did you mean 'coupons'"):
        parity.suite_of(CONTRACT, "coupon")


# ---- in earnest ---------------------------------------------------------------------------------------------------

SPOILED = [
    ((), set()),
    (("UPDATE coupons SET amount = amount + 1 WHERE code = 'C-007'",), {"expect_values_to_match", "expect_sums_to_match"}),
    (("DELETE FROM coupons WHERE code = 'C-007'",), {"expect_keys_to_match", "expect_counts_to_match", "expect_sums_to_match"}),
    (("UPDATE coupons SET expires_at = expires_at - INTERVAL 7 HOUR",), {"expect_instants_to_match"}),
    (("ALTER TABLE coupons DROP COLUMN amount",), {"expect_schema_to_hold"}),
]


@pytest.mark.parametrize(("statements", "failed"), SPOILED)
def test_two_stores_come_to_the_outcomes_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statements: tuple[str, ...], failed: set[str]) -> None:
    contract = build(tmp_path, *statements)
    monkeypatch.chdir(tmp_path)
    store = parity.add_store(quiet_context(), contract=contract)
    batch = store.entity("coupons").add_batch_definition_whole_table("whole").get_batch()
    results = batch.validate(parity.suite_of(contract, "coupons")).results
    outcomes = {check_id: outcome for result in results for check_id, outcome in result.result["observed_value"]["checks"].items()}
    record = dq.run(contract, runs=tmp_path / "again").record
    told = {result.expectation_config.type for result in results if result.result["observed_value"]["outcome"] == "FAILED"}
    assert (failed, {check.id: check.outcome.value for check in record.checks}) == (told, outcomes)


@pytest.mark.parametrize(("runs", "left"), [(None, []), ("kept", ["kept"])])
def test_a_comparison_leaves_a_folder_only_where_one_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runs: str | None, left: list[str]) -> None:
    contract, here = build(tmp_path), tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    store = parity.add_store(quiet_context(), contract=contract, runs=runs)
    batch = store.entity("coupons").add_batch_definition_whole_table("whole").get_batch()
    assert batch.validate(parity.ExpectKeysToMatch(entity="coupons")).success
    assert left == [path.name for path in here.iterdir()]


# ---- at home in Great Expectations --------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", parity.EXPECTATIONS)
def test_every_expectation_is_registered_described_and_rendered(cls: Any) -> None:
    expectation = cls(entity="coupons")
    expectation.render()
    sentence = f"coupons: {cls.claim}"
    assert (cls, sentence, sentence) == (
        get_expectation_impl(cls.expectation_type),
        expectation.description,
        expectation.rendered_content[0].value.template,
    )


def test_the_observed_value_is_rendered_as_a_sentence() -> None:
    result = asked(parity.ExpectValuesToMatch(entity="coupons"), [check("coupons.values", "FAILED", sentence="2 rows of 10 differ.")])
    assert parity.ExpectValuesToMatch._diagnostic_observed_value_renderer(result=result) == "FAILED: 2 rows of 10 differ."


def test_a_checkpoint_in_a_project_folder_runs_and_a_stranger_who_reopens_it_proves_nothing(tmp_path: Path) -> None:
    context = gx.get_context(mode="file", project_root_dir=tmp_path)
    context.variables.progress_bars = quiet_context().variables.progress_bars
    store = parity.add_store(context, judge=lambda _entity: [check("coupons.keys"), check("coupons.rows")])
    whole = store.entity("coupons").add_batch_definition_whole_table("whole")
    suite = context.suites.add(gx.ExpectationSuite("coupons", expectations=[parity.ExpectKeysToMatch(entity="coupons")]))
    definition = context.validation_definitions.add(gx.ValidationDefinition(name="coupons", data=whole, suite=suite))
    context.checkpoints.add(gx.Checkpoint(name="coupons", validation_definitions=[definition], actions=[]))
    assert context.checkpoints.get("coupons").run().success
    stranger = gx.get_context(mode="file", project_root_dir=tmp_path).checkpoints.get("coupons").run()
    (result,) = next(iter(stranger.run_results.values())).results
    assert (stranger.success, result.result["observed_value"]["outcome"]) == (False, "NOT PROVEN")
