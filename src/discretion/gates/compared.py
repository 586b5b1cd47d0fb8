"""Compared: an arm beside people, with the intervals of the confidence that criteria declare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from discretion.core.answers import Estimate, combine
from discretion.core.criteria import Criteria
from discretion.core.scenarios import Scenario
from discretion.runs import Run
from discretion.scorecard.arm_metrics import share_of
from discretion.scorecard.factors import factor_cards
from discretion.scorecard.fits import Fits
from discretion.scorecard.levels import levels_of
from discretion.scorecard.reads_case import WITHHELD, AskedNotes
from discretion.scorecard.scenario_cards import FactorCard
from discretion.scorecard.study import Replies, Study, replies_of, study_of
from discretion.stats.disagreement import Among, among_people, disagreement
from discretion.stats.figure import Figure, missing
from discretion.stats.gaps import corrected_gap, panel_rate
from discretion.stats.references import beyond_second_panel
from discretion.storage import records


@dataclass(frozen=True, slots=True)
class Compared:
    """What an arm shows beside people."""

    arm: str
    figures: Mapping[str, Figure]
    """By the name that criteria have for it; ends of intervals have the confidence declared."""
    people: Among
    """How often the people decide otherwise than each other."""
    rate: Figure
    """How often the people grant."""
    factors: tuple[FactorCard, ...]
    """Of the factors that should not matter; its cells are the people's, and the arm's unless it
    says the same to every case."""
    study: Study


def level_of(confidence: float) -> float:
    """The level of an interval each end of which has this confidence: 90% for 95%."""
    return 2 * confidence - 1


def compared(run: Run, acceptance: Criteria, arm: str) -> Compared:
    """A run's arm beside the people whom criteria name, or whom its plan compares with.

    Raises:
        DiscretionError: there is no such panel, or it judged none of the cases.
    """
    case_set = run.case_set
    panel = records.panel(run.store, acceptance.panel or run.plan.compared_with)
    study = study_of(case_set.cases, panel)
    reading = AskedNotes({})

    def estimates() -> Iterator[tuple[str, Estimate]]:
        for name, case, answers in run.answers():
            if name == arm:
                reading.note(name, case, answers)
                yield name, combine(case, answers)

    reply = replies_of(study, [arm], estimates())[arm]
    blind = any(one.withheld for one in reading.cards(study, [arm], run.plan.seed))
    return compare(
        study, reply, case_set.scenarios, acceptance.confidence, run.plan.seed, blind=blind
    )


def compare(
    study: Study,
    reply: Replies,
    described: Mapping[str, Scenario],
    confidence: float,
    seed: int = 0,
    *,
    blind: bool = False,
) -> Compared:
    """The same from a study and the arm's answers.

    Args:
        described: scenarios by id.
        confidence: of each end of an interval.
        seed: of the resampling: the report's of the same run.
        blind: the arm goes by how it is asked and not by the case.
    """
    level, rates = level_of(confidence), study.rates
    decided = disagreement(reply.deployed, rates, level=level)
    gap = (
        missing(f"it {WITHHELD}", reply.answered)
        if blind
        else corrected_gap(reply.p, reply.variance, rates, level=level)
    )
    levels = levels_of(study, described)
    beside = [] if blind or reply.constant else [reply]
    factors = factor_cards(study, levels, Fits(None, {}), beside, described, level=level)
    return Compared(
        arm=reply.name,
        figures={
            "disagreement": decided.whole,
            "beyond_colleague": decided.beyond_colleague,
            "wrong_grants": share_of(study, reply.deployed, seed, granted=False, level=level),
            "wrong_refusals": share_of(study, 1 - reply.deployed, seed, granted=True, level=level),
            "gap": gap,
            "beyond_second_panel": beyond_second_panel(reply.p, rates, level=level),
        },
        people=among_people(rates),
        rate=panel_rate(rates),
        factors=tuple(one for one in factors if one.margin is not None),
        study=study,
    )
