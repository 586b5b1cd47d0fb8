"""`discretion plan`: what a tuning is to show, declared before anything is trained."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Annotated, Any

import typer

from discretion.cli.app import Json, app, counted, desk, now, print_json, remark
from discretion.cli.commands import Commands, see
from discretion.cli.sizing import sentence_here, study_here
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.core.tuning_plans import TuningPlan
    from discretion.workspace import Workspace

plan = typer.Typer(
    cls=Commands,
    help="Preregister a tuning experiment.",
    epilog=see("discretion plan", "tuning"),
)
app.add_typer(plan, name="plan", invoke_without_command=True)

TEMPLATE = """\
# What `discretion tune` will train, and by what it will be judged. Freeze it before training:
#     discretion plan freeze
model: {model}
targets: [labels, real-after, shuffled-after, neutral-after]
hold_out:
  by: domain        # or case, scenario, policy, a factor, a column; groups: [a, b] names them
every_fold: false   # true: each fifth of the groups is held out in turn
seeds: 3            # trainings of each target on each fold; fewer than 3 give no verdict
beside: [direct, precedents]   # how the untuned model is asked, to compare with
margin: 0.01        # a difference in Brier score inside this, either way, does not matter

# How it is trained, for this model alone; what is left out is as it suits the model:
# epochs: 3
# learning_rate: 0.00005
# batch: 10
# at_once: 5        # examples in one forward, to save memory
# lora: true        # adapters instead of all weights; rank: 16
# method: plain     # in whose words decisions are taught and asked
# outside: 0.1      # how much probability on neither answer counts, where labels are shares
# settings: {{weight_decay: 0.01}}
"""


@plan.callback(invoke_without_command=True)
def show(context: typer.Context, as_json: Json = False) -> None:
    """Show the frozen plans, and how often what they hold out was looked at."""
    from discretion.storage import records
    from discretion.tuning import frozen_plans, looks, parts_of

    if context.invoked_subcommand is not None:
        return
    here = desk()
    rows: list[dict[str, Any]] = []
    for one in frozen_plans(here.store):
        mine = records.panel_judgments(here.store, one.plan.panel)
        held = [case for part in parts_of(one.plan, here.cases, mine) for case in part.held]
        rows.append(
            {
                "plan": one.hash,
                "at": one.at,
                "frozen_by_hand": one.asked,
                "held_out_cases": len(held),
                "looks": looks(here.store, held),
                "looks_before": looks(here.store, held, before=one.position),
                "declares": one.plan.model_dump(mode="json"),
            }
        )
    if as_json:
        print_json(rows)
        return
    if not rows:
        print("no plan is frozen; declare one in tuning.yaml, then: discretion plan freeze")
    for row in rows:
        how = "frozen" if row["frozen_by_hand"] else "taken down by a training"
        print(f"{row['plan'][:16]}  {how} {row['at']}")
        print(
            f"  held out: {counted(row['held_out_cases'], 'case')}, "
            f"looked at {counted(row['looks'], 'time')}, "
            f"{row['looks_before']} of them before the plan"
        )


@plan.command(epilog=see("discretion plan freeze --model smollm2", "tuning"))
def freeze(
    model: Annotated[
        str, typer.Option("--model", metavar="NAME", help="Begin a tuning.yaml for this model.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Write tuning.yaml into the log before anything is trained.

    Its hash stands there from then on, so that nobody can choose afterwards what counts. Where
    there is no tuning.yaml yet, one is written first. Trainings that depart from the frozen plan
    are marked exploratory, and so is a plan that is frozen after its held-out cases have been
    looked at.
    """
    from discretion import tuning
    from discretion.core.holdouts import history_of
    from discretion.storage import records

    here = desk()
    declared = here.contents.tuning or _begun(here, model)
    from discretion.cli.tune_options import base_of
    from discretion.training.targets import targets
    from discretion.tuning.defaults import with_defaults
    from discretion.tuning.frozen import as_known

    targets(declared.targets)
    base = base_of(here, declared.model)
    declared = with_defaults(declared, declared.model_fields_set, base)
    declared = as_known(here.store, declared)
    mine = records.panel_judgments(here.store, declared.panel)
    declared = declared.named(here.cases, history_of(mine))
    parts = tuning.parts_of(declared, here.cases, mine)
    held = [case for part in parts for case in part.held]
    frozen, new = tuning.freeze(here.store, declared, held, now(), asked=True)
    before = tuning.looks(here.store, held, before=frozen.position)
    outlook = tuning.outlook(declared, parts, mine)
    enough = sentence_here(here, study_here(here, declared.panel))
    if as_json:
        print_json(
            {
                "plan": declared.hash,
                "at": frozen.at,
                "new": new,
                "held_out_cases": len(held),
                "groups": [list(part.groups) for part in parts],
                "looks_before": before,
                "exploratory": before > 0,
                "prospects": outlook,
                "how_many": enough,
            }
        )
        return
    print(f"{'frozen' if new else 'was frozen already'}: plan {declared.hash[:16]}, {frozen.at}")
    print(
        f"held out by {declared.hold_out.by}: {counted(len(held), 'case')} in "
        f"{counted(len(parts), 'fold')}: {', '.join(parts[0].groups[:8])}"
        f"{' first' if len(parts) > 1 else ''}"
    )
    if before:
        remark(
            f"these cases were looked at {counted(before, 'time')} before: what comes of this plan "
            "is marked exploratory"
        )
    for sentence in filter(None, [*outlook, enough]):
        print(textwrap.fill(sentence, 100))
    remark("next: discretion tune --dry-run")


def _begun(here: Workspace, model: str) -> TuningPlan:
    """The plan of a new tuning.yaml."""
    from discretion.cli.tune_options import base_of
    from discretion.models import BUILT_IN
    from discretion.workspace import TUNING, read_folder

    name = model or BUILT_IN
    base_of(here, name)
    path = here.folder / TUNING
    path.write_text(TEMPLATE.format(model=name), encoding="utf-8")
    remark(f"wrote {TUNING}: change it if it is not what you mean, and freeze again")
    contents = read_folder(here.folder)
    if contents.tuning is None:
        raise DiscretionError("cannot be read back", where=str(path))
    return contents.tuning
