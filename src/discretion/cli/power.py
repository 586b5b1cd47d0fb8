"""`discretion power`: is a planned study large enough for a gate, or to tell what explanations
teach?"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from discretion.cli.app import Json, app, counted, desk, folder, print_json, print_table, remark
from discretion.cli.commands import see
from discretion.cli.progress import Studies
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.tuning.power import StudyTally
    from discretion.tuning.power_sizes import StudySize
    from discretion.workspace import Workspace

LIKELY = 0.5
"""Less often than this, a study mostly misses explanations of the best quality tried."""
BANNER = "simulated: people, explanations and learner; nobody was asked and no model was trained"


@app.command(epilog=see("discretion power --gate acceptance.yaml", "power"))
def power(
    gate: Annotated[
        Path | None,
        typer.Option(
            "--gate", metavar="FILE", help="How many cases and people these criteria need."
        ),
    ] = None,
    gap: Annotated[
        float | None,
        typer.Option("--gap", min=0.001, max=1, help="The same for a noise-corrected gap."),
    ] = None,
    tuning: Annotated[
        bool, typer.Option("--tuning", help="For a study of explanations; so it is by default.")
    ] = False,
    scenarios: Annotated[
        int | None, typer.Option(min=1, help="With --gate or --gap: how many.")
    ] = None,
    judgments: Annotated[int | None, typer.Option(min=2, help="Taught in each training.")] = None,
    domains: Annotated[int | None, typer.Option(min=2, help="Held out, each of them once.")] = None,
    only_taught: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Domains that are only taught: the others are then held out all together, "
            "unless --folds says otherwise.",
        ),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Trainings over which the held-out domains are spread, by default 5; as many as "
            "domains hold each out by itself.",
        ),
    ] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="Trainings of each target.")] = None,
    cases: Annotated[
        int | None, typer.Option(min=1, help="Of each domain; with --gate or --gap, in all.")
    ] = None,
    raters: Annotated[int | None, typer.Option(min=1, help="People who judge each case.")] = None,
    q: Annotated[
        str,
        typer.Option(metavar="Q,…", help="How often explanations name the deciding factor."),
    ] = "0,.25,.5,1",
    studies: Annotated[int, typer.Option(min=10, help="How many are simulated.")] = 400,
    seed: Annotated[int, typer.Option(min=0, help="Of the simulation.")] = 0,
    as_json: Json = False,
) -> None:
    """Estimate whether a planned study is large enough.

    With --gate or --gap: how likely an arm at half of each margin passes, by scenarios, cases and
    people, for your own people's rates where they have judged; and the shortest way to 80 of 100.
    Otherwise: how surely a study of explanations tells what they do.

    Sizes that are not named are those of the frozen plan, or else of this workspace, or else of a
    study of 300 judgments and 12 domains. Each simulated study is judged as a real one is; what
    stands in for the model is described in docs/design/power.md.
    """
    from discretion.cli.sizing import Named, show
    from discretion.tuning.power import power as simulate

    if gate is not None or gap is not None:
        if tuning or (gate is not None and gap is not None):
            raise DiscretionError(
                "--gate, --gap and --tuning are about different studies", fix="choose one"
            )
        show(gate, gap, Named(cases, raters, scenarios), as_json=as_json)
        return
    qualities = _qualities(q)
    size, margin = _size(
        judgments=judgments,
        domains=domains,
        others=only_taught,
        folds=folds,
        seeds=seeds,
        cases=cases,
        raters=raters,
    )
    shown = Studies(studies)
    tallies = simulate(size, studies, seed, qualities=qualities, margin=margin, watch=shown.tell)
    shown.end()
    if as_json:
        print_json(_json(size, seed, margin, tallies))
        return
    print(BANNER)
    _show(size, tallies)


def _show(size: StudySize, tallies: Sequence[StudyTally]) -> None:
    from discretion.tuning.power import exact_interval

    taught = f"{size.judgments:,} judgments in each training"
    print(f"a study of {taught}, {size.domains} domains held out {_held(size)},")
    print(
        f"{counted(size.seeds, 'seed')}, {counted(size.cases, 'case')} a domain judged by "
        f"{counted(size.raters, 'person', 'people')} each; {tallies[0].studies:,} simulated studies"
    )
    print(
        f"{tallies[0].items:.0f} of the judgments found a shuffled explanation in a training; "
        f"{tallies[-1].same:.0%} of those named what the real one names"
    )
    print()
    print_table(
        [
            "q",
            "real nearer",
            "real farther",
            "either way, 95% interval",
            "within the margin",
            "difference",
        ],
        [
            [
                f"{one.quality:g}",
                f"{one.helped / one.studies:.1%}",
                f"{one.hurt / one.studies:.1%}",
                "{:.1%} to {:.1%}".format(*exact_interval(one.told, one.studies)),
                f"{one.said.get('no relevant difference', 0) / one.studies:.1%}",
                f"{one.difference:+.4f}",
            ]
            for one in tallies
        ],
    )
    print()
    for one in tallies:
        print(_said(one))
    for sentence in advice(size, tallies):
        print(f"\n{textwrap.fill(sentence, 100)}")


def _held(size: StudySize) -> str:
    if size.folds == 1:
        return "together"
    if size.folds == size.domains:
        return "one by one"
    return f"each {_FRACTIONS.get(size.folds, f'1 of {size.folds} parts')} in turn"


_FRACTIONS = {2: "half", 3: "third", 4: "fourth", 5: "fifth"}


def _said(one: StudyTally) -> str:
    if one.quality == 0:
        return (
            "where explanations say nothing of the case (q = 0), a study of your size would take "
            f"them for different in {one.told / one.studies:.0%} of tries"
        )
    return (
        f"a study of your size would notice explanations of quality q = {one.quality:g} in "
        f"{one.helped / one.studies:.0%} of tries"
    )


def advice(size: StudySize, tallies: Sequence[StudyTally]) -> list[str]:
    """What to do about the counts: sentences, none where a study tells surely enough."""
    from discretion.stats.contrasts import SURE
    from discretion.tuning.power import exact_interval

    said = []
    for one in tallies:
        if one.quality == 0 and exact_interval(one.told, one.studies)[0] > SURE:
            said.append(
                f"A verdict of such a study is wrong more often than the {SURE:.0%} it allows. "
                "More domains and more trainings are the remedy (--domains, --seeds)."
            )
    best = max(tallies, key=lambda one: one.quality)
    if best.quality > 0 and best.helped < LIKELY * best.studies:
        said.append(
            "Such a study will mostly say “cannot be told”, whatever the explanations are worth: "
            "that would be no finding against them. More domains and more seeds help most "
            "(--domains, --seeds), more judgments little."
        )
    return said


def _json(
    size: StudySize, seed: int, margin: float, tallies: Sequence[StudyTally]
) -> dict[str, Any]:
    from discretion.toy.learner import LEARNER
    from discretion.tuning.power import exact_interval

    return {
        "simulated": True,
        "says": BANNER,
        "size": asdict(size),
        "seed": seed,
        "margin": margin,
        "learner": asdict(LEARNER),
        "studies": tallies[0].studies,
        "advice": advice(size, tallies),
        "by_quality": [
            {
                "q": one.quality,
                "lessons": one.items,
                "same_factor": one.same,
                "difference": one.difference,
                "helped": one.helped,
                "hurt": one.hurt,
                "either_way": one.told,
                "either_way_95": exact_interval(one.told, one.studies),
                "unadjusted": one.differ,
                "verdicts": dict(one.said),
            }
            for one in tallies
        ],
    }


def _qualities(said: str) -> tuple[float, ...]:
    try:
        found = tuple(dict.fromkeys(float(part) for part in said.split(",")))
    except ValueError:
        found = ()
    if not found or not all(0 <= one <= 1 for one in found):
        raise DiscretionError(
            f"--q {said} is no list of shares", fix="write shares from 0 to 1, like 0,.5,1"
        )
    return found


def _size(**named: int | None) -> tuple[StudySize, float]:
    """The size asked for, the rest from the plan or the workspace, and the margin that counts."""
    from discretion.stats.contrasts import MARGIN
    from discretion.tuning.power_sizes import ordinary

    asked = {name: value for name, value in named.items() if value is not None}
    try:
        folder()
    except DiscretionError:
        remark("no workspace here: sizes that are not named are those of an ordinary study")
        return ordinary(asked), MARGIN
    return _of_workspace(desk(), asked)


def _of_workspace(here: Workspace, asked: dict[str, int]) -> tuple[StudySize, float]:
    """The study that the frozen plan declares, or one of all domains of this workspace in turn."""
    from discretion.core.plans import HeldOut
    from discretion.core.tuning_plans import TuningPlan
    from discretion.models import BUILT_IN
    from discretion.storage import records
    from discretion.tuning import declared, parts_of
    from discretion.tuning.power_sizes import MOST_JUDGMENTS, ordinary, size_of

    frozen = declared(here.store)
    plan = frozen.plan if frozen else here.contents.tuning
    whose = "the frozen plan" if frozen else "tuning.yaml" if plan else here.name
    if plan is None:
        plan = TuningPlan(model=BUILT_IN, hold_out=HeldOut(by="domain"), every_fold=True)
    try:
        here.panel(plan.panel)
    except DiscretionError as error:
        remark(f"sizes that are not named are those of an ordinary study: {error.what}")
        return ordinary({"seeds": int(plan.seeds)} | asked), plan.margin
    most = f"at most {MOST_JUDGMENTS} judgments unless --judgments says more"
    remark(f"sizes that are not named are those of {whose}; {most}")
    mine = records.panel_judgments(here.store, plan.panel)
    size = size_of(plan, parts_of(plan, here.cases, mine), here.panel(plan.panel), mine, asked)
    return size, plan.margin
