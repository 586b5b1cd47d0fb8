"""`discretion check`: everything that is wrong in a workspace, and what does not meet its cases."""

from __future__ import annotations

import typer

from discretion.cli.app import Json, app, counted, folder, print_json


@app.command()
def check(as_json: Json = False) -> None:
    """Check the workspace and list every problem with file and line.

    Warns about what should be known before a model is asked: a policy without a rule, a value that
    no model is shown, decisions whose case is not here, imported cases that look like described
    ones. Exits with 1 if there is a problem; warnings alone exit with 0.
    """
    from discretion.workspace import Workspace, notes, orphans, read_folder

    here = folder()
    contents = read_folder(here)
    desk = Workspace(here, contents)
    problems = contents.problems
    # With a broken scenario every judgment of it would look lost.
    warnings = [*([] if problems else orphans(desk).warnings), *notes(desk)]
    if as_json:
        print_json(
            {
                "policies": len(contents.policies),
                "scenarios": len(contents.scenarios),
                "cases": len(desk.described_cases),
                "plans": len(contents.plans),
                "problems": [{"what": p.what, "where": p.where, "mend": p.mend} for p in problems],
                "warnings": warnings,
            }
        )
    else:
        for problem in problems:
            print(problem)
        for warning in warnings:
            print(f"! {warning}")
        here_are = [
            counted(len(contents.policies), "policy", "policies"),
            counted(len(contents.scenarios), "scenario"),
            counted(len(desk.described_cases), "case"),
            counted(len(contents.plans), "plan"),
        ]
        found = [
            counted(len(those), noun)
            for those, noun in ((problems, "problem"), (warnings, "warning"))
            if those
        ]
        print(f"{', '.join(here_are)}: {' and '.join(found) or 'nothing is wrong'}")
    if problems:
        raise typer.Exit(1)
