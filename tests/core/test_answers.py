"""Answers add up to an estimate, and a written answer is read only where it is plain."""

import math
import statistics
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from discretion.core.answers import Answer, combine, read_decision

GRANT = ("grant", "Grant", "GRANT", "grant.", "Grant.")
REFUSE = ("refuse", "Refuse", "REFUSE", "refuse.", "Refuse.")
YES = ("yes", "Yes", "YES", "yes.", "Yes.")
NO = ("no", "No", "NO", "no.", "No.")


def sampled(p, grant_first, **more):
    return Answer(f"{p}{grant_first}", "case", float(p), "sampled", grant_first, **more)


def scored(log_grant, log_refuse, grant_first, **more):
    p = float(expit(log_grant - log_refuse))
    return Answer(
        "key",
        "case",
        p,
        "scored",
        grant_first,
        log_grant=log_grant,
        log_refuse=log_refuse,
        outside=more.pop("outside", 0.0),
        **more,
    )


def test_scored_orders_average_their_logits_not_their_probabilities():
    first, second = scored(-0.1, -4.1, True), scored(-2.0, -0.5, False)
    estimate = combine("case", [first, second])
    logit = ((-0.1 + 4.1) + (-2.0 + 0.5)) / 2
    assert estimate.p == pytest.approx(1 / (1 + math.exp(-logit)))
    assert estimate.p != pytest.approx((first.p + second.p) / 2, abs=0.01)
    assert (estimate.grant_first, estimate.grant_second) == pytest.approx((first.p, second.p))
    assert estimate.order_effect == pytest.approx(first.p - second.p)
    assert (estimate.variance, estimate.calls, estimate.how) == (0.0, 2, "scored")


def test_a_model_sure_beyond_what_floats_hold_gives_no_error():
    assert combine("case", [scored(-0.0, -1e6, True), scored(-0.0, -1e6, False)]).p == 1.0
    assert combine("case", [scored(-1e6, -0.0, True), scored(-1e6, -0.0, False)]).p < 1e-300


def test_drawn_answers_are_averaged_within_each_order_first():
    draws = [sampled(p, True) for p in (1, 1, 1, 0)] + [sampled(p, False) for p in (0, 1)]
    estimate = combine("case", draws)
    assert estimate.p == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert (estimate.grant_first, estimate.grant_second) == pytest.approx((3 / 4, 1 / 2))
    assert estimate.order_effect == pytest.approx(3 / 4 - 1 / 2)
    within = statistics.variance([1, 1, 1, 0]) / 4 + statistics.variance([0, 1]) / 2
    assert estimate.variance == pytest.approx(within / 4)


def test_the_variance_is_that_of_the_stratified_mean_in_simulation():
    """Two orders with different rates: the spread between them is no sampling noise."""
    rng = np.random.default_rng(11)
    draws = {True: rng.random((4000, 5)) < 0.9, False: rng.random((4000, 5)) < 0.3}
    estimates = [
        combine("case", [sampled(p, order) for order in draws for p in draws[order][study]])
        for study in range(4000)
    ]
    p = np.array([estimate.p for estimate in estimates])
    variance = np.array([estimate.variance for estimate in estimates])
    truth = (0.9 * 0.1 / 5 + 0.3 * 0.7 / 5) / 4
    assert p.mean() == pytest.approx(0.6, abs=4 * math.sqrt(truth / 4000))
    assert variance.mean() == pytest.approx(truth, abs=4 * variance.std() / math.sqrt(4000))
    assert p.var() == pytest.approx(truth, rel=0.1)


def test_reasonings_count_as_draws_although_each_decision_was_scored():
    def after_reasoning(log_grant, log_refuse, order):
        return scored(log_grant, log_refuse, order, tokens_out=40)

    answers = [
        after_reasoning(-0.1, -2.5, True),
        after_reasoning(-1.0, -0.5, True),
        after_reasoning(-0.3, -1.5, False),
        after_reasoning(-3.0, -0.1, False),
    ]
    estimate = combine("case", answers)
    p = [answer.p for answer in answers]
    assert estimate.p == pytest.approx(statistics.mean(p))
    within = statistics.variance(p[:2]) / 2 + statistics.variance(p[2:]) / 2
    assert estimate.variance == pytest.approx(within / 4)


@pytest.mark.parametrize(
    "left",
    [
        [sampled(1, True), sampled(0, False)],
        [sampled(1, True), sampled(0, True), sampled(1, False)],
        [scored(-0.1, -2.5, True, tokens_out=9), scored(-0.1, -2.5, False, tokens_out=9)],
    ],
    ids=["one draw an order", "one draw in one order", "one reasoning an order"],
)
def test_the_variance_of_a_single_draw_is_not_known_rather_than_zero(left):
    assert combine("case", left).variance is None


def test_what_was_computed_has_no_sampling_variance():
    for how in ("fitted", "recorded"):
        estimate = combine("case", [Answer("key", "case", 0.25, how)])
        assert (estimate.p, estimate.variance, estimate.order_effect) == (0.25, 0.0, None)
    bounded = [
        Answer("a", "case", 0.2, "logprobs", True),
        Answer("b", "case", 0.4, "logprobs", False),
    ]
    estimate = combine("case", bounded)
    assert estimate.p == pytest.approx(0.3)
    assert (estimate.variance, estimate.order_effect) == (0.0, pytest.approx(-0.2))


def test_a_share_of_recorded_decisions_varies_as_a_mean_of_so_many_does():
    estimate = combine("case", [Answer("key", "case", 0.25, "recorded", draws=4)])
    assert (estimate.p, estimate.how, estimate.calls) == (0.25, "recorded", 1)
    assert estimate.variance == pytest.approx(0.25 * 0.75 / 3)


def test_one_order_alone_has_no_order_effect():
    for answers in ([scored(-0.1, -2.5, True)], [sampled(1, False), sampled(0, False)]):
        estimate = combine("case", answers)
        assert (estimate.grant_first, estimate.grant_second) == (None, None)
        assert estimate.order_effect is None


def test_the_p_of_an_order_is_over_the_wordings_that_were_asked_in_both():
    both = [sampled(1, True, wording=0), sampled(0, False, wording=0)]
    half = [sampled(p, order, wording=1) for order, p in ((True, 1), (True, 0), (False, 0))]
    lone = [sampled(0, True, wording=2)]
    estimate = combine("case", both + half + lone)
    assert (estimate.grant_first, estimate.grant_second) == ((1 + 1 / 2) / 2, 0)


def test_wordings_and_vocabularies_weigh_equally_however_many_draws_each_has():
    many = [sampled(1, order, vocabulary="yes grants") for order in (True, False) for _ in range(8)]
    few = [sampled(p, order, wording=1) for order in (True, False) for p in (0, 1)]
    estimate = combine("case", many + few)
    assert estimate.p == pytest.approx((1 + 0.5) / 2)
    few_alone = combine("case", few)
    assert estimate.variance == pytest.approx(few_alone.variance / 4)
    assert (estimate.wording, few_alone.wording) == (-1, 1)


def test_an_estimate_carries_its_worst_mass_outside_and_its_oldest_time():
    answers = [
        scored(-0.1, -2.5, True, outside=0.02, at="2026-03-02"),
        scored(-0.1, -2.5, False, outside=0.15, at="2026-03-01"),
    ]
    estimate = combine("case", answers)
    assert (estimate.outside, estimate.at) == (0.15, "2026-03-01")
    assert combine("case", [sampled(1, True)]).outside is None


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30))
def test_an_estimate_is_a_probability_and_does_not_depend_on_the_order_of_answers(draws):
    answers = [sampled(p, order) for p, order in draws]
    one, other = combine("case", answers), combine("case", answers[::-1])
    assert 0 <= one.p <= 1
    assert one.p == pytest.approx(other.p)
    assert (one.variance is None) == (other.variance is None)


@pytest.mark.parametrize(
    "text",
    [
        "grant",
        "Grant.",
        " GRANT!\n",
        "**Grant.**",
        "_grant_",
        "'grant'",
        "“Grant”",
        "> grant",
        "- Grant",
        "Decision: grant",
        "**Decision:** Grant.",
        "My final decision is: grant",
        "The answer is grant.",
        "Grant. It is one day.",
        "Grant, the delay is small.",
        "Grant -- the delay is small.",
        "Grant\n\nThe delay is small.",
        "One could refuse this.\nOne could grant it.\nDecision: grant\n",
    ],
)
def test_an_answer_that_is_stated_is_read(text):
    assert read_decision(text, GRANT, REFUSE) is True
    assert read_decision(text, REFUSE, GRANT) is False


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n \n",
        "I would not grant this.",
        "I would not grant this",
        "Not grant",
        "Never grant.",
        "I cannot grant the request.",
        "I would grant this if there were a receipt.",
        "Grant only with a receipt.",
        "Grant, but only with a receipt.",
        "Grant. Unless there is no receipt.",
        "Grant?",
        "Grant? No.",
        "Grant or refuse",
        "refuse/grant",
        "Grant.\nOn second thought, I would not grant this.",
        "Grant.\nOr refuse? Or grant?",
        "The request is granted.",
        "Bewilligen.",
        "Je voudrais accorder",
        "vagrant",
        "grants",
        "I see no reason to refuse.",
    ],
)
def test_what_is_not_stated_plainly_is_unreadable(text):
    assert read_decision(text, GRANT, REFUSE) is None


@pytest.mark.parametrize("text", ["No doubt it should.", "I have no idea", "No-one would", "No?"])
def test_a_passing_no_does_not_grant_where_no_would(text):
    """To "should it be turned down?" no grants."""
    assert read_decision(text, NO, YES) is None
    assert read_decision("No, it should be allowed.", NO, YES) is True


TEXTS = st.text() | st.lists(
    st.sampled_from(
        [*GRANT, *REFUSE, "not", "I would", "Decision:", "if", "\n", " ", "?", "*", "_", "-", "…"]
    ),
    max_size=12,
).map("".join)


@given(TEXTS)
def test_reading_never_raises_and_never_takes_sides(text):
    """Whatever is written, swapping the two answers swaps the decision."""
    decision = read_decision(text, GRANT, REFUSE)
    assert read_decision(text, REFUSE, GRANT) is (None if decision is None else not decision)


@given(TEXTS.map(lambda text: " ".join(text.split())))
def test_a_line_that_negates_what_follows_decides_nothing(line):
    assert read_decision(f"I would not {line}", GRANT, REFUSE) is None


def test_a_very_long_line_is_read_in_time_that_grows_with_its_length():
    """Patterns that try every way to part a line would not end within the test run."""
    for part in ("decision ", "my ", "*", " *", ". -", '"'):
        assert read_decision(part * 50_000 + "x grant", GRANT, REFUSE) is None
        assert read_decision("grant" + part * 50_000 + "? x", GRANT, REFUSE) in (None, True)


def test_each_wording_has_an_estimate_of_its_own_where_several_were_asked():
    asked = {0: [scored(-0.1, -4.1, True), scored(-2.0, -0.5, False)], 2: [sampled(1, True)] * 3}
    answers = [replace(one, wording=wording) for wording, some in asked.items() for one in some]
    worded = combine("case", answers).worded
    assert [one.wording for one in worded] == [0, 2]
    assert [one.p for one in worded] == [combine("case", some).p for some in asked.values()]
    assert not any(one.worded for one in worded)
    assert combine("case", asked[0]).worded == ()
