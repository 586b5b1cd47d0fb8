"""`discretion evaluate`: put cases to arms."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from discretion.cli import completion
from discretion.cli.app import (
    Budget,
    Exclude,
    Json,
    Weight,
    Yes,
    app,
    counted,
    desk,
    now,
    print_json,
    print_table,
    remark,
)
from discretion.cli.commands import see
from discretion.cli.progress import CallsLine
from discretion.errors import DiscretionError, StoppedError

if TYPE_CHECKING:
    from discretion.core.answers import Failure
    from discretion.core.cases import CaseSet
    from discretion.core.plans import Plan
    from discretion.evaluation import Planned
    from discretion.runs import Run
    from discretion.workspace import Workspace


SHOWN = 12
"""Scenarios whose share of a sample is shown."""


@app.command(epilog=see("discretion evaluate --arm tiny/direct --arm baseline/logistic", "start"))
def evaluate(
    arm: Annotated[
        list[str] | None,
        typer.Option(
            "--arm",
            metavar="NAME",
            autocompletion=completion.arms,
            help="MODEL/METHOD, AGENT/as-is, baseline/NAME or recorded/NAME; repeat.",
        ),
    ] = None,
    plan: Annotated[
        str,
        typer.Option(
            "--plan",
            metavar="NAME",
            autocompletion=completion.plans,
            help="A plan in plans/, or a file's path.",
        ),
    ] = "",
    panel: Annotated[
        str,
        typer.Option(
            "--panel",
            autocompletion=completion.panels,
            help="The people that baselines learn from.",
        ),
    ] = "",
    exclude: Exclude = None,
    weight: Weight = None,
    cases: Annotated[
        int | None,
        typer.Option("--cases", min=1, help="Take only so many cases, of every kind its share."),
    ] = None,
    scenario: Annotated[
        list[str] | None, typer.Option("--scenario", help="Only this scenario; repeat.")
    ] = None,
    samples: Annotated[
        int | None, typer.Option("--samples", min=2, help="Draws per case where p is sampled.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Of draws, folds and choices.")] = None,
    in_flight: Annotated[
        int, typer.Option("--in-flight", min=1, help="Calls under way at once.")
    ] = 64,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Ask again what the log already answers.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count calls and tokens; ask nothing.")
    ] = False,
    budget: Budget = "",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Ask models, agents and baselines to decide your cases.

    What was answered before is not asked again, and a run that was stopped goes on with the same
    command. A plan's hash is stored before anything is asked.
    """
    from discretion import answer_forms, evaluation
    from discretion.cli import endpoints
    from discretion.core.selections import panel_expression

    spending = endpoints.purse_of(budget, yes=yes)
    here = desk()
    intended = _plan(
        here,
        plan,
        {
            "arms": tuple(arm or ()),
            "panel": panel_expression(panel, exclude or (), weight or ()),
            "samples": samples,
            "seed": seed,
        },
        {"scenarios": tuple(scenario or ()), "at_most": cases},
    )
    if panel:
        here.panel(intended.panel)  # Before anything is asked: nobody may be called so.
    intended, chosen = here.settle(intended)
    if intended.cases.at_most is not None:
        _remark_composition(chosen, int(intended.cases.at_most))
    if not dry_run:
        endpoints.make_ready(here, intended.arms, chosen, yes=yes)
    lineup = here.arms(*intended.arms, plan=intended, fresh=now() if fresh else "", clock=now)
    if dry_run:
        _print_counts(evaluation.count_calls(chosen, lineup, here.store), as_json)
        return
    lineup = answer_forms.settle(lineup, chosen, here.store)
    for sentence in answer_forms.told(lineup, here.store):
        remark(sentence)
    if not fresh:
        endpoints.remark_repeated(here, chosen, lineup)
    endpoints.check_cost(here, chosen, lineup, budget=budget, yes=yes)
    watcher = CallsLine()
    try:
        run = evaluation.evaluate(
            chosen,
            lineup,
            here.store,
            plan=intended,
            in_flight=in_flight,
            progress=watcher.tell,
            clock=now,
            spending=spending,
        )
    except StoppedError as stopped:
        watcher.end()
        remark(f"stopped: {stopped}")
        remark(f"spent: {endpoints.spent_in_words(spending)}")
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        watcher.end()
        here.store.flush()
        remark("stopped; what was answered is kept, and the same command goes on from here")
        raise typer.Exit(1) from None
    watcher.end()
    keep_results(here, run)
    failures = run.failures()
    summary: dict[str, Any] = {
        "run": run.id,
        "cases": len(run.case_ids),
        "calls": watcher.done,
        "cached": watcher.cached,
        "failed": len(failures),
        "deferred": run.deferrals(),
        "plan": intended.hash,
        "spent": endpoints.spent(spending),
    }
    if as_json:
        print_json(summary)
    else:
        asked = watcher.done - watcher.cached
        print(
            f"run {run.id[:8]}: {len(run.case_ids)} cases, {len(run.arms)} arms, "
            f"{asked} calls asked, {watcher.cached} answered before, {len(failures)} failed"
        )
        if spending.calls:
            print(f"spent: {endpoints.spent_in_words(spending)}")
        remark_failures(failures)
        for name, count in run.deferrals().items():
            remark(f"{name} handed a case to a person {count:,} times; that counts as no decision")
        remark("next: discretion report")
    if failures:
        raise typer.Exit(1)


def _plan(here: Workspace, name: str, said: dict[str, Any], cases: dict[str, Any]) -> Plan:
    """The plan that was named, with what was said on the command line in its place."""
    from pydantic import ValidationError

    from discretion.core.plans import Plan
    from discretion.documents import read_yaml

    given = {key: value for key, value in said.items() if value not in (None, (), "")}
    narrowed = {key: value for key, value in cases.items() if value not in (None, ())}
    base: dict[str, Any] = {}
    if name:
        planned = here.contents.plans.get(name)
        if planned is None and Path(name).is_file():
            planned, wrong = read_yaml(Path(name)).describe(Plan)
            if wrong:
                raise wrong[0]
        if planned is None:
            known = ", ".join(here.contents.plans) or "none yet"
            raise DiscretionError(f"there is no plan {name!r}", fix=f"plans here: {known}")
        base = planned.model_dump(mode="json")
    elif not given.get("arms"):
        raise DiscretionError(
            "no arm is named",
            fix=f"add --arm {_any_arm(here)}, or --plan NAME; see discretion arms",
        )
    if narrowed:
        base["cases"] = {**base.get("cases", {}), **narrowed}
    try:
        return Plan.model_validate({**base, **given})
    except ValidationError as error:
        first = error.errors()[0]
        raise DiscretionError(str(first.get("ctx", {}).get("error", first["msg"]))) from error


def _any_arm(here: Workspace) -> str:
    """One that can be asked here: a model that the workspace names, the toy, or a baseline."""
    from discretion.models import BUILT_IN
    from discretion.tuning.asking import first_arm

    named = here.contents.settings.models
    if not named and not any(case.twin for case in here.cases):
        return "baseline/logistic"
    return first_arm(next(iter(named), BUILT_IN), named, here.store)


def _remark_composition(chosen: CaseSet, at_most: int) -> None:
    """What a sample of the cases is made of."""
    from discretion.core.strata import composition

    few = "" if len(chosen) >= at_most else f" of {at_most:,} wanted"
    remark(f"{counted(len(chosen), 'case')}{few}; of those that nearly repeat each other one")
    words = {"kept": "keep the rule", "broken": "break it", "no limit": "have no limit"}
    families = composition(chosen.cases)
    for family, sides in families[:SHOWN]:
        each = (f"{sides[side]:,} {said}" for side, said in words.items() if side in sides)
        remark(f"  {family}: {', '.join(each)}")
    if len(families) > SHOWN:
        remark(f"  and {len(families) - SHOWN} more")


def _print_counts(counts: list[Planned], as_json: bool) -> None:
    """What a run would ask; four characters are counted as about one token."""
    if as_json:
        print_json(
            [
                {
                    "arm": one.arm,
                    "calls": one.calls,
                    "cached": one.cached,
                    "again": one.again,
                    "tokens_about": one.characters // 4,
                }
                for one in counts
            ]
        )
        return
    print_table(
        ["arm", "calls", "already answered", "to ask again", "tokens to send, about"],
        [
            [
                one.arm,
                f"{one.calls:,}",
                f"{one.cached:,}",
                f"{one.again:,}",
                f"{one.characters // 4:,}",
            ]
            for one in counts
        ],
    )


def remark_failures(failures: Sequence[tuple[str, Failure]]) -> None:
    """How many calls failed in which way, the commonest first, with one of each."""
    alike: dict[tuple[str, str], list[Failure]] = {}
    for name, failure in failures:
        alike.setdefault((name, failure.what), []).append(failure)
    for (name, _), those in sorted(alike.items(), key=lambda one: -len(one[1]))[:3]:
        first = those[0]
        remark(f"failed: {counted(len(those), 'call')} of {name}, such as case {first.case}:")
        remark(f"  {first.told}")
    if failures:
        remark("the same command asks what failed again, and nothing else")


def keep_results(here: Workspace, run: Run) -> None:
    """Put what a run measured of tuned models into their cards; a run is not lost where that cannot
    be done, say since nobody judged its cases yet."""
    from discretion.models.tuned import FOLDER
    from discretion.tuning import measured

    if not measured.models_of(run):
        return
    try:
        measured.keep_results(run, here.folder / FOLDER, now())
    except DiscretionError as error:
        remark(f"the cards of tuned models stay as they are: {error}")
