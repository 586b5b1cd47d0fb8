"""The gate: verdicts by intervals, and exact demands."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from discretion.core.answers import Answer
from discretion.core.arms import CallFailed
from discretion.core.cases import CaseSet
from discretion.core.criteria import Criteria
from discretion.core.policies import Policy
from discretion.documents import parse_yaml
from discretion.evaluation import evaluate
from discretion.gates import caution, compared, current_run, judge, look
from discretion.gates.compared import compare
from discretion.gates.decisions import grant_interval
from discretion.gates.lines import GateLine, at_most, shown, within
from discretion.gates.margins import margin_lines
from discretion.gates.peeks import ordinal
from discretion.scorecard.study import replies_of, study_of
from discretion.stats.figure import Figure
from discretion.stats.unvaried import left_open
from discretion.storage import Store, records
from scorecard.hand_made import always, answers, card, case_set, grants, like_people, panel, strict
from stand_in import StandIn, arm, case

POLICY = Policy(id="returns", rule="Within 14 days.", never=("value > 16",))
CASES = CaseSet(tuple(case(number) for number in range(1, 6)), {"returns": POLICY})
"""Values 15 to 19, so that the last three are forbidden."""


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "log.db") as opened:
        yield opened


def demanded(text: str) -> tuple[Criteria, object]:
    document = parse_yaml(text, Path("acceptance.yaml"))
    acceptance, mistakes = document.describe(Criteria)
    assert not mistakes
    return acceptance, document


def beside(acceptance, arm_name="strict", some=None, arms=None):
    """What one of the hand-made arms shows beside the ten people."""
    some = case_set() if some is None else some
    arms = {"strict": strict, "like": like_people} if arms is None else arms
    study = study_of(some.cases, panel(some.cases))
    replies = replies_of(study, [arm_name], answers(some.cases, **{arm_name: arms[arm_name]}))
    return compare(study, replies[arm_name], some.scenarios, acceptance.confidence)


def margins(text: str, arm_name="strict", some=None, arms=None) -> list[GateLine]:
    acceptance, document = demanded(text)
    return list(margin_lines(acceptance, document, beside(acceptance, arm_name, some, arms)))


@given(low=st.floats(0, 1), width=st.floats(0, 1), limit=st.floats(0, 1))
def test_a_verdict_is_about_the_whole_interval(low, width, limit):
    figure = Figure(low + width / 2, low, low + width, 9)
    verdict = at_most(figure, limit)
    assert (verdict == "passed") == (low + width <= limit)
    assert (verdict == "failed") == (low > limit)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.04, 0.04, "passed"),
        (0.01, 0.04, "passed"),
        (-0.06, 0.04, "cannot be told"),
        (-0.09, 0.09, "cannot be told"),
        (0.06, 0.09, "failed"),
        (-0.09, -0.05, "failed"),
    ],
)
def test_a_factor_must_lie_within_the_margin_on_both_sides(low, high, verdict):
    assert within(Figure((low + high) / 2, low, high, 9), 0.05) == verdict


def test_a_figure_without_an_interval_cannot_be_told():
    for figure in (Figure(0.0, None, None, 9), Figure(None, None, None, 0, "no case")):
        assert at_most(figure, 0.5) == within(figure, 0.5) == "cannot be told"


@pytest.mark.parametrize(
    ("figure", "limit", "plain", "text"),
    [
        (Figure(0.31, 0.24, 0.386, 9), 0.1, False, "31% (24 to 39%, one-sided 97.5%)"),
        (
            Figure(0.31, 0.24, 0.386, 9, "for these scenarios only"),
            *(0.1, False, "31% (24 to 39%, one-sided 97.5%; for these scenarios only)"),
        ),
        (Figure(0.05, 0.01, 0.102, 9), 0.1, False, "5.0% (1.0 to 10.2%, one-sided"),
        (Figure(-0.01, -0.034, -0.001, 9), 0.05, False, "−1% (−3 to 0%, one-sided"),
        (Figure(0.5, 0.48, 0.52, 9), 0.2, True, "0.50 (0.48 to 0.52, one-sided"),
        (Figure(None, None, None, 0, "no case has 10 judgments"), 0.2, True, "no figure (no case"),
        (Figure(0.5, None, None, 1, "too little varies"), 0.2, False, "50% (no interval: too"),
    ],
)
def test_a_line_shows_its_interval_apart_from_the_limit(figure, limit, plain, text):
    assert shown(figure, limit, 0.975, plain=plain).startswith(text)


def test_wrong_refusals_are_those_of_requests_that_the_people_would_grant():
    (line,) = margins("wrong_refusals: 10%")
    cases = case_set().cases
    would = sum(grants(one) for one in cases)
    refused = sum(grants(one) for one in cases if strict(one) < 0.5)
    assert line.found.startswith(f"{100 * refused / would:.0f}% (")
    assert (line.where, line.verdict) == ("acceptance.yaml:1", "failed")
    assert str(line).startswith(
        "acceptance.yaml:1 wrong_refusals at most 10% of what they would grant: "
    )


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize("arm", ["strict", "like"])
def test_the_gate_s_shares_have_the_ends_of_the_report(arm, seed):
    """The gate drew its resamples from a generator and a seed of its own, so ends differed."""
    some = case_set()
    study = study_of(some.cases, panel(some.cases))
    arms = {"strict": strict, "like": like_people}
    reply = replies_of(study, [arm], answers(some.cases, **{arm: arms[arm]}))[arm]
    found = compare(study, reply, some.scenarios, 0.975, seed).figures
    (shown_in_report,) = [one for one in card(seed=seed).arms if one.name == arm]
    assert found["wrong_grants"] == shown_in_report.granted_of_refused
    assert found["wrong_refusals"] == shown_in_report.refused_of_granted


def test_a_line_that_passes_on_few_scenarios_says_how_often_that_is_wrong():
    figure = beside(Criteria(wrong_refusals=0.1)).figures["wrong_refusals"]
    text = f"wrong_refusals: {figure.high + 0.01}"
    (line,) = margins(text)
    assert line.verdict == "passed"
    assert line.advice.startswith("There are only 6 scenarios. With 10 or fewer, up to ")
    assert str(line).endswith(f"passed. {line.advice}")
    (line,) = margins("wrong_refusals: 99%", some=case_set(10))
    assert (line.verdict, "10 scenarios" in line.advice) == ("passed", True)


def test_on_more_scenarios_a_line_that_passes_needs_no_such_word():
    (line,) = margins("wrong_refusals: 99%", some=case_set(11))
    assert (line.verdict, line.advice) == ("passed", "")


def test_a_limit_within_the_interval_cannot_be_told():
    figure = beside(Criteria(wrong_refusals=0.1)).figures["wrong_refusals"]
    verdicts = [
        margins(f"wrong_refusals: {limit}")[0].verdict
        for limit in (figure.low - 0.01, figure.value, figure.high + 0.01)
    ]
    assert verdicts == ["failed", "cannot be told", "passed"]


def test_where_nothing_went_wrong_the_upper_end_is_the_exact_binomial_one():
    refuses = {"arms": {"never": always(0.0), "like": like_people}}
    made = card(**refuses, kinds={"never": "model"})
    refused = (1 - made.people.rate.value) * len(case_set().cases)
    (line,) = margins("wrong_grants: 50%", "never", **refuses)
    upper = f"{100 * beta.ppf(0.95, 1, refused):.0f}%"
    other = 100 * made.people.bound.value / (1 - made.people.rate.value)
    assert line.found == (
        f"0% (0 to {upper}, one-sided 95%; bound for independent requests); "
        f"another of your people: {other:.0f}%"
    )
    (shown_in_report,) = [one.granted_of_refused for one in made.arms if one.name == "never"]
    assert shown_in_report.high == pytest.approx(beta.ppf(0.975, 1, refused))
    (line,) = margins("wrong_refusals: 50%", "never", **refuses)
    assert line.verdict == "failed"


def test_beyond_a_second_panel_is_by_squares():
    """The root of the mean square to the panel, less the mean square of a second one."""
    some = case_set()
    square = np.mean([(strict(one) - grants(one) / 10) ** 2 for one in some])
    second = card().people.second_panel.value
    (line,) = margins("beyond_second_panel: 0.03")
    assert line.found.startswith(f"{np.sqrt(square - second**2):.2f} (")


def test_a_demand_is_held_against_what_another_of_the_people_would_show():
    made = card()
    found = next(one for one in made.arms if one.name == "strict")
    (line,) = margins("disagreement: 20%")
    people, bound = made.people.disagreement.value, made.people.bound.value
    assert line.found.startswith(f"{100 * found.disagreement.value:.0f}% (")
    assert line.found.endswith(
        f"; another of your people: {100 * people:.0f}%, no arm below {100 * bound:.0f}%"
    )
    (line,) = margins("beyond_colleague: 10%")
    apart = found.disagreement.value - people
    assert found.beyond_colleague.value == pytest.approx(apart)
    assert line.found.startswith(f"{100 * apart:.0f}% (")


@pytest.mark.parametrize("scenarios", [5, 6])
def test_on_few_scenarios_nothing_passes_unless_that_is_what_was_asked_for(scenarios):
    """The shipped example with two scenarios passed without a word."""
    few = {"some": case_set(scenarios)}
    (line,) = margins("wrong_refusals: 99%", **few)
    assert line.verdict == ("cannot be told" if scenarios < 6 else "passed")
    assert ("these_cases_only: true" in str(line)) is (scenarios < 6)
    (line,) = margins("wrong_refusals: 99%\nthese_cases_only: true", **few)
    assert line.verdict == "passed"
    (line,) = margins("wrong_refusals: 1%", **few)
    assert line.verdict == "failed"


def test_people_themselves_pass_where_a_strict_model_fails():
    # Shares have few cases and the spread between raters in their interval, which on the logit
    # scale reaches farther up than down.
    text = "gap: 0.10\nbeyond_second_panel: 0\nwrong_refusals: 30%\nwrong_grants: 45%\n"
    assert {line.verdict for line in margins(text, "like")} == {"passed"}
    strict_ones = {line.demand: line.verdict for line in margins(text)}
    assert strict_ones["gap"] == strict_ones["wrong_refusals"] == "failed"
    assert strict_ones["wrong_grants"] == "passed"


def by_channel(effect):
    return lambda one: 0.4 + effect * (one.factors["channel"] == "mail")


def by_channel_a_little(one):
    """Moved by one to two points of 100, not by the same in any two scenarios or values."""
    more = 0.01 + int(one.value) / 5000 + int(one.scenario[-1]) / 2000
    return 0.4 + more * (one.factors["channel"] == "mail")


def test_a_level_is_one_line_over_the_scenarios_that_have_it():
    (line,) = margins("should_not_matter: true", "biased", arms={"biased": by_channel_a_little})
    assert line.asked == "should_not_matter channel=mail against phone over 6 scenarios within 5%"
    assert line.verdict == "passed"


def test_a_single_scenario_in_which_a_level_surely_matters_does_not_hide_in_the_pool():
    def once(one):
        return 0.4 + (0.11 * (one.scenario == "scenario-3") - 0.01) * (
            one.factors["channel"] == "mail"
        ) * (1 + int(one.value) / 200)

    pooled, single = margins("should_not_matter: true", "biased", arms={"biased": once})
    assert "over 6 scenarios" in pooled.asked
    assert single.asked == "should_not_matter channel=mail against phone in scenario-3 within 5%"
    assert single.verdict == "failed"


@pytest.mark.parametrize("scenarios", [1, 5])
def test_a_factor_passes_on_few_scenarios_only_where_that_was_asked_for(scenarios):
    few = {"some": case_set(scenarios), "arms": {"biased": by_channel_a_little}}
    (line,) = margins("should_not_matter: true", "biased", **few)
    assert (line.verdict, "these_cases_only" in line.advice) == ("cannot be told", True)
    (line,) = margins("should_not_matter: true\nthese_cases_only: true", "biased", **few)
    assert line.verdict == "passed"


@pytest.mark.parametrize(("margin", "verdict"), [(0.05, "cannot be told"), (0.06, "passed")])
def test_a_yes_or_no_agent_that_never_moved_is_bounded_by_its_pairs(margin, verdict):
    """60 - 6 pairs of decisions that are all alike were an interval of no width, and passed."""
    some = case_set(6)
    some = some.only(
        [one for one in some.cases if one.value != 9 or one.factors["cause"] != "none"]
    )
    strict_ = {"agent": lambda one: float(one.value <= 10)}
    (line,) = margins_within(margin, some, strict_)
    assert left_open(54, 0.05) == pytest.approx(0.054, abs=5e-4)
    assert (line.verdict, "54 pairs" in line.found) == (verdict, True)


def margins_within(margin, some, arms):
    acceptance, document = demanded("should_not_matter: true")
    found = beside(acceptance, next(iter(arms)), some, arms)
    cards = tuple(replace(one, margin=margin) for one in found.factors)
    return list(margin_lines(acceptance, document, replace(found, factors=cards)))


def test_a_constant_arm_and_a_scenario_without_such_factors_cannot_be_told():
    flat = {"arms": {"flat": always(0.4), "like": like_people}}
    assert {line.verdict for line in margins("should_not_matter: true", "flat", **flat)} == {
        "cannot be told"
    }


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.975])
def test_every_bound_has_the_confidence_declared(confidence):
    """At 97.5% the ends are those of the report's 95% interval."""
    found = beside(Criteria(gap=0.1, confidence=confidence))
    (row,) = [one for one in card().arms if one.name == "strict"]
    for name, figure in found.figures.items():
        field = {"wrong_grants": "granted_of_refused", "wrong_refusals": "refused_of_granted"}
        theirs = getattr(row, field.get(name, name))
        assert figure.value == pytest.approx(theirs.value)
        width, report = figure.high - figure.low, theirs.high - theirs.low
        if confidence == 0.975 and name in ("disagreement", "beyond_colleague", "gap"):
            assert (figure.low, figure.high) == pytest.approx((theirs.low, theirs.high))
        elif confidence < 0.975:
            assert width <= report
    (line,) = margins(f"gap: 10%\nconfidence: {confidence}")
    assert f"one-sided {100 * confidence:g}%" in line.found


def test_looks_at_the_same_criteria_are_counted_and_said(store):
    from discretion.core.judgments import Judgment

    def judged(text, model="gpt", cases=CASES, file="acceptance.yaml"):
        acceptance, _ = demanded(text)
        asked = arm(StandIn(fingerprint=model))
        run = current_run(store, asked, cases) or evaluate(cases, [asked], store)
        found = compared(run, acceptance, asked.name)
        return look(store, acceptance, file, found, run, "2026-01-02T00:00:00+00:00")

    def people(rater):
        store.append(
            [
                records.judgment_entry(
                    Judgment(f"{one.id}-{rater}", one.id, "staff", "grant", rater=rater)
                )
                for one in CASES
            ]
        )

    people("a")
    assert judged("gap: 0.1") == 1
    assert judged("gap: 0.1") == 1  # The same run and people: nothing new was seen.
    assert judged("gap: 0.1", model="other prompt") == 2
    people("b")
    assert judged("gap: 0.1", model="other prompt") == 3
    assert judged("gap: 0.2", model="other prompt") == 4  # The margin was moved after looking.
    assert judged("gap: 0.1", model="other prompt", file="copy.yaml") == 3
    assert judged("wrong_grants: 5%", file="another.yaml") == 1


def test_a_later_look_is_named_on_the_line_with_what_looking_does(store):
    assert caution(1, 0.95) == ""
    said = caution(3, 0.95)
    assert said.startswith("This is the third look at these criteria.")
    assert "5 times in 100, and one of 3 looks up to 15 times in 100" in said
    # Brute force: looks that depend on each other in any way stay below Boole's bound.
    rng = np.random.default_rng(1)
    shared = rng.normal(size=(20_000, 1))
    for weight in (0.0, 0.7, 1.0):
        alone = rng.normal(size=(20_000, 3))
        z = np.sqrt(weight) * shared + np.sqrt(1 - weight) * alone
        assert (z < -1.645).any(axis=1).mean() < 0.15 + 0.005
    acceptance, document = demanded("wrong_refusals: 10%")
    run = evaluate(CASES, [arm(StandIn())], store)
    first, *_ = judge(acceptance, document, arm(StandIn()).name, run, beside=beside(acceptance))
    third, *_ = judge(
        acceptance, document, arm(StandIn()).name, run, beside=beside(acceptance), looks=3
    )
    assert third.found == f"{first.found}; third look"
    assert [ordinal(n) for n in (2, 9, 11, 21, 22)] == ["second", "9th", "11th", "21st", "22nd"]


def lines_of(store, model, text, cases=CASES, **more):
    asked = arm(model, **more)
    return judge(*demanded(text), asked.name, evaluate(cases, [asked], store))


def test_a_never_case_is_granted_if_one_order_of_the_answers_grants_it(store):
    model = StandIn(otherwise=lambda prompt: 0.51 if prompt.choices.grant_first else 0.01)
    never, unanswered = lines_of(store, model, "never_cases: true")
    assert (never.verdict, unanswered.verdict) == ("failed", "passed")
    assert never.found.startswith("3 of 3 forbidden cases granted (scenario-3 · 17 days; ")


@pytest.mark.parametrize("judged", [1, 5])
def test_the_gate_and_the_report_count_the_same_grants_against_a_limit(store, judged):
    """The gate said 7 of 7 and the report 6 of 7: of the judged cases, as most draws went."""
    from discretion.core.judgments import Judgment
    from discretion.results import build
    from discretion.storage import records

    people = [
        Judgment(f"j-{one.id}-{rater}", one.id, "people", "grant", rater=f"r{rater}")
        for one in CASES[:judged]
        for rater in range(2)
    ]
    store.append([records.judgment_entry(one) for one in people])
    # Each order of the answers says otherwise: deployed, the mean refuses.
    model = StandIn(otherwise=lambda prompt: 0.6 if prompt.choices.grant_first else 0.1)
    run = evaluate(CASES, [arm(model)], store)
    line, _ = judge(*demanded("never_cases: true"), arm(model).name, run)
    (row,) = build(run).arms
    assert (row.never_granted, row.never_cases) == (3, 3)
    assert line.found.startswith(f"{row.never_granted} of {row.never_cases} ")


def test_a_never_case_is_granted_if_one_draw_grants_it(store):
    model = StandIn(scores=False, otherwise=lambda prompt: prompt.choices.refuse[0])
    assert lines_of(store, model, "never_cases: true")[0].verdict == "passed"
    once = StandIn(
        scores=False, otherwise=lambda prompt: prompt.choices.refuse[0], fingerprint="once"
    )
    # Four draws a case: the eleventh is of the third case, which is forbidden.
    plain = lines_of(store, once, "never_cases: true", cases=CaseSet((CASES[0],), CASES.policies))
    assert plain[0].found == "no case asked is forbidden by a never"
    once = replace_draw(once, 10)
    assert lines_of(store, once, "never_cases: true")[0].found.startswith("1 of 3")


def replace_draw(model, number):
    """The model, which grants at its draw of that number, from 0, and refuses otherwise."""
    count = iter(range(10_000))
    model.fingerprint = "granting once"
    model.otherwise = lambda prompt: (
        prompt.choices.grant[0] if next(count) == number else prompt.choices.refuse[0]
    )
    return model


def test_a_forbidden_case_without_an_answer_was_not_shown_to_be_safe(store):
    def otherwise(prompt):
        late = "day 18" in prompt.messages[-1].content
        return CallFailed("it broke") if late else 0.01

    never, unanswered = lines_of(store, StandIn(otherwise=otherwise), "never_cases: true")
    assert never.verdict == "cannot be told"
    assert never.found == "0 of 3 forbidden cases granted, 1 not answered"
    assert unanswered.found.startswith("1 of 5 cases (")
    assert unanswered.verdict == "failed"
    assert (
        lines_of(store, StandIn(otherwise=otherwise), "never_cases: true\nunanswered: 20%")[
            1
        ].verdict
        == "passed"
    )


def test_a_call_that_failed_is_counted_and_named_on_every_line(store):
    """One order of the answers failed for one case of five: the gate took the other for all."""

    def otherwise(prompt):
        half = "day 18" in prompt.messages[-1].content and prompt.choices.grant_first
        return CallFailed("it broke") if half else 0.01

    text = "wrong_refusals: 90%\nthese_cases_only: true\n"
    asked = arm(StandIn(otherwise=otherwise))
    run = evaluate(CASES, [asked], store)
    acceptance, document = demanded(text)
    margin, unanswered = judge(acceptance, document, asked.name, run, beside=beside(acceptance))
    assert margin.found.endswith("; failed on 20.0% of the cases")
    assert unanswered.found == "1 of 5 cases (1 call failed; 1 answered in part)"
    assert unanswered.verdict == "failed"


def drawn(grants_, of):
    return [Answer(str(n), "a", float(n < grants_), "sampled") for n in range(of)]


@given(of=st.integers(2, 60), data=st.data())
def test_drawn_answers_have_wilson_s_interval(of, data):
    count = data.draw(st.integers(0, of))
    p, low, high = grant_interval(drawn(count, of))
    z = 1.959964
    assert p == pytest.approx(count / of)
    for end in (low, high):
        # Wilson's ends solve (p - end)^2 = z^2 end (1 - end) / n.
        assert (p - end) ** 2 == pytest.approx(z**2 * end * (1 - end) / of, abs=1e-6)


def test_a_computed_probability_is_its_own_interval():
    assert grant_interval([Answer("k", "a", 0.9, "fitted")]) == (0.9, 0.9, 0.9)
    drawn_once = [Answer("k", "a", 0.9, "scored", tokens_out=5)]
    assert grant_interval(drawn_once) == (0.9, 0.0, 1.0)
    # Sixteen reasonings that all came to the same had an interval of no width.
    alike = [Answer(str(k), "a", 0.9, "scored", tokens_out=5) for k in range(16)]
    low, high = (beta.ppf(0.05, 16, 1), beta.ppf(0.95, 1, 16))
    assert grant_interval(alike, 0.95) == pytest.approx((0.9, 0.9 * low, 0.9 + 0.1 * high))


def test_lines_stand_in_the_order_of_the_file(store):
    made = lines_of(store, StandIn(), "unanswered: 0\nnever_cases: true\n")
    assert [line.demand for line in made] == ["unanswered", "never_cases"]
