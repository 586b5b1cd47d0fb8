"""Scorecards: arms against people, every number, as plain values for reports and programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from discretion.answers import Estimate
from discretion.cases import Docket
from discretion.judgments import Panel
from discretion.measures.rates import Bools
from discretion.measures.weights import Weigh
from discretion.policies import Policy
from discretion.scorecards.cards import ArmCard, Disagreement, RunCard, Scorecard
from discretion.scorecards.curves import curve_cards
from discretion.scorecards.factors import factor_cards
from discretion.scorecards.findings import findings, warnings
from discretion.scorecards.league import Kind, arm_card, contrast_cards, match
from discretion.scorecards.levels import levels_of, people_curves
from discretion.scorecards.people import people_card
from discretion.scorecards.study import Replies, Study, replies_of, study_of

__all__ = ["Scorecard", "score"]

DISAGREEMENTS = 20
"""How many of the largest disagreements are listed."""


def score(
    title: str,
    docket: Docket,
    panel: Panel,
    estimates: Mapping[str, Mapping[str, Estimate]],
    *,
    kinds: Mapping[str, Kind],
    contrasts: Sequence[tuple[str, str]] = (),
    untaught: Sequence[str] = (),
    failures: Mapping[str, int] | None = None,
    run: RunCard | None = None,
    banner: str = "",
    weigh: Weigh = "scenarios",
    with_cases: bool = False,
    seed: int = 0,
) -> Scorecard:
    """Compare arms with a panel.

    Args:
        docket: what was to be decided; the cases that the panel judged are compared.
        estimates: each arm's estimates by case; none for a card on the people alone.
        kinds: what each arm is.
        contrasts: (arm, against) pairs that the plan declared.
        untaught: arms that are shown apart, since their model was not taught their method.
        failures: calls of each arm that gave no decision.
        weigh: whether scenarios or cases count the same.
        with_cases: show the texts of the largest disagreements.
        seed: of the resampling.
    """
    study = study_of(docket.cases, panel, weigh)
    replies = {name: replies_of(name, study, found) for name, found in estimates.items()}
    levels = levels_of(study, docket.scenarios)
    fit = people_curves(study, levels)
    forbidden = _forbidden(study, docket.policies)
    baselines = [reply for name, reply in replies.items() if kinds[name] == "baseline"]
    cards: dict[str, ArmCard] = {}
    for name, reply in replies.items():
        matched = match(study, reply, baselines) if kinds[name] != "baseline" else ""
        cards[name] = arm_card(
            study,
            reply,
            kinds[name],
            forbidden,
            np.random.default_rng(seed),
            failures=(failures or {}).get(name, 0),
            matched_by=matched,
        )
    league = tuple(card for name, card in cards.items() if name not in untaught)
    lines = [reply for name, reply in replies.items() if name not in untaught]
    people = people_card(study, np.random.default_rng(seed))
    curves = curve_cards(study, levels, fit, lines, docket.scenarios)
    compared = contrast_cards(study, replies, cards, contrasts)
    return Scorecard(
        title=title,
        banner=banner,
        findings=findings(people, league, curves, compared),
        warnings=warnings(people, tuple(cards.values()), study.panel.n.tolist()),
        people=people,
        arms=tuple(sorted(league, key=_by_gap)),
        untaught=tuple(sorted((cards[name] for name in untaught if name in cards), key=_by_gap)),
        curves=curves,
        factors=factor_cards(study, levels, fit, lines, docket.scenarios),
        contrasts=compared,
        disagreements=_disagreements(study, lines, kinds, with_cases=with_cases),
        run=run,
    )


def _by_gap(card: ArmCard) -> tuple[bool, float]:
    """Nearest first; arms without a noise-corrected gap last, by their signed gap."""
    if card.gap.value is not None:
        return False, card.gap.value
    return True, abs(card.signed.value or 0.0)


def _forbidden(study: Study, policies: Mapping[str, Policy]) -> Bools:
    return np.array(
        [
            case.policy in policies and policies[case.policy].forbids(case.facts) is not None
            for case in study.cases
        ],
        dtype=bool,
    )


def _disagreements(
    study: Study, arms: Sequence[Replies], kinds: Mapping[str, Kind], *, with_cases: bool
) -> tuple[Disagreement, ...]:
    """The cases on which arms, baselines aside, are farthest from the people."""
    found = [
        (abs(float(arm.p[row] - study.rates.h[row])), arm, row)
        for arm in arms
        if kinds[arm.name] != "baseline"
        for row in np.flatnonzero(np.isfinite(arm.p) & np.isfinite(study.rates.h)).tolist()
    ]
    found.sort(key=lambda one: (-one[0], one[1].name, one[2]))
    return tuple(
        Disagreement(
            case=study.cases[row].id,
            label=study.cases[row].label,
            arm=arm.name,
            p=float(arm.p[row]),
            rate=float(study.rates.h[row]),
            n=None if np.isnan(study.rates.n[row]) else int(study.rates.n[row]),
            text=study.cases[row].text if with_cases else None,
        )
        for _, arm, row in found[:DISAGREEMENTS]
    )
