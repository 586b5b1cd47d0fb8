"""Measured: how near tuned models came to the people on cases that their training did not see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from discretion.core.answers import combine
from discretion.core.selections import RATER
from discretion.models.tuned import PREFIX
from discretion.runs import Run
from discretion.scorecard.study import replies_of, study_of
from discretion.stats.figure import Figure
from discretion.stats.gaps import corrected_gap, signed_gap
from discretion.stats.scores import brier
from discretion.storage import Store, records
from discretion.training.cards import results_in, with_results

KIND = "measured"
CARD = "README.md"
UNFINISHED = ".unfinished"


@dataclass(frozen=True, slots=True)
class Measured:
    """One tuned model, asked by one method, against a panel. All its cases were held out from it:
    no others are ever put to it."""

    model: str
    """Without its prefix."""
    method: str
    cases: int
    gap: Figure
    signed: Figure
    brier: Figure


def measured(run: Run, panel: str) -> list[Measured]:
    """Every tuned model of a run that answered a case which the panel judged, by name."""
    study = study_of(run.case_set.cases, records.panel(run.store, panel))
    asked = [name for name, _ in run.arms if name.startswith(PREFIX)]
    replies = replies_of(
        study,
        asked,
        ((arm, combine(case, answers)) for arm, case, answers in run.answers() if arm in asked),
    )
    found = []
    for name in sorted(asked):
        model, _, method = name.removeprefix(PREFIX).partition("/")
        reply = replies[name]
        if not reply.answered:
            continue
        found.append(
            Measured(
                model,
                method,
                reply.answered,
                corrected_gap(reply.p, reply.variance, study.rates),
                signed_gap(reply.p, study.rates),
                brier(reply.p, reply.variance, study.rates),
            )
        )
    return found


def keep_results(run: Run, folder: Path, at: str, panel: str = "") -> list[str]:
    """Put what a run measured into the cards of its tuned models, and note it in the log.

    A card is changed as a whole or not at all; what marks a training as finished is not touched.
    A run that was stopped, or in which models meet what they were taught, measures nothing.

    Args:
        folder: of the tuned models.
        at: when, ISO 8601.
        panel: whom to compare with; by default whose judgments each model was taught.

    Returns:
        The models whose cards were filled.

    Raises:
        DiscretionError: a card's headings are gone.
    """
    if not run.finished or run.plan.rehearsal:
        return []
    filled = []
    panels: dict[str, list[Measured]] = {}
    for model in models_of(run):
        whom = records.panel(run.store, panel or _compared_with(run, model)).name
        card = folder / model / CARD
        if whom not in panels:
            panels[whom] = measured(run, whom)
        found = [one for one in panels[whom] if one.model == model]
        if not found or not card.is_file():
            continue
        text = with_results(card.read_text(encoding="utf-8"), results(found, run, whom))
        new = card.with_name(CARD + UNFINISHED)
        new.write_text(text, encoding="utf-8")
        new.replace(card)
        body = {"panel": whom, "at": at, "arms": [_to_json(one) for one in found]}
        records.note(run.store, KIND, model, body, grouping=run.id)
        filled.append(model)
    return filled


def results(found: Iterable[Measured], run: Run, panel: str) -> str:
    """The results of a model's card."""
    rows = "".join(
        f"| {one.method} | {' | '.join(figures)} | {one.cases} |\n"
        for one in found
        for figures in [
            (figure_text(one.gap), figure_text(one.signed, "+"), figure_text(one.brier))
        ]
    )
    held = run.plan.hold_out
    seen = (
        "saw with what others said of them"
        if held is not None and held.by == RATER
        else "did not see"
    )
    return f"""On cases that its training {seen}, against {panel}, with 95% intervals; run
`{run.id}`, finished {run.finished}:

| asked by | noise-corrected gap | signed gap | Brier score | cases |
|---|---|---|---|---|
{rows}
Zero is the people themselves; a signed gap above zero is too lax, below zero too strict.
"""


def results_hold(card: str, run: Run, panel: str, model: str) -> bool | None:
    """Whether a card's results are those of a run; None where they are of another run or panel."""
    stated = results_in(card)
    if f"`{run.id}`" not in stated or f"against {panel}, with" not in stated:
        return None
    found = [one for one in measured(run, panel) if one.model == model]
    return results(found, run, panel).strip() == stated


def models_of(run: Run) -> list[str]:
    """The tuned models that a run asks, without their prefix."""
    names = (name.removeprefix(PREFIX) for name, _ in run.arms if name.startswith(PREFIX))
    return sorted({name.partition("/")[0] for name in names})


def _to_json(one: Measured) -> dict[str, Any]:
    return {
        "model": one.model,
        "method": one.method,
        "cases": one.cases,
        "gap": _figure_to_json(one.gap),
        "signed": _figure_to_json(one.signed),
        "brier": _figure_to_json(one.brier),
    }


def _figure_to_json(figure: Figure) -> dict[str, Any]:
    """As the log keeps it."""
    return {
        "value": figure.value,
        "low": figure.low,
        "high": figure.high,
        "n": figure.n,
        "note": figure.note,
    }


def _compared_with(run: Run, model: str) -> str:
    """The panel that a run's plan names, or whose judgments a model was taught; without those who
    are held out the other way round, where people or a moment are."""
    panel = run.plan.panel or taught_by(run.store, model)
    return run.plan.model_copy(update={"panel": panel}).compared_with


def taught_by(store: Store, model: str) -> str:
    """The panel whose judgments a model was taught; empty where the log does not say."""
    named = [entry for entry in store.entries("tuned") if entry.key == model]
    return str(named[-1].body.get("lineage", {}).get("panel", "")) if named else ""


def newest_results(store: Store) -> Iterator[tuple[str, dict[str, Any]]]:
    """(model, what was measured of it) of every model in the log, the newest alone."""
    newest = {entry.key: {"run": entry.grouping, **entry.body} for entry in store.entries(KIND)}
    return iter(newest.items())


def figure_text(figure: Figure, sign: str = "") -> str:
    """A figure with its interval, in three digits; a dash and the reason where it has no value."""
    if figure.value is None:
        return f"– ({figure.note})" if figure.note else "–"
    if figure.low is None or figure.high is None:
        return f"{figure.value:{sign}.3f}"
    return f"{figure.value:{sign}.3f} ({figure.low:{sign}.3f} to {figure.high:{sign}.3f})"
