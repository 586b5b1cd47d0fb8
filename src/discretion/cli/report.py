"""`discretion report`: the newest run, or the people alone, as a page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from discretion.cli.app import Exclude, Json, Weight, app, desk, print_json, print_table, remark
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.scorecards import Scorecard
    from discretion.scorecards.cards import PeopleCard
    from discretion.scorecards.teaching_cards import TeachingCard


@app.command()
def report(
    run: Annotated[
        str, typer.Option("--run", help="Beginning of a run's id; by default the newest.")
    ] = "",
    people: Annotated[
        bool, typer.Option("--people", help="The people alone, even where there are runs.")
    ] = False,
    panel: Annotated[
        list[str] | None,
        typer.Option("--panel", help="Whom to compare with; repeat to set others beside them."),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option("--by", metavar="COLUMN", help="Groups of raters to compare with too."),
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
    """Write one HTML page, and print the league table.

    With a run: how far each of its arms is from the people. Without: the people alone, where they
    stop and how far they agree. The page opens without a network.
    """
    from discretion import reports
    from discretion.results import ReportOptions, build, build_people, prices_changed
    from discretion.runs import find_run, newest_answered
    from discretion.selections import panel_expression
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
                mend="evaluate a tuned model and its base first, and leave out --people",
            )
        judges = here.panel(whom)
        groups = records.groups(here.store, judges.name, by or ())
        card = build_people(
            here.cases,
            judges,
            groups=groups,
            others=[here.panel(name) for name in others],
            title=heading,
            weigh=weigh,
            imports=imports(here.store),
        )
    else:
        from discretion.gate import read_expectations

        chosen = find_run(here.store, run)
        own = read_expectations(regressions, here.cases) if regressions else ()
        options = ReportOptions(
            title=heading,
            panel=whom,
            by=tuple(by or ()),
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
        elif prices_changed(chosen):
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


def _print(card: Scorecard) -> None:
    from discretion.reports.figures import interval, text

    if card.banner:
        print(card.banner, end="\n\n")
    told = _print_teaching(card.teaching) if card.teaching else set()
    for finding in card.findings:
        if finding not in told:
            print(f"- {finding}")
    for warning in card.warnings:
        print(f"! {warning}")
    if card.arms:
        print("\nHow many of 100 decisions differ from those of one of the people:")
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
                for arm in card.arms
            ]
            + _among(card.people),
        )
        for arm in card.arms:
            if arm.amplifies:
                levels = ", ".join(arm.amplifies).replace("_", " ")
                print(f"{arm.name} amplifies {levels}")


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


def _print_teaching(card: TeachingCard) -> set[str]:
    """What was learned, before all else that the run shows; the sentences that were printed."""
    from discretion.reports.teaching import summary, thinking

    for sentence in card.answer:
        print(f"- {sentence}")
    print()
    print_table(*summary(card))
    head, rows = thinking(card)
    if rows:
        print("\nthe gap of what reasons first, and with another reasoning put in its place")
        print_table(head, rows)
    print()
    for finding in card.findings:
        print(f"- {finding}")
    return {*card.answer, *card.findings}
