"""`discretion gate`: whether an arm meets an acceptance, for CI."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from discretion.cli.app import Budget, Json, Yes, app, desk, now, print_json, remark
from discretion.errors import DiscretionError, StoppedError

if TYPE_CHECKING:
    from discretion.acceptances import Acceptance
    from discretion.budgets import Purse
    from discretion.cases import Docket
    from discretion.gate import Line
    from discretion.plans import Plan
    from discretion.runs import Run
    from discretion.workspace import Workspace


@app.command()
def gate(
    file: Annotated[Path, typer.Argument(help="The acceptance: what is demanded.")] = Path(
        "acceptance.yaml"
    ),
    arm: Annotated[
        str, typer.Option("--arm", metavar="NAME", help="Whom to judge; by default the file's.")
    ] = "",
    budget: Budget = "",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Judge an arm by an acceptance, line by line.

    Judges the newest run of the arm as it is now, and evaluates first where there is none. Exits
    with 0 if every line passed and with 1 if one failed; what cannot be told counts as failed
    unless the file says `allow_unclear: true`.
    """
    try:
        acceptance, lines = judged(desk(), file, arm=arm, budget=budget, yes=yes)
    except StoppedError as stopped:
        remark(f"stopped: {stopped}")
        raise typer.Exit(1) from None
    clear = acceptance.allow_unclear
    failed = [line for line in lines if not line.passes(allow_unclear=clear)]
    if as_json:
        print_json(
            {
                "passed": not failed,
                "lines": [
                    {
                        "where": line.where,
                        "demand": line.demand,
                        "asked": line.asked,
                        "found": line.found,
                        "verdict": line.verdict,
                        "passes": line.passes(allow_unclear=clear),
                    }
                    for line in lines
                ],
            }
        )
    else:
        for line in lines:
            print(line)
        print(f"{len(lines) - len(failed)} of {len(lines)} lines passed")
    if failed:
        raise typer.Exit(1)


def judged(
    here: Workspace, file: Path, *, arm: str = "", budget: str = "", yes: bool = False
) -> tuple[Acceptance, list[Line]]:
    """An acceptance and the line for each of its demands.

    Raises:
        DiscretionError: something is wrong in the file, or the arm cannot be asked.
    """
    from discretion.acceptances import read_acceptance
    from discretion.cli import endpoints
    from discretion.gate import judge, read_expectations
    from discretion.results import ReportOptions, build

    acceptance, document = read_acceptance(file)
    name = arm or acceptance.arm
    if not name:
        raise DiscretionError(
            "no arm is named", where=str(file), mend="add arm: MODEL/METHOD, or --arm NAME"
        )
    plan, chosen = here.settle(_plan(here, acceptance, name, document.where(["plan"])))
    cases = here.cases
    expectations = (
        read_expectations(file.parent / acceptance.regressions, cases)
        if acceptance.regressions
        else ()
    )
    purse = endpoints.purse_of(budget, yes=yes)
    run = _run(here, plan, chosen, cases, purse, yes=yes)
    if run is None:
        raise DiscretionError(
            "it can answer none of the cases", where=name, mend="check what they carry"
        )
    trial = None
    if expectations:
        own = {one.case.id: one.case for one in expectations}
        here_already = {case.id for case in cases}
        new = [case for case in own.values() if case.id not in here_already]
        known = cases.only((*cases, *new))
        trial = _run(here, plan, cases.only(own.values()), known, purse.rest(), yes=yes)
    card = build(run, ReportOptions(panel=acceptance.panel)) if acceptance.compares else None
    lines = judge(
        acceptance, document, name, run, card=card, expectations=expectations, trial=trial
    )
    return acceptance, lines


def _plan(here: Workspace, acceptance: Acceptance, arm: str, where: str) -> Plan:
    """The plan that is named, for this arm alone."""
    from discretion.plans import Plan

    if not acceptance.plan:
        return Plan(arms=(arm,), panel=acceptance.panel)
    planned = here.contents.plans.get(acceptance.plan)
    if planned is None:
        known = ", ".join(here.contents.plans) or "none yet"
        raise DiscretionError(
            f"there is no plan {acceptance.plan!r}", where=where, mend=f"plans here: {known}"
        )
    panel = acceptance.panel or planned.panel
    return planned.model_copy(update={"arms": (arm,), "contrasts": (), "panel": panel})


def _run(
    here: Workspace, plan: Plan, asked: Docket, known: Docket, purse: Purse, *, yes: bool
) -> Run | None:
    """The newest run that still holds, or a new one; None where the arm can answer none of the
    cases."""
    from discretion.cli import endpoints
    from discretion.evaluation import evaluate
    from discretion.gate import current_run

    endpoints.make_ready(here, plan.arms, asked, yes=yes)
    arms = here.arms(*plan.arms, plan=plan, cases=known, clock=now)
    if not any(arms[0].calls(case) for case in asked):
        return None
    run = current_run(here.store, arms[0], asked)
    if run is not None:
        return run
    remark(f"asking {plan.arms[0]} about {len(asked):,} cases")
    endpoints.remark_repeated(here, asked, arms)
    endpoints.check_cost(here, asked, arms, budget=str(purse.budget or ""), yes=yes)
    run = evaluate(asked, arms, here.store, plan=plan, clock=now, purse=purse)
    if purse.calls:
        remark(f"spent: {endpoints.spent_in_words(purse)}")
    return run
