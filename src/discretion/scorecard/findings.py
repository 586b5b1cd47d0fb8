"""Findings in plain sentences: what a reader should know first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from discretion.scorecard.amounts import show_money
from discretion.scorecard.cards import ArmCard, ContrastCard, PeopleCard
from discretion.scorecard.conclusion_cards import RaterCard
from discretion.scorecard.money import MoneyCard
from discretion.scorecard.panels import PanelCard
from discretion.scorecard.scenario_cards import BiasCard, CurveCard, ThresholdCard
from discretion.stats.figure import Figure
from discretion.stats.intervals import ONLY_THESE
from discretion.stats.predictions import Predictions

_WHO = {"always refuse": "someone who always refuses", "always grant": "someone who always grants"}

_SURE = (
    "Your people are {predicted:.0f}% sure of their answers on average, and another of them gives "
    "the same answer {agreed:.0f}% of the time"
)
_EXPECT = (
    "Your people expect {predicted:.0f}% of their colleagues to answer as they do, and "
    "{agreed:.0f}% do"
)

OTHERS = 3
"""How many arms beside the nearest get a sentence of their own."""


def findings(
    people: PeopleCard,
    arms: Sequence[ArmCard],
    leans: Sequence[BiasCard],
    curves: Sequence[CurveCard],
    contrasts: Sequence[ContrastCard],
    raters: Sequence[RaterCard] = (),
    money: Sequence[MoneyCard] = (),
    panels: Sequence[PanelCard] = (),
) -> tuple[str, ...]:
    """Plain sentences, the most important first; `arms` are ranked, the nearest first."""
    asked = [arm for arm in arms if arm.kind != "baseline" and arm.cases]
    if not asked:
        alone = (*_about_people(people, curves), *_nearest_baseline(arms))
        return (*alone, *(told for card in panels if (told := _panel(card))))
    asked.sort(key=lambda arm: arm.control)
    first = asked[0]
    if first.cases < first.unanswered:
        return (
            f"{first.name} answered {first.cases} of {first.cases + first.unanswered} cases: too "
            "few to say how it decides.",
        )
    said = [
        differs(people, first),
        _stops(people, first, curves),
        _exchanges(first),
        *(_money(people, first, card) for card in money),
        *(cheaper(first.name, card) for card in money),
        _leans(people, first, leans),
        _matched(first, people),
        _standing(first, raters),
        *(_beside(arm) for arm in asked[1 : 1 + OTHERS]),
        *(_panel(card) for card in panels),
        *(_contrast(contrast) for contrast in contrasts if contrast.declared),
    ]
    return tuple(sentence for sentence in said if sentence)


def differs(people: PeopleCard, arm: ArmCard) -> str:
    """The headline: how often an arm decides otherwise than one of the people, beside how often
    two of them do, and what no arm can do better than."""
    found = arm.disagreement
    if found.value is None:
        return ""
    who = "the simulated people" if people.simulated else "your people"
    said = f"{arm.name} decides otherwise than one of {who} {_times(found)} in 100{_range(found)}"
    two, bound = people.disagreement, people.bound
    if two.value is None:
        return f"{said}. No case was decided by two of them, so how often they differ is not known."
    # The scope stands once, with the arm's own interval.
    ends = _range(two).replace(_scope(two), "") if _scope(two) else _range(two)
    return (
        f"{said}. Two of them differ {_times(two)}{ends}; no arm can do better than "
        f"{_of_100(bound)}."
    )


def _times(figure: Figure) -> str:
    count = _of_100(figure)
    return f"{count} time" if count == "1" else f"{count} times"


def _range(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return ""
    return f" ({100 * figure.low:.0f} to {100 * figure.high:.0f}{_scope(figure)})"


def _scope(figure: Figure) -> str:
    """What an interval of few scenarios speaks of."""
    return f", {ONLY_THESE}" if ONLY_THESE in figure.note else ""


def _about_people(people: PeopleCard, curves: Sequence[CurveCard]) -> tuple[str, ...]:
    who = _who(people).capitalize()
    said = []
    if people.rule_broken_rate.value is not None:
        said.append(
            f"{who} would grant {_of_100(people.rule_broken_rate)} of 100 requests here that "
            "break the rule."
        )
    elif people.rate.value is not None:
        said.append(f"{who} would grant {_of_100(people.rate)} of 100 requests here.")
    crossed = [curve for curve in curves if curve.threshold.value is not None]
    for curve in crossed[:3]:
        stop = f"{curve.threshold.shown}{_between(curve.threshold)}"
        said.append(f"{_sentence(curve)} Half of them would still grant at {stop}.")
    if people.compared and people.alpha.value is not None:
        said.append(
            f"They agree among themselves with Krippendorff's alpha {people.alpha.value:.2f} "
            "(1 is agreement, 0 is chance)."
        )
    said += filter(None, (_foreseen(people.confidence, _SURE), _foreseen(people.expected, _EXPECT)))
    return tuple(said)


def _foreseen(one: Predictions | None, words: str) -> str:
    """That people agree more or less often than they think, where that is sure."""
    if one is None or one.predicted is None or one.agreed is None:
        return ""
    low, high = one.difference.low, one.difference.high
    if low is None or high is None or low <= 0 <= high:
        return ""
    near, far = sorted((abs(low), abs(high)))
    return (
        words.format(predicted=100 * one.predicted, agreed=100 * one.agreed)
        + f" (difference {100 * near:.0f} to {100 * far:.0f} points)."
    )


def _nearest_baseline(arms: Sequence[ArmCard]) -> tuple[str, ...]:
    """Where nothing but baselines was asked: what a model would have to beat."""
    if not arms or arms[0].disagreement.value is None:
        return ()
    apart = f"{_times(arms[0].disagreement)} in 100{_range(arms[0].disagreement)}"
    return (
        f"What a model has to beat is {arms[0].name}: it decides otherwise than one of them "
        f"{apart}.",
    )


def _stops(people: PeopleCard, arm: ArmCard, curves: Sequence[CurveCard]) -> str:
    """Where people and arm stop, in the scenario in which they are farthest apart."""
    farthest = farthest_apart(arm.name, curves)
    if farthest is None:
        return ""
    curve, mine = farthest
    if mine.value is not None:
        stop = f"{arm.name} at {mine.shown}"
    elif mine.state.startswith("below"):
        stop = f"{arm.name} already {mine.shown}"
    else:
        stop = f"{arm.name} only {mine.shown}"
    return (
        f"{_sentence(curve)} {_who(people).capitalize()} stop at {curve.threshold.shown}"
        f"{_between(curve.threshold)}, {stop}."
    )


def farthest_apart(arm: str, curves: Sequence[CurveCard]) -> tuple[CurveCard, ThresholdCard] | None:
    """The scenario in which people and an arm stop farthest apart, with the arm's threshold; None
    where no scenario has both."""
    apart: list[tuple[float, CurveCard, ThresholdCard]] = []
    for curve in curves:
        line = next((line for line in curve.arms if line.arm == arm), None)
        if (
            line is not None
            and line.threshold.state != "none"
            and curve.threshold.value is not None
        ):
            distance = abs(_reach(curve, line.threshold) - _reach(curve, curve.threshold))
            apart.append((distance, curve, line.threshold))
    if not apart:
        return None
    _, curve, mine = max(apart, key=lambda one: one[0])
    return curve, mine


def _sentence(curve: CurveCard) -> str:
    title = curve.title.rstrip(".")
    return f"{title[:1].upper()}{title[1:]}: the rule says {curve.direction} {curve.limit_shown}."


def _between(threshold: ThresholdCard) -> str:
    return f" ({threshold.interval_shown})" if threshold.interval_shown else ""


def _reach(curve: CurveCard, threshold: ThresholdCard) -> float:
    """How far somebody goes, as a share of the range tried."""
    if threshold.value is None:
        return 0.0 if threshold.state.startswith("below") else 1.0
    farthest = max(abs(point.value - curve.limit) for point in curve.people)
    return abs(threshold.value - curve.limit) / (farthest or 1.0)


def _exchanges(arm: ArmCard) -> str:
    """Both kinds of error, as the arm is deployed."""
    refused, granted = arm.refused_of_granted, arm.granted_of_refused
    parts = []
    if refused.value is not None:
        parts.append(f"refuses {_of_100(refused)} of 100 requests that they would grant")
    if granted.value is not None:
        parts.append(f"grants {_of_100(granted)} of 100 that they would refuse")
    return f"{arm.name} {', and '.join(parts)}." if parts else ""


def _money(people: PeopleCard, arm: ArmCard, card: MoneyCard) -> str:
    """What the arm gives away and turns away, for 1,000 requests."""
    costs = next((row.costs for row in card.arms if row.arm == arm.name), None)
    if costs is None or costs.wrong_grants.value is None or costs.wrong_refusals.value is None:
        return ""
    which = "like these" if card.tickets is None else f"as they come in ({card.tickets:,} tickets)"
    if card.tickets is None and card.cases < people.cases:
        named = " and ".join(card.policies) if len(card.policies) <= 3 else "rules with prices"
        which += f" under {named} ({card.cases:,} of {people.cases:,} cases)"
    given = f"grants {costs.wrong_grants.value:.0f}{_ends(costs.wrong_grants, '{:.0f}'.format)}"
    if costs.given.value is not None:
        ends = _ends(costs.given, lambda end: show_money(card.currency, end))
        given = f"gives {show_money(card.currency, costs.given.value)}{ends}"
    refused = f"{costs.wrong_refusals.value:.0f}{_ends(costs.wrong_refusals, '{:.0f}'.format)}"
    return (
        f"Per 1,000 requests {which}, {arm.name} {given} that {_who(people)} would not have, "
        f"and turns away {refused} that they would have kept."
    )


def cheaper(closest: str, card: MoneyCard) -> str:
    """Whom mistakes would cost less than the arm that is closest to the people: the two orders
    need not agree, and the page opens with the first."""
    totals = {row.arm: row.costs.total for row in card.arms}
    mine = totals.get(closest)
    if not card.currency or mine is None or mine.value is None:
        return ""
    known = {arm: total for arm, total in totals.items() if total.value is not None}
    least = min(known, key=lambda arm: (known[arm].value or 0.0, arm))
    if not (known[least].value or 0.0) < mine.value:
        return ""
    return (
        f"In money the order is another: per 1,000 requests mistakes of {closest} would cost "
        f"{_cost(mine, card)}, and those of {_WHO.get(least, least)} {_cost(known[least], card)}."
    )


def dearer(taught: Sequence[str], bases: Sequence[str], card: MoneyCard) -> str:
    """That every taught model would cost more than the model it was made from, where it is so."""
    totals = {row.arm: row.costs.total for row in card.arms if row.costs.total.value is not None}
    after = [totals[arm] for arm in taught if arm in totals]
    before = [totals[arm] for arm in bases if arm in totals]
    if not card.currency or not after or not before:
        return ""
    least, base = (min(some, key=lambda total: total.value or 0.0) for some in (after, before))
    if (least.value or 0.0) <= (base.value or 0.0):
        return ""
    return (
        "In money training did not pay: per 1,000 requests mistakes of the base model would cost "
        f"{_cost(base, card)}, and those of the cheapest trained model {_cost(least, card)}."
    )


def _cost(total: Figure, card: MoneyCard) -> str:
    ends = _ends(total, lambda end: show_money(card.currency, end))
    return f"{show_money(card.currency, total.value or 0.0)}{ends}"


def _panel(card: PanelCard) -> str:
    """How far another panel is from the one that the page is about."""
    if card.difference.value is None:
        return ""
    return (
        f"{card.panel} would grant {_fewer(card.difference.value)} than {card.against}"
        f"{_chance(card.difference)}, on the {card.cases:,} cases that both judged."
    )


def _leans(people: PeopleCard, arm: ArmCard, leans: Sequence[BiasCard]) -> str:
    """To which side, by how much, how surely, and in how many scenarios."""
    signed = arm.signed
    if signed.value is None:
        return ""
    every = [one.shown for card in leans for one in card.arms if one.arm == arm.name]
    own = [figure for figure in every if figure.n]
    asked = people.scenarios - (len(every) - len(own))
    where = f"Over {asked} scenarios" if asked > 1 else "Over all cases"
    told = f"{where} it grants {_more(signed.value)}{_chance(signed)}"
    return f"{told}. {_scenarios(own)}".rstrip() if len(own) > 1 else f"{told}."


def _chance(signed: Figure) -> str:
    """How surely a signed difference is one."""
    if signed.low is None or signed.high is None:
        return "; how surely cannot be said"
    if signed.low * signed.high > 0:
        near, far = sorted(abs(100 * end) for end in (signed.low, signed.high))
        return f" (95% interval: {near:.0f} to {far:.0f}{_scope(signed)})"
    ends = f"{_side(signed.low)} to {_side(signed.high)}"
    return f", which chance could explain (95% interval: {ends}{_scope(signed)})"


def _scenarios(signed: Sequence[Figure]) -> str:
    """In how many scenarios an arm is stricter or laxer than chance explains."""
    stricter = sum(1 for one in signed if one.high is not None and one.high < 0)
    laxer = sum(1 for one in signed if one.low is not None and one.low > 0)
    untold = len(signed) - stricter - laxer
    parts = [
        f"{what} in {count}"
        for what, count in (
            ("stricter than they are", stricter),
            ("laxer", laxer),
            ("not to be told from them", untold),
        )
        if count
    ]
    return f"Scenario by scenario it is {', '.join(parts)}."


def _standing(arm: ArmCard, raters: Sequence[RaterCard]) -> str:
    """Where the arm stands among the people, one by one."""
    found = next((card.stricter for card in raters if card.arm == arm.name), None)
    if found is None or found.value is None or found.n < 2:
        return ""
    side, share = ("stricter", found.value) if found.value >= 0.5 else ("laxer", 1 - found.value)
    whom = f"all {found.n:,}" if share == 1 else f"{100 * share:.0f}% of them"
    return f"{arm.name} is {side} than {whom}, taken one by one."


def _more(signed: float) -> str:
    return f"{_fewer(signed)} than they would"


def _fewer(signed: float) -> str:
    count = f"{abs(100 * signed):.0f}"
    return f"{count} requests of 100 {'fewer' if signed < 0 else 'more'}"


def _side(end: float) -> str:
    return f"{abs(100 * end):.0f} {'fewer' if end < 0 else 'more'}"


def _matched(arm: ArmCard, people: PeopleCard) -> str:
    if not arm.matched_by:
        return ""
    if arm.surely_beaten:
        return (
            f"{arm.matched_by}, which reads no text, is nearer to {_who(people)} than {arm.name}."
        )
    return (
        f"{arm.name} is not shown to be nearer to {_who(people)} than {arm.matched_by}, which "
        "reads no text."
    )


def _beside(arm: ArmCard) -> str:
    """One sentence on an arm that is not the closest."""
    if arm.signed.value is None or arm.disagreement.value is None:
        return ""
    apart = f"{_times(arm.disagreement)} in 100{_range(arm.disagreement)}"
    return f"{arm.name}: differs {apart}, grants {_more(arm.signed.value)}."


def _ends(figure: Figure, show: Callable[[float], str] = "{:.2f}".format) -> str:
    if figure.low is None or figure.high is None:
        return ""
    return f" (95% interval: {show(figure.low)} to {show(figure.high)}{_scope(figure)})"


def _contrast(contrast: ContrastCard) -> str:
    both = f"{contrast.arm} and {contrast.against}"
    if contrast.verdict == "cannot be told":
        return f"Declared: which of {both} is nearer to the people cannot be told from these cases."
    near, far = (
        (contrast.arm, contrast.against)
        if contrast.verdict == "nearer"
        else (contrast.against, contrast.arm)
    )
    p = "" if contrast.adjusted is None else f" (adjusted p {_p(contrast.adjusted)})"
    within = (
        "; but the difference is smaller than the spread between wordings"
        if contrast.within_wording
        else ""
    )
    return f"Declared: {near} is nearer to the people than {far}{p}{within}."


def _who(people: PeopleCard) -> str:
    return "simulated people" if people.simulated else "your people"


def _of_100(figure: Figure) -> str:
    return f"{100 * (figure.value or 0.0):.0f}"


def _p(p: float) -> str:
    return "below .001" if p < 0.001 else f"{p:.3f}".lstrip("0")
