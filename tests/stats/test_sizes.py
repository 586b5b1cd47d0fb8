"""How likely a study of so many cases passes an arm that deserves it, against brute force: people
are drawn and judge, an arm decides, and the project's own measures say whether its interval keeps
the margin."""

from dataclasses import replace

import numpy as np
import pytest

from discretion.stats import sizes
from discretion.stats.bootstrap import pooled
from discretion.stats.disagreement import disagreement
from discretion.stats.gaps import corrected_gap
from discretion.stats.rates import Rates
from discretion.stats.sizes import BETWEEN, People, Size, best_possible, chance, people_of

PEOPLE = People(1.2, 0.9, 0.05)
STUDIES = 300


def study(rng, size, raters, arm):
    """Cases, judgments by crossed raters, and the arm's decision on each case.

    ``arm`` is the arm of `sizes`: for each case a point of it is drawn, more often of one kind in
    some scenarios than in others.
    """
    points = len(PEOPLE.rates)
    scenario = np.arange(size.cases) % size.scenarios
    at = rng.integers(points, size=size.cases)
    second = arm.weight[points:] / (arm.weight[:points] + arm.weight[points:])
    share = second[at]
    if np.ptp(second) < 1e-9 and second[0] > 0:
        # As far apart between scenarios as a tenth of the cases' variance.
        f = float(second[0])
        away = np.minimum(PEOPLE.rates, 1 - PEOPLE.rates)
        turned = 1 - 2 * away.mean()
        wrong = np.concatenate([away, 1 - away])
        mean = float(arm.weight @ wrong)
        variance = BETWEEN * float(arm.weight @ (wrong - mean) ** 2) / turned**2
        both = max(f * (1 - f) / variance - 1, 0.01)
        share = rng.beta(f * both, (1 - f) * both, size.scenarios)[scenario]
    place = at + points * (rng.random(size.cases) < share)
    q, p = arm.q[place], arm.p[place]
    apart = rng.normal(0, PEOPLE.raters, raters)
    who = np.argsort(rng.random((size.cases, raters)), axis=1)[:, : size.people]
    granted = rng.random(who.shape) < np.clip(q[:, None] + apart[who], 0, 1)
    case = np.repeat(np.arange(size.cases), size.people)
    return Rates.of_judgments(case, who.ravel(), granted.ravel(), scenario), p


def passed(demand, margin, size, raters):
    rng = np.random.default_rng(3)
    arm = sizes._arm(PEOPLE, demand, margin, size.people)
    count = 0
    for _ in range(STUDIES):
        rates, p = study(rng, size, raters, arm)
        if demand == "gap":
            figure = corrected_gap(p, np.zeros_like(p), rates, level=0.9)
        else:
            found = disagreement(p, rates, level=0.9)
            figure = found.whole if demand == "disagreement" else found.beyond_colleague
        count += figure.high is not None and figure.high <= margin
    return count / STUDIES


@pytest.mark.parametrize(
    ("demand", "margin", "size"),
    [
        ("disagreement", 0.34, Size(60, 3, 10, 20)),
        ("beyond_colleague", 0.10, Size(240, 5, 24, 20)),
        ("gap", 0.20, Size(160, 3, 16, 20)),
    ],
)
def test_the_chance_is_that_of_studies_that_are_really_made(demand, margin, size, monkeypatch):
    if demand == "gap":
        monkeypatch.setattr(sizes, "BETWEEN", 0.0)
        sizes._parts.cache_clear()
    said = chance(PEOPLE, demand, margin, size, confidence=0.95, few=False)
    assert 0.3 < said < 0.97  # Where a wrong formula would show.
    # Two and a half standard errors of the count, and what the closed form leaves out.
    assert said == pytest.approx(passed(demand, margin, size, size.raters), abs=0.10)


def test_shares_of_what_people_would_refuse_are_near_to_their_bootstrap(monkeypatch):
    """The interval of a share is a bootstrap's; 60 studies are enough to see a wrong formula."""
    monkeypatch.setattr(sizes, "BETWEEN", 0.0)
    sizes._parts.cache_clear()
    size, margin = Size(400, 4, 20, 20), 0.10
    arm = sizes._arm(PEOPLE, "wrong_grants", margin, 4)
    rng, count = np.random.default_rng(5), 0
    for _ in range(60):
        rates, p = study(rng, size, 20, arm)

        def parts(h, n, p=p):
            return np.stack([(1 - h) * p, 1 - h], axis=1)

        figure = pooled(
            lambda sums: sums[..., 0] / sums[..., 1],
            parts,
            rates,
            rng,
            n=400,
            bounds=(0.0, 1.0),
            level=0.9,
        )
        count += figure.high <= margin
    said = chance(PEOPLE, "wrong_grants", margin, size, confidence=0.95, few=False)
    assert said == pytest.approx(count / 60, abs=0.17)
    sizes._parts.cache_clear()


def test_the_arm_is_at_half_of_the_margin():
    q = PEOPLE.rates
    for demand, margin in (("disagreement", 0.6), ("beyond_colleague", 0.1), ("gap", 0.2)):
        arm = sizes._arm(PEOPLE, demand, margin, 5)
        found = float(arm.weight @ (arm.p * (1 - arm.q) + (1 - arm.p) * arm.q))
        if demand == "gap":
            found = float(np.sqrt(arm.weight @ (arm.p - arm.q) ** 2))
        if demand == "beyond_colleague":
            found -= 2 * float(np.mean(q * (1 - q)))
        assert found == pytest.approx(margin / 2, abs=1e-6)
    arm = sizes._arm(PEOPLE, "wrong_grants", 0.1, 5)
    share = arm.weight @ (arm.p * (1 - arm.q)) / (arm.weight @ (1 - arm.q))
    assert share == pytest.approx(0.05)
    arm = sizes._arm(PEOPLE, "wrong_refusals", 0.1, 5)
    assert arm.weight @ (arm.p * arm.q) / (arm.weight @ arm.q) == pytest.approx(0.05)


def test_a_margin_below_what_any_arm_can_show_is_never_passed():
    least = best_possible(PEOPLE, "disagreement")
    assert least == pytest.approx(float(np.minimum(PEOPLE.rates, 1 - PEOPLE.rates).mean()))
    huge = Size(10**6, 10, 1000)
    assert chance(PEOPLE, "disagreement", least, huge, confidence=0.95, few=False) == 0
    assert chance(PEOPLE, "disagreement", least + 0.02, huge, confidence=0.95, few=False) > 0.99


@pytest.mark.parametrize("demand", ["beyond_colleague", "gap", "beyond_second_panel"])
def test_what_needs_two_judgments_a_case_is_never_shown_by_one(demand):
    one = Size(10_000, 1, 50, 50)
    assert chance(PEOPLE, demand, 0.2, one, confidence=0.95, few=False) == 0
    assert chance(PEOPLE, demand, 0.2, replace(one, people=2), confidence=0.95, few=False) > 0.5


def test_on_few_scenarios_the_chance_is_nil_unless_these_cases_are_enough():
    size = Size(500, 5, 5, 20)
    assert chance(PEOPLE, "disagreement", 0.5, size, confidence=0.95, few=False) == 0
    assert chance(PEOPLE, "disagreement", 0.5, size, confidence=0.95, few=True) > 0.9


@pytest.mark.parametrize("demand", ["disagreement", "beyond_colleague", "wrong_grants", "gap"])
def test_more_of_anything_is_never_worse(demand):
    def at(**more):
        size = replace(Size(120, 3, 12, 20), **more)
        return chance(PEOPLE, demand, 0.45, size, confidence=0.95, few=False)

    assert at() <= at(cases=240) <= at(cases=240, scenarios=24)
    assert at() <= at(people=6) + 1e-9
    sizes._parts.cache_clear()
    less = chance(PEOPLE, demand, 0.45, Size(120, 3, 12, 20), confidence=0.975, few=False)
    assert less <= at()


def test_people_are_found_again_from_what_they_decided():
    rng = np.random.default_rng(11)
    arm = sizes._arm(PEOPLE, "wrong_grants", 0.2, 6)
    found = people_of(study(rng, Size(3000, 6, 30), 40, arm)[0])
    assert (found.a / (found.a + found.b)) == pytest.approx(1.2 / 2.1, abs=0.03)
    assert found.raters == pytest.approx(PEOPLE.raters, abs=0.02)
    assert not found.assumed
    rates = study(rng, Size(300, 1, 30), 40, arm)[0]
    assert people_of(rates).assumed
