"""`discretion gate`: whether an arm meets an acceptance, for CI."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from discretion.cli import completion
from discretion.cli.app import Budget, Json, Yes, app, desk, now, print_json, remark
from discretion.cli.commands import see
from discretion.errors import DiscretionError, StoppedError

if TYPE_CHECKING:
    from discretion.budgets import Spending
    from discretion.core.cases import CaseSet
    from discretion.core.criteria import Criteria
    from discretion.core.plans import Plan
    from discretion.gates import GateLine
    from discretion.runs import Run
    from discretion.workspace import Workspace


@app.command(epilog=see("discretion gate acceptance.yaml --arm tiny/direct", "gate"))
def gate(
    file: Annotated[Path, typer.Argument(help="The acceptance: what is demanded.")] = Path(
        "acceptance.yaml"
    ),
    arm: Annotated[
        str,
        typer.Option(
            "--arm",
            metavar="NAME",
            autocompletion=completion.arms,
            help="Which arm to check; by default the file's.",
        ),
    ] = "",
    budget: Budget = "",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Check an arm against your criteria (for CI).

    Judges the newest run of the arm as it is now, and evaluates first where there is none. Exits
    with 0 if every line passed and with 1 if one failed; what cannot be told counts as failed
    unless the file says `allow_unclear: true`.
    """
    try:
        outcome = judged(desk(), file, arm=arm, budget=budget, yes=yes)
    except StoppedError as stopped:
        remark(f"stopped: {stopped}")
        raise typer.Exit(1) from None
    lines, clear = outcome.lines, outcome.acceptance.allow_unclear
    failed = [line for line in lines if not line.passes(allow_unclear=clear)]
    if as_json:
        print_json(
            {
                "passed": not failed,
                "confidence": outcome.acceptance.confidence,
                "looks": outcome.looks,
                "caution": outcome.caution,
                "lines": [
                    {
                        "where": line.where,
                        "demand": line.demand,
                        "asked": line.asked,
                        "found": line.found,
                        "verdict": line.verdict,
                        "advice": line.advice,
                        "passes": line.passes(allow_unclear=clear),
                    }
                    for line in lines
                ],
            }
        )
    else:
        for line in lines:
            print(line)
        if outcome.caution:
            print(outcome.caution)
        print(f"{len(lines) - len(failed)} of {len(lines)} lines passed")
    if failed:
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class GateOutcome:
    """An acceptance and the line for each of its demands."""

    acceptance: Criteria
    lines: list[GateLine]
    looks: int
    """How often the arm was held against these criteria, this time included."""
    caution: str
    """What looking several times does; empty at the first look."""


def judged(
    here: Workspace, file: Path, *, arm: str = "", budget: str = "", yes: bool = False
) -> GateOutcome:
    """An arm, held against an acceptance; the log keeps that it was.

    Raises:
        DiscretionError: something is wrong in the file, or the arm cannot be asked.
    """
    from discretion.cli import endpoints
    from discretion.core.criteria import read_acceptance
    from discretion.gates import caution, compared, judge, look, read_expectations

    acceptance, document = read_acceptance(file)
    name = arm or acceptance.arm
    if not name:
        raise DiscretionError(
            "no arm is named", where=str(file), fix="add arm: MODEL/METHOD, or --arm NAME"
        )
    plan, chosen = here.settle(_plan(here, acceptance, name, document.where(["plan"])))
    cases = here.cases
    expectations = (
        read_expectations(file.parent / acceptance.regressions, cases)
        if acceptance.regressions
        else ()
    )
    spending = endpoints.purse_of(budget, yes=yes)
    run = _run(here, plan, chosen, cases, spending, yes=yes)
    if run is None:
        raise DiscretionError(
            "it can answer none of the cases", where=name, fix="check what they carry"
        )
    trial = None
    if expectations:
        own = {one.case.id: one.case for one in expectations}
        here_already = {case.id for case in cases}
        new = [case for case in own.values() if case.id not in here_already]
        known = cases.only((*cases, *new))
        trial = _run(here, plan, cases.only(own.values()), known, spending.rest(), yes=yes)
    beside = compared(run, acceptance, name) if acceptance.compares else None
    looks = 1
    if beside is not None:
        looks = look(here.store, acceptance, _from(here.folder, file), beside, run, now())
    lines = judge(
        acceptance,
        document,
        name,
        run,
        beside=beside,
        expectations=expectations,
        trial=trial,
        looks=looks,
    )
    return GateOutcome(acceptance, lines, looks, caution(looks, acceptance.confidence))


def _from(folder: Path, file: Path) -> str:
    """A file as seen from a folder, alike on every machine; its name where it lies elsewhere."""
    whole, around = file.resolve(), folder.resolve()
    inside = whole.is_relative_to(around)
    return whole.relative_to(around).as_posix() if inside else file.name


def _plan(here: Workspace, acceptance: Criteria, arm: str, where: str) -> Plan:
    """The plan that is named, for this arm alone."""
    from discretion.core.plans import Plan

    if not acceptance.plan:
        return Plan(arms=(arm,), panel=acceptance.panel)
    planned = here.contents.plans.get(acceptance.plan)
    if planned is None:
        known = ", ".join(here.contents.plans) or "none yet"
        raise DiscretionError(
            f"there is no plan {acceptance.plan!r}", where=where, fix=f"plans here: {known}"
        )
    panel = acceptance.panel or planned.panel
    return planned.model_copy(update={"arms": (arm,), "contrasts": (), "panel": panel})


def _run(
    here: Workspace, plan: Plan, asked: CaseSet, known: CaseSet, spending: Spending, *, yes: bool
) -> Run | None:
    """The newest run that still holds, or a new one; None where the arm can answer none of the
    cases."""
    from discretion.cli import endpoints
    from discretion.evaluation import evaluate
    from discretion.gates import current_run

    endpoints.make_ready(here, plan.arms, asked, yes=yes)
    arms = here.arms(*plan.arms, plan=plan, cases=known, clock=now)
    if not any(arms[0].calls(case) for case in asked):
        return None
    run = current_run(here.store, arms[0], asked)
    if run is not None:
        return run
    remark(f"asking {plan.arms[0]} about {len(asked):,} cases")
    endpoints.remark_repeated(here, asked, arms)
    endpoints.check_cost(here, asked, arms, budget=str(spending.budget or ""), yes=yes)
    run = evaluate(asked, arms, here.store, plan=plan, clock=now, spending=spending)
    if spending.calls:
        remark(f"spent: {endpoints.spent_in_words(spending)}")
    return run
