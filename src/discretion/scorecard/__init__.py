"""Scorecards: arms against people, every number, as plain values for reports and programs."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from discretion.core.answers import Estimate
from discretion.core.cases import CaseSet
from discretion.core.facts import text_with_facts
from discretion.core.judgments import Panel
from discretion.core.policies import Prices
from discretion.core.scenarios import Scenario
from discretion.scorecard.arm_metrics import Around, arm_card, contrast_cards, match
from discretion.scorecard.bias_by_scenario import lean_cards
from discretion.scorecard.cards import ArmCard, DisagreementCard, Kind, PricesOf, RunCard, Scorecard
from discretion.scorecard.curves import curve_cards
from discretion.scorecard.factors import amplified, factor_cards
from discretion.scorecard.findings import findings
from discretion.scorecard.fits import fits_of
from discretion.scorecard.levels import levels_of
from discretion.scorecard.money import MoneyCard, money_cards
from discretion.scorecard.panels import panel_card
from discretion.scorecard.people import people_card
from discretion.scorecard.raters import group_cards, rater_cards
from discretion.scorecard.reads_case import (
    AskedNotes,
    doubts,
    hidden_sentences,
    sentences,
    withhold,
)
from discretion.scorecard.requesters import requester_cards
from discretion.scorecard.robustness import path_cards
from discretion.scorecard.study import Replies, Study, replies_of, study_of
from discretion.scorecard.threshold_ratio import arm_reach, curve_gap, people_reach
from discretion.scorecard.traffic_weights import Ticket
from discretion.scorecard.warnings import warnings
from discretion.stats.references import references
from discretion.stats.weights import Weigh

__all__ = [
    "Answered",
    "Beside",
    "Heading",
    "Pricing",
    "ScoreOptions",
    "Scorecard",
    "score",
]

DISAGREEMENTS = 20
"""How many of the largest disagreements are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What the arms answered; nothing for a card on the people alone."""

    estimates: Iterable[tuple[str, Estimate]] = ()
    """(arm, estimate) in any order, read once."""
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    """What each arm is, by its name."""
    contrasts: Sequence[tuple[str, str]] = ()
    """(arm, against) pairs that the plan declared."""
    untaught: Sequence[str] = ()
    """Arms that are shown apart, since their model was not taught their method."""
    failures: Mapping[str, int] = field(default_factory=dict)
    """Calls of each arm that gave no decision."""
    reading: AskedNotes | None = None
    """How they were asked, noted while the estimates are read; arms that go by that and not by the
    case have no threshold, no money and no rank."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """With whom else the arms are compared, and how they treat whom."""

    groups: Sequence[tuple[str, str, Panel]] = ()
    """(column, value, panel) of groups of the panel's raters."""
    others: Sequence[Panel] = ()
    """Panels to set beside this one, on the cases that both judged."""
    requesters: Sequence[str] = ()
    """Columns of the cases whose values make groups of those who ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """What wrong decisions cost; money is counted where there are prices."""

    prices: Mapping[str, Prices] = field(default_factory=dict)
    """By policy."""
    of: PricesOf = "run"
    """When the policies said so."""
    tickets: Sequence[Ticket] | None = None
    """Imported requests by which money is counted as often as cases occur; None counts cases as
    everything else does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What stands above the figures."""

    title: str
    banner: str = ""
    run: RunCard | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreOptions:
    """How figures are made."""

    weigh: Weigh = "scenarios"
    """Whether scenarios or cases count the same."""
    with_cases: bool = False
    """Show the texts of the largest disagreements."""
    seed: int = 0
    """Of the resampling."""


def score(
    heading: Heading,
    case_set: CaseSet,
    panel: Panel,
    answered: Answered = Answered(),
    *,
    beside: Beside = Beside(),
    pricing: Pricing = Pricing(),
    options: ScoreOptions = ScoreOptions(),
) -> Scorecard:
    """Compare arms with a panel.

    Args:
        case_set: what was to be decided; the cases that the panel judged are compared.

    Raises:
        DiscretionError: the panel judged none of the cases, or they do not have a column named.
    """
    weigh, seed = options.weigh, options.seed
    kinds, untaught, reading = answered.kinds, answered.untaught, answered.reading
    study = study_of(case_set.cases, panel, weigh)
    forbidden = {case.id for case in case_set.forbidden}
    granted: dict[str, set[str]] = {}
    replies = replies_of(
        study, tuple(kinds), _noting_grants(answered.estimates, forbidden, granted)
    )
    league = [reply for name, reply in replies.items() if name not in untaught]
    models = [reply.name for reply in league if kinds[reply.name] == "model"]
    readings = reading.cards(study, models, seed) if reading else ()
    blind = {one.arm for one in readings if one.withheld}
    lines = [reply for reply in league if not reply.constant and reply.name not in blind]
    levels = levels_of(study, case_set.scenarios)
    fits = fits_of(study, levels, lines)
    curves = curve_cards(study, levels, fits, lines, case_set.scenarios)
    factors = factor_cards(study, levels, fits, lines, case_set.scenarios)
    both = references(study.rates, weigh=weigh)
    baselines = [reply for name, reply in replies.items() if kinds[name] == "baseline"]
    cards: dict[str, ArmCard] = {}
    for name, reply in replies.items():
        rng = np.random.default_rng(seed)
        cards[name] = arm_card(
            study,
            reply,
            kinds[name],
            seed,
            Around(
                never_granted=len(granted.get(name, ())),
                never_cases=len(forbidden),
                curve_gap=curve_gap(curves, name),
                reach=arm_reach(study, fits, curves, name, rng),
                failures=answered.failures.get(name, 0),
                matched=None if kinds[name] == "baseline" else match(study, reply, baselines),
                amplifies=amplified(factors, name),
            ),
        )
    cards |= {name: withhold(cards[name]) for name in blind}
    ranked = sorted((cards[reply.name] for reply in league), key=_closeness)
    ranked.sort(key=lambda card: card.name in blind)
    seeing = [card for card in ranked if card.name not in blind]
    rng = np.random.default_rng(seed)
    people = people_card(study, both, people_reach(study, fits, curves, rng), rng)
    leans = lean_cards(study, lines, case_set.scenarios)
    compared = contrast_cards(study, replies, cards, answered.contrasts)
    apart = [replies[card.name] for card in seeing if card.kind != "baseline"]
    declared = [(replies[one.arm], replies[one.against]) for one in compared]
    raters = rater_cards(study, apart)
    shown = [replies[card.name] for card in seeing]
    money: tuple[MoneyCard, ...] = ()
    if shown:
        money = money_cards(study, shown, pricing.prices, pricing.tickets, seed=seed)
    panels = tuple(panel_card(study, other, shown) for other in beside.others)
    return Scorecard(
        title=heading.title,
        banner=heading.banner,
        findings=(
            *sentences(readings),
            *findings(people, seeing, leans, curves, compared, raters, money, panels),
            *hidden_sentences(readings, simulated=panel.simulated),
        ),
        warnings=(
            *doubts(readings),
            *warnings(people, ranked, study, case_set.scenarios, curves),
        ),
        people=people,
        arms=tuple(ranked),
        untaught=tuple(sorted((cards[name] for name in untaught if name in cards), key=_closeness)),
        leans=leans,
        curves=curves,
        factors=factors,
        contrasts=compared,
        paths=path_cards(study, apart, declared),
        raters=raters,
        groups=group_cards(study, apart, beside.groups),
        money=money,
        panels=panels,
        disagreements=_disagreements(
            study, apart, case_set.scenarios, with_cases=options.with_cases
        ),
        run=heading.run,
        prices=pricing.of,
        readings=readings,
        requesters=requester_cards(study, shown, beside.requesters, seed),
    )


def _closeness(card: ArmCard) -> tuple[int, float]:
    """The closest to the people first: by excess Brier score; where no case has two judgments by
    the Brier score itself, whose noise all arms share; where nobody knows how many judged by the
    plain gap; and then by how often decisions differ."""
    by = (card.excess_brier, card.brier, card.panel_gap, card.disagreement)
    return next(
        ((place, one.value) for place, one in enumerate(by) if one.value is not None),
        (len(by), 0.0),
    )


def _noting_grants(
    estimates: Iterable[tuple[str, Estimate]],
    forbidden: Collection[str],
    granted: dict[str, set[str]],
) -> Iterator[tuple[str, Estimate]]:
    """The same estimates; as they pass, each arm's grants against a hard limit are noted, judged
    or not, and even one draw of many."""
    for name, one in estimates:
        if one.case in forbidden and one.ever_grants:
            granted.setdefault(name, set()).add(one.case)
        yield name, one


def _disagreements(
    study: Study,
    arms: Sequence[Replies],
    described: Mapping[str, Scenario],
    *,
    with_cases: bool,
) -> tuple[DisagreementCard, ...]:
    """The cases on which arms are farthest from the people."""

    def distances() -> Iterator[tuple[float, str, int, Replies]]:
        for arm in arms:
            apart = np.abs(arm.p - study.rates.h)
            known = np.flatnonzero(np.isfinite(apart))
            for row in known[np.argsort(-apart[known], kind="stable")][:DISAGREEMENTS].tolist():
                yield -float(apart[row]), arm.name, row, arm

    found = []
    for _, name, row, arm in heapq.nsmallest(DISAGREEMENTS, distances(), key=lambda one: one[:3]):
        case, n = study.cases[row], study.rates.n[row]
        scenario = described.get(case.scenario)
        title = (scenario.title if scenario else "") or case.scenario or case.id
        found.append(
            DisagreementCard(
                case=case.id,
                label=" · ".join([title, *case.label.split(" · ")[1:]]),
                arm=name,
                p=float(arm.p[row]),
                rate=float(study.rates.h[row]),
                n=None if np.isnan(n) else int(n),
                text=text_with_facts(case) if with_cases and case.text else None,
            )
        )
    return tuple(found)
