"""Every scenario that is shipped: well built, fair to whoever answers, and readable as a twin."""

from __future__ import annotations

import itertools
import re
import string
from collections import defaultdict

import pytest

from discretion.core.scenarios import Scenario
from discretion.toy.dialect import read_twin
from discretion.toy.judges import PANELS
from discretion.toy.phrases import ASIDES, FLAGS, REASONS

from .shipped import EXAMPLES, cases, policies, scenarios, settings

SAFETY = ("boat-tour", "new-bank-account", "painkiller-dose")
"""Where the people of an example, too, refuse every request that breaks the rule."""

VERDICTS = re.compile(
    r"\b(grant|refus|den(y|ied|ies)|approv|reject|accept|exception|allow|forbid|forbidden|"
    r"prohibit|violat|break|broken|breach|exceed|too (late|much|many|long|high|low)|must|should|"
    r"justif|reasonable|unfortunately)\w*",
    re.IGNORECASE,
)
"""Words that would lean on whoever answers."""


EVERY_SCENARIO = [
    pytest.param(example, scenario, id=f"{example}-{scenario.id}")
    for example in EXAMPLES
    for scenario in scenarios(example).values()
]


EVERY_RULE = [
    pytest.param(example, scenario, id=f"{example}-{scenario.id}")
    for example in EXAMPLES
    for scenario in scenarios(example).values()
    if policies(example)[scenario.policy].never
]


@pytest.mark.parametrize(("example", "scenario"), EVERY_SCENARIO)
class TestEveryScenario:
    def test_each_of_three_wordings_or_more_tells_all_the_facts(
        self, example: str, scenario: Scenario
    ) -> None:
        assert len(set(scenario.wordings)) >= 3
        slots = [{s for _, s, _, _ in string.Formatter().parse(w) if s} for w in scenario.wordings]
        wanted = set(scenario.factors) | ({"value", "limit"} if scenario.limit else set())
        assert all(found == wanted for found in slots)
        assert {case.wording for case in cases(example)[scenario.id]} == set(
            range(len(scenario.wordings))
        )

    def test_the_grid_starts_at_the_limit_and_steps_away_in_growing_steps(
        self, example: str, scenario: Scenario
    ) -> None:
        if scenario.limit is None:
            assert not scenario.values
            return
        amounts = [scenario.measure.read(value) for value in scenario.values]
        beyond = [scenario.deviation(amount) or 0.0 for amount in amounts]
        broken = [deviation for deviation in beyond if deviation > 0]
        assert scenario.limit_amount in amounts
        assert 1 <= len(beyond) - len(broken) <= 2
        assert 7 <= len(amounts) <= 10
        steps = [later - earlier for earlier, later in itertools.pairwise([0.0, *broken])]
        assert all(later >= earlier - 1e-9 for earlier, later in itertools.pairwise(steps))
        assert broken[0] <= 0.2
        assert broken[-1] >= 0.5

    def test_something_matters_and_something_else_should_not(
        self, example: str, scenario: Scenario
    ) -> None:
        should_not = [factor for factor in scenario.factors.values() if factor.should_not_matter]
        assert len(should_not) == 1
        assert 2 <= len(scenario.factors) <= 3

    def test_cases_that_should_be_equal_differ_in_one_word(
        self, example: str, scenario: Scenario
    ) -> None:
        (name,) = [name for name, factor in scenario.factors.items() if factor.should_not_matter]
        levels = scenario.factors[name].levels
        pairs = defaultdict(list)
        for case in cases(example)[scenario.id]:
            pairs[case.pair].append(case)
        complete = [pair for pair in pairs.values() if len(pair) == 2]
        assert len(complete) >= max(1, len(scenario.values))
        for first, second in complete:
            ours, theirs = (levels[case.factors[name]].text for case in (first, second))
            assert ours != theirs
            assert (first.text or "").replace(ours, theirs) == second.text

    def test_a_text_says_what_is_asked_and_nothing_about_the_answer(
        self, example: str, scenario: Scenario
    ) -> None:
        made = cases(example)[scenario.id]
        assert len({case.text for case in made}) == len(made)
        for case in made:
            text = case.text or ""
            assert not VERDICTS.search(text), f"{VERDICTS.search(text)}: {text}"
            assert re.fullmatch(r'["A-Z$0-9].*[.?]', text)
            assert "  " not in text
            assert not set("{}") & set(text)
            if case.value is not None and case.limit is not None:
                assert scenario.measure.show(case.value) in text
                assert scenario.measure.show(case.limit) in text

    def test_the_dialect_reads_each_twin_as_the_case_it_is_a_twin_of(
        self, example: str, scenario: Scenario
    ) -> None:
        for case in cases(example)[scenario.id]:
            read = read_twin(case.twin or "")
            assert read.twin == case.twin
            if case.value is None or case.limit is None or case.deviation is None:
                assert read.deviation is None
                assert ". no limit. " in (case.twin or "")
                continue
            assert read.direction == case.direction
            assert read.value == scenario.measure.show(case.value)
            assert read.limit == scenario.measure.show(case.limit)
            rounding = 0.0005 if case.deviation < 0.0995 else 0.005
            assert read.deviation == pytest.approx(max(case.deviation, 0.0), abs=rounding + 1e-9)

    def test_what_should_matter_is_said_in_words_that_count_and_what_should_not_in_others(
        self, example: str, scenario: Scenario
    ) -> None:
        reasons = {sentence for reason in REASONS for sentence in reason.sentences}
        flags = {sentence for flag in FLAGS for sentence in flag.sentences}
        for factor in scenario.factors.values():
            said = {level.twin.removesuffix(".") for level in factor.levels.values()}
            assert len(said) == len(factor.levels)
            if factor.should_not_matter:
                assert not said & (reasons | flags)
            else:
                assert said & (reasons | flags)
        for case in cases(example)[scenario.id]:
            assert len(set(read_twin(case.twin or "").sentences) & reasons) <= 1


@pytest.mark.parametrize(("example", "scenario"), EVERY_RULE)
def test_a_hard_limit_looks_only_at_facts_that_its_cases_have(
    example: str, scenario: Scenario
) -> None:
    rules = policies(example)[scenario.policy].never
    assert rules
    for rule in rules:
        for case in cases(example)[scenario.id]:
            assert rule.holds(case.facts) is not None
        for name, level in re.findall(r"(\w+) == (\w+)", rule.written):
            assert level in scenario.factors[name].levels


def test_the_words_for_what_should_not_matter_are_known_to_the_dialect_but_for_one() -> None:
    unknown = {
        scenario.id
        for example in EXAMPLES
        for scenario in scenarios(example).values()
        for factor in scenario.factors.values()
        if factor.should_not_matter
        and not {level.twin.removesuffix(".") for level in factor.levels.values()} <= set(ASIDES)
    }
    assert unknown == {"entrance-test"}


class TestWhereRefusingStaysRight:
    @pytest.mark.parametrize("scenario", SAFETY)
    def test_the_simulated_people_refuse_whatever_the_reason(self, scenario: str) -> None:
        panel = PANELS[settings("everyday")["simulated"]["judges"]]
        for case in cases("everyday")[scenario]:
            if case.deviation is None or case.deviation > 0:
                assert panel.truth(case) < 0.5, case.label

    @pytest.mark.parametrize("scenario", ["boat-tour", "painkiller-dose"])
    def test_they_grant_what_keeps_the_rule_on_an_ordinary_day(self, scenario: str) -> None:
        panel = PANELS[settings("everyday")["simulated"]["judges"]]
        for case in cases("everyday")[scenario]:
            ordinary = case.factors.get("weather", case.factors.get("other_medicine"))
            if (case.deviation or 0) <= 0 and ordinary in ("calm", "none"):
                assert panel.truth(case) > 0.5, case.label

    @pytest.mark.parametrize("scenario", [*SAFETY, "locked-account"])
    def test_code_forbids_the_worst(self, scenario: str) -> None:
        rule = policies("everyday")[scenarios("everyday")[scenario].policy]
        made = cases("everyday")[scenario]
        assert rule.never
        assert 0 < sum(rule.forbids(case.facts) is not None for case in made) < len(made)

    def test_a_sign_of_fraud_counts_even_with_proof_enough(self) -> None:
        rule = policies("everyday")["account-recovery"]
        suspect = [
            case
            for case in cases("everyday")["locked-account"]
            if case.factors["cause"] == "name_mismatch" and (case.deviation or 0) < 0
        ]
        assert suspect
        assert all(rule.forbids(case.facts) for case in suspect)
