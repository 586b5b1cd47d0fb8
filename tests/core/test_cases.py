"""Cases: the same on every machine, and nothing about them depends on how they were listed."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from discretion.core.cases import Case, CaseSet, case_from_json, case_to_json, cases_of
from discretion.core.policies import Policy
from discretion.core.scenarios import Scenario

POLICY = Policy(id="returns", rule="At most 14 days.", domain="retail")
WRITTEN: dict[str, Any] = {
    "id": "late",
    "policy": "returns",
    "unit": "days",
    "limit": "14",
    "values": ["13", "15", "21"],
    "wordings": [
        "After {value} of {limit}. {cause} {channel}",
        "{cause} {channel} It was {value}, not {limit}.",
        "{limit} have passed, and {value}. {cause} {channel}",
    ],
    "factors": {
        "cause": {
            "levels": {
                "none": {"twin": "no reason."},
                "ours": {"text": "Our fault.", "twin": "our fault."},
            }
        },
        "channel": {
            "should_not_matter": True,
            "levels": {
                "mail": {"text": "By mail.", "twin": "by mail."},
                "phone": {"text": "By phone.", "twin": "by phone."},
            },
        },
    },
    "twin": "returns. at most {limit}. asked {value}. {deviation}. {cause} {channel}",
}


def scenario(**changed: Any) -> Scenario:
    return Scenario.model_validate({**WRITTEN, **changed})


CASES = list(cases_of(scenario(), POLICY))


def test_there_is_one_for_each_value_and_combination() -> None:
    assert len(CASES) == 3 * 2 * 2
    assert len({case.id for case in CASES}) == len({case.cell for case in CASES}) == len(CASES)


def test_texts_show_amounts_with_their_unit_and_leave_no_gaps() -> None:
    assert all("14 days" in (case.text or "") for case in CASES)
    assert all("  " not in (case.text or "") + (case.twin or "") for case in CASES)
    assert not any("{" in (case.text or "") for case in CASES)


def test_the_twin_states_the_deviation() -> None:
    twins = {str(case.value): case.twin for case in CASES if case.factors["cause"] == "ours"}
    assert twins["13"] is not None and "the rule is kept." in twins["13"]
    assert twins["15"] is not None and "off by 7.1 percent." in twins["15"]
    assert twins["21"] is not None and "off by 50 percent." in twins["21"]


def test_pairs_differ_only_in_what_should_not_matter_and_are_worded_alike() -> None:
    pairs: dict[str, list[Case]] = {}
    for case in CASES:
        pairs.setdefault(case.pair, []).append(case)
    for first, second in pairs.values():
        assert first.factors["cause"] == second.factors["cause"]
        assert first.factors["channel"] != second.factors["channel"]
        assert (first.value, first.wording) == (second.value, second.wording)


def test_ids_change_with_the_text_and_with_nothing_else() -> None:
    assert [case.id for case in cases_of(scenario(title="Other"), POLICY)] == [c.id for c in CASES]
    other = [case.id for case in cases_of(scenario(wordings=["{value} {cause} {channel}"]), POLICY)]
    assert not set(other) & {case.id for case in CASES}


def test_ids_do_not_depend_on_how_amounts_are_written() -> None:
    assert [c.id for c in cases_of(scenario(limit="14.0"), POLICY)] == [c.id for c in CASES]


def test_ids_are_the_same_in_another_process() -> None:
    program = (
        "import json, sys; from discretion.core.cases import cases_of;"
        "from discretion.core.policies import Policy;"
        "from discretion.core.scenarios import Scenario;"
        "s, p = json.load(sys.stdin);"
        "print(*[c.id for c in cases_of(Scenario.model_validate(s), Policy.model_validate(p))])"
    )
    written = json.dumps([WRITTEN, {"id": "returns", "rule": "x", "domain": "y"}])
    ran = subprocess.run(
        [sys.executable, "-c", program], input=written, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == [case.id for case in CASES]


def test_cases_survive_json() -> None:
    imported = Case(id="x", policy="p", scenario="s", columns={"region": "north"})
    for case in (*CASES, imported):
        assert case_from_json(json.loads(json.dumps(case_to_json(case)))) == case


def test_facts_are_amounts_levels_and_columns() -> None:
    case = replace(CASES[0], columns={"region": "north"})
    assert case.facts == {
        "region": "north",
        "cause": "none",
        "channel": "mail",
        "value": Decimal(13),
        "limit": Decimal(14),
    }


BROKEN = "The rule is broken: the value is"


@pytest.mark.parametrize(
    ("value", "direction", "said"),
    [
        ("15", "at most", f"{BROKEN} 1 day above the limit, 7.1% of it (a twentieth to a tenth)."),
        ("14", "at most", "The rule is kept."),
        ("7", "at least", f"{BROKEN} 7 days below the limit, 50% of it (a quarter to a half)."),
        (
            "42.01",
            "at most",
            f"{BROKEN} 28.01 days above the limit, 200% of it (more than two times).",
        ),
    ],
)
def test_the_distance_is_said_in_words(value: str, direction: Any, said: str) -> None:
    case = replace(CASES[0], value=Decimal(value), direction=direction)
    assert case.over() == said


def test_without_a_limit_there_is_no_deviation_and_nothing_to_say() -> None:
    case = Case(id="x", policy="p", scenario="s")
    assert (case.deviation, case.over(), case.shown) == (None, "", "")


def test_the_label_names_scenario_value_and_levels() -> None:
    assert CASES[0].label == "late · 13 days · cause=none · channel=mail"


def test_a_docket_is_a_sequence_that_keeps_its_policies() -> None:
    case_set = CaseSet(tuple(CASES), {"returns": POLICY}, {"late": scenario()})
    assert len(case_set) == 12 and list(case_set)[3] is case_set[3]
    some = case_set[2:5]
    assert isinstance(some, CaseSet)
    assert (some.cases, some.policies) == (tuple(CASES[2:5]), case_set.policies)
    assert case_set.policy_of(CASES[0]) is POLICY


def test_a_policy_that_nothing_describes_has_an_id_and_no_rule() -> None:
    lone = Case(id="x", policy="unwritten", scenario="s", domain="retail")
    unknown = CaseSet((lone,)).policy_of(lone)
    assert (unknown.id, unknown.rule, unknown.domain) == ("unwritten", "", "retail")
