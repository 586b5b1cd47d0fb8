"""`discretion evidence`: one folder from which somebody else recomputes every figure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from discretion.cli import completion
from discretion.cli.app import Json, app, counted, desk, now, print_json, remark
from discretion.cli.commands import Commands, see

if TYPE_CHECKING:
    from discretion.evidence_folder import Verdict

evidence = typer.Typer(
    cls=Commands,
    help="Write a folder from which others can recompute every figure.",
    epilog=see("discretion evidence --into proof", "evidence"),
)
app.add_typer(evidence, name="evidence", invoke_without_command=True)

MOST = 20
"""Problems that are printed."""


@evidence.callback(invoke_without_command=True)
def write(
    context: typer.Context,
    model: Annotated[
        str, typer.Option("--model", metavar="NAME", help="The tuned model it is about.")
    ] = "",
    run: Annotated[
        str,
        typer.Option(
            "--run",
            autocompletion=completion.runs,
            help="Beginning of a run's id; by default the newest.",
        ),
    ] = "",
    panel: Annotated[
        str,
        typer.Option(
            "--panel",
            autocompletion=completion.panels,
            help="Whom to compare with; by default as the run says.",
        ),
    ] = "",
    into: Annotated[
        Path | None, typer.Option("--into", metavar="FOLDER", help="By default evidence-NAME.")
    ] = None,
    with_cases: Annotated[
        bool, typer.Option("--with-cases", help="Put the cases' texts and columns in.")
    ] = False,
    with_explanations: Annotated[
        bool, typer.Option("--with-explanations", help="Put the raters' explanations in.")
    ] = False,
    with_prompts: Annotated[
        bool, typer.Option("--with-prompts", help="Put prompts and models' texts in.")
    ] = False,
    whole_log: Annotated[
        bool,
        typer.Option(
            "--whole-log",
            help="Every row of the log, so that nothing can be left out unseen; of rows that no "
            "figure needs, no personal part.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Write a folder from which others can recompute every figure.

    It holds the plan, cases, judgments and answers of a run as rows of the log, with their hashes,
    and every table of its report. Texts are left out unless they are asked for, and raters' names
    are replaced. Give the folder to whoever checks it: discretion evidence verify FOLDER.
    """
    from discretion.evidence_folder import Shown, run_of, write_evidence
    from discretion.models.tuned import FOLDER, PREFIX, tuned_folder
    from discretion.runs import find_run

    if context.invoked_subcommand is not None:
        return
    here = desk()
    name = model.removeprefix(PREFIX).partition("/")[0]
    if name:
        tuned_folder(here.folder, name)
    chosen = find_run(here.store, run) if run or not name else run_of(here.store, name)
    folder = into or Path(f"evidence-{name or chosen.id[:8]}")
    verdict = write_evidence(
        chosen,
        folder,
        made=now(),
        panel=panel,
        models=here.folder / FOLDER,
        model=name,
        shown=Shown(with_cases, with_explanations, with_prompts, whole_log),
    )
    if as_json:
        print_json({"folder": str(folder), **_json(verdict)})
        return
    _print(verdict)
    remark(f"wrote {folder}/; to check it: discretion evidence verify {folder}")


@evidence.command(epilog=see("discretion evidence verify evidence-smollm2", "evidence"))
def verify(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="What evidence wrote.")],
    within: Annotated[
        float,
        typer.Option(
            min=0.0, help="By what share two numbers may differ, say on another processor."
        ),
    ] = 1e-9,
    head: Annotated[
        str, typer.Option("--head", help="A head noted earlier, which must be in the log.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Check an evidence folder, and recompute every figure in it.

    No workspace and no model are needed. Exits with 1 where a file, a row or a figure is not what
    it should be.
    """
    from discretion.evidence_folder import verify_evidence

    verdict = verify_evidence(folder, within=within, head=head)
    if as_json:
        print_json(_json(verdict))
    else:
        _print(verdict)
    if verdict.problems:
        raise typer.Exit(1)


def _print(verdict: Verdict) -> None:
    said = verdict.manifest
    what = f"tuned:{said.model} in run {said.run[:8]}" if said.model else f"run {said.run[:8]}"
    print(f"evidence of {what} against {said.panel}, made {said.made} by version {said.version}")
    print(f"manifest {verdict.fingerprint}")
    print(f"files: {verdict.files:,} of {len(said.files):,} are those that the manifest names")
    print(
        f"log: {verdict.rows:,} of {said.entries:,} rows are here, the last "
        f"{verdict.linked:,} in one piece; head {said.head}"
    )
    parts = ", ".join(f"{count:,} {state}" for state, count in verdict.personal.items())
    print(f"personal parts: {parts or 'none'}")
    if verdict.order is not None:
        order = verdict.order
        trained = f"row {order.trained[0]:,}" if order.trained else "none that the log knows"
        print(
            f"order: plan {order.plan[:16]} in row {order.frozen:,}, first training in {trained}, "
            f"run in row {order.run:,}"
        )
    for problem in verdict.problems[:MOST]:
        print(f"! {problem}")
    if len(verdict.problems) > MOST:
        print(f"! and {counted(len(verdict.problems) - MOST, 'more problem')}")
    if verdict.figures:
        numbers = f"{counted(verdict.figures, 'figure')} in {counted(verdict.tables, 'table')}"
        state = "all equal" if not verdict.different else f"{verdict.different:,} differ"
        print(f"{numbers} recomputed: {state}")
    if verdict.problems:
        print(f"this evidence does not hold: {counted(len(verdict.problems), 'problem')}")


def _json(verdict: Verdict) -> dict[str, Any]:
    said = verdict.manifest
    return {
        "manifest": verdict.fingerprint,
        "run": said.run,
        "model": said.model,
        "panel": said.panel,
        "head": said.head,
        "files": verdict.files,
        "rows": verdict.rows,
        "entries": said.entries,
        "linked": verdict.linked,
        "personal": verdict.personal,
        "figures": verdict.figures,
        "tables": verdict.tables,
        "different": verdict.different,
        "problems": list(verdict.problems),
    }
