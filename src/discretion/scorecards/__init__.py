"""Scorecards: arms against people, every number, as plain values for reports and programs."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import numpy as np

from discretion.answers import Estimate
from discretion.cases import Docket
from discretion.judgments import Panel
from discretion.measures.references import references
from discretion.measures.weights import Weigh
from discretion.policies import Prices
from discretion.scenarios import Scenario
from discretion.scorecards.cards import ArmCard, Disagreement, Kind, RunCard, Scorecard
from discretion.scorecards.curves import curve_cards
from discretion.scorecards.factors import amplified, factor_cards
from discretion.scorecards.findings import findings
from discretion.scorecards.fits import fits_of
from discretion.scorecards.league import arm_card, contrast_cards, match
from discretion.scorecards.leans import lean_cards
from discretion.scorecards.levels import levels_of
from discretion.scorecards.money import money_cards
from discretion.scorecards.occurrence import Ticket
from discretion.scorecards.panels import panel_card
from discretion.scorecards.paths import path_cards
from discretion.scorecards.people import people_card
from discretion.scorecards.raters import group_cards, rater_cards
from discretion.scorecards.reach import arm_reach, curve_gap, people_reach
from discretion.scorecards.reads_case import Reading, doubts, sentences, withhold
from discretion.scorecards.study import Replies, Study, replies_of, study_of
from discretion.scorecards.warnings import warnings

__all__ = ["Scorecard", "score"]

DISAGREEMENTS = 20
"""How many of the largest disagreements are listed."""


def score(
    title: str,
    docket: Docket,
    panel: Panel,
    estimates: Iterable[tuple[str, Estimate]] = (),
    *,
    kinds: Mapping[str, Kind],
    contrasts: Sequence[tuple[str, str]] = (),
    groups: Sequence[tuple[str, str, Panel]] = (),
    others: Sequence[Panel] = (),
    prices: Mapping[str, Prices] | None = None,
    tickets: Sequence[Ticket] | None = None,
    untaught: Sequence[str] = (),
    failures: Mapping[str, int] | None = None,
    reading: Reading | None = None,
    run: RunCard | None = None,
    banner: str = "",
    weigh: Weigh = "scenarios",
    with_cases: bool = False,
    seed: int = 0,
) -> Scorecard:
    """Compare arms with a panel.

    Args:
        docket: what was to be decided; the cases that the panel judged are compared.
        estimates: (arm, estimate) in any order, read once; none for a card on the people alone.
        kinds: what each arm is, by its name.
        contrasts: (arm, against) pairs that the plan declared.
        groups: (column, value, panel) of groups of the panel's raters, to compare arms with too.
        others: panels to set beside this one, on the cases that both judged.
        prices: what wrong decisions cost, by policy; money is counted where there are any.
        tickets: imported requests by which money is counted as often as cases occur; None counts
            cases as everything else does.
        untaught: arms that are shown apart, since their model was not taught their method.
        failures: calls of each arm that gave no decision.
        reading: how they were asked, noted while the estimates are read; arms that go by that and
            not by the case have no threshold, no money and no rank.
        weigh: whether scenarios or cases count the same.
        with_cases: show the texts of the largest disagreements.
        seed: of the resampling.

    Raises:
        DiscretionError: the panel judged none of the cases.
    """
    study = study_of(docket.cases, panel, weigh)
    forbidden = {case.id for case in docket.forbidden}
    granted: dict[str, set[str]] = {}
    replies = replies_of(study, tuple(kinds), _noting_grants(estimates, forbidden, granted))
    league = [reply for name, reply in replies.items() if name not in untaught]
    models = [reply.name for reply in league if kinds[reply.name] == "model"]
    readings = reading.cards(study, models, seed) if reading else ()
    blind = {one.arm for one in readings if one.withheld}
    lines = [reply for reply in league if not reply.constant and reply.name not in blind]
    levels = levels_of(study, docket.scenarios)
    fits = fits_of(study, levels, lines)
    curves = curve_cards(study, levels, fits, lines, docket.scenarios)
    factors = factor_cards(study, levels, fits, lines, docket.scenarios)
    both = references(study.rates, weigh=weigh)
    baselines = [reply for name, reply in replies.items() if kinds[name] == "baseline"]
    cards: dict[str, ArmCard] = {}
    for name, reply in replies.items():
        rng = np.random.default_rng(seed)
        cards[name] = arm_card(
            study,
            reply,
            kinds[name],
            rng,
            never_granted=len(granted.get(name, ())),
            never_cases=len(forbidden),
            curve_gap=curve_gap(curves, name),
            reach=arm_reach(study, fits, curves, name, rng),
            failures=(failures or {}).get(name, 0),
            matched=None if kinds[name] == "baseline" else match(study, reply, baselines),
            amplifies=amplified(factors, name),
        )
    cards |= {name: withhold(cards[name]) for name in blind}
    ranked = sorted((cards[reply.name] for reply in league), key=_by_gap)
    seeing = [card for card in ranked if card.name not in blind]
    rng = np.random.default_rng(seed)
    people = people_card(study, both, people_reach(study, fits, curves, rng), rng)
    leans = lean_cards(study, lines, docket.scenarios)
    compared = contrast_cards(study, replies, cards, contrasts)
    apart = [replies[card.name] for card in seeing if card.kind != "baseline"]
    declared = [(replies[one.arm], replies[one.against]) for one in compared]
    raters = rater_cards(study, apart)
    beside = [replies[card.name] for card in seeing]
    money = money_cards(study, beside, prices or {}, tickets, seed=seed) if beside else ()
    panels = tuple(panel_card(study, other, beside) for other in others)
    return Scorecard(
        title=title,
        banner=banner,
        findings=(
            *sentences(readings),
            *findings(people, seeing, leans, curves, compared, raters, money, panels),
        ),
        warnings=(
            *doubts(readings),
            *warnings(people, ranked, study, docket.scenarios, curves),
        ),
        people=people,
        arms=tuple(ranked),
        untaught=tuple(sorted((cards[name] for name in untaught if name in cards), key=_by_gap)),
        leans=leans,
        curves=curves,
        factors=factors,
        contrasts=compared,
        paths=path_cards(study, apart, declared),
        raters=raters,
        groups=group_cards(study, apart, groups),
        money=money,
        panels=panels,
        disagreements=_disagreements(study, apart, docket.scenarios, with_cases=with_cases),
        run=run,
        readings=readings,
    )


def _by_gap(card: ArmCard) -> tuple[bool, float]:
    """Nearest first; arms without a noise-corrected gap last, by their lean."""
    if card.gap.value is not None:
        return False, card.gap.value
    return True, abs(card.signed.value or 0.0)


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
) -> tuple[Disagreement, ...]:
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
            Disagreement(
                case=case.id,
                label=" · ".join([title, *case.label.split(" · ")[1:]]),
                arm=name,
                p=float(arm.p[row]),
                rate=float(study.rates.h[row]),
                n=None if np.isnan(n) else int(n),
                text=case.text if with_cases else None,
            )
        )
    return tuple(found)
