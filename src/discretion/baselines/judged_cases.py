"""What a baseline learns from: judged cases, and the splits that keep some of them away."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from discretion.core.cases import Case
from discretion.core.judgments import Bools, Floats, Panel

log = logging.getLogger(__name__)

Baseline = Callable[[Sequence[Case], Panel, Sequence[Bools]], Mapping[str, float]]
"""From C cases, the panel that judged them, and the splits, each a mask (C,) that is True where a
case is held out, to grant probabilities by case id. Cases it has no answer to are left out."""


@dataclass(frozen=True, slots=True)
class JudgedCases:
    """Judged cases, in order."""

    cases: tuple[Case, ...]
    rate: Floats
    """(C,) share of grants among those who decided, in [0, 1]."""
    n: Floats
    """(C,) how many decided; NaN where it is not known."""

    @property
    def weight(self) -> Floats:
        """(C,) the judgments each case stands for: n, or 1 where n is not known."""
        return np.where(np.isnan(self.n), 1.0, self.n)


def judged_cases(cases: Sequence[Case], panel: Panel) -> JudgedCases:
    """The cases that somebody decided, with what they decided."""
    place = {case: index for index, case in enumerate(panel.cases)}
    judged = [case for case in cases if case.id in place and panel.rate[place[case.id]] >= 0]
    chosen = [place[case.id] for case in judged]
    return JudgedCases(tuple(judged), panel.rate[chosen], panel.n[chosen])


def folds(
    cases: Sequence[Case], panel: Panel, splits: Sequence[Bools]
) -> Iterator[tuple[JudgedCases, list[Case]]]:
    """For each split, what may be learned from and the cases to answer. A split that leaves
    nothing to learn from is passed over: its cases get no answer, rather than an invented one."""
    for held in splits:
        asked = [case for case, out in zip(cases, held, strict=True) if out]
        judged = judged_cases(
            [case for case, out in zip(cases, held, strict=True) if not out], panel
        )
        if judged.cases and asked:
            yield judged, asked
        elif asked:
            log.warning(
                "baselines: %d held-out cases get no answer, since no judged case is left to learn "
                "from",
                len(asked),
            )
