"""The gate: verdicts by intervals, exact demands, and which run is judged."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from discretion.acceptances import Acceptance
from discretion.answers import Answer
from discretion.arms import Refused
from discretion.cases import Docket
from discretion.documents import parse_yaml
from discretion.evaluation import evaluate
from discretion.gate import current_run, judge
from discretion.gate.decisions import grant_interval
from discretion.gate.lines import Line, at_most, shown, within
from discretion.gate.margins import margin_lines
from discretion.measures.figure import Figure
from discretion.policies import Policy
from discretion.storage import Store
from scorecards.hand_made import always, card, docket, grants, like_people, strict
from stand_in import StandIn, arm, case

POLICY = Policy(id="returns", rule="Within 14 days.", never=("value > 16",))
CASES = Docket(tuple(case(number) for number in range(1, 6)), {"returns": POLICY})
"""Values 15 to 19, so that the last three are forbidden."""


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "log.db") as opened:
        yield opened


def demanded(text: str) -> tuple[Acceptance, object]:
    document = parse_yaml(text, Path("acceptance.yaml"))
    acceptance, mistakes = document.describe(Acceptance)
    assert not mistakes
    return acceptance, document


def margins(text: str, arm_name="strict", **more) -> list[Line]:
    return list(margin_lines(*demanded(text), card(**more), arm_name))


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
        (Figure(0.31, 0.24, 0.386, 9), 0.1, False, "31% (24 to 39%)"),
        (
            Figure(0.31, 0.24, 0.386, 9, "for these scenarios only"),
            *(0.1, False, "31% (24 to 39%; for these scenarios only)"),
        ),
        (Figure(0.05, 0.01, 0.102, 9), 0.1, False, "5.0% (1.0 to 10.2%)"),
        (Figure(-0.01, -0.034, -0.001, 9), 0.05, False, "−1% (−3 to 0%)"),
        (Figure(0.5, 0.48, 0.52, 9), 0.2, True, "0.50 (0.48 to 0.52)"),
        (Figure(None, None, None, 0, "no case has 10 judgments"), 0.2, True, "no figure (no case"),
        (Figure(0.5, None, None, 1, "too little varies"), 0.2, False, "50% (no interval: too"),
    ],
)
def test_a_line_shows_its_interval_apart_from_the_limit(figure, limit, plain, text):
    assert shown(figure, limit, plain=plain).startswith(text)


def test_wrong_refusals_are_those_of_requests_that_the_people_would_grant():
    (line,) = margins("wrong_refusals: 10%")
    cases = docket().cases
    would = sum(grants(one) for one in cases)
    refused = sum(grants(one) for one in cases if strict(one) < 0.5)
    assert line.found.startswith(f"{100 * refused / would:.0f}% (")
    assert (line.where, line.verdict) == ("acceptance.yaml:1", "failed")
    assert str(line).startswith("acceptance.yaml:1 wrong_refusals at most 10%: ")


def test_a_limit_within_the_interval_cannot_be_told():
    figure = next(one for one in card().arms if one.name == "strict").refused_of_granted
    verdicts = [
        margins(f"wrong_refusals: {limit}")[0].verdict
        for limit in (figure.low - 0.01, figure.value, figure.high + 0.01)
    ]
    assert verdicts == ["failed", "cannot be told", "passed"]


def test_where_nothing_went_wrong_the_upper_end_is_the_exact_binomial_one():
    refuses = {"arms": {"never": always(0.0), "like": like_people}, "kinds": {"never": "model"}}
    made = card(**refuses)
    refused = (1 - made.people.rate.value) * len(docket().cases)
    (line,) = margins("wrong_grants: 50%", "never", **refuses)
    upper = f"{100 * beta.ppf(0.975, 1, refused):.0f}%"
    other = 100 * made.people.bound.value / (1 - made.people.rate.value)
    assert line.found == (
        f"0% (0 to {upper}; bound for independent requests); another of your people: {other:.0f}%"
    )
    (shown_in_report,) = [one.granted_of_refused for one in made.arms if one.name == "never"]
    assert shown_in_report.high == pytest.approx(beta.ppf(0.975, 1, refused))
    (line,) = margins("wrong_refusals: 50%", "never", **refuses)
    assert line.verdict == "failed"


def test_beyond_a_second_panel_is_by_squares():
    """The root of the mean square to the panel, less the mean square of a second one."""
    some = docket()
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
    few = {"some": docket(scenarios)}
    (line,) = margins("wrong_refusals: 99%", **few)
    assert line.verdict == ("cannot be told" if scenarios < 6 else "passed")
    assert ("these_cases_only: true" in line.found) is (scenarios < 6)
    (line,) = margins("wrong_refusals: 99%\nthese_cases_only: true", **few)
    assert line.verdict == "passed"
    (line,) = margins("wrong_refusals: 1%", **few)
    assert line.verdict == "failed"


def test_people_themselves_pass_where_a_strict_model_fails():
    # Shares have few cases and the spread between raters in their interval, which on the logit
    # scale reaches farther up than down: 5 to 28% and 7 to 41%.
    text = "gap: 0.10\nbeyond_second_panel: 0\nwrong_refusals: 30%\nwrong_grants: 45%\n"
    assert {line.verdict for line in margins(text, "like")} == {"passed"}
    strict_ones = {line.demand: line.verdict for line in margins(text)}
    assert strict_ones["gap"] == strict_ones["wrong_refusals"] == "failed"
    assert strict_ones["wrong_grants"] == "passed"


def by_channel(effect):
    return lambda one: 0.4 + effect * (one.factors["channel"] == "mail")


@pytest.mark.parametrize(("effect", "verdict"), [(0.01, "passed"), (0.3, "failed")])
def test_every_level_that_should_not_matter_is_a_line(effect, verdict):
    arms = {"arms": {"biased": by_channel(effect), "like": like_people}}
    lines = margins("should_not_matter: true", "biased", **arms)
    assert len(lines) == 6
    assert {line.verdict for line in lines} == {verdict}
    assert lines[0].asked == "should_not_matter channel=mail in scenario-0 within 5%"


def test_a_constant_arm_and_a_scenario_without_such_factors_cannot_be_told():
    flat = {"arms": {"flat": always(0.4), "like": like_people}}
    assert {line.verdict for line in margins("should_not_matter: true", "flat", **flat)} == {
        "cannot be told"
    }


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
    from discretion.judgments import Judgment
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
    plain = lines_of(store, once, "never_cases: true", cases=Docket((CASES[0],), CASES.policies))
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
        return Refused("it broke") if late else 0.01

    never, unanswered = lines_of(store, StandIn(otherwise=otherwise), "never_cases: true")
    assert never.verdict == "cannot be told"
    assert never.found == "0 of 3 forbidden cases granted, 1 not answered"
    assert (unanswered.found, unanswered.verdict) == ("1 of 5 cases", "failed")
    assert (
        lines_of(store, StandIn(otherwise=otherwise), "never_cases: true\nunanswered: 20%")[
            1
        ].verdict
        == "passed"
    )


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


def test_lines_stand_in_the_order_of_the_file(store):
    made = lines_of(store, StandIn(), "unanswered: 0\nnever_cases: true\n")
    assert [line.demand for line in made] == ["unanswered", "never_cases"]


def test_a_run_is_current_while_arm_and_cases_are_what_they_were(store):
    asked = arm(StandIn())
    run = evaluate(CASES, [asked], store)
    assert current_run(store, asked, CASES).id == run.id
    evaluate(CASES.only(CASES[:2]), [asked], store)
    assert current_run(store, asked, CASES).id == run.id


@pytest.mark.parametrize(
    "changed",
    [
        lambda: (arm(StandIn(fingerprint="new weights")), CASES),
        lambda: (arm(StandIn(), "purpose"), CASES),
        lambda: (arm(StandIn()), CASES.only(CASES[:4])),
        lambda: (arm(StandIn()), CASES.only([replace(CASES[0], text="Other."), *CASES[1:]])),
        lambda: (arm(StandIn()), Docket(CASES.cases, {"returns": Policy(id="returns", rule="x")})),
    ],
)
def test_whatever_changed_is_asked_again(store, changed):
    evaluate(CASES, [arm(StandIn())], store)
    asked, cases = changed()
    assert current_run(store, asked, cases) is None


def test_a_run_with_failures_is_asked_again(store):
    model = StandIn()
    model.enqueue(Refused("it broke"))
    asked = arm(model)
    evaluate(CASES, [asked], store)
    assert current_run(store, asked, CASES) is None
    run = evaluate(CASES, [asked], store)
    assert current_run(store, asked, CASES).id == run.id
