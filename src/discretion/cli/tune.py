"""`discretion tune`: teach a model what people decided, and ask it what was held out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from discretion.cli.app import Json, app, counted, desk, now, print_json, remark
from discretion.cli.processes import led
from discretion.cli.said import base_of, hold_out_of, named, plan_of
from discretion.cli.steps import Steps
from discretion.errors import DiscretionError, StoppedError

if TYPE_CHECKING:
    from discretion.tuning_plans import TuningPlan
    from discretion.workspace import Workspace


@app.command()
@led
def tune(
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="NAME", help="The base: tiny, or as in [models.NAME]."),
    ] = None,
    targets: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES", help="labels, real-before, shuffled-after, ...: by commas, or all."
        ),
    ] = None,
    hold_out: Annotated[
        str | None,
        typer.Option(
            metavar="BY",
            help="What is kept from training: domain, scenario, case, time, rater, ...; or "
            "domain=returns,leave.",
        ),
    ] = None,
    folds: Annotated[
        Literal["first", "all"] | None,
        typer.Option(help="Which splits of the hold-out are trained."),
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(min=1, help="Trainings of each target on each fold.")
    ] = None,
    panel: Annotated[
        str | None, typer.Option(help="The people who are to be learned from.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Begins the tuned models' names; by default the base's.")
    ] = None,
    lora: Annotated[
        bool | None, typer.Option("--lora/--full", help="Train adapters, or all weights.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Times that each example is read.")
    ] = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(help="By default 1e-5; with --lora 2e-4; for the built-in model 1e-3."),
    ] = None,
    try_rates: Annotated[
        str | None,
        typer.Option(
            metavar="RATES", help="Learning rates to try on an inner fold, by commas: 5e-4,1e-3."
        ),
    ] = None,
    try_epochs: Annotated[
        str | None, typer.Option(metavar="EPOCHS", help="Numbers of epochs to try: 2,4.")
    ] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Examples in a step.")] = None,
    at_once: Annotated[
        int | None, typer.Option(min=1, help="Examples in one forward, to save memory.")
    ] = None,
    averaging: Annotated[
        Literal["example", "trainer"] | None,
        typer.Option(help="How tokens are averaged; trainer lets long explanations weigh more."),
    ] = None,
    judgments: Annotated[
        int | None, typer.Option(min=2, help="Use only so many judgments, chosen by a hash.")
    ] = None,
    share: Annotated[
        float | None,
        typer.Option(min=0.01, max=1.0, help="Largest share of examples from one person."),
    ] = None,
    trainer: Annotated[
        str | None, typer.Option(help="sft, or one that another package adds.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="A trainer's setting: weight_decay=0.1; repeat."
        ),
    ] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, help="How many train together; by default one.")
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Train nothing; write all that another program needs for it."
        ),
    ] = None,
    screen: Annotated[
        bool, typer.Option("--screen", help="One seed and the first fold, to see if it works.")
    ] = False,
    train_only: Annotated[
        bool, typer.Option("--train-only", help="Ask nothing of the tuned models yet.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count, and show examples; train nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Tune a model on judgments, and ask it what was held out.

    It is tuned once for each target, fold and seed. Every target teaches the same judgments in the
    same order; they differ only in what stands beside the labels. What is not said here is as the
    frozen plan or tuning.yaml says. The results are folders in models/, and arms:
    tuned:NAME/direct. They are asked only cases that their training did not see. What was stopped
    goes on with the same command; discretion report shows what was learned.
    """
    from discretion import experiments
    from discretion.cli import courses, tries
    from discretion.experiments.exchange import export_trainings
    from discretion.holdouts import history_of
    from discretion.models.loading import load
    from discretion.models.tuned import FOLDER
    from discretion.storage import records
    from discretion.tuning.estimates import estimate
    from discretion.tuning.results import EXPORT
    from discretion.tuning.settings import read_settings
    from discretion.tuning.trainers import trainer_for

    here = desk()
    whole = plan_of(
        here,
        {
            "model": model,
            "targets": None if targets is None else named(targets),
            "hold_out": None if hold_out is None else hold_out_of(hold_out),
            "every_fold": None if folds is None else folds == "all",
            "seeds": seeds,
            "panel": panel,
            "name": name,
            "lora": lora,
            "epochs": epochs,
            "learning_rate": learning_rate,
            "try_rates": tries.numbers(try_rates, float, "--try-rates"),
            "try_epochs": tries.numbers(try_epochs, int, "--try-epochs"),
            "batch": batch,
            "averaging": averaging,
            "judgments": judgments,
            "share": share,
            "trainer": EXPORT if export else trainer,
            "settings": read_settings(settings) if settings else None,
        },
    )
    plan = whole.model_copy(update={"seeds": 1, "every_fold": False}) if screen else whole
    base = base_of(here, plan.model)
    people = here.panel(plan.panel)
    recipe = experiments.recipe_of(plan, base, at_once, processes or 1)
    if export and plan.tries:
        raise DiscretionError(
            "settings cannot be tried where another program trains",
            mend="say them, with --epochs and --learning-rate, without --try-epochs or --try-rates",
        )
    chosen = trainer_for(plan.trainer, recipe)
    loaded = load(plan.model, base)
    mine = records.panel_judgments(here.store, plan.panel)
    plan = plan.named(here.cases, history_of(mine))
    parts = experiments.parts_of(plan, here.cases, mine)
    made = experiments.prepare(plan, parts, mine, loaded, base)
    if dry_run:
        count = int(plan.seeds)
        found = estimate(made, count, loaded, base, recipe)
        courses.show(made, loaded.template, recipe.epochs, count, found, as_json=as_json)
        if plan.tries:
            count = len(experiments.grid(plan, recipe)) * len(made)
            remark(f"before that, {counted(count, 'training')} inside the folds to choose settings")
        return
    held = [case for fold in parts for case in fold.held]
    frozen, _ = experiments.freeze(here.store, plan, held, now(), asked=False)
    watcher = Steps()
    try:
        choices = tries.chosen(
            here,
            plan,
            parts,
            mine,
            recipe=recipe,
            base=base,
            loaded=loaded,
            trainer=chosen,
            arms=_arms_of(here),
            watch=lambda: watcher.tell,
        )
    except StoppedError as stopped:
        watcher.end()
        remark(f"stopped: {stopped}")
        raise typer.Exit(1) from None
    if not as_json:
        tries.show(choices)
    planned = experiments.trainings(plan, made, base, recipe, loaded.ends, choices)
    if export:
        export_trainings(planned, export, here.store, people, plan.hash)
        print(f"{counted(len(planned), 'training')} in {export}")
        remark(f"next: train on it as {export / 'README.md'} says")
        return
    done, took = [], []
    try:
        for trained in experiments.train(
            planned,
            chosen,
            here.folder / FOLDER,
            here.store,
            people,
            plan=plan.hash,
            clock=now,
            watch=lambda: watcher.tell,
        ):
            watcher.end()
            line = _line(trained)
            done.append(line)
            took.append(trained.seconds)
            if not as_json:
                print(f"{line['arm']}  {line['examples']} examples  {line['state']}", flush=True)
        run = None if train_only else _ask(here, plan, parts, planned, people.name)
    except StoppedError as stopped:
        watcher.end()
        remark(f"stopped: {stopped}")
        raise typer.Exit(1) from None
    if screen:
        folds_in_all = len(experiments.parts_of(whole, here.cases, mine))
        courses.tell_whole(took, len(whole.targets) * int(whole.seeds) * folds_in_all)
    if as_json:
        print_json(
            {
                "plan": frozen.plan.hash,
                "settings": tries.as_rows(choices),
                "models": done,
                "run": run,
            }
        )
        return
    first = done[0]["arm"]
    remark(
        f"next: discretion evaluate --arm {first} --arm {plan.model}/direct"
        if run is None
        else "next: discretion report"
    )


def _arms_of(here: Workspace) -> Any:
    """Makes the arms of a plan that know the cases of a docket alone."""

    def arms(asked: Any, docket: Any) -> Any:
        return here.arms(*asked.arms, plan=asked, cases=docket, clock=now)

    return arms


def _ask(here: Workspace, plan: TuningPlan, parts: Any, planned: Any, panel: str) -> str:
    """Put what was held out, and part of what was taught, to all arms; the run's id."""
    from discretion import experiments
    from discretion.cli.evaluate import Watcher, keep_results

    arms = _arms_of(here)
    watcher = Watcher()
    how = {"progress": watcher.tell, "clock": now}
    try:
        for fold in parts:
            own = [one for one in planned if one.course.fold.number == fold.number]
            experiments.rehearse(plan, panel, fold, own, arms, here.store, **how)
        run = experiments.ask_held_out(
            plan, panel, parts, planned, here.cases, arms, here.store, **how
        )
    except KeyboardInterrupt:
        here.store.flush()
        raise StoppedError(
            "stopped while asking", mend="what was answered is kept; repeat the command to go on"
        ) from None
    finally:
        watcher.end()
    keep_results(here, run)
    return run.id


def _line(trained: Any) -> dict[str, Any]:
    if trained.seconds is None:
        state = "was there already"
    else:
        loss = "" if trained.loss is None else f", loss {trained.loss:.3f}"
        state = f"{trained.seconds:.0f} s{loss}"
    one = trained.training
    return {"arm": one.arms[0], "examples": len(one.course.masked), "state": state}
