"""A user's own cases: which case each row is about, and what must become of it."""

import json

import pytest

from discretion.core.cases import CaseSet
from discretion.core.policies import Policy
from discretion.errors import DiscretionError
from discretion.gates import read_expectations
from stand_in import case

RETURNS = Policy(id="returns", rule="Within 14 days.", domain="retail")
CASES_AT_HAND = CaseSet((case(1), case(2)), {"returns": RETURNS})
TWO = CaseSet(
    CASES_AT_HAND.cases, {"returns": RETURNS, "Meals": Policy(id="meals", rule="Up to $30.")}
)

ROWS = [
    {"must": "Grant", "case": "case-1"},
    {"must": "never grant", "case": "case-2"},
    {"must": "DENIED", "text": "The coat smells of smoke."},
]


def as_csv(rows):
    return "Must,CASE,Text\n" + "".join(
        f"{row['must']},{row.get('case', '')},{row.get('text', '')}\n" for row in rows
    )


def as_jsonl(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def as_yaml(rows):
    return "".join(
        "- " + "\n  ".join(f"{key}: {value}" for key, value in row.items()) + "\n" for row in rows
    )


@pytest.mark.parametrize(
    ("ending", "written", "lines"),
    [("csv", as_csv, (2, 3, 4)), ("jsonl", as_jsonl, (1, 2, 3)), ("yaml", as_yaml, (1, 3, 5))],
)
def test_every_kind_of_file_says_the_same(tmp_path, ending, written, lines):
    path = tmp_path / f"own.{ending}"
    path.write_text(written(ROWS), encoding="utf-8")
    found = read_expectations(path, CASES_AT_HAND)
    assert [one.must for one in found] == ["grant", "never-grant", "refuse"]
    assert [one.where for one in found] == [f"{path}:{line}" for line in lines]
    assert [one.case for one in found[:2]] == list(CASES_AT_HAND)
    new = found[2].case
    assert (new.text, new.policy, new.domain) == ("The coat smells of smoke.", "returns", "retail")
    assert new.id not in {one.id for one in CASES_AT_HAND}


def one_row(tmp_path, row, case_set=CASES_AT_HAND):
    path = tmp_path / "own.jsonl"
    path.write_text(json.dumps(row), encoding="utf-8")
    return read_expectations(path, case_set)[0].case


def test_the_text_of_a_case_here_is_that_case(tmp_path):
    assert one_row(tmp_path, {"must": "grant", "text": CASES_AT_HAND[0].text}) == CASES_AT_HAND[0]


def test_a_policy_is_found_whatever_its_capitals(tmp_path):
    found = one_row(tmp_path, {"must": "grant", "text": "Lobster.", "Policy": "MEALS"}, TWO)
    assert found.policy == "Meals"


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"case": "case-1"}, "must is missing; write grant, refuse or never-grant"),
        ({"must": "maybe", "case": "case-1"}, "must is 'maybe'; write grant, refuse or never-"),
        ({"must": "unsure", "case": "case-1"}, "must is 'unsure'"),
        ({"must": "grant"}, "it does not say which case; fill in case or text"),
        ({"must": "grant", "case": "case-9"}, "there is no case 'case-9'; name one"),
        ({"must": "grant", "text": "Lobster."}, "it is not said which policy it is; fill in"),
        (
            {"must": "grant", "text": "Lobster.", "policy": "travel"},
            "there is no policy 'travel'; fill in policy with one of: returns, Meals",
        ),
        ({"must": "grant", "Must": "refuse", "case": "case-1"}, "has two columns 'must'"),
    ],
)
def test_a_wrong_row_is_one_sentence_with_its_place(tmp_path, row, sentence):
    with pytest.raises(DiscretionError) as mistake:
        one_row(tmp_path, row, TWO)
    assert f"own.jsonl:1: {sentence}" in str(mistake.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("must: grant\n", "is no list of cases"), ("- grant\n", ":1: is no case"), ("[]", "no cases")],
)
def test_yaml_must_be_a_list_of_cases(tmp_path, text, sentence):
    path = tmp_path / "own.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DiscretionError) as mistake:
        read_expectations(path, CASES_AT_HAND)
    assert sentence in str(mistake.value)
