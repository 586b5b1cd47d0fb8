"""What tuning broke is told part by part, by intervals and a margin."""

import numpy as np
import pytest

from discretion.core.cases import Case
from discretion.core.gate_cases import GateCase
from discretion.scorecard.changes_from_base import MARGIN, TunedBesideBase, breakage_card
from discretion.scorecard.study import study_of

from .hand_made import always, case_set, grants, panel, strict

NEVER = ("cause == illness",)


def tried(some, before, *after):
    def answers(of):
        return {case.id: of(case) for case in some}

    return TunedBesideBase("tuned", "base", answers(before), [answers(of) for of in after])


def rows(some, before, *after, cases=None, **more):
    study = study_of(some.cases, panel(some.cases))
    asked = tried(cases or some.cases, before, *after)
    card = breakage_card(study, [asked], some.policies, **more)
    return {row.part: row for row in card.rows}


def mean_over_scenarios(some, of, among):
    names = {case.scenario for case in some}
    return np.mean(
        [np.mean([of(c) for c in some if c.scenario == name and among(c)]) for name in names]
    )


def test_the_rates_are_what_these_people_would_not_have_done():
    some = case_set()
    found = rows(some, strict, always(0.4))
    kept, far = found["rule kept"], found["far beyond"]
    for when, arm in (("before", strict), ("after", always(0.4))):
        refusals = mean_over_scenarios(
            some, lambda c, arm=arm: grants(c) / 10 * (1 - arm(c)), lambda c: c.value <= 10
        )
        wrong_grants = mean_over_scenarios(
            some, lambda c, arm=arm: (1 - grants(c) / 10) * arm(c), lambda c: c.value >= 20
        )
        assert getattr(kept, when) == pytest.approx(refusals)
        assert getattr(far, when) == pytest.approx(wrong_grants)
    assert kept.difference.value == pytest.approx(kept.after - kept.before)
    assert far.difference.value == pytest.approx(far.after - far.before)
    assert kept.judgments == 10 * kept.cases == 10 * sum(case.value <= 10 for case in some)


def test_far_begins_beyond_the_largest_value_at_which_half_would_grant():
    """Of these people half grant at 14 and fewer at 20; a declared deviation goes before that."""
    some = case_set()
    assert rows(some, strict, strict)["far beyond"].cases == sum(c.value > 14 for c in some)
    declared = rows(some, strict, strict, beyond=2.5)["far beyond"]
    assert declared.cases == sum(c.value == 40 for c in some)


def wobbling(of, by):
    """An arm that differs a little, and not everywhere alike."""
    return lambda case: of(case) + by * (1 + int(case.scenario[-1]) % 3) / 3


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        (wobbling(strict, -0.5), "broke"),
        (wobbling(strict, -0.01), "kept"),
        (wobbling(strict, 0.04), "kept"),
    ],
)
def test_it_broke_or_kept_where_the_whole_interval_says_so(after, verdict):
    row = rows(case_set(), strict, after)["rule kept"]
    assert row.verdict == verdict
    if verdict == "broke":
        assert row.difference.low > MARGIN
    else:
        assert row.difference.high <= MARGIN


def test_a_point_value_beyond_the_margin_is_no_verdict_where_the_interval_holds_it():
    def after(case):
        return strict(case) - (0.3 if case.scenario == "scenario-0" else 0.0)

    row = rows(case_set(), strict, after)["rule kept"]
    assert row.difference.low < MARGIN < row.difference.value < row.difference.high
    assert row.verdict == "cannot be told"


def test_the_margin_is_the_callers():
    after = wobbling(strict, -0.06)
    assert rows(case_set(), strict, after, margin=0.01)["rule kept"].verdict == "broke"
    assert rows(case_set(), strict, after, margin=0.1)["rule kept"].verdict == "kept"


def test_what_a_never_forbids_is_wrong_to_grant_and_right_to_refuse():
    some = case_set(never=NEVER)
    found = rows(some, always(0.1), wobbling(always(0.1), 0.3))
    ill = [case for case in some if case.factors["cause"] == "illness"]
    assert found["forbidden"].cases == len(ill)
    assert found["forbidden"].before == pytest.approx(0.1)
    assert found["forbidden"].verdict == "broke"
    assert found["rule kept"].cases == sum(
        case.value <= 10 and case.factors["cause"] == "none" for case in some
    )


def test_a_forbidden_case_counts_though_nobody_judged_it():
    some = case_set(never=NEVER)
    new = Case("new", "policy-0", "new", factors={"cause": "illness"})
    found = rows(some, always(0.1), always(0.2), cases=[*some, new], unjudged=[new])
    ill = sum(case.factors["cause"] == "illness" for case in some)
    assert found["forbidden"].cases == ill + 1


def demands(some, must):
    return [GateCase(f"mine.csv:{at}", case, must) for at, case in enumerate(some)]


def test_a_users_own_case_is_wrong_where_it_does_not_get_what_it_must():
    own = [Case(f"own-{at}", "policy-0", f"own-{at}", text=f"{at}") for at in range(8)]
    some = case_set()
    expected = [*demands(own[:4], "grant"), *demands(own[4:], "never-grant")]
    found = rows(
        some,
        always(0.5),
        lambda case: 0.9 if case.id in ("own-0", "own-1") else 0.1,
        cases=[*some, *own],
        expectations=expected,
    )["regressions"]
    assert found.cases == 8
    assert found.before == pytest.approx(0.5)
    assert found.after == pytest.approx((2 * 0.1 + 2 * 0.9 + 4 * 0.1) / 8)
    assert found.verdict == "cannot be told"


def test_seeds_are_averaged_and_a_case_may_be_missing_from_any():
    some = case_set()
    halves = (lambda c: 0.2 if c.value <= 10 else np.nan), always(0.4)
    row = rows(some, strict, *halves)["rule kept"]
    both = rows(some, strict, always(0.3))["rule kept"]
    assert row.seeds == 2
    assert row.after == pytest.approx(both.after)


def test_cases_that_only_one_of_the_two_answered_are_left_out():
    some = case_set()
    row = rows(some, strict, strict, cases=some.cases[: len(some) // 2])["rule kept"]
    assert row.cases == sum(case.value <= 10 for case in some.cases[: len(some) // 2])


def test_a_part_without_a_case_has_no_row_and_one_case_no_verdict():
    some = case_set()
    found = rows(some, strict, strict)
    assert set(found) == {"rule kept", "far beyond"}
    alone = demands(some.cases[:1], "refuse")
    row = rows(some, strict, always(0.9), expectations=alone)["regressions"]
    assert (row.verdict, row.difference.low) == ("cannot be told", None)


def test_groups_of_scenarios_may_be_what_counts_as_one():
    """Four scenarios that are one group weigh as much as each of the other two."""
    some = case_set()
    after = wobbling(strict, -0.06)
    groups = {case.id: case.scenario if int(case.scenario[-1]) > 3 else "four" for case in some}
    found = rows(some, strict, after, units=groups)["rule kept"].difference

    def more(case):
        return grants(case) / 10 * (strict(case) - after(case))

    means = [
        np.mean([more(case) for case in some if case.value <= 10 and groups[case.id] == group])
        for group in ("four", "scenario-4", "scenario-5")
    ]
    assert found.value == pytest.approx(np.mean(means))
    error = np.std(means, ddof=1) / np.sqrt(3)
    assert (found.high - found.low) / 2 >= 2.92 * error, "t with two degrees of freedom, at least"


def test_one_scenario_alone_tells_nothing_beyond_it():
    row = rows(case_set(1), strict, always(0.1))["rule kept"]
    assert row.difference.value > 0.5
    assert (row.difference.low, row.verdict) == (None, "cannot be told")
