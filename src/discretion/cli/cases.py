"""`discretion cases`: the cases of the workspace, listed or written out to be filled in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from discretion.cli.app import Json, app, counted, desk, print_json, remark
from discretion.cli.commands import see
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.core.cases import Case
    from discretion.workspace import Workspace

_LISTED = 20
_LONGEST = 60
"""Letters of a text in the list."""


@app.command(epilog=see("discretion cases --to cases.xlsx --cases 60", "own-agent"))
def cases(
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", help="Write a sheet to fill in: XLSX, CSV or JSONL."),
    ] = None,
    scenario: Annotated[
        list[str] | None, typer.Option("--scenario", help="Only this scenario; repeat.")
    ] = None,
    policy: Annotated[
        list[str] | None, typer.Option("--policy", help="Only this policy; repeat.")
    ] = None,
    number: Annotated[
        int | None,
        typer.Option("--cases", min=1, help="A sample of N cases, each kind with its share."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the sample.")] = 0,
    as_json: Json = False,
) -> None:
    """List the cases, or write them to a sheet to fill in.

    The sheet has a row a case, with the case's id. People or your own agent fill in the answers;
    discretion import FILE brings them back without a --map. Add --arm NAME where a system decided.
    """
    from discretion.importing.sheet import write_sheet

    here = desk()
    chosen = _chosen(here, scenario or (), policy or (), number, seed)
    if to is not None:
        write_sheet(chosen, to)
        remark(f"wrote {counted(len(chosen), 'case')} to {to}")
        remark(
            f"next: fill in the column answer (grant, refuse or unsure), then: discretion import "
            f"{to}   (add --arm NAME where a system decided)"
        )
    if as_json:
        print_json([_row(case) for case in chosen])
    elif to is None:
        _print(chosen)


def _chosen(
    here: Workspace,
    scenarios: tuple[str, ...] | list[str],
    policies: tuple[str, ...] | list[str],
    number: int | None,
    seed: int,
) -> list[Case]:
    from discretion.core.strata import sample

    found = list(here.cases)
    if not found:
        raise DiscretionError(
            "there are no cases here",
            where=str(here.folder),
            fix="describe a scenario in scenarios/, or import decisions",
        )
    for option, names, has in (
        ("--scenario", scenarios, {case.scenario for case in found if case.scenario != case.id}),
        ("--policy", policies, {case.policy for case in found}),
    ):
        for name in names:
            if name not in has:
                raise DiscretionError(
                    f"no case has the {option[2:]} {name!r}",
                    where=option,
                    fix=f"those here are: {', '.join(sorted(has)) or 'none'}",
                )
    chosen = [
        case
        for case in found
        if (not scenarios or case.scenario in scenarios)
        and (not policies or case.policy in policies)
    ]
    if not chosen:
        raise DiscretionError(
            "no case has both this scenario and this policy", fix="leave one of the two out"
        )
    return chosen if number is None else sample(chosen, number, seed)


def _row(case: Case) -> dict[str, Any]:
    from discretion.core.cases import case_to_json

    row = case_to_json(case)
    kept = ("policy", "scenario", "text", "value", "limit", "direction", "unit", "scale")
    return {"case": row["id"], **{name: row[name] for name in kept}, "factors": dict(case.factors)}


def _print(chosen: list[Case]) -> None:
    from discretion.core.units import Unit
    from discretion.importing.casetext import factors_in_words

    def about(case: Case) -> str:
        alone = case.scenario == case.id
        value = "" if case.value is None else Unit.named(case.unit).show(case.value)
        parts = ("" if alone else case.scenario, value, factors_in_words(case))
        return " · ".join(part for part in parts if part)

    for case in chosen[:_LISTED]:
        text = " ".join((case.text or "").split())
        cut = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
        print(f"{case.id}  {about(case)}")
        if cut:
            print(f"    {cut}")
    more = len(chosen) - _LISTED
    print(f"{counted(len(chosen), 'case')}{f', {more:,} of them not shown' if more > 0 else ''}")
    remark("to fill them in: discretion cases --to cases.xlsx")
