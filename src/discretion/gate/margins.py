"""Margins: demands on figures that compare an arm with people."""

from __future__ import annotations

from collections.abc import Iterator

from discretion.acceptances import MARGINS, Acceptance
from discretion.documents import Document
from discretion.gate.lines import Line, Verdict, at_most, percent, shown, within
from discretion.measures.figure import Figure, missing
from discretion.measures.intervals import ONLY_THESE
from discretion.scorecards.cards import ArmCard, PeopleCard, Scorecard


def margin_lines(
    acceptance: Acceptance, document: Document, card: Scorecard, arm: str
) -> Iterator[Line]:
    """A line for each figure that has a margin, and for each factor that should not matter."""
    found = next(one for one in (*card.arms, *card.untaught) if one.name == arm)
    for name in MARGINS:
        limit = getattr(acceptance, name)
        if limit is None:
            continue
        figure = _figure(name, found, card.people)
        plain = name in ("gap", "beyond_second_panel")
        most = f"{limit:g}" if plain else f"{100 * limit:g}%"
        asked, said = f"{name} at most {most}", shown(figure, limit, plain=plain)
        verdict = at_most(figure, limit)
        if verdict == "passed" and ONLY_THESE in figure.note and not acceptance.these_cases_only:
            verdict = "cannot be told"
            said += ". To let it pass for these cases alone: these_cases_only: true"
        yield Line(document.where([name]), name, asked, said + _floor(name, card.people), verdict)
    if acceptance.should_not_matter:
        yield from _factor_lines(document, card, arm)


def _figure(name: str, arm: ArmCard, people: PeopleCard | None) -> Figure:
    if name == "gap":
        return arm.gap
    if people is None:
        return missing("there are no people to compare with")
    if name in ("disagreement", "beyond_colleague", "beyond_second_panel"):
        figure: Figure = getattr(arm, name)
        return figure
    return arm.granted_of_refused if name == "wrong_grants" else arm.refused_of_granted


def _floor(name: str, people: PeopleCard | None) -> str:
    """What another of the people would show, and the best there can be; empty where that is not
    known."""
    if people is None or people.disagreement.value is None or people.bound.value is None:
        return ""
    bound, rate = people.bound.value, people.rate.value
    if name == "disagreement":
        other, best = people.disagreement.value, bound
    elif name in ("wrong_grants", "wrong_refusals") and rate is not None:
        share = 1 - rate if name == "wrong_grants" else rate
        if share <= 0:
            return ""
        return f"; another of your people: {percent(min(1.0, bound / share))}"
    else:
        return ""
    return f"; another of your people: {percent(other)}, no arm below {percent(best)}"


def _factor_lines(document: Document, card: Scorecard, arm: str) -> Iterator[Line]:
    """Each level of each factor that should not matter; its interval is the 90% one of two
    one-sided tests."""
    where, demand = document.where(["should_not_matter"]), "should_not_matter"
    marked = [one for one in card.factors if one.margin is not None and not one.pooled]
    if not marked:
        nothing = "no scenario marks a factor so"
        yield Line(where, demand, demand, nothing, "cannot be told")
    for factor in marked:
        margin = factor.margin or 0.0
        name = f"{factor.factor}={factor.level} in {factor.scenario}"
        asked = f"{demand} {name} within {percent(margin)}"
        cell = next((one for one in factor.cells if one.name == arm), None)
        verdict: Verdict = "cannot be told"
        said = "no figure (it says the same to every case, or is shown apart)"
        if cell is not None:
            verdict, said = within(cell.difference, margin), shown(cell.difference, margin)
        yield Line(where, demand, asked, said, verdict)
