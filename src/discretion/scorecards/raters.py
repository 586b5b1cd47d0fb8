"""Raters: each arm as one of the people, and how far it is from groups of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from discretion.judgments import Panel
from discretion.measures.annotators import (
    FEWEST_TESTED,
    alternative_test,
    standing,
    standing_figure,
)
from discretion.measures.figure import Figure, missing
from discretion.measures.gaps import corrected_gap, panel_rate, signed_gap
from discretion.scorecards.conclusion_cards import GroupCard, GroupGap, RaterCard
from discretion.scorecards.study import Replies, Study, study_of


def rater_cards(study: Study, arms: Sequence[Replies]) -> tuple[RaterCard, ...]:
    """Each arm beside the single raters; nothing where it is not known who decided."""
    if study.rates.ballots is None:
        return ()
    return tuple(_card(study, arm) for arm in arms if arm.answered)


def _card(study: Study, arm: Replies) -> RaterCard:
    test = alternative_test(arm.deployed, study.rates)
    nobody = missing(f"no rater judged {FEWEST_TESTED} of these cases that others judged too")

    def over_raters(share: float | None) -> Figure:
        return nobody if share is None else Figure(share, None, None, test.raters)

    return RaterCard(
        arm=arm.name,
        stricter=standing_figure(standing(arm.p, study.rates)),
        winning_rate=over_raters(test.winning_rate),
        advantage=over_raters(test.advantage),
        margin=test.margin,
        passes=test.passes,
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
