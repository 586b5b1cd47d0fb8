"""`discretion tune`: teach a model what people decided, and ask it what was held out."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Annotated, Literal

import typer

from discretion.cli import completion
from discretion.cli.app import Json, app, desk, remark
from discretion.cli.commands import see
from discretion.cli.processes import led
from discretion.cli.tune_options import base_of, hold_out_of, named, plan_of
from discretion.errors import DiscretionError


@app.command(epilog=see("discretion tune --model smollm2 --targets head,labels", "tuning"))
@led
def tune(
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="NAME", help="The base: tiny, or as in [models.NAME]."),
    ] = None,
    targets: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES", help="head, labels, real-before, ...: by commas; all trains weights."
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
        int | None,
        typer.Option(
            min=1, help="Trainings of each target on each fold; fewer than 3 give no verdict."
        ),
    ] = None,
    panel: Annotated[
        str | None,
        typer.Option(
            autocompletion=completion.panels, help="The people who are to be learned from."
        ),
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
        typer.Option(help="By default 1e-4; with --lora 2e-4; for the built-in model 1e-3."),
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
    method: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="In whose words decisions are taught; by default plain."),
    ] = None,
    averaging: Annotated[
        Literal["example", "trainer"] | None,
        typer.Option(help="How tokens are averaged; trainer lets long explanations weigh more."),
    ] = None,
    cases: Annotated[
        int | None,
        typer.Option(
            min=2,
            help="Train on so many cases, with all that people judged of them.",
        ),
    ] = None,
    judgments: Annotated[
        int | None,
        typer.Option(min=2, help="Train on so many judgments; each seed draws its own."),
    ] = None,
    share: Annotated[
        float | None,
        typer.Option(min=0.01, max=1.0, help="Largest share of examples from one person."),
    ] = None,
    trainer: Annotated[
        str | None,
        typer.Option(help="sft, trl, openai (a fine-tuning API), or one of another package."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="A trainer's setting: weight_decay=0.1; repeat."
        ),
    ] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, help="How many train together; torchrun starts them.")
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Train nothing; write all that another program needs for it."
        ),
    ] = None,
    wait: Annotated[
        float | None,
        typer.Option(
            metavar="HOURS", min=0, help="How long to follow a job at a provider; by default 24."
        ),
    ] = None,
    budget: Annotated[
        str, typer.Option(metavar="AMOUNT", help="Most that asking may cost: 5USD, 2000calls.")
    ] = "",
    yes: Annotated[
        bool, typer.Option("--yes", help="Upload, pay and ask without asking you; for programs.")
    ] = False,
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
    """Fine-tune a model on judgments, and test it on held-out cases.

    It is tuned once for each target, fold and seed. Targets that are compared teach the same
    judgments in the same order; they differ only in what stands beside the labels. Labels alone
    need no explanations. The target head leaves the base as it is and fits a linear head on its
    hidden states. What is not said here is as the frozen plan or tuning.yaml says, for the
    model that it names. The results are folders in models/, and arms:
    tuned:NAME/METHOD. They are asked only cases that their training did not see. What was stopped
    goes on with the same command; discretion report shows what was learned.

    A model at an endpoint is tuned by its provider's fine-tuning API: what would be uploaded, and
    what it may cost, is shown first. Its job runs on when the command stops; the same command goes
    on following it.
    """
    # Before anything heavy is imported: the first line comes at once.
    remark("reading the workspace, its judgments and the model")
    from discretion.cli import fine_tuning, training_sets
    from discretion.cli.hyperparameter_search import numbers
    from discretion.cli.tuning import TuningSession
    from discretion.storage import records
    from discretion.training.results import EXPORT
    from discretion.training.settings import read_settings
    from discretion.tuning import parts_of, prepared

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
            "try_rates": numbers(try_rates, float, "--try-rates"),
            "try_epochs": numbers(try_epochs, int, "--try-epochs"),
            "batch": batch,
            "method": method,
            "averaging": averaging,
            "cases": cases,
            "judgments": judgments,
            "share": share,
            "trainer": EXPORT if export else trainer,
            "settings": read_settings(settings) if settings else None,
        },
    )
    if export and whole.tries:
        raise DiscretionError(
            "settings cannot be tried where another program trains",
            fix="say them, with --epochs and --learning-rate, without --try-epochs or --try-rates",
        )
    base = base_of(here, whole.model)
    ready = prepared(
        whole.model_copy(update={"seeds": 1, "every_fold": False}) if screen else whole,
        base if dry_run else fine_tuning.probed(here, base),
        here.cases,
        records.panel_judgments(here.store, here.panel(whole.panel).name),
        here.store,
        at_once=at_once,
        processes=processes or 1,
        wait_seconds=None if wait is None else 3600 * wait,
    )
    if dry_run:
        training_sets.show(ready, as_json=as_json)
        return
    if sentence := training_sets.shared_set(ready):
        remark(sentence)
    ready = ready.without_weights()
    for sentence in ready.outlook(warnings=True):
        remark(textwrap.fill(sentence, 100))
    tuning = TuningSession(here, ready, as_json=as_json, yes=yes, budget=budget)
    planned = tuning.settle()
    if export:
        tuning.export(planned, export)
        return
    tuning.train(planned)
    run = None if train_only else tuning.ask(planned)
    if screen:
        folds_in_all = len(parts_of(whole, here.cases, ready.judgments))
        training_sets.tell_whole(tuning.took, len(whole.targets) * int(whole.seeds) * folds_in_all)
    tuning.tell(run)
