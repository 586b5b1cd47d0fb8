"""No figure lies outside what is possible, however few or odd the cases are."""

import math
from dataclasses import fields, is_dataclass
from decimal import Decimal

import numpy as np
import pytest

from discretion.core.cases import Case, CaseSet
from discretion.core.judgments import Judgment, Tally, gather
from discretion.core.policies import Policy, Prices
from discretion.scorecard import Answered, Heading, Pricing, score
from discretion.stats.figure import Figure

from .hand_made import estimate

SHARES = ("rate", "rule_kept_rate", "rule_broken_rate", "panel_gap", "brier", "refused_of_granted")
SIGNED = ("signed", "deployed_signed", "order_effect", "difference", "alpha", "matthews")


def numbers(found, path=""):
    """Every number on a card, with the names that lead to it."""
    if isinstance(found, float):
        yield path, found
    elif isinstance(found, tuple | list):
        for one in found:
            yield from numbers(one, path)
    elif is_dataclass(found):
        for one in fields(found):
            yield from numbers(getattr(found, one.name), f"{path}.{one.name}")


def figures(found, name=""):
    """Every figure on a card with its field's name."""
    if isinstance(found, Figure):
        yield name, found
    elif isinstance(found, tuple | list):
        for one in found:
            yield from figures(one, name)
    elif is_dataclass(found):
        for one in fields(found):
            yield from figures(getattr(found, one.name), one.name)


def study(rng):
    """A few cases of wild values, factors and judges, and an arm that may say anything."""
    scenarios = int(rng.integers(1, 9))
    cases, rows = [], []
    spread = 10.0 ** rng.integers(0, 7)
    for number in range(int(rng.integers(2, 24))):
        value = Decimal(str(round(float(rng.uniform(0.5, spread)), 2)))
        at = int(rng.integers(0, scenarios))
        cases.append(
            Case(
                id=f"case-{number}",
                policy="desk",
                scenario=f"scenario-{at}",
                text="A request.",
                value=value if rng.random() < 0.9 else None,
                limit=Decimal(1),
                scale=Decimal(1),
                factors={"urgent": str(rng.choice(["yes", "no"]))},
            )
        )
        for rater in range(int(rng.integers(1, 6))):
            answer = "grant" if rng.random() < 0.5 else "refuse"
            rows.append(
                Judgment(f"{number}-{rater}", f"case-{number}", "people", answer, rater=f"r{rater}")
            )
    counted = [Tally(one.id, one.id, "people", float(rng.choice([0, 0.5, 1])), 2) for one in cases]
    people = gather("people", [], counted) if rng.random() < 0.3 else gather("people", rows)
    prices = {
        "desk": Prices(currency="USD", wrong_grant=Decimal(50), wrong_refusal=Decimal("0.01"))
    }
    case_set = CaseSet(tuple(cases), {"desk": Policy(id="desk", rule="At most one.")})
    how = str(rng.choice(["scored", "sampled"]))
    answers = [
        ("bot", estimate(case, float(rng.choice([0.0, 1.0, rng.random()])), how=how, calls=2))
        for case in cases
    ]
    answered = Answered(estimates=answers, kinds={"bot": "model"})
    return score(Heading(title="Odd"), case_set, people, answered, pricing=Pricing(prices=prices))


@pytest.mark.parametrize("seed", range(40))
def test_odd_studies_have_possible_figures_or_none(seed):
    """Seen were "inf", a threshold of 991393.96 and "-118.7 to +177.5 of 100"; warnings are
    errors here, so an overflow fails too."""
    found = study(np.random.default_rng(seed))
    assert all(math.isfinite(value) for _, value in numbers(found)), [
        path for path, value in numbers(found) if not math.isfinite(value)
    ]
    for name, figure in figures(found):
        ends = [end for end in (figure.value, figure.low, figure.high) if end is not None]
        least = 0.0 if name in SHARES else -1.0 if name in SIGNED else -math.inf
        most = 1.0 if name in SHARES + SIGNED else math.inf
        assert all(least - 1e-9 <= end <= most + 1e-9 for end in ends), (name, figure)
    for row in found.factors:
        for cell in row.cells:
            if cell.low is not None and cell.high is not None:
                values = [float(case.value) for curve in found.curves for case in curve.people]
                assert cell.high - cell.low <= 2 * max(values)
