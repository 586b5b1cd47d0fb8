"""Forty studies with the built-in model itself, whose explanations say nothing of their cases.

    python proofs/power_tiny.py > docs/reference/power_tiny.md

At quality 0 real and shuffled explanations are alike, so a study that tells them apart is wrong.
One fold, one order, one training of each. Finished studies are kept in build/, so that a run cut
short goes on where it stopped. `--studies` runs fewer of them, `--first` others than those counted.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
from tiny_studies import ROOT, SIZE, differences, finished, people_of

from discretion.stats.contrasts import SURE, ContrastResult, contrast, verdict
from discretion.toy.learner import LEARNER
from discretion.tuning.power import exact_interval

PLANNED = 40
FIRST = 21
"""Of the seeds; no other proof uses it."""

_PAGE = """\
# Explanations that say nothing, taught to the built-in model

Simulated throughout. {studies} studies at quality 0: each explanation is another judgment's, of
the same decision in another scenario, drawn independently of the case; so real and shuffled
explanations are alike, and whoever tells them apart is wrong. {judgments} judgments of {others}
domains are taught as `real-after` and as `shuffled-after`, {domains} domains are held out together,
one training each; the contrast is the one of real studies, over the held-out domains. It is the
only one here, so nothing is adjusted.

| | |
|---|--:|
| studies that tell them apart (p below {sure:g}) | {told} of {studies} |
| exact 95% interval of that share | {low:.1%} to {high:.1%} |
| of them, real "helped" / "hurt" | {helped} / {hurt} |
| verdicts: no relevant difference / cannot be told | {alike} / {open} |
| mean difference, in squared distance to the true rates | {mean:+.4f} |
| its standard error | {error:.4f} |
| standard deviation over studies | {sd:.4f} |
| median half-width of the 95% interval | {half:.4f} |
| judgments taught in a study, on average | {items:.0f} |
| of them, shuffled explanations in the very words of the real one | {same:.1%} |

{short}No bar was set for these. The stand-in of `discretion power` has weight {weight:g} and noise
{noise:g} ([how they were chosen](power_weight.md)).
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--studies", type=int, default=PLANNED)
    parser.add_argument("--first", type=int, default=FIRST, help="of the seeds")
    options = parser.parse_args()
    studies = options.studies
    lines = list(finished(ROOT / "build" / "power_tiny.jsonl", studies, options.first, 0.0))
    found = [judged(line) for line in lines]
    said = [verdict(one, one.p_value) for one in found]
    sure = [one for one in found if one.p_value is not None and one.p_value < SURE]
    low, high = exact_interval(len(sure), studies)
    squares = np.array([differences(line) for line in lines])
    apart = squares[:, 0] - squares[:, 1]
    sys.stdout.write(
        _PAGE.format(
            studies=studies,
            judgments=SIZE.judgments,
            others=SIZE.others,
            domains=SIZE.domains,
            sure=SURE,
            told=len(sure),
            low=low,
            high=high,
            helped=sum((one.difference.value or 0) < 0 for one in sure),
            hurt=sum((one.difference.value or 0) > 0 for one in sure),
            alike=said.count("no relevant difference"),
            open=said.count("cannot be told"),
            mean=apart.mean(),
            error=apart.std(ddof=1) / np.sqrt(studies),
            sd=apart.std(ddof=1),
            half=np.median([_half(one) for one in found]),
            items=np.mean([line["lessons"] for line in lines]),
            same=sum(line["same words"] for line in lines) / sum(one["lessons"] for one in lines),
            short="" if studies >= PLANNED else f"**Cut short: {PLANNED} were planned.** ",
            weight=LEARNER.weight,
            noise=LEARNER.noise,
        )
    )


def judged(line: dict[str, object]) -> ContrastResult:
    """Real against shuffled in one study."""
    _, rates, truth = people_of(line)
    answers = line["answers"]
    assert isinstance(answers, dict)
    real, shuffled = (np.array(answers[name]) for name in ("real-after", "shuffled-after"))
    scored = np.zeros_like(truth)
    return contrast(real, scored, shuffled, scored, rates, beyond=True)


def _half(one: ContrastResult) -> float:
    low, high = one.difference.low, one.difference.high
    return np.nan if low is None or high is None else (high - low) / 2


if __name__ == "__main__":
    main()
