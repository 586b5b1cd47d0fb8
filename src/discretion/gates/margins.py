"""Margins: demands on figures that compare an arm with people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from discretion.core.criteria import MARGINS, Criteria
from discretion.documents import Document
from discretion.gates.compared import Compared, level_of
from discretion.gates.lines import GateLine, Verdict, at_most, percent, shown, within
from discretion.scorecard.how_many import TARGET, chances, how_many, more_pairs, standing
from discretion.scorecard.scenario_cards import FactorCard
from discretion.scorecard.warnings import AT_MARGIN, TESTED
from discretion.stats.figure import Figure
from discretion.stats.intervals import FEW, ONLY_THESE, ROUNDING
from discretion.stats.unvaried import unvaried

PLAIN = ("gap", "beyond_second_panel")
"""Margins that are no shares of decisions."""
OF = {
    "wrong_grants": " of what they would refuse",
    "wrong_refusals": " of what they would grant",
}
"""What a share is of, where it is not of all decisions, as in the headline of a report."""
SCOPE = "To let it pass for these cases alone: these_cases_only: true."


def margin_lines(acceptance: Criteria, document: Document, found: Compared) -> Iterator[GateLine]:
    """A line for each figure that has a margin, and for each factor that should not matter."""
    for name in MARGINS:
        limit = getattr(acceptance, name)
        if limit is None:
            continue
        figure, plain = found.figures[name], name in PLAIN
        most = (f"{limit:g}" if plain else f"{100 * limit:g}%") + OF.get(name, "")
        said = shown(figure, limit, acceptance.confidence, plain=plain) + _floor(name, found)
        verdict = at_most(figure, limit)
        if verdict == "cannot be told":
            advice = _larger(acceptance, name, found)
        else:
            few = ONLY_THESE in figure.note
            verdict, advice = _in_scope(verdict, few, acceptance)
            if verdict == "passed" and not few:
                advice = _measured(len(found.study.scenarios))
        where = document.where([name])
        yield GateLine(where, name, f"{name} at most {most}", said, verdict, advice)
    if acceptance.should_not_matter:
        yield from _factor_lines(acceptance, document, found)


def _in_scope(verdict: Verdict, few: bool, acceptance: Criteria) -> tuple[Verdict, str]:
    """On fewer than six scenarios nothing passes unless that is what was asked for."""
    if verdict == "passed" and few and not acceptance.these_cases_only:
        return "cannot be told", SCOPE
    return verdict, ""


def _measured(scenarios: int) -> str:
    """What passing is worth on few scenarios, as measured; empty from eleven on."""
    if scenarios > TESTED:
        return ""
    return (
        f"There are only {scenarios} scenarios. With {TESTED} or fewer, up to {AT_MARGIN} of "
        "100 arms exactly at their margin passed in simulated studies at 95%, not 5."
    )


def _floor(name: str, found: Compared) -> str:
    """What another of the people would show, and the best there can be; empty where that is not
    known."""
    other, bound, rate = found.people.whole.value, found.people.bound.value, found.rate.value
    if other is None or bound is None:
        return ""
    if name == "disagreement":
        return f"; another of your people: {percent(other)}, no arm below {percent(bound)}"
    if name in ("wrong_grants", "wrong_refusals") and rate is not None:
        share = 1 - rate if name == "wrong_grants" else rate
        return f"; another of your people: {percent(min(1.0, bound / share))}" if share > 0 else ""
    return ""


def _factor_lines(acceptance: Criteria, document: Document, found: Compared) -> Iterator[GateLine]:
    """Each level of each factor that should not matter; the ends of its interval are those of two
    one-sided tests. Scenarios that have the level are pooled, and that is the verdict; of single
    ones only those stand beside it in which it surely matters."""
    where, demand = document.where(["should_not_matter"]), "should_not_matter"
    pooled = {_level(one): one for one in found.factors if one.pooled}
    if not found.factors:
        nothing = "no scenario marks a factor so"
        yield GateLine(where, demand, demand, nothing, "cannot be told")
    for card in found.factors:
        alone = not card.pooled and _level(card) not in pooled
        scenarios = sum(_compares(one) for one in found.factors if _level(one) == _level(card))
        margin = card.margin or 0.0
        place = f"over {scenarios} scenarios" if card.pooled else f"in {card.scenario}"
        level = f"{card.factor}={card.level} against {card.against}"
        asked = f"{demand} {level} {place} within {percent(margin)}"
        figure = _difference(card, found.arm, acceptance.confidence)
        if figure is None:
            verdict: Verdict = "cannot be told"
            said, advice = "no figure (it says the same to every case, or is shown apart)", ""
        else:
            verdict, said = within(figure, margin), shown(figure, margin, acceptance.confidence)
            if verdict == "cannot be told":
                advice = _pairs(figure, margin, acceptance.confidence)
            else:
                verdict, advice = _in_scope(verdict, scenarios < FEW, acceptance)
        if card.pooled or alone or verdict == "failed":
            yield GateLine(where, demand, asked, said, verdict, advice)


def _larger(acceptance: Criteria, name: str, found: Compared) -> str:
    """How large a study would make it clear; of fewer than six scenarios for these cases alone. An
    arm may be unclear in a study that is large enough for one at half of the margin: then why."""
    people, size = standing(found.study)
    alone = acceptance.these_cases_only or size.scenarios < FEW
    criteria = acceptance.model_copy(update={"these_cases_only": alone})
    sentence = how_many(people, criteria, size, only=name)
    figure, limit = found.figures[name], getattr(acceptance, name)
    enough = chances(people, criteria, size)[name] >= TARGET
    return " ".join(filter(None, [sentence, _why(figure, limit, enough=enough)]))


def _why(figure: Figure, limit: float, *, enough: bool) -> str:
    """What keeps this arm from a verdict, beside what the study would do for one at half of the
    margin."""
    if figure.value is None or figure.high is None:
        return ""
    if figure.value > limit:
        return "This arm is above the limit, but not clearly."
    if not enough:
        return ""
    if figure.value > limit / 2:
        return "This arm is above half of the limit, so it needs more."
    return "This arm's errors vary more between scenarios than that assumes, so it needs more."


def _pairs(figure: Figure, margin: float, confidence: float) -> str:
    """How many matched pairs would make it clear, where there is an interval to go by."""
    from scipy.special import ndtri

    if figure.low is None or figure.high is None or margin <= 0:
        return ""
    half, z = (figure.high - figure.low) / 2, float(ndtri(confidence))
    needed = more_pairs(figure.n, half, z, margin)
    if needed <= figure.n:
        return f"{figure.n:,} pairs are enough for an arm that it does not move."
    there = f"there are {figure.n:,}"
    return f"An arm that it does not move needs about {needed:,} matched pairs; {there}."


def _level(card: FactorCard) -> tuple[str, str, str]:
    return card.factor, card.level, card.against


def _compares(card: FactorCard) -> bool:
    """Whether a single scenario has cases that differ in this alone."""
    return not card.pooled and bool(card.cells) and card.cells[0].difference.n > 0


def _difference(card: FactorCard, arm: str, confidence: float) -> Figure | None:
    """An arm's difference in grant rate; where no pair differs from another, with what so many
    pairs leave open. None where it has none."""
    cell = next((one for one in card.cells if one.name == arm), None)
    if cell is None:
        return None
    one = replace(cell.difference, note="")
    if one.value is None or one.low is None or one.high is None or one.high - one.low > ROUNDING:
        return one
    tail = (1 - level_of(confidence)) / 2
    low, high = unvaried(one.value, (one.value, one.value), one.n, tail, (-1.0, 1.0))
    return Figure(one.value, low, high, one.n, f"bound for {one.n:,} pairs that do not vary")
