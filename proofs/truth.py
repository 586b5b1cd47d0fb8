"""Known truths: how often the intervals of a whole report hold what they are about.

    python proofs/truth.py > docs/reference/truth.md

Twenty studies through everything that a user's study goes through: people judge, the log keeps what
they said, the built-in model is asked, and the scorecard is made from the log. People and scenarios
are simulated and drawn anew for each study, so the truth over all of them is known.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before numpy and torch

import numpy as np

from discretion import evaluate, methods, models
from discretion.core.cases import Case, CaseSet
from discretion.core.policies import Policy
from discretion.core.prompted import PromptedArm
from discretion.scorecard import Answered, Heading, score
from discretion.stats.figure import Figure
from discretion.stats.gaps import signed_root
from discretion.stats.rates import Floats
from discretion.storage import Store, records
from discretion.toy.judges import PURPOSEFUL, SAFETY, UNSURE, Judges
from discretion.toy.phrases import DOMAINS
from discretion.toy.teaching_studies import MOST_CASES, pool

STUDIES, SCENARIOS, CASES, RATERS = 20, 20, 12, 10
BAR = 17
SEED = 31
ARM = "tiny/direct"
PEOPLE = replace(PURPOSEFUL, raters=RATERS)

_PAGE = """\
# Intervals of whole reports against a known truth

Simulated throughout. {studies} studies, each through everything that a real one goes through:
people judge cases, the log keeps it, the built-in model is asked (`{arm}`), the scorecard is made
from the log. How many of its 95% intervals hold the truth?

Asked for: {bar} of {studies} for each.

| figure | the truth | hold it | below it | above it |
|---|--:|--:|--:|--:|
| noise-corrected gap | {gap:+.4f} | **{gap_held} of {studies}** | {gap_under} | {gap_over} |
| signed gap | {signed:+.4f} | **{signed_held} of {studies}** | {signed_under} | {signed_over} |

*Below* and *above*: intervals that lie wholly below or above the truth. {verdict}

**What is drawn anew in each study**: {scenarios} scenarios, each a domain of the dialect at random
with a tipping point of its own (standard deviation {scenario_sd:g} in the logarithm); {cases} cases
of that domain for each; a panel of {raters} people with their own leniency (standard deviation
{rater_sd:g}), who judge every case; and what they answer, {unsure:.0%} of it unsure.

**What is held fixed**: the model; the {pool:,} cases from which cases are drawn, {each} of each of
the {domains} domains; how people of the panel `{panel}` weigh a case, apart from leniency and
tipping points; the order in which a case names the answers is balanced, and its words go by a hash
of the case, so that the model answers a case the same in every study.

**The truth** is the value over that whole population: the mean over all {pool:,} cases, each under
all tipping points that its scenario could have, of p - q and of (p - q)^2, where p is what the
model answers and q the chance that a person drawn at random grants, by quadrature with {nodes}
nodes over tipping points and over leniency. The noise-corrected gap is the root of the second.
Nothing of it is sampled.

| study | noise-corrected gap | signed gap |
|--:|---|---|
{rows}
"""
_NODES = 15


@dataclass(frozen=True, slots=True)
class Truth:
    """Over the population of scenarios, cases and people."""

    gap: float
    signed: float


def truth_of(p: Floats) -> Truth:
    """The figures of an arm that answers the pool's cases with these probabilities, (P,)."""
    cases = pool(PEOPLE.name)
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights /= weights.sum()
    strict = np.array([SAFETY.get(case.domain, 0.0) for case in cases.cases])
    leaning = (cases.pulls.sum(axis=1) + strict)[:, None] + PEOPLE.scenario_sd * nodes
    logit = PEOPLE.slope * (leaning[..., None] + PEOPLE.rater_sd * nodes)
    q = (PEOPLE.lapse + (1 - 2 * PEOPLE.lapse) / (1 + np.exp(-logit))) @ weights
    apart = p[:, None] - q
    square = signed_root(float((apart**2 @ weights).mean()))
    return Truth(square or 0.0, float((apart @ weights).mean()))


def drawn(number: int) -> tuple[Judges, list[Case]]:
    """The people and the cases of one study."""
    rng = np.random.default_rng([SEED, number])
    found, taken = [], rng.permuted(np.tile(np.arange(MOST_CASES), (len(DOMAINS), 1)), axis=1)
    used = np.zeros(len(DOMAINS), dtype=int)
    for scenario in range(SCENARIOS):
        domain = int(rng.integers(len(DOMAINS)))
        rows = taken[domain, used[domain] : used[domain] + CASES] + MOST_CASES * domain
        used[domain] += CASES
        cases = (pool(PEOPLE.name).cases[row] for row in rows)
        found += [replace(case, scenario=f"{case.domain}-{number}-{scenario}") for case in cases]
    return replace(PEOPLE, name=f"people-{number}"), found


def study(number: int, store: Store, arm: PromptedArm) -> tuple[Figure, Figure]:
    """The noise-corrected and the signed gap that the report of one study prints."""
    people, cases = drawn(number)
    answers = people.judge_all(cases, np.random.default_rng([SEED, number, 1]))
    store.append(records.judgment_entry(one) for one in answers)
    case_set = CaseSet(tuple(cases), arm.policies)
    run = evaluate(case_set, [arm], store)
    estimates = run.estimates()[ARM].values()
    card = score(
        Heading(title=f"study {number}"),
        case_set,
        records.panel(store, people.name),
        Answered(estimates=((ARM, one) for one in estimates), kinds={ARM: "model"}),
    )
    return card.arms[0].gap, card.arms[0].signed


def main() -> None:
    model = models.load_model("tiny")
    policies = {one.name: Policy(id=one.name, rule=one.name, domain=one.name) for one in DOMAINS}
    arm = PromptedArm(model, methods.method("direct"), policies)
    with tempfile.TemporaryDirectory() as work, Store(Path(work) / "log.db") as store:
        cases = pool(PEOPLE.name).cases
        answered = evaluate(CaseSet(cases, policies), [arm], store).estimates()[ARM]
        truth = truth_of(np.array([answered[case.id].p for case in cases]))
        sys.stderr.write(f"the truth: {truth}\n")
        found = []
        for number in range(STUDIES):
            found.append(study(number, store, arm))
            sys.stderr.write(f"study {number + 1} of {STUDIES}: {_shown(found[-1][0])}\n")
    sys.stdout.write(page(truth, found))


def page(truth: Truth, found: list[tuple[Figure, Figure]]) -> str:
    """The page, from the two figures of every study."""
    gaps, signed = ([pair[at] for pair in found] for at in range(2))
    counts = {
        **_counts("gap", gaps, truth.gap),
        **_counts("signed", signed, truth.signed),
    }
    enough = min(counts["gap_held"], counts["signed_held"]) >= BAR
    return _PAGE.format(
        studies=len(found),
        arm=ARM,
        gap=truth.gap,
        signed=truth.signed,
        bar=f"{BAR} or more",
        verdict="Both reach what was asked for." if enough else "**This falls short.**",
        scenarios=SCENARIOS,
        cases=CASES,
        raters=RATERS,
        scenario_sd=PEOPLE.scenario_sd,
        rater_sd=PEOPLE.rater_sd,
        unsure=UNSURE,
        pool=len(DOMAINS) * MOST_CASES,
        each=MOST_CASES,
        domains=len(DOMAINS),
        panel=PEOPLE.name,
        nodes=_NODES,
        rows="\n".join(
            f"| {number} | {_shown(gap)} | {_shown(lean)} |"
            for number, (gap, lean) in enumerate(found, start=1)
        ),
        **counts,
    )


def _counts(name: str, figures: list[Figure], truth: float) -> dict[str, int]:
    """How many intervals hold the truth; one that is absent holds nothing."""
    under = sum(one.high is not None and one.high < truth for one in figures)
    over = sum(one.low is not None and one.low > truth for one in figures)
    known = sum(one.low is not None and one.high is not None for one in figures)
    return {f"{name}_held": known - under - over, f"{name}_under": under, f"{name}_over": over}


def _shown(figure: Figure) -> str:
    if figure.value is None or figure.low is None or figure.high is None:
        return "none"
    return f"{figure.value:+.3f} ({figure.low:+.3f} to {figure.high:+.3f})"


if __name__ == "__main__":
    main()
