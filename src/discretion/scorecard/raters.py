"""Raters: each arm as one of the people, and how far it is from groups of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from discretion.core.judgments import Panel
from discretion.scorecard.conclusion_cards import GroupCard, GroupGap, RaterCard
from discretion.scorecard.study import Replies, Study, study_of
from discretion.stats.annotators import standing, standing_figure
from discretion.stats.gaps import corrected_gap, panel_rate, signed_gap


def rater_cards(study: Study, arms: Sequence[Replies]) -> tuple[RaterCard, ...]:
    """Each arm beside the single raters; nothing where it is not known who decided."""
    if study.rates.ballots is None:
        return ()
    return tuple(
        RaterCard(arm.name, standing_figure(standing(arm.p, study.rates)))
        for arm in arms
        if arm.answered
    )


def group_cards(
    study: Study, arms: Sequence[Replies], groups: Sequence[tuple[str, str, Panel]]
) -> tuple[GroupCard, ...]:
    """How far each arm is from each group of raters, on the cases that the group judged.

    Args:
        groups: (column, value, the panel of those in whose column it stands). Groups that judged
            none of the study's cases are left out.
    """
    place = {case.id: row for row, case in enumerate(study.cases)}
    cards = []
    for column, value, panel in groups:
        if place.keys().isdisjoint(panel.cases):
            continue
        own = study_of(study.cases, panel, study.weigh)
        rows = np.array([place[case.id] for case in own.cases], dtype=np.int64)
        cards.append(
            GroupCard(
                column=column,
                value=value,
                raters=len(np.unique(own.panel.rater)) if own.panel.rated else None,
                judgments=len(own.panel.case),
                cases=int(np.isfinite(own.rates.h).sum()),
                rate=panel_rate(own.rates, weigh=study.weigh),
                arms=tuple(
                    GroupGap(
                        arm=arm.name,
                        gap=corrected_gap(
                            arm.p[rows], arm.variance[rows], own.rates, weigh=study.weigh
                        ),
                        signed=signed_gap(arm.p[rows], own.rates, weigh=study.weigh),
                    )
                    for arm in arms
                ),
            )
        )
    return tuple(cards)
