"""The first screen: one verdict, one chart, three numbers, how sure they are, and what to do next.

Every number is one of the scorecard's figures, so that it equals ``report --json``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from discretion.core.units import Unit
from discretion.reports.figures import interval, money, money_interval
from discretion.scorecard import Scorecard
from discretion.scorecard.cards import ArmCard, PeopleCard
from discretion.scorecard.findings import cheaper, dearer, differs, farthest_apart
from discretion.scorecard.scenario_cards import CurveCard, ThresholdCard
from discretion.stats.figure import TOO_FEW, Figure
from discretion.stats.intervals import FEW

_AFTER = ("clock", "date", "number")
"""Kinds of unit of which people say that they stop after a value; of others, above it."""

_SAME = "as many"
_DOING = {"always refuse": "always refusing", "always grant": "always granting"}


@dataclass(frozen=True, slots=True)
class Number:
    """One of the three numbers, as it is shown."""

    name: str
    shown: str
    interval: str
    """Empty where there is none."""
    beside: str
    """What it is to be compared with."""


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next, and the command for it; empty where there is none."""

    text: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class FirstScreen:
    verdict: str
    but: tuple[str, ...]
    """What contradicts the verdict, in money or in what training broke."""
    arm: str
    """Whom it is about; empty on a page about people alone."""
    curve: CurveCard | None
    """The chart: the scenario in which people and arm stop farthest apart."""
    caption: str
    numbers: tuple[Number, ...]
    sure: tuple[str, ...]
    next: Step


def first_screen(card: Scorecard) -> FirstScreen:
    """What a reader sees before scrolling."""
    arm = protagonist(card)
    name = arm.name if arm else ""
    curve, threshold = _chosen(card, name)
    return FirstScreen(
        verdict=_verdict(card, arm, curve),
        but=tuple(_but(card, arm)),
        arm=name,
        curve=curve,
        caption=_caption(card, name, curve, threshold),
        numbers=_numbers(card, arm, curve, threshold),
        sure=tuple(_sure(card)),
        next=_next(card, arm),
    )


def protagonist(card: Scorecard) -> ArmCard | None:
    """The arm that the page is about: the closest that decides by itself, and never a control
    where there is another."""
    asked = [
        arm
        for arm in card.arms
        if arm.kind != "baseline" and arm.cases and arm.name not in card.withheld
    ]
    return min(asked, key=lambda arm: arm.control, default=None)


def _chosen(card: Scorecard, arm: str) -> tuple[CurveCard | None, ThresholdCard | None]:
    if not arm:
        known = [curve for curve in card.curves if curve.threshold.value is not None]
        return next(iter(known or card.curves), None), None
    if farthest := farthest_apart(arm, card.curves):
        return farthest
    drawn = [curve for curve in card.curves if any(line.arm == arm for line in curve.arms)]
    return next(iter(drawn or card.curves), None), None


def _verdict(card: Scorecard, arm: ArmCard | None, curve: CurveCard | None) -> str:
    first = card.findings[0] if card.findings else card.title
    if card.people is None:
        return first
    who = _who(card.people)
    if arm is not None and differs(card.people, arm) == first:
        return _of_arm(card.people, arm, who)
    alone = not any(one.kind != "baseline" and one.cases for one in card.arms)
    if alone and curve is not None and curve.threshold.value is not None:
        return f"{_sentence_case(who)} {_stop(curve, curve.threshold)}; {_rule(curve)}."
    # Whatever the findings put before the usual headline comes first here too.
    return first


def _of_arm(people: PeopleCard, arm: ArmCard, who: str) -> str:
    signed, two = arm.signed, people.disagreement
    often = f"{_of_100(arm.disagreement)} times in 100"
    if two.value is not None:
        often += f", and two of them differ {_of_100(two)} times"
    if signed.high is not None and signed.high < 0:
        return f"{arm.name} is stricter than {who}: it differs from one of them {often}."
    if signed.low is not None and signed.low > 0:
        return f"{arm.name} is more lenient than {who}: it differs from one of them {often}."
    return f"{arm.name} differs from one of {who} {often}."


def _but(card: Scorecard, arm: ArmCard | None) -> Iterator[str]:
    """Money and what training broke, where they say otherwise than the verdict."""
    if arm is None:
        return
    trained = [one.name for one in card.arms if one.name.startswith("tuned:")]
    bases = [one.name for one in card.arms if one.kind == "model" and one.name not in trained]
    for money_card in card.money:
        told = dearer(trained, bases, money_card) or cheaper(arm.name, money_card)
        if told:
            yield told
    broke = [
        row.part
        for row in (card.breakage.rows if card.breakage else ())
        if row.verdict == "broke" and row.tuned == arm.name
    ]
    if broke:
        yield f"Training made it worse on part of the cases: {', '.join(broke)}."
    if arm.never_granted:
        yield (
            f"It would grant {arm.never_granted} of the {arm.never_cases} cases that break a hard "
            "limit."
        )


def _caption(
    card: Scorecard, arm: str, curve: CurveCard | None, threshold: ThresholdCard | None
) -> str:
    if curve is None or card.people is None:
        return ""
    title = f"{_sentence_case(curve.title.rstrip('.'))}: {_rule(curve)}."
    if curve.threshold.state == "none":
        return title
    said = f"{_sentence_case(_who(card.people))} {_stop(curve, curve.threshold)}"
    if threshold is not None and threshold.state != "none":
        said += f"; {arm} {_stop(curve, threshold, one=True)}"
    return f"{title} {said}."


def _stop(curve: CurveCard, threshold: ThresholdCard, *, one: bool = False) -> str:
    """``say no after 41 days``; off the values tried: ``say no even before 31 days``."""
    says = "says" if one else "say"
    if threshold.state.startswith("below"):
        return f"{says} no even {threshold.shown}"
    if threshold.state.startswith("beyond"):
        return f"{says} yes even {threshold.shown}"
    return f"{says} no {past(curve)} {threshold.shown}"


def past(curve: CurveCard) -> str:
    """On which side of a value requests are refused."""
    if curve.direction == "at least":
        return "below"
    return "after" if Unit.named(curve.unit).kind in _AFTER else "above"


def _rule(curve: CurveCard) -> str:
    return f"the rule says {curve.direction} {curve.limit_shown}"


def _numbers(
    card: Scorecard, arm: ArmCard | None, curve: CurveCard | None, threshold: ThresholdCard | None
) -> tuple[Number, ...]:
    people = card.people
    if people is None:
        return ()
    found = [_granted(people, arm)]
    if arm is None:
        found.append(_stops(curve, curve.threshold if curve else None, ""))
        found.append(
            Number(
                "Two of them differ",
                _share(people.disagreement),
                _share_ends(people.disagreement),
                people.disagreement.note if people.disagreement.value is None else "of decisions",
            )
        )
        return tuple(found)
    theirs = curve.threshold if curve else None
    beside = f"{_who(people)}: {_with_ends(theirs)}" if theirs and theirs.state != "none" else ""
    found.append(_stops(curve, threshold, beside))
    found.append(_cost(card, arm) or _differs(people, arm))
    return tuple(found)


def _granted(people: PeopleCard, arm: ArmCard | None) -> Number:
    broken = people.rule_broken_rate.value is not None
    rate = people.rule_broken_rate if broken else people.rate
    if arm is None:
        name = "Granted, where the rule is broken" if broken else "Granted"
        return Number(name, _share(rate), _share_ends(rate), "of requests")
    own = people.rate
    beside = "" if own.value is None else f"{_who(people)} grant {_of_100(own)} of 100"
    signed = arm.signed
    if signed.value is None:
        return Number("Granted", "–", "", signed.note)
    more = _more(signed.value)
    return Number("Granted", more if more == _SAME else f"{more} per 100", _ends(signed), beside)


def _stops(curve: CurveCard | None, threshold: ThresholdCard | None, beside: str) -> Number:
    if curve is None or threshold is None or threshold.state == "none":
        return Number("Says no after", "–", "", "no value at which half would grant is known")
    name = f"Says no {past(curve)}" if threshold.state == "crossed" else "Says no"
    ends = threshold.interval_shown
    return Number(name, threshold.shown, "" if ends == threshold.shown else ends, beside)


def _cost(card: Scorecard, arm: ArmCard) -> Number | None:
    """What its mistakes cost; None where nothing says so."""
    for one in card.money:
        totals = {row.arm: row.costs.total for row in one.arms if row.costs.total.value is not None}
        total = totals.pop(arm.name, None)
        if total is None or not one.currency:
            continue
        references = [row.arm for row in one.arms if row.reference and row.arm in totals]
        least = min(references, key=lambda name: totals[name].value or 0.0, default="")
        beside = f"{_DOING[least]}: {money(totals[least], one.currency)}" if least else ""
        ends = money_interval(total, one.currency)
        return Number("Mistakes cost, per 1,000", money(total, one.currency), ends, beside)
    return None


def _differs(people: PeopleCard, arm: ArmCard) -> Number:
    two = people.disagreement
    beside = "" if two.value is None else f"two of them differ {_of_100(two)} times"
    shown = _share(arm.disagreement)
    ends = _share_ends(arm.disagreement)
    return Number("Differs from one of them", shown, ends, beside)


def _sure(card: Scorecard) -> Iterator[str]:
    people = card.people
    if people is None:
        return
    judged = "" if people.judgments is None else f"{people.judgments:,} judgments"
    whose = "" if people.raters is None else f" by {_count(people.raters, 'person', 'people')}"
    kinds = f" of {_count(people.scenarios, 'kind', 'kinds')} of request"
    cases = _count(people.cases, "case", "cases")
    if people.scenarios < people.cases:
        cases += kinds
    yield f"{', '.join(filter(None, [judged and judged + whose, cases]))}; 95% intervals."
    if people.scenarios < FEW:
        yield "They hold for these kinds of request only; six or more would let you generalize."


def _next(card: Scorecard, arm: ArmCard | None) -> Step:
    if card.withheld and arm is None:
        return Step("Ask the model in another way, or try another model.", "discretion arms")
    if arm is None:
        return Step("See how a model or your agent would decide these.", "discretion evaluate")
    if arm.cases < arm.unanswered:
        return Step("Find out why it left cases unanswered.", "discretion doctor")
    if card.people is not None and card.people.scenarios < FEW:
        return Step("Describe more kinds of request, and have people judge them.")
    apart = arm.beyond_colleague
    if apart.high is not None and apart.high <= 0:
        return Step("It is as close as a colleague: guard that in CI.", "discretion gate")
    if arm.name.startswith("tuned:"):
        return Step("Hold it to your criteria before it decides anything.", "discretion gate")
    return Step("Show it how your people decide, or train it on that.", "discretion prompt")


def _who(people: PeopleCard) -> str:
    return "the simulated people" if people.simulated else "your people"


def _sentence_case(words: str) -> str:
    return words[:1].upper() + words[1:]


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _of_100(figure: Figure) -> str:
    return f"{100 * (figure.value or 0.0):.0f}"


def _share(figure: Figure) -> str:
    return "–" if figure.value is None else f"{_of_100(figure)} of 100"


def _share_ends(figure: Figure) -> str:
    return interval(figure, "percent").replace("%", "")


def _more(share: float) -> str:
    count = f"{abs(100 * share):.0f}"
    return _SAME if count == "0" else f"{count} {'fewer' if share < 0 else 'more'}"


def _ends(signed: Figure) -> str:
    if signed.low is None or signed.high is None:
        return ""
    if signed.low < -1 or signed.high > 1:
        return TOO_FEW
    if signed.low * signed.high > 0:
        near, far = sorted((abs(signed.low), abs(signed.high)))
        return f"{100 * near:.0f} to {_more(-far if signed.low < 0 else far)}"
    return f"{_more(signed.low)} to {_more(signed.high)}"


def _with_ends(threshold: ThresholdCard) -> str:
    ends = threshold.interval_shown
    return threshold.shown + (f" ({ends})" if ends and ends != threshold.shown else "")
