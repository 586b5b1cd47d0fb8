"""Does a model read the case at all? What its answers go with: the case, or how it was asked."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from discretion.core.answers import Answer
from discretion.scorecard.cards import ArmCard, ReadingCard, Reads
from discretion.scorecard.study import Study
from discretion.stats.calibration import auc
from discretion.stats.explained import explained_share
from discretion.stats.figure import Figure, missing
from discretion.stats.gaps import corrected_gap
from discretion.stats.intervals import ONLY_THESE
from discretion.stats.ranking import ranking_p
from discretion.stats.rates import Ints
from discretion.stats.variation import Asked, Variation, nested, recentered, variation

MOSTLY = 0.5
"""Mass on neither answer beyond which a model mostly wanted to say something else."""
WORTH = 0.05
"""Mean mass on neither answer from which on it is said."""
UNSURE = 0.05
"""p above which nothing is shown: neither that answers rank cases as people do, or the other way
round, nor that cases differ alike however they are asked."""
WITHHELD = "goes by how it is asked, not by the case"
"""Of an arm, in place of its thresholds, its money and its rank."""


@dataclass
class _Answers:
    """What is kept of one arm's answers, one row for each case and way of asking."""

    case: array[int] = field(default_factory=lambda: array("q"))
    vocabulary: array[int] = field(default_factory=lambda: array("q"))
    order: array[int] = field(default_factory=lambda: array("q"))
    wording: array[int] = field(default_factory=lambda: array("q"))
    log_odds: array[float] = field(default_factory=lambda: array("d"))
    outside: array[float] = field(default_factory=lambda: array("d"))
    """One for each case in which it is known."""


@dataclass(frozen=True, slots=True)
class Headed:
    """A head on hidden states, among the arms."""

    base: str
    """The arm whose model it reads, asked by the same method."""
    seed: int
    share: float
    """The mean that it was taught."""


@dataclass
class AskedNotes:
    """Notes how arms were asked while a run's answers go by, once."""

    forms: Mapping[str, str] = field(default_factory=dict)
    """In words, what was scored of each arm."""
    heads: Mapping[str, Headed] = field(default_factory=dict)
    """Heads whose cases were held out from them, by arm."""
    _held: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    """What heads answered, by arm and case."""
    _arms: dict[str, _Answers] = field(default_factory=lambda: defaultdict(_Answers))
    _cases: dict[str, int] = field(default_factory=dict)
    _vocabularies: dict[str, int] = field(default_factory=dict)

    def note(self, arm: str, case: str, answers: Sequence[Answer]) -> None:
        """Keep what one arm answered to one case."""
        kept = self._arms[arm]
        known = [one.outside for one in answers if one.outside is not None]
        if known:
            kept.outside.append(sum(known) / len(known))
        ways: dict[tuple[str, bool, int], list[float]] = {}
        for one in answers:
            odds = _log_odds(one)
            if odds is not None and one.grant_first is not None:
                ways.setdefault((one.vocabulary, one.grant_first, one.wording), []).append(odds)
        code = self._cases.setdefault(case, len(self._cases))
        for (vocabulary, first, wording), odds_of in ways.items():
            kept.case.append(code)
            kept.vocabulary.append(
                self._vocabularies.setdefault(vocabulary, len(self._vocabularies))
            )
            kept.order.append(int(first))
            kept.wording.append(wording)
            kept.log_odds.append(sum(odds_of) / len(odds_of))

    def note_head(self, arm: str, case: str, p: float) -> None:
        """Keep what a head answered to a case that was held out from it."""
        if arm in self.heads:
            self._held[arm][case] = p

    def cards(self, study: Study, arms: Sequence[str], seed: int = 0) -> tuple[ReadingCard, ...]:
        """One for each of the arms of which log odds or the mass on neither answer are known."""
        found = []
        # Each case is a request of its own, also where two have one text: evidence gives the same
        # figures without the texts.
        requests = np.arange(len(study.cases))
        for name in arms:
            kept = self._arms.get(name)
            if kept and (kept.outside or kept.log_odds):
                found.append(self._card(study, name, kept, requests, np.random.default_rng(seed)))
        return tuple(found)

    def _answers(self, kept: _Answers) -> str:
        """The two answers as a sentence names them."""
        yes = {code for name, code in self._vocabularies.items() if name.startswith("yes")}
        return "yes or no" if kept.vocabulary and yes.issuperset(kept.vocabulary) else "the answers"

    def warnings(self) -> list[str]:
        """Where models wanted to say something else than the answers."""
        said = []
        for arm, kept in self._arms.items():
            strayed, count = _strayed(kept), len(kept.outside)
            if strayed:
                said.append(
                    f"In {strayed:,} of {count:,} cases {arm} mostly wanted to say something other "
                    f"than {self._answers(kept)}. Its figures compare only what it gave to these."
                )
            elif count and (mean := float(np.mean(kept.outside))) >= WORTH:
                said.append(
                    f"{arm} put {100 * mean:.0f}% of its probability on neither answer. Its "
                    "figures compare only what it gave to the two."
                )
        return said

    def _card(
        self,
        study: Study,
        arm: str,
        kept: _Answers,
        requests: Ints,
        rng: np.random.Generator,
    ) -> ReadingCard:
        place = {
            self._cases[case.id]: row
            for row, case in enumerate(study.cases)
            if case.id in self._cases
        }
        codes = np.array([place.get(code, -1) for code in kept.case], dtype=np.int64)
        used = codes >= 0
        vocabulary, order, wording = (
            np.array(column, dtype=np.int64)[used]
            for column in (kept.vocabulary, kept.order, kept.wording)
        )
        odds = np.array(kept.log_odds, dtype=np.float64)[used]
        asked = Asked(codes[used], vocabulary, order, wording, odds)
        told = variation(asked.once(requests), rng)
        p = recentered(asked, len(study.cases))
        ranks = auc(p, study.rates, rng, weigh=study.weigh)
        p_ranking = ranking_p(p, study.rates, _compared(study), requests, rng)
        outside = np.array(kept.outside)
        return ReadingCard(
            arm=arm,
            form=self.forms.get(arm, ""),
            outside=Figure(float(outside.mean()), None, None, len(outside))
            if len(outside)
            else missing("the mass on neither answer is not known"),
            strayed=_strayed(kept),
            vocabulary=told.vocabulary if told and _varied(vocabulary) else None,
            order=told.order if told and _varied(order) else None,
            wording=told.wording if told and _varied(wording) else None,
            rest=told.rest if told else None,
            case=told.case if told else missing("too few scored answers, or all alike"),
            **_parts(study, p, told),
            p=told.p if told else None,
            across=told.across if told else "",
            auc=ranks,
            recentered=corrected_gap(p, np.zeros_like(p), study.rates, weigh=study.weigh),
            p_ranking=p_ranking,
            reads=_reads(told, p_ranking),
            states=self._states(study, arm),
        )

    def _states(self, study: Study, base: str) -> Figure | None:
        """The explained share of the heads on a base."""
        own = {arm: head for arm, head in self.heads.items() if head.base == base}
        rows = {case.id: row for row, case in enumerate(study.cases)}
        seeds = {seed: at for at, seed in enumerate(sorted({one.seed for one in own.values()}))}
        p = np.full((len(seeds), len(study.cases)), np.nan)
        mean = p.copy()
        for arm, head in own.items():
            for case, answered in self._held.get(arm, {}).items():
                if case in rows:
                    p[seeds[head.seed], rows[case]] = answered
                    mean[seeds[head.seed], rows[case]] = head.share
        if not np.isfinite(p).any():
            return None
        return explained_share(p, mean, study.rates, weigh=study.weigh)


def sentences(cards: Sequence[ReadingCard]) -> tuple[str, ...]:
    """What stands first on a page: which arms go by how they are asked, and by how much."""
    blind = [card for card in cards if card.withheld]
    return (*(f"{card.arm} {WITHHELD}." for card in blind), *map(_by_what, blind))


def doubts(cards: Sequence[ReadingCard]) -> list[str]:
    """Of which arms it cannot be said whether they read the case."""
    return [
        f"We cannot say whether {card.arm} reads the case: it {_no_better(card)}."
        for card in cards
        if card.reads == "not known" and _by_chance(card)
    ]


def hidden_sentences(cards: Sequence[ReadingCard], *, simulated: bool) -> tuple[str, ...]:
    """How much of people's judgment the hidden states of each model hold, where a head was asked
    what was held out from it."""
    people = "simulated people" if simulated else "your people"
    said = []
    for card in cards:
        found = card.states
        if found is None or found.value is None:
            continue
        value, interval = f"{100 * found.value:.0f}%", ""
        if found.low is not None and found.high is not None:
            interval = f" (95% interval: {100 * found.low:.0f}% to {100 * found.high:.0f}%)"
        only = f", {ONLY_THESE}" if ONLY_THESE in found.note else ""
        lead = f"The hidden states behind {card.arm} hold {value} of how {people} decide"
        if found.low is None or found.low <= 0:
            lead = (
                f"It is not clear whether the hidden states behind {card.arm} hold how {people} "
                f"decide: {value}"
            )
        said.append(
            f"{lead}{interval}{only}. A linear head on them decided held-out cases: 100% means "
            "as people do on average, 0% no better than the mean that it was taught."
        )
    return tuple(said)


def withhold(card: ArmCard) -> ArmCard:
    """An arm that goes by how it is asked, without what would rank it."""
    why = missing(f"it {WITHHELD}", card.gap.n)
    note = "; ".join(filter(None, [card.note, WITHHELD]))
    return replace(card, excess_brier=why, gap=why, curve_gap=why, reach=why, note=note)


def _by_what(card: ReadingCard) -> str:
    asked = 100 * (1 - (card.case.value or 0.0))
    named = {
        "the words of the question": card.vocabulary,
        "the order of the answers": card.order,
        "the wording of the instruction": card.wording,
    }
    most = max(named, key=lambda name: named[name] or 0.0)
    share = named[most] or 0.0
    # Where no part of the question moves all cases alike, the largest of them says nothing.
    how = f"above all {most} ({100 * share:.0f}%)"
    if share < (card.rest or 0.0):
        how = "and it moves each case differently"
    ranks = f" It {_no_better(card)}." if _by_chance(card) else ""
    return (
        f"{asked:.0f}% of what varies between the answers of {card.arm} is how it was asked, "
        f"{how}.{ranks} So its thresholds, its money and its rank are left out."
    )


def _reads(told: Variation | None, p_ranking: float | None) -> Reads:
    """Whether answers go by the case.

    They do where they rank the cases of a scenario as people do, or the other way round, beyond
    chance; or, where people decided all of these alike, where cases differ alike however they are
    asked. Either test calls 5 of 100 models that never look at the case readers; one that passed
    either of two would be called so more often. Answers go by the way of asking where this is not
    shown and the case's share is surely less than half.
    """
    if told is None or told.p is None:
        return "not known"
    if (told.p if p_ranking is None else p_ranking) <= UNSURE:
        return "the case"
    surely = told.case.high is not None and told.case.high < 1 / 2
    return "how it is asked" if surely else "not known"


def _no_better(card: ReadingCard) -> str:
    return (
        "ranks requests no better than chance within a scenario (permutation test, "
        f"p = {card.p_ranking:.3f})"
    )


def _by_chance(card: ReadingCard) -> bool:
    """Whether its ranking of cases is not shown to be more than chance."""
    return card.p_ranking is not None and card.p_ranking > UNSURE


def _compared(study: Study) -> Ints:
    """(C,) codes of the cases among which answers are compared: those of a scenario; cases alone
    in theirs with the others of their policy."""
    sizes = np.bincount(study.scenario)
    codes: dict[tuple[bool, object], int] = {}
    return np.array(
        [
            codes.setdefault((alone, case.policy if alone else int(code)), len(codes))
            for case, code in zip(study.cases, study.scenario, strict=True)
            for alone in [bool(sizes[code] == 1)]
        ],
        dtype=np.int64,
    )


def _varied(codes: np.ndarray) -> bool:
    """Whether it was asked in more ways than one: else nothing shows what answers owe to it."""
    return len(np.unique(codes)) > 1


def _parts(study: Study, p: np.ndarray, told: Variation | None) -> dict[str, float | None]:
    """The case's share by what of the case it goes with."""
    share = told.case.value if told else None
    known = np.isfinite(p)
    if share is None or not known.any():
        return {"scenario": None, "value": None, "reason": None}
    values: dict[tuple[int, object], int] = {}
    inner = np.array(
        [
            values.setdefault((int(code), case.value), len(values))
            for code, case in zip(study.scenario, study.cases, strict=True)
        ],
        dtype=np.int64,
    )
    odds = np.log(p[known]) - np.log1p(-p[known])
    split = nested(odds, study.scenario[known], inner[known])
    return dict(zip(("scenario", "value", "reason"), (share * one for one in split), strict=True))


def _log_odds(answer: Answer) -> float | None:
    if answer.log_grant is None or answer.log_refuse is None:
        return None
    return answer.log_grant - answer.log_refuse


def _strayed(kept: _Answers) -> int:
    return sum(mass > MOSTLY for mass in kept.outside)
