"""A roster that means nothing, could not be met, or counts somebody twice is refused in one line; the shipped contract has none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dq.errors import ContractError
from dq.signoff.policy import read_roster

from .signed import ALWAYS, PEOPLE, key_table, public_key, roster_text

ONLY_SRI = {"sri": ("data-owner", "business-owner", "finance")}
TWICE = f"{key_table('sri')}, {key_table('sri')}"

REFUSED = {
    "threshold 0": (roster_text(threshold=0), "threshold: input should be greater than or equal to 1"),
    "threshold below 0": (roster_text(threshold=-1), "threshold: input should be greater than or equal to 1"),
    "threshold true": (roster_text(threshold="true"), "threshold: input should be a valid integer"),
    "threshold as text": (roster_text(threshold='"2"'), "threshold: input should be a valid integer"),
    "threshold above the roles": (roster_text(threshold=4), "threshold: 4 of 3 roles can never be met"),
    "threshold below the mandatory": (roster_text(threshold=1, mandatory=("data-owner", "finance")), "threshold: 1 is less than the 2 mandatory roles"),
    "one person for two roles": (roster_text(people=ONLY_SRI), "there are not 2 different people for 2 different roles"),
    "one person for both mandatory roles": (
        roster_text(people={"sri": ("data-owner", "finance"), "budi": ("business-owner",)}, mandatory=("data-owner", "finance")),
        "there are not 2 different people for 2 different roles, the mandatory ones among them",
    ),
    "no people": (re.sub(r"\[\[people\]\](.|\n)*?(?=\[\[v)", "", roster_text()), "people: missing"),
    "an empty roster": (roster_text(people={}).replace("[[validators]]", "[people]\n[[validators]]"), "people: "),
    "no validators": (roster_text().partition("[[validators]]")[0], "validators: missing"),
    "no roles": (roster_text(roles=()), "roles: is empty"),
    "an unknown mandatory role": (roster_text(mandatory=("data-ownr",)), "mandatory: there is no role 'data-ownr'; did you mean 'data-owner'?"),
    "an unknown role of a person": (
        roster_text(people={**PEOPLE, "tina": ("finances",)}),
        "people: tina: there is no role 'finances'; did you mean 'finance'?",
    ),
    "a role nobody holds": (roster_text(people={"sri": ("data-owner",), "tina": ("finance",)}), "roles: nobody holds 'business-owner'"),
    "a role twice": (roster_text(roles=("data-owner", "finance", "business-owner", "finance")), "roles: one stands twice"),
    "a person twice": (roster_text(more=f'[[people]]\nname = "sri"\nroles = ["finance"]\nkeys = [{key_table("stranger")}]'), "the name 'sri' stands twice"),
    "two names that look alike": (roster_text(people={**PEOPLE, "Sri": ("finance",)}), "should match pattern"),
    "one key for two people": (roster_text(keys={"tina": key_table("sri")}), "one key stands twice, at sri and at tina"),
    "one key twice": (roster_text(keys={"sri": TWICE}), "one key stands twice, at sri and at sri"),
    "one key as software and hardware": (
        roster_text(keys={"tina": key_table("tina", line=type(public_key("sri"))(public_key("sri").raw, "ssh:").line)}),
        "one key stands twice, at sri and at tina",
    ),
    "the validator's key is a person's": (roster_text(keys={"ci": key_table("sri")}), "one key stands twice, at sri and at ci"),
    "a key without a zone": (roster_text(keys={"sri": key_table("sri", ("2024-01-01T00:00:00", ALWAYS[1]))}), "is no moment with an offset"),
    "a date": (roster_text(keys={"sri": key_table("sri", ("2024-01-01", ALWAYS[1]))}), "is no moment with an offset"),
    "a moment as text": (roster_text(keys={"sri": key_table("sri", ('"2024-01-01T00:00:00Z"', ALWAYS[1]))}), "is no moment with an offset"),
    "an end before the beginning": (roster_text(keys={"sri": key_table("sri", ALWAYS[::-1])}), "valid_until is not after valid_from"),
    "another kind of key": (roster_text(keys={"sri": key_table("sri", line="ssh-rsa AAAA")}), "a key of type 'ssh-rsa': only ssh-ed25519"),
    "a key of small order": (roster_text(keys={"sri": key_table("sri", line=type(public_key("sri"))(bytes(32)).line)}), "a key of small order"),
    "an unknown key": (roster_text().replace("max_age_days", "max_age_day"), "unknown key; did you mean 'max_age_days'?"),
    "a misspelt key of a key": (roster_text(keys={"sri": key_table("sri", more=", revoked = 2024-01-01T00:00:00Z")}), "did you mean 'revoked_at'?"),
    "no age": (roster_text().replace("max_age_days = 30", ""), "max_age_days: missing"),
    "an age of more years than there are": (
        roster_text().replace("max_age_days = 30", "max_age_days = 99999999999999"),
        "max_age_days: input should be less than or equal to 36500",
    ),
    "a number of 5,000 digits": (roster_text().replace("max_age_days = 30", f"max_age_days = {'9' * 5_000}"), "a number has more digits than can be read"),
    "a key twice in TOML": (roster_text().replace("threshold = 2", "threshold = 2\nthreshold = 1"), "not TOML: "),
    "no TOML": ("{", "not TOML: "),
    "nothing": ("", "missing"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_roster_that_would_prove_nothing_is_refused(case: str, tmp_path: Path) -> None:
    text, said = REFUSED[case]
    path = tmp_path / "signers.toml"
    path.write_text(text)
    with pytest.raises(ContractError) as refused:
        read_roster(path)
    line = str(refused.value)
    assert said in line
    assert (line.startswith(f"{path}: "), "\n" in line, refused.value.exit_status) == (True, False, 2)


def test_a_missing_roster_says_what_it_is_for(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"signers.toml: no such file or directory; it says whose signatures count"):
        read_roster(tmp_path / "signers.toml")


def test_no_utf8_is_said_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "signers.toml").write_bytes(b"# \xff")
    with pytest.raises(ContractError, match="not UTF-8 at byte 2"):
        read_roster(tmp_path / "signers.toml")


@pytest.mark.parametrize(
    "text",
    [
        roster_text(),
        roster_text(threshold=3),
        roster_text(threshold=1, mandatory=()),
        roster_text(people={"sri": ("data-owner", "finance"), "budi": ("data-owner",), "tina": ("business-owner",)}, mandatory=("data-owner", "finance")),
        roster_text(keys={"sri": f"{key_table('sri')}, {key_table('stranger')}"}),
    ],
)
def test_a_roster_that_can_be_met_is_read(text: str, tmp_path: Path) -> None:
    (tmp_path / "signers.toml").write_text(text)
    assert read_roster(tmp_path / "signers.toml").policy.roles == ("data-owner", "business-owner", "finance")
