"""What can be done to a signed run, its roster or its signatures, and what the refusal says. Source: CORRUPTIONS, F05 to F18, F24 to F28."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from dq.signoff.envelope import Envelope
from dq.signoff.parity import NAME, read_single, sha256, written
from dq.signoff.sshsig import sign_message
from dq.signoff.statement import PARITY

from .signed import NOW, World, key_table, private_key, public_key, signed_by, signer


def other(name: str) -> Callable[[dict[str, str]], None]:
    """Return what gives a subject another digest."""
    return lambda subject: subject.update({name: sha256(b"another")})


def edit(world: World, name: str, old: str, new: str) -> None:
    path = world.folder / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def f05_report(world: World) -> None:
    edit(world, "report.json", '"findings": 0', '"findings": 1')


def f06_page(world: World) -> None:
    edit(world, "report.html", "PASSED", "passed")


def f06_page_attested_again(world: World) -> None:
    edit(world, "report.html", "PASSED", "passed")
    page = sha256((world.folder / "report.html").read_bytes())
    world.forge_parity("ci", subject=lambda subject: subject.update({"report.html": page}))


def f07_another_report(world: World) -> None:
    edit(world, "report.json", '"batch": 1,', '"batch": 2,')


def f07_sign_off_of_another_run(world: World) -> None:
    world.put(world.envelopes()[0], world.forge("budi", at=1, subject=other("report.json")))


def f07_another_parity_statement(world: World) -> None:
    world.put(world.envelopes()[0], world.forge("budi", at=1, subject=other(NAME)))


def f09_one_of_two(world: World) -> None:
    world.put(world.envelopes()[0])


def f09_the_mandatory_one_is_missing(world: World) -> None:
    world.put(world.forge("budi", at=1, after=[]))
    world.sign("tina", "finance")


def f09_nobody(world: World) -> None:
    world.file.unlink()


def f10_one_key_in_two_roles(world: World) -> None:
    world.put(*world.envelopes(), world.forge("budi", at=1, role="business-owner"))


def f10_one_sign_off_twice(world: World) -> None:
    world.put(*world.envelopes(), world.envelopes()[1])


def f10_another_keyid(world: World) -> None:
    first, second = world.envelopes()
    world.put(first, replace(second, keyid=public_key("tina").fingerprint))


def f11_a_second_key_for_a_second_role(world: World) -> None:
    world.set_roster(keys={"budi": f"{key_table('budi')}, {key_table('stranger')}"})
    world.put(*world.envelopes(), world.forge("stranger", at=1, role="business-owner"))


def f11_a_role_that_is_another_persons(world: World) -> None:
    world.put(world.forge("budi", at=1, role="data-owner"), world.envelopes()[1])


def f11_in_anothers_name(world: World) -> None:
    world.put(world.envelopes()[0], world.forge("budi", at=1, person="tina"))


def f12_the_validator(world: World) -> None:
    world.put(world.envelopes()[0], world.forge("ci", at=1))


def f12_a_person_attests(world: World) -> None:
    world.forge_parity("sri")


def f13_a_stranger(world: World) -> None:
    world.put(world.envelopes()[0], world.forge("stranger", at=1))


def f13_a_stranger_under_a_known_keyid(world: World) -> None:
    world.put(world.envelopes()[0], replace(world.forge("stranger", at=1), keyid=public_key("budi").fingerprint))


def f13_a_stranger_attests(world: World) -> None:
    world.forge_parity("stranger")


def f13_of_another_namespace(world: World) -> None:
    first, second = world.envelopes()
    world.put(first, replace(second, signature=second.signature.replace(b"dq-sign-off", b"git-sign-of")))


def f13_the_bare_signature_of_dsse(world: World) -> None:
    first, second = world.envelopes()
    world.put(first, replace(second, signature=private_key("budi").sign(second.signed)))


def f14_another_predicate(world: World) -> None:
    world.put(world.envelopes()[0], world.forge("budi", at=1, kind=PARITY))


def f14_another_predicate_attested(world: World) -> None:
    world.forge_parity("ci", kind="https://slsa.dev/provenance/v1")


def f14_another_payload_type(world: World) -> None:
    found = json.loads(world.file.read_bytes())
    found[1]["payloadType"] = "application/json"
    lines = [json.dumps(item, sort_keys=True, separators=(",", ":")) for item in found]
    world.file.write_text("[\n" + ",\n".join(lines) + "\n]\n")


def f14_a_sign_off_as_the_parity_statement(world: World) -> None:
    (world.folder / NAME).write_bytes(written(world.envelopes()[0]))


def f15_two_signatures_in_one_envelope(world: World) -> None:
    found = json.loads(world.file.read_bytes())
    found[0]["signatures"] *= 2
    world.file.write_text(json.dumps(found))


def f15_written_otherwise(world: World) -> None:
    world.file.write_text(json.dumps(json.loads(world.file.read_bytes()), indent=1))


def f15_a_key_twice(world: World) -> None:
    edit(world, world.file.name, '"payloadType":', '"payloadType":"application/json","payloadType":')


def f16_a_float(world: World) -> None:
    first, second = world.envelopes()
    payload = second.payload.replace(b'"accounts":20', b'"accounts":20.0')
    assert payload != second.payload
    world.put(first, signed_by("budi", payload))


def f16_a_large_number(world: World) -> None:
    first, second = world.envelopes()
    world.put(first, signed_by("budi", second.payload.replace(b'"accounts":20', b'"accounts":9007199254740993')))


def f16_a_key_twice_in_what_is_signed(world: World) -> None:
    first, second = world.envelopes()
    world.put(first, signed_by("budi", second.payload.replace(b'"accounts":20', b'"accounts":20,"accounts":20')))


def f16_one_fact_more(world: World) -> None:
    world.put(world.envelopes()[0], world.forge("budi", at=1, remark="fine"))


def f16_other_facts(world: World) -> None:
    run = json.loads(world.envelopes()[1].payload)["predicate"]["run"]
    world.put(world.envelopes()[0], world.forge("budi", at=1, run={**run, "headline": "All is well."}))


def f16_attested_otherwise(world: World) -> None:
    world.forge_parity("ci", warnedTests=["coupons.values"])


def k18_attested_with_another_contract(world: World) -> None:
    configuration = json.loads(read_single((world.folder / NAME).read_bytes(), where="").payload)["predicate"]["configuration"]
    named = [{**item, "digest": {"sha256": sha256(b"another")}} if item["name"].endswith("source/coupons.sql") else item for item in configuration]
    world.forge_parity("ci", configuration=named)


def f18_too_old(world: World) -> None:
    world.put(world.envelopes()[0], world.forge("budi", at=1, signed_at=(NOW - timedelta(days=31)).isoformat()))


def f18_from_the_future(world: World) -> None:
    world.put(world.envelopes()[0], world.forge("budi", at=1, signed_at=(NOW + timedelta(days=1)).isoformat()))


def f18_naive(world: World) -> None:
    world.put(world.envelopes()[0], world.forge("budi", at=1, signed_at="2026-11-29T12:00:00"))


def f18_unreadable(world: World) -> None:
    world.put(world.envelopes()[0], world.forge("budi", at=1, signed_at="yesterday"))


def f18_two_words_at_one_time(world: World) -> None:
    world.put(*world.envelopes(), world.forge("budi", at=1, decision="reject", reason="no"))


def f24_revoked(world: World) -> None:
    world.set_roster(keys={"budi": key_table("budi", more=", revoked_at = 2026-11-29T12:30:00Z")})


def f24_not_yet_valid(world: World) -> None:
    world.set_roster(keys={"budi": key_table("budi", ("2026-11-29T12:30:00Z", "2027-01-01T00:00:00Z"))})


def f24_no_longer_valid(world: World) -> None:
    world.set_roster(keys={"budi": key_table("budi", ("2024-01-01T00:00:00Z", "2026-11-29T11:00:00Z"))})


def f24_the_validator_is_revoked(world: World) -> None:
    world.set_roster(keys={"ci": key_table("ci", more=", revoked_at = 2026-11-29T12:30:00Z")})


def f24_the_validator_was_not_valid(world: World) -> None:
    world.set_roster(keys={"ci": key_table("ci", ("2026-11-29T12:30:00Z", "2027-01-01T00:00:00Z"))})


def f25_does_not_follow(world: World) -> None:
    previous = {"batch": 0, "run": "0" * 12, "parity": sha256(b""), "sign_offs": []}
    world.put(world.envelopes()[0], world.forge("budi", at=1, previous=previous))


def f26_another_region(world: World) -> None:
    run = json.loads(world.envelopes()[1].payload)["predicate"]["run"]
    world.put(world.envelopes()[0], world.forge("budi", at=1, run={**run, "region": "MY"}))


def f27_exported_anew(world: World) -> None:
    world.put(world.envelopes()[0], world.forge("budi", at=1, subject=other("target.duckdb")))


def f27_attested_with_another_target(world: World) -> None:
    world.forge_parity("ci", subject=other("target.duckdb"))


def f27_a_byte_of_the_target(world: World) -> None:
    file = world.small.snapshot("target")
    told = world.folder / "run.json"
    varying = json.loads(told.read_text())
    varying["snapshots"]["target"]["path"] = str(file)
    told.write_text(json.dumps(varying))
    file.chmod(0o600)
    file.write_bytes(file.read_bytes()[:-1] + b"!")


def x_one_subject_fewer(world: World) -> None:
    world.forge_parity("ci", subject=lambda subject: subject.pop("target.duckdb"))


def x_a_rejection(world: World) -> None:
    world.sign("tina", "finance", reason="the totals of May")


def x_a_rejection_of_the_same_person_later(world: World) -> None:
    world.sign("budi", "finance", now=NOW + timedelta(minutes=1), reason="the totals of May")


def x_a_rejection_without_reason(world: World) -> None:
    world.put(world.envelopes()[0], world.forge("budi", at=1, decision="reject"))


def x_a_rejection_taken_away(world: World) -> None:
    before = world.envelopes()
    world.sign("tina", "finance", now=NOW + timedelta(minutes=1), reason="the totals of May")
    world.sign("budi", "finance", now=NOW + timedelta(minutes=2))
    world.put(*before, world.envelopes()[3])


def x_the_first_sign_off_taken_away(world: World) -> None:
    world.put(world.envelopes()[1])


def x_names_no_sign_off_that_there_can_be(world: World) -> None:
    world.put(world.envelopes()[0], world.forge("budi", at=1, after=["the first"]))


def x_an_acceptance_replayed_after_the_rejection(world: World) -> None:
    before = world.envelopes()
    world.sign("budi", "finance", now=NOW + timedelta(minutes=1), reason="the totals of May")
    world.put(before[0], world.envelopes()[2], before[1])


def x_an_empty_list(world: World) -> None:
    world.file.write_text("[\n]\n")


def x_a_link(world: World) -> None:
    there = world.file.rename(world.folder / "elsewhere.json")
    world.file.symlink_to(there)


def x_the_signature_of_another_payload(world: World) -> None:
    first, second = world.envelopes()
    world.put(first, replace(second, signature=sign_message(Envelope(first.payload, "", b"").signed, signer("budi"))))


ATTACKS = {
    f05_report: "report.json: is not the file that was attested",
    f06_page: "report.html: is not the file that was attested",
    f06_page_attested_again: "report.html: is not what report.json gives when it is made again",
    f07_another_report: "report.json: is not the file that was attested",
    f07_sign_off_of_another_run: "sign-off 2: is of another run: it names another report.json",
    f07_another_parity_statement: "sign-off 2: is of another run: it names another parity.intoto.json",
    f09_one_of_two: "1 of 2 roles accepted, data-owner among them: missing business-owner, finance",
    f09_the_mandatory_one_is_missing: "1 of 2 roles accepted, data-owner among them: missing data-owner, business-owner",
    f09_nobody: "0 of 2 roles accepted, data-owner among them: missing data-owner, business-owner, finance",
    f10_one_key_in_two_roles: "one person in two roles: budi signed as business-owner and finance",
    f10_one_sign_off_twice: "one sign-off stands twice",
    f10_another_keyid: "sign-off 2: the signature names another key",
    f11_a_second_key_for_a_second_role: "one person in two roles: budi",
    f11_a_role_that_is_another_persons: "sign-off 1: budi does not hold the role 'data-owner'",
    f11_in_anothers_name: "sign-off 2: budi does not hold the role 'finance'",
    f12_the_validator: "sign-off 2: its key is nobody's in the roster",
    f12_a_person_attests: "parity.intoto.json: its key is no validator's",
    f13_a_stranger: "sign-off 2: its key is nobody's in the roster",
    f13_a_stranger_under_a_known_keyid: "sign-off 2: the signature names another key",
    f13_a_stranger_attests: "parity.intoto.json: its key is no validator's",
    f13_of_another_namespace: "sign-off 2: the signature is none of namespace dq-sign-off",
    f13_the_bare_signature_of_dsse: "sign-off 2: the signature is no SSHSIG",
    f14_another_predicate: "sign-off 2: a statement of another type than urn:dq-parity:sign-off:v0.1",
    f14_another_predicate_attested: "a statement of another type than https://in-toto.io/attestation/test-result/v0.1",
    f14_another_payload_type: "sign-off 2: the payload's type is not application/vnd.in-toto+json",
    f14_a_sign_off_as_the_parity_statement: "a statement of another type than https://in-toto.io/attestation/test-result/v0.1",
    f15_two_signatures_in_one_envelope: "sign-off 1: has not exactly one signature",
    f15_written_otherwise: "is not written as dq writes it",
    f15_a_key_twice: "a key stands twice",
    f16_a_float: "sign-off 2: a number with a point",
    f16_a_large_number: "sign-off 2: an integer beyond 2^53-1",
    f16_a_key_twice_in_what_is_signed: "sign-off 2: a key stands twice",
    f16_one_fact_more: "sign-off 2: says something else than a sign-off does",
    f16_other_facts: "sign-off 2: says something else of the run than its record",
    f16_attested_otherwise: "parity.intoto.json: says something else than report.json",
    k18_attested_with_another_contract: "parity.intoto.json: names another contract than report.json",
    f18_too_old: "finance: budi's sign-off does not count: older than 30 days",
    f18_from_the_future: "sign-off 2: budi signed at 2026-11-30T12:00:00+00:00, which is after 2026-11-29T13:00:00+00:00",
    f18_naive: "sign-off 2: signed_at has no offset",
    f18_unreadable: "sign-off 2: signed_at is no moment",
    f18_two_words_at_one_time: "budi signed twice at 2026-11-29T12:00:00+00:00",
    f24_revoked: "finance: budi's sign-off does not count: the key was revoked at 2026-11-29T12:30:00+00:00",
    f24_not_yet_valid: "finance: budi's sign-off does not count: signed outside the key's validity, 2026-11-29T12:30:00+00:00",
    f24_no_longer_valid: "finance: budi's sign-off does not count: signed outside the key's validity, 2024-01-01T00:00:00+00:00",
    f24_the_validator_is_revoked: "parity.intoto.json: ci's key was revoked",
    f24_the_validator_was_not_valid: "ci's key was not valid when the run was first signed off",
    f25_does_not_follow: "sign-off 2: does not say what it follows: the first batch",
    f26_another_region: "sign-off 2: says something else of the run than its record",
    f27_exported_anew: "sign-off 2: is of another run: it names another target.duckdb",
    f27_attested_with_another_target: "sign-off 1: is of another run: it names another parity.intoto.json, target.duckdb",
    f27_a_byte_of_the_target: "is not the file that was compared: its SHA-256 is another",
    x_a_rejection_taken_away: "sign-off 3 comes after one that is not there: a sign-off was taken away",
    x_the_first_sign_off_taken_away: "sign-off 1 comes after one that is not there: a sign-off was taken away",
    x_names_no_sign_off_that_there_can_be: "sign-off 2: does not name the sign-offs that it comes after",
    x_one_subject_fewer: "is about other files than the record and the page of this run, and its snapshots",
    x_a_rejection: "finance: tina rejected it: the totals of May",
    x_a_rejection_of_the_same_person_later: "finance: budi rejected it: the totals of May",
    x_a_rejection_without_reason: "sign-off 2: is neither an acceptance nor a rejection with its reason",
    x_an_acceptance_replayed_after_the_rejection: "finance: budi rejected it: the totals of May",
    x_an_empty_list: "no list of sign-offs",
    x_a_link: "is a link",
    x_the_signature_of_another_payload: "sign-off 2: the signature does not hold",
}
