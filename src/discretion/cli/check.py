"""`discretion check`: everything that is wrong in a workspace."""

from __future__ import annotations

import typer

from discretion.cli.app import Json, app, counted, folder, print_json


@app.command()
def check(as_json: Json = False) -> None:
    """Name everything that is wrong here, with file and line.

    Exits with 1 if anything is. What is not wrong but should be known before a model is asked, such
    as a policy without a rule, is named after it.
    """
    from discretion.workspace import Workspace, notes, read_folder

    here = folder()
    contents = read_folder(here)
    desk = Workspace(here, contents)
    problems = contents.problems
    known = notes(desk)
    if as_json:
        print_json(
            {
                "policies": len(contents.policies),
                "scenarios": len(contents.scenarios),
                "cases": len(desk.described_cases),
                "plans": len(contents.plans),
                "problems": [{"what": p.what, "where": p.where, "mend": p.mend} for p in problems],
                "notes": known,
            }
        )
    else:
        for problem in problems:
            print(problem)
        here_are = [
            counted(len(contents.policies), "policy", "policies"),
            counted(len(contents.scenarios), "scenario"),
            counted(len(desk.described_cases), "case"),
            counted(len(contents.plans), "plan"),
        ]
        wrong = counted(len(problems), "problem") if problems else "nothing is wrong"
        print(f"{', '.join(here_are)}: {wrong}")
        for note in known:
            print(f"! {note}")
    if problems:
        raise typer.Exit(1)
