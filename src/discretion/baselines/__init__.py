"""Baselines: what can be predicted without a language model. They stand beside the arms in every
report, fitted without what is held out.

Another package adds one by an entry point in the group ``discretion.baselines`` that names a
function of the type `Baseline`.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points

from discretion.baselines.constant import always_grant, always_refuse, mean
from discretion.baselines.judged_cases import Baseline
from discretion.baselines.logistic import logistic
from discretion.baselines.neighbors import neighbors
from discretion.canonical import digest
from discretion.core.arms import TableArm
from discretion.core.cases import Case
from discretion.core.judgments import Bools, Panel
from discretion.errors import DiscretionError

GROUP = "discretion.baselines"

_BUILT_IN: dict[str, tuple[Baseline, str]] = {
    "always-refuse": (always_refuse, "refuses every case"),
    "always-grant": (always_grant, "grants every case"),
    "mean": (mean, "the panel's mean grant rate, fitted on all cases, held-out ones included"),
    "logistic": (
        logistic,
        "logistic regression on deviation and factors, fitted without the held-out groups",
    ),
    "nearest": (
        neighbors,
        "mean grant rate of the five nearest judged cases, none from the held-out groups",
    ),
}

NAMES: tuple[str, ...] = tuple(_BUILT_IN)
"""The baselines that stand in every report."""


def names() -> tuple[str, ...]:
    """Every baseline that can be named, other packages' included."""
    return (*NAMES, *sorted(_outside()))


def describe(name: str) -> str:
    """What a baseline does and what it was fitted on, for a reader of its figures."""
    return _BUILT_IN[name][1] if name in _BUILT_IN else "added by another package"


def fit(name: str, cases: Sequence[Case], panel: Panel, splits: Sequence[Bools]) -> TableArm:
    """The baseline of that name as an arm, ``baseline/NAME``.

    Args:
        cases: the C cases of the study; those that the panel never decided teach nothing.
        splits: masks (C,) as `Holdout.splits` gives them, True where a case is held out. Baselines
            that are fitted answer a case by what the others of its split teach; a case that no
            split holds out gets no answer from them, since they would have learned it.

    Raises:
        DiscretionError: there is no such baseline, or it has no answer to any case.
    """
    baseline = _find(name)
    table = dict(baseline(cases, panel, splits))
    _check(name, table)
    learned = panel.at([case.id for case in cases])
    used = (
        [case.id for case in cases],
        list(learned.cases),
        [None if math.isnan(rate) else rate for rate in learned.rate.tolist()],
        [None if math.isnan(n) else n for n in learned.n.tolist()],
        [mask.tolist() for mask in splits],
    )
    # The table as well: a later version that fits otherwise must not be served old answers.
    return TableArm(f"baseline/{name}", "fitted", table, digest((name, used, table)))


def _find(name: str) -> Baseline:
    if name in _BUILT_IN:
        return _BUILT_IN[name][0]
    outside = _outside()
    if name in outside:
        loaded: Baseline = outside[name].load()
        return loaded
    close = difflib.get_close_matches(name, names(), 1)
    raise DiscretionError(
        f"there is no baseline {name!r}",
        fix=f"did you mean {close[0]!r}?" if close else f"use one of: {', '.join(names())}",
    )


def _check(name: str, table: Mapping[str, float]) -> None:
    if not table:
        raise DiscretionError(
            f"baseline/{name} has nothing to learn from: no judged case is left outside the "
            "held-out groups",
            fix="import more judgments, or hold out less",
        )
    for case, p in table.items():
        if not 0 <= p <= 1:
            raise DiscretionError(
                f"baseline/{name} gave {p}, which is no probability", where=f"case {case}"
            )


def _outside() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}
