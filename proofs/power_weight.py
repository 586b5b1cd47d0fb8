"""The stand-in's two numbers, fixed at quality 1 on the built-in model before any other quality.

    python proofs/power_weight.py > docs/reference/power_weight.md

The built-in model is taught explanations that always name the deciding factor, and their shuffled
control; then the weight of an explanation and the noise of training are chosen with which the
stand-in shows the same difference and the same spread in the same studies. Finished studies are
kept in build/, so that a run cut short goes on where it stopped.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
from tiny_studies import ROOT, SIZE, differences, finished

from discretion.stats.rates import Floats
from discretion.toy.learner import LEARNER, Learner
from discretion.tuning.power_trials import trial

STUDIES = 24
FIRST = 11
"""Of the seeds; no other proof uses it."""
DRAWS = 16
"""Trainings of the stand-in in each study, so that its own noise hardly counts."""
WEIGHTS = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
NOISES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3)

_PAGE = """\
# What an explanation weighs for the stand-in

Simulated throughout. `discretion power` lets a ridge logistic regression stand for the model that
would be trained ([its design](../design/power.md)). Two of its numbers are taken from the built-in
model: the weight of an explanation beside its judgment, and the noise of training. They were fixed
here, at quality 1, where every explanation names the deciding factor, before any study at quality 0
counted.

## The built-in model at quality 1

{studies} studies: {judgments} judgments of {others} domains taught as `real-after` and as
`shuffled-after`, {domains} domains held out together, one training each. Real less shuffled, in
squared distance to the true rates on the held-out cases (below zero: real explanations are
nearer):

| | |
|---|--:|
| mean difference | {mean:+.4f} |
| its standard error | {error:.4f} |
| standard deviation over studies | {sd:.4f} |
| mean squared distance, real / shuffled | {real:.4f} / {shuffled:.4f} |
| judgments taught in a study, on average | {items:.0f} |
| of them, shuffled explanations in the very words of the real one | {same:.1%} |

{reading}

## The stand-in in the same studies

Mean difference / standard deviation over studies and trainings:

{table}

Chosen: **weight {weight:g}, noise {noise:g}**, the pair for which the sum of two squares is
smallest: of the distance between the mean differences in standard errors of the built-in model's,
and of that between the logarithms of the standard deviations in theirs. There the stand-in's mean
difference is {found_mean:+.4f}, its standard deviation {found_sd:.4f}. In the code stand weight
{code_weight:g} and noise {code_noise:g}.
"""


def stand_in(learner: Learner) -> Floats:
    """(studies, draws) real less shuffled, as the stand-in shows it."""
    size = replace(SIZE, seeds=DRAWS)
    rows = []
    for number in range(STUDIES):
        one = trial(size, (1.0,), (FIRST, number), learner)
        taught = one.by_quality[1.0]
        square = [((p - one.truth) ** 2).mean(axis=1) for p in (taught.real, taught.shuffled)]
        rows.append(square[0] - square[1])
    return np.array(rows)


def chosen(mean: float, sd: float, found: dict[Learner, tuple[float, float]]) -> Learner:
    """The pair of numbers nearest to what the built-in model shows."""

    def distance(learner: Learner) -> float:
        own_mean, own_sd = found[learner]
        apart = (own_mean - mean) / (sd / np.sqrt(STUDIES))
        wider = np.log(own_sd / sd) * np.sqrt(2 * (STUDIES - 1))
        return float(apart**2 + wider**2)

    return min(found, key=distance)


def table(found: dict[Learner, tuple[float, float]]) -> str:
    heads = ["weight", *(f"noise {noise:g}" for noise in NOISES)]
    rows = [
        [f"{weight:g}", *("{:+.4f} / {:.4f}".format(*found[Learner(weight, n)]) for n in NOISES)]
        for weight in WEIGHTS
    ]
    return _markdown(heads, rows)


def _markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["--:"] * len(heads)
    return "\n".join("| " + " | ".join(row) + " |" for row in (heads, rule, *rows))


def _reading(mean: float, error: float) -> str:
    if abs(mean) > 2 * error:
        return f"So explanations {'help' if mean < 0 else 'hurt'} it, by more than chance."
    return (
        "That is within what chance shows: whether honest explanations taught this model anything\n"
        "beyond their labels, so many studies cannot say."
    )


def main() -> None:
    lines = list(finished(ROOT / "build" / "power_weight.jsonl", STUDIES, FIRST, 1.0))
    squares = np.array([differences(line) for line in lines])
    apart = squares[:, 0] - squares[:, 1]
    mean, sd = float(apart.mean()), float(apart.std(ddof=1))
    found = {}
    for weight, noise in product(WEIGHTS, NOISES):
        some = stand_in(Learner(weight, noise))
        found[Learner(weight, noise)] = float(some.mean()), float(some.std(ddof=1))
        sys.stderr.write(f"weight {weight:g}, noise {noise:g}: {some.mean():+.4f}\n")
    best = chosen(mean, sd, found)
    error = sd / np.sqrt(STUDIES)
    sys.stdout.write(
        _PAGE.format(
            studies=STUDIES,
            judgments=SIZE.judgments,
            others=SIZE.others,
            domains=SIZE.domains,
            mean=mean,
            error=error,
            sd=sd,
            real=squares[:, 0].mean(),
            shuffled=squares[:, 1].mean(),
            items=np.mean([line["lessons"] for line in lines]),
            same=sum(line["same words"] for line in lines) / sum(one["lessons"] for one in lines),
            reading=_reading(mean, error),
            table=table(found),
            weight=best.weight,
            noise=best.noise,
            found_mean=found[best][0],
            found_sd=found[best][1],
            code_weight=LEARNER.weight,
            code_noise=LEARNER.noise,
        )
    )


if __name__ == "__main__":
    main()
