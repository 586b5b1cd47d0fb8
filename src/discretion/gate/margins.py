"""Margins: demands on figures that compare an arm with people."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from discretion.acceptances import MARGINS, Acceptance
from discretion.documents import Document
from discretion.gate.lines import Line, Verdict, at_most, percent, shown, within
from discretion.measures.figure import TOO_FEW, Figure, missing
from discretion.scorecards.cards import ArmCard, PeopleCard, Scorecard

_TAIL = 0.025
"""Chance that is left beyond each end of a 95% interval."""


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
        yield Line(document.where([name]), name, asked, said, at_most(figure, limit))
    if acceptance.should_not_matter:
        yield from _factor_lines(document, card, arm)


def _figure(name: str, arm: ArmCard, people: PeopleCard | None) -> Figure:
    if name == "gap":
        return arm.gap
    if people is None:
        return missing("there are no people to compare with")
    if name == "beyond_second_panel":
        return arm.beyond_second_panel
    granted = people.rate.value
    if name == "wrong_grants":
        share = None if granted is None else 1 - granted
        return _bounded(arm.granted_of_refused, share)
    return _bounded(arm.refused_of_granted, granted)


def _bounded(figure: Figure, share: float | None) -> Figure:
    """The figure, with an interval where none of the requests went wrong, or all did: then nothing
    varies, and what n independent requests without an error leave open is 1 - 0.025^(1/n).

    ``share`` is that of the cases which the figure is about.
    """
    if figure.value is None or figure.high is not None or not share or TOO_FEW in figure.note:
        return figure
    left = 1 - _TAIL ** (1 / max(1.0, share * figure.n))
    if math.isclose(figure.value, 0, abs_tol=1e-9):
        return replace(figure, low=0.0, high=left)
    if math.isclose(figure.value, 1):
        return replace(figure, low=1 - left, high=1.0)
    return figure


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
