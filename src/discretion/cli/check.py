"""`discretion check`: everything that is wrong in a workspace, and what does not meet its cases."""

from __future__ import annotations

from typing import Any

import typer

from discretion.cli.app import Json, app, counted, folder, print_json
from discretion.cli.commands import see
from discretion.cli.sizing import pairs_here, pairs_said, sentence_here, study_here


@app.command(epilog=see("discretion check", "scenarios"))
def check(as_json: Json = False) -> None:
    """Check the workspace and list every problem with file and line.

    Warns about what should be known before a model is asked: a policy without a rule, a value that
    no model is shown, decisions whose case is not here, imported cases that look like described
    ones. Says how many cases and people your gate needs, and how many matched pairs a verdict on a
    factor does. Exits with 1 if there is a problem; warnings alone exit with 0.
    """
    from discretion.importing.mapping import problems_in
    from discretion.workspace import Workspace, notes, orphans, read_folder

    here = folder()
    contents = read_folder(here)
    desk = Workspace(here, contents)
    problems = [*contents.problems, *problems_in(here)]
    # With a broken scenario every judgment of it would look lost.
    warnings = [*([] if contents.problems else orphans(desk).warnings), *notes(desk)]
    pairs: list[dict[str, Any]] = []
    enough, study = "", None
    if not problems:
        study = study_here(desk)
        pairs, enough = pairs_here(desk, study), sentence_here(desk, study)
    if as_json:
        print_json(
            {
                "policies": len(contents.policies),
                "scenarios": len(contents.scenarios),
                "cases": len(desk.described_cases),
                "plans": len(contents.plans),
                "problems": [{"what": p.what, "where": p.where, "fix": p.fix} for p in problems],
                "warnings": warnings,
                "pairs": pairs,
                "how_many": enough,
            }
        )
    else:
        for problem in problems:
            print(problem)
        for warning in warnings:
            print(f"! {warning}")
        for said in filter(None, [*map(pairs_said, pairs), enough]):
            print(f"- {said}")
        here_are = [
            counted(len(contents.policies), "policy", "policies"),
            counted(len(contents.scenarios), "scenario"),
            counted(len(desk.described_cases), "case"),
            counted(len(contents.plans), "plan"),
        ]
        imported = 0 if study is None else len(study.cases) - len(desk.described_cases)
        if imported > 0:
            here_are.insert(3, counted(imported, "imported case"))
        found = [
            counted(len(those), noun)
            for those, noun in ((problems, "problem"), (warnings, "warning"))
            if those
        ]
        print(f"{', '.join(here_are)}: {' and '.join(found) or 'nothing is wrong'}")
    if problems:
        raise typer.Exit(1)
