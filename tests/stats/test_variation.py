"""What the log odds of answers go with: planted effects come back, and chance stays chance."""

import numpy as np
import pytest

from discretion.stats.variation import Asked, nested, recentered, variation


def asked(rng, cases=40, *, case=0.0, yes=0.0, vocabulary=0.0, order=0.0, wording=0.0, rest=0.1):
    """Each case in two vocabularies and two orders; `yes` is a liking that varies by case."""
    rows = []
    for code in range(cases):
        which = code % 3
        level, liking = rng.normal() * case, rng.normal() * yes
        for words in (0, 1):
            own = rng.normal() * rest + level + (1 - 2 * words) * liking
            rows += [
                (
                    code,
                    words,
                    first,
                    which,
                    own + vocabulary * words + order * first + wording * which,
                )
                for first in (0, 1)
            ]
    columns = np.array(rows).T
    return Asked(*columns[:4].astype(np.int64), columns[4])


def test_the_shares_are_those_that_were_planted():
    # Halves that are 4, 2 and thirds that are 1 apart, and cases with variance 4.
    found = variation(
        asked(np.random.default_rng(1), 600, case=2, vocabulary=4, order=2, wording=1, rest=0.0),
        np.random.default_rng(0),
    )
    total = 4 + 1 + 2 / 3 + 4
    assert found.vocabulary == pytest.approx(4 / total, abs=0.04)
    assert found.order == pytest.approx(1 / total, abs=0.02)
    assert found.wording == pytest.approx(2 / 3 / total, abs=0.03)
    assert found.case.value == pytest.approx(4 / total, abs=0.04)
    assert found.case.low < 4 / total < found.case.high
    parts = (found.vocabulary, found.order, found.wording, found.case.value, found.rest)
    assert sum(parts) == pytest.approx(1)
    assert (found.p, found.across) == (0.001, "vocabulary")


def test_a_liking_for_yes_that_goes_with_the_case_is_no_share_of_the_cases():
    found = variation(asked(np.random.default_rng(1), yes=2), np.random.default_rng(0))
    assert found.case.value == 0
    assert found.rest > 0.9
    assert found.p > 0.9


def test_without_any_effect_of_the_case_a_small_p_is_rare():
    rng = np.random.default_rng(3)
    p = [variation(asked(rng, 15, vocabulary=3, rest=1), rng).p for _ in range(60)]
    assert np.mean(np.array(p) <= 0.05) <= 0.12
    assert 0.35 < np.mean(p) < 0.65


def test_where_each_case_has_one_question_its_two_orders_are_compared():
    rng = np.random.default_rng(1)
    whole = asked(rng, 60, case=1, order=2, rest=0.0)
    rotated = whole.vocabulary == whole.case % 2
    half = Asked(
        *(getattr(whole, name)[rotated] for name in ("case", "vocabulary", "order", "wording")),
        whole.log_odds[rotated],
    )
    found = variation(half, rng)
    assert found.across == "order"
    assert found.case.value > 0.3


def test_few_cases_and_equal_answers_say_nothing():
    rng = np.random.default_rng(1)
    assert variation(asked(rng, 7, case=1), rng) is None
    assert variation(asked(rng, 20, rest=0.0), rng) is None
    empty = np.zeros(0, dtype=np.int64)
    assert variation(Asked(empty, empty, empty, empty, np.zeros(0)), rng) is None


def test_recentered_answers_have_no_level_and_keep_their_order():
    rng = np.random.default_rng(1)
    whole = asked(rng, 30, case=1, vocabulary=5, order=-3, rest=0.0)
    p = recentered(whole, 31)
    assert np.isnan(p[30])
    odds = np.log(p[:30] / (1 - p[:30]))
    assert odds.mean() == pytest.approx(0)
    plain = np.bincount(whole.case, whole.log_odds) / 4
    assert odds == pytest.approx(plain - plain.mean())


def test_nested_shares_add_up():
    outer = np.repeat([0, 1], 6)
    inner = np.tile([0, 0, 1, 1, 2, 2], 2)
    values = 3.0 * outer + inner + np.tile([-0.1, 0.1], 6)
    between, within, rest = nested(values, outer, inner)
    assert between == pytest.approx(2.25 / (2.25 + 2 / 3 + 0.01))
    assert rest == pytest.approx(0.01 / (2.25 + 2 / 3 + 0.01))
    assert between + within + rest == pytest.approx(1)
    assert nested(np.ones(4), outer[:4], inner[:4]) == (0.0, 0.0, 0.0)
