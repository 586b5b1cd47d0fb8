"""Findings in plain sentences, and what limits them."""

from __future__ import annotations

from collections.abc import Sequence

from discretion.measures.figure import Figure
from discretion.measures.intervals import FEW
from discretion.scorecards.cards import ArmCard, ContrastCard, CurveCard, PeopleCard

ENOUGH_JUDGMENTS = 10
"""With fewer judgments a case, one panel says little about the next."""


def findings(
    people: PeopleCard,
    arms: Sequence[ArmCard],
    curves: Sequence[CurveCard],
    contrasts: Sequence[ContrastCard],
) -> tuple[str, ...]:
    """What a reader should know first, the most important sentence first."""
    said = []
    asked = [arm for arm in arms if arm.kind != "baseline" and arm.gap.value is not None]
    if not asked:
        return _about_people(people, curves)
    for arm in sorted(asked, key=lambda arm: arm.gap.value or 0.0)[:3]:
        said += [_stops(people, arm, curves), _exchanges(arm), _gap(arm, people), _matched(arm)]
    said += [_contrast(contrast) for contrast in contrasts if contrast.declared]
    return tuple(sentence for sentence in said if sentence)


def warnings(
    people: PeopleCard, arms: Sequence[ArmCard], judged: Sequence[float]
) -> tuple[str, ...]:
    """What a reader must not overlook.

    Args:
        judged: how many decided each case; NaN where it is not known.
    """
    said = []
    if people.simulated:
        said.append("These people are simulated: nothing here is about real people.")
    if people.scenarios < FEW:
        said.append(
            f"There are {people.scenarios} scenarios: intervals are for these scenarios only, and "
            f"say nothing about others. With {FEW} or more they would."
        )
    elif people.scenarios < 10:
        said.append(
            f"There are {people.scenarios} scenarios: below 10 the intervals were found too "
            "narrow or too wide in simulation (docs/reference/coverage.md)."
        )
    if people.judgments is None:
        said.append(
            "It is not known how many people stand behind each rate, so the noise-corrected gap, "
            "both references and every score over single judgments are missing."
        )
    else:
        few = sum(1 for n in judged if n < ENOUGH_JUDGMENTS)
        if few:
            said.append(
                f"{few} of {len(judged)} cases have fewer than {ENOUGH_JUDGMENTS} judgments; the "
                "gap to a panel of n leaves them out. "
                f"Have such cases judged by {ENOUGH_JUDGMENTS} people."
            )
        if people.raters is None:
            said.append(
                "It is not known who judged what, so the intervals cannot allow for people who "
                "differ from each other. Import with rater=COLUMN."
            )
    for arm in arms:
        if arm.unanswered:
            said.append(
                f"{arm.name} did not answer {arm.unanswered} of {arm.unanswered + arm.cases} "
                "cases; it is compared on the others."
            )
        if arm.unsure_flips:
            said.append(
                f"Whether {arm.name} is too strict or too lax depends on how the people's unsure "
                "answers are counted."
            )
        if arm.never_granted:
            said.append(
                f"{arm.name} would have granted {arm.never_granted} of {arm.never_cases} cases "
                "that are never allowed; code refuses them, the model does not."
            )
    return tuple(said)


def _about_people(people: PeopleCard, curves: Sequence[CurveCard]) -> tuple[str, ...]:
    who = _who(people)
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
        said.append(
            f"{curve.title}: the rule says {curve.direction} {curve.limit_shown}; half of them "
            f"would still grant at {curve.threshold.shown}."
        )
    if people.alpha.value is not None:
        said.append(
            f"They agree among themselves with Krippendorff's alpha {people.alpha.value:.2f} "
            "(1 is agreement, 0 is chance)."
        )
    return tuple(said)


def _stops(people: PeopleCard, arm: ArmCard, curves: Sequence[CurveCard]) -> str:
    """Where people and arm stop, in the scenario in which they are farthest apart."""
    apart: list[tuple[float, CurveCard, str]] = []
    stricter = compared = 0
    for curve in curves:
        line = next((line for line in curve.arms if line.arm == arm.name), None)
        if line is None or "none" in (line.threshold.state, curve.threshold.state):
            continue
        compared += 1
        mine, theirs = (
            _reach(curve, line.threshold.value, line.threshold.state),
            _reach(curve, curve.threshold.value, curve.threshold.state),
        )
        stricter += mine < theirs
        if curve.threshold.value is not None:
            apart.append((abs(mine - theirs), curve, line.threshold.shown))
    if not apart:
        return ""
    _, curve, shown = max(apart, key=lambda one: one[0])
    who = _who(people, capital=False)
    return (
        f"{curve.title}: the rule says {curve.direction} {curve.limit_shown}; {who} stop "
        f"at {curve.threshold.shown}, {arm.name} {_stop(shown)}. "
        f"{arm.name} stops earlier than they do in {stricter} of {compared} scenarios."
    )


def _reach(curve: CurveCard, value: float | None, state: str) -> float:
    """How far somebody goes, as a share of the range tried."""
    if value is None:
        return 0.0 if state.startswith("below") else 1.0
    deviations = [abs(point.value - curve.limit) for point in curve.people]
    return abs(value - curve.limit) / (max(deviations, default=1.0) or 1.0)


def _stop(shown: str) -> str:
    return f"stops {shown}" if shown.startswith(("before", "beyond")) else f"at {shown}"


def _exchanges(arm: ArmCard) -> str:
    refused, granted = arm.refused_of_granted, arm.granted_of_refused
    if refused.value is None or granted.value is None:
        return ""
    return (
        f"{arm.name} refuses {_of_100(refused)} of 100 requests here that they would grant, and "
        f"grants {_of_100(granted)} of 100 that they would refuse."
    )


def _gap(arm: ArmCard, people: PeopleCard) -> str:
    gap, signed = arm.gap, arm.signed
    if gap.value is None or signed.value is None:
        return ""
    lean = "too strict" if signed.value < 0 else "too lax"
    sure = (
        ""
        if signed.low is None or signed.high is None or signed.low * signed.high > 0
        else ", which chance could explain"
    )
    ends = "" if gap.low is None or gap.high is None else f" ({gap.low:.2f} to {gap.high:.2f})"
    return (
        f"Its noise-corrected gap to them is {gap.value:.2f}{ends}, where 0 is an arm that knows "
        f"their true rates; on average it is {lean} by {abs(signed.value):.2f}{sure}."
    )


def _matched(arm: ArmCard) -> str:
    if not arm.matched_by:
        return ""
    return f"{arm.matched_by}, which reads no text, cannot be told from {arm.name} or is nearer."


def _contrast(contrast: ContrastCard) -> str:
    both = f"{contrast.arm} and {contrast.against}"
    if contrast.verdict == "cannot be told":
        return f"Which of {both} is nearer to the people cannot be told from these cases."
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
    return f"{near} is nearer to the people than {far}{p}{within}."


def _who(people: PeopleCard, *, capital: bool = True) -> str:
    name = "simulated people" if people.simulated else "your people"
    return name.capitalize() if capital else name


def _of_100(figure: Figure) -> str:
    return f"{100 * (figure.value or 0.0):.0f}"


def _p(p: float) -> str:
    return "below .001" if p < 0.001 else f"{p:.3f}".lstrip("0")
