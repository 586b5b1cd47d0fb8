"""`discretion runs` and `discretion verify`: what the workspace's log holds."""

from __future__ import annotations

from typing import Annotated

import typer

from discretion.cli.app import Json, app, desk, print_json, print_table
from discretion.cli.commands import see


@app.command(epilog=see("discretion runs", "report"))
def runs(as_json: Json = False) -> None:
    """List the runs with their dates, arms and number of cases."""
    from discretion.runs import runs as all_runs

    known = all_runs(desk().store)
    if as_json:
        print_json(
            [
                {
                    "id": run.id,
                    "started": run.started,
                    "finished": run.finished or None,
                    "cases": len(run.case_ids),
                    "arms": [name for name, _ in run.arms],
                    "plan": run.plan.hash,
                }
                for run in known
            ]
        )
        return
    if not known:
        print("nothing has been evaluated yet")
        return
    print_table(
        ["run", "started", "finished", "cases", "arms"],
        [
            [
                run.id[:8],
                run.started,
                run.finished or "stopped",
                str(len(run.case_ids)),
                ", ".join(name for name, _ in run.arms),
            ]
            for run in known
        ],
    )


@app.command(epilog=see("discretion verify --head 3f2a…", "evidence"))
def verify(
    head: Annotated[
        str,
        typer.Option("--head", help="A head noted earlier, from a report or from this command."),
    ] = "",
    as_json: Json = False,
) -> None:
    """Check that the log was not changed.

    Exits with 1 if it was, or if entries up to HEAD were cut off.
    """
    outcome = desk().store.verify(head or None)
    if as_json:
        print_json(
            {
                "entries": outcome.entries,
                "erased": outcome.erased,
                "head": outcome.head,
                "problems": list(outcome.problems),
            }
        )
    else:
        for problem in outcome.problems:
            print(problem)
        state = "the chain holds" if outcome.ok else "the log was changed"
        print(f"{outcome.entries} entries, {outcome.erased} erased: {state}")
        print(f"head {outcome.head}")
    if not outcome.ok:
        raise typer.Exit(1)
