"""`discretion report`: the newest run, or the people alone, as a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from discretion.cli import completion
from discretion.cli.app import (
    Exclude,
    Json,
    Weight,
    app,
    counted,
    desk,
    print_json,
    print_table,
    remark,
)
from discretion.cli.commands import see
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.scorecard import Scorecard
    from discretion.scorecard.cards import ArmCard, PeopleCard
    from discretion.scorecard.conclusion_cards import RequesterCard
    from discretion.scorecard.teaching_cards import TeachingCard


@app.command(epilog=see("discretion report --output june.html", "report"))
def report(
    run: Annotated[
        str,
        typer.Option(
            "--run",
            autocompletion=completion.runs,
            help="Beginning of a run's id; by default the newest.",
        ),
    ] = "",
    people: Annotated[
        bool, typer.Option("--people", help="The people alone, even where there are runs.")
    ] = False,
    panel: Annotated[
        list[str] | None,
        typer.Option(
            "--panel",
            autocompletion=completion.panels,
            help="Whom to compare with; repeat to set others beside them.",
        ),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option("--by", metavar="COLUMN", help="Groups of raters to compare with too."),
    ] = None,
    groups: Annotated[
        list[str] | None,
        typer.Option(
            "--groups",
            metavar="COLUMN",
            help="Compare wrong refusals between groups of requesters: a column kept at import.",
        ),
    ] = None,
    exclude: Exclude = None,
    weight: Weight = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The page; by default report.html.")
    ] = None,
    tables: Annotated[
        Path | None, typer.Option("--csv", metavar="FOLDER", help="Every table as CSV too.")
    ] = None,
    title: Annotated[str, typer.Option("--title", help="Heading of the page.")] = "",
    weigh: Annotated[
        Literal["scenarios", "cases"], typer.Option("--weigh", help="What counts the same.")
    ] = "scenarios",
    as_they_occur: Annotated[
        bool,
        typer.Option(
            "--as-they-occur", help="Count mistakes and money as often as cases occur in tickets."
        ),
    ] = False,
    prices: Annotated[
        Literal["run", "today"],
        typer.Option(
            "--prices", help="Prices in the policies: as of the run, or as they are today."
        ),
    ] = "run",
    regressions: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Your own cases: did tuning break what they demand?"),
    ] = None,
    with_cases: Annotated[
        bool, typer.Option("--with-cases", help="Show the texts of the largest disagreements.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the report as one HTML page, and print its main figures.

    With a run: how far each of its arms is from the people. Without: the people alone, where they
    stop and how far they agree. The page opens without a network.
    """
    from discretion import reports
    from discretion.core.selections import panel_expression
    from discretion.results import ReportOptions, build, build_people, prices_changed
    from discretion.runs import find_run, newest_answered
    from discretion.storage import records
    from discretion.storage.imports import imports
    from discretion.workspace import orphans

    here = desk()
    heading = title or here.name
    whom, *others = [panel_expression(one, exclude or (), weight or ()) for one in panel or [""]]
    newest = newest_answered(here.store)
    if not (people or run):
        for failed, arm in newest.failed:
            remark(
                f"run {failed.id} is left out: {arm} gave no answers. To see it: --run {failed.id}"
            )
    if people or not (run or newest.run):
        if regressions is not None:
            raise DiscretionError(
                "a report on the people alone shows no regressions",
                where="--regressions",
                fix="evaluate a tuned model and its base first, and leave out --people",
            )
        if groups:
            raise DiscretionError(
                "a report on the people alone refuses nobody",
                where="--groups",
                fix="evaluate an arm first, or compare groups of raters with --by",
            )
        judges = here.panel(whom)
        asked = records.groups(here.store, judges.name, by or ())
        card = build_people(
            here.cases,
            judges,
            groups=asked,
            others=[here.panel(name) for name in others],
            title=heading,
            weigh=weigh,
            imports=imports(here.store),
        )
    else:
        from discretion.gates import read_expectations

        chosen = find_run(here.store, run) if run or newest.run is None else newest.run
        own = read_expectations(regressions, here.cases) if regressions else ()
        options = ReportOptions(
            title=heading,
            panel=whom,
            by=tuple(by or ()),
            requesters=tuple(groups or ()),
            others=tuple(others),
            prices=prices,
            as_they_occur=as_they_occur,
            weigh=weigh,
            with_cases=with_cases,
            expectations=tuple(own),
        )
        card = build(chosen, options)
        if prices == "today":
            remark("prices: as they are in the policies today")
        elif prices_changed(chosen, here.contents.policies):
            remark("prices: as they were when this run was made; they have changed since")
            remark("to use the new ones: discretion report --prices today")
    card = replace(card, warnings=(*card.warnings, *orphans(here).warnings))
    if tables is not None:
        for path in reports.write_tables(card, tables):
            remark(f"wrote {path}")
    if as_json:
        print_json(reports.to_json(card))
        if output is None:
            return
    if not as_json:
        _print(card)
    # After what is printed: where the page cannot be written, the figures are not lost.
    written = reports.write_page(card, output or Path("report.html"))
    remark(f"wrote {written}")


SENTENCES, ALONE = 3, 5
"""Findings that are printed: above a table of arms, and where they say most of it themselves."""
WARNINGS = 6
BEST = 5
"""Rows of a table."""


def _print(card: Scorecard) -> None:
    """The verdict, the warnings about what is shown, and the best rows; the page has the rest."""
    if card.banner:
        print(card.banner, end="\n\n")
    taught = (*card.teaching.answer, *card.teaching.findings) if card.teaching else ()
    findings = list(dict.fromkeys((*taught, *card.findings)))
    count = ALONE if card.teaching or not card.arms else SENTENCES
    for finding in findings[:count]:
        print(f"- {finding}")
    best = _best(card.arms)
    warnings = _about(best, card)[:WARNINGS]
    for warning in warnings:
        print(f"! {warning}")
    hidden = {"finding": len(findings[count:]), "warning": len(card.warnings) - len(warnings)}
    if more := [counted(many, f"more {noun}") for noun, many in hidden.items() if many]:
        print(f"and {' and '.join(more)}: see the page")
    if card.teaching:
        _print_teaching(card.teaching)
    elif card.arms:
        _print_arms(card, best)
    _print_requesters(card.requesters)


def _best(arms: Sequence[ArmCard]) -> list[ArmCard]:
    """The closest arms, the closest first, with one that is no baseline wherever there is one."""
    best = list(arms[:BEST])
    asked = next((one for one in arms if one.kind != "baseline"), None)
    if asked is not None and asked not in best:
        best[-1] = asked
    return best


def _about(shown: Sequence[ArmCard], card: Scorecard) -> list[str]:
    """The warnings that are about an arm that is shown, or about no arm at all; first those of
    hard limits, whichever arm would break them."""
    names = {arm.name for arm in shown}
    others = {arm.name for arm in card.arms} - names
    kept = [
        warning
        for warning in card.warnings
        if "a hard limit" in warning
        or any(name in warning for name in names)
        or not any(name in warning for name in others)
    ]
    return sorted(kept, key=lambda warning: "a hard limit" not in warning)


def _print_arms(card: Scorecard, best: Sequence[ArmCard]) -> None:
    from discretion.reports.figures import interval, text

    print(f"\nHow many of 100 decisions differ from those of one of the people{_order(card.arms)}:")
    print_table(
        [
            "arm",
            "differs",
            "95% interval",
            "wrongly grants",
            "wrongly refuses",
            "excess Brier",
            "cases",
        ],
        [
            [
                arm.name,
                text(arm.disagreement, "percent"),
                interval(arm.disagreement, "percent") or "–",
                text(arm.wrong_grants, "percent"),
                text(arm.wrong_refusals, "percent"),
                text(arm.excess_brier, digits=3),
                str(arm.cases),
            ]
            for arm in best
        ]
        + _among(card.people),
    )
    _print_hidden(len(card.arms) - len(best))


def _print_hidden(rows: int) -> None:
    if rows:
        print(f"and {rows} more: see the page")


def _order(arms: Sequence[ArmCard]) -> str:
    """What the rows are ordered by, and of what their intervals speak."""
    from discretion.stats.intervals import ALONE, ONLY_THESE

    ranked = all(arm.excess_brier.value is not None for arm in arms)
    once = any(arm.excess_brier.note == ALONE for arm in arms)
    by = "by excess Brier score" if ranked else f"by Brier score: {ALONE}" if once else ""
    few = any(ONLY_THESE in arm.disagreement.note for arm in arms)
    parts = ["closest first", by, f"intervals {ONLY_THESE}" if few else ""]
    order = " ".join(filter(None, parts[:2]))
    return f" ({'; '.join(filter(None, [order, parts[2]]))})"


def _print_requesters(rows: Sequence[RequesterCard]) -> None:
    from discretion.reports.figures import interval, text

    if not rows:
        return
    print(
        "\nOf 100 requests that your people would grant, how many are refused, by who asks "
        "(intervals of an arm's groups hold together with 95%):"
    )
    print_table(
        ["group", "arm", "cases", "refused", "beyond the others", "interval"],
        [
            [
                f"{row.column}: {row.value}",
                row.arm,
                f"{row.cases:,}" if row.enough else "too few",
                text(row.wrong_refusals, "percent"),
                text(row.difference, "percent"),
                interval(row.difference, "percent") or "–",
            ]
            for row in rows
        ],
    )


def _among(people: PeopleCard | None) -> list[list[str]]:
    """What another of the people would score, and what no arm can do better than."""
    from discretion.reports.figures import interval, text

    if people is None or people.disagreement.value is None:
        return []
    whole, half = people.disagreement, people.bound
    share = text(half, "percent")
    return [
        [
            "another of them",
            text(whole, "percent"),
            interval(whole, "percent") or "–",
            share,
            share,
            "",
            "",
        ],
        ["no arm can do better", share, interval(half, "percent") or "–", "", "", "", ""],
    ]


def _print_teaching(card: TeachingCard) -> None:
    """How close each target came, beside the base and the best baselines."""
    from discretion.reports.teaching import summary

    head, rows, hidden = summary(card, BEST)
    print()
    print_table(head, rows)
    _print_hidden(hidden)
