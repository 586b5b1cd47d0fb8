"""What a dry run of `discretion tune` shows: counts, what is left out, complete examples."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from discretion.cli.app import counted, print_json, print_table, remark
from discretion.core.holdouts import TIME
from discretion.core.selections import RATER

if TYPE_CHECKING:
    from discretion.training.estimates import TrainingEffort
    from discretion.training.examples import TrainingItems
    from discretion.training.masking import Masked
    from discretion.training.training_sets import Fold, TrainingSet
    from discretion.tuning import Preparation

SHOWN = 3
"""Complete examples of each target."""


def show(ready: Preparation, *, as_json: bool) -> None:
    """What would be trained, what it would take and could tell, and examples as the model would
    read them."""
    from discretion.cli import fine_tuning
    from discretion.training.estimates import estimate
    from discretion.training.masking import marked
    from discretion.tuning import grid

    if ready.loaded is None:
        fine_tuning.show(ready, as_json=as_json)
        return
    seeds, epochs = int(ready.plan.seeds), ready.recipe.epochs
    base, loaded, _ = ready.here
    found = estimate(ready.courses, seeds, loaded, base, ready.recipe)
    made = _of_first_seed(ready)
    prospects = ready.outlook()
    if as_json:
        _print_json(ready, found, prospects)
        return
    print_table(
        ["target", "fold", "judgments", "grants", "examples", "tokens read", "supervised", "runs"],
        [
            [
                course.target.name,
                str(course.fold.number),
                f"{len(course.taught.kept):,}",
                f"{course.taught.grants:,}",
                f"{len(course.masked):,}",
                f"{course.tokens * _times(course, epochs):,}",
                f"{course.supervised * _times(course, epochs):,}",
                str(seeds),
            ]
            for course in made
        ],
    )
    parts = [
        counted(len({course.target for course in made}), "target"),
        counted(seeds, "seed"),
        counted(len({course.fold.number for course in made}), "fold"),
    ]
    print(
        f"\n{counted(found.runs, 'training')} ({', '.join(parts)}): {found.tokens:,} tokens, "
        f"{time_of(found.hours)} at {found.tokens_per_second:,.0f} a second,\nas one timed step on "
        f"the first examples ran here; {_size(found.memory)} of memory beside the program's own,\n"
        f"{_size(found.disk)} of disk"
    )
    print_folds(made)
    if ready.plan.redraw and seeds > 1:
        print("\nEach seed draws its own judgments and shuffles; these are those of seed 0.")
    for sentence in prospects:
        print(f"\n{textwrap.fill(sentence, 100)}")
    print("\nThe first examples of each target. What is learned stands between ⟦ and ⟧.")
    for course in made:
        if course.fold is made[0].fold:
            for one in course.masked[:SHOWN]:
                text = marked(one, loaded.template)
                print(f"\n[{course.target.name}{_counted(one)}]", text, sep="\n")
    if ready.plan.tries:
        count = len(grid(ready.plan, ready.recipe)) * len(made)
        remark(f"before that, {counted(count, 'training')} inside the folds to choose settings")


def _times(course: TrainingSet, epochs: int) -> int:
    """How often its examples are read; a head reads them once."""
    return 1 if course.target.head else epochs


def _of_first_seed(ready: Preparation) -> list[TrainingSet]:
    return [course for course in ready.courses if not course.draw]


def print_folds(made: Sequence[TrainingSet]) -> None:
    """What is held out in each fold, and what its targets are taught."""
    for fold in {course.fold.number: course.fold for course in made}.values():
        print(f"\nheld out in fold {fold.number}: {_held(fold)}")
        taught = [course for course in made if course.fold is fold]
        for course in {id(course.taught): course for course in taught}.values():
            _print_taught([one for one in taught if one.taught is course.taught])


def _print_taught(together: Sequence[TrainingSet]) -> None:
    """What the targets of one comparison are taught, and what they are not."""
    taught = together[0].taught
    print(f"taught in {', '.join(course.target.name for course in together)}:")
    print(
        f"  {taught.as_labels:,} judgments can be taught as labels alone, "
        f"{taught.explained:,} with explanations"
    )
    for why, count in taught.left.items():
        print(f"  not taught: {count:,}: {why}")
    for what, count in taught.controls.items():
        print(f"  controls: {count:,}: {what}")
    print(f"  {_rates(taught)}")


def _rates(taught: TrainingItems) -> str:
    """What people granted of all that they judged, and of what is taught."""
    return (
        f"people granted {_percent(taught.granting, taught.judged)} of what they judged there, and "
        f"{_percent(taught.grants, len(taught.kept))} of what is taught"
    )


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f}%" if whole else "none"


def _counted(one: Masked) -> str:
    """What an example stands for, where it is not one judgment."""
    if one.weight == 1:
        return ""
    share = "" if one.share is None else f", {one.share:.0%} of them grant"
    return f", {one.weight} judgments{share}"


def shared_set(ready: Preparation) -> str:
    """How many judgments labels alone would have, where explanations leave some out; else empty."""
    explained = (one for one in ready.courses if one.target.explanation != "none")
    first = next(explained, None)
    if first is None or first.taught.explained == first.taught.as_labels:
        return ""
    return (
        f"{first.taught.explained:,} judgments can be taught with explanations, and "
        f"{first.taught.as_labels:,} as labels alone (--targets labels)"
    )


def tell_whole(seconds: Sequence[float | None], runs: int) -> None:
    """After a part of a plan was trained: what the whole would take."""
    known = [one for one in seconds if one is not None]
    so_long = ""
    if known:
        hours = sum(known) / len(known) * (runs - len(seconds)) / 3600
        so_long = f", and the others would take {time_of(hours)}"
    done = f"{len(seconds)} of {counted(runs, 'training')}"
    remark(f"this was {done}{so_long}; repeat it without --screen")


def _print_json(ready: Preparation, found: TrainingEffort, prospects: Sequence[str]) -> None:
    from dataclasses import asdict

    from discretion.training.masking import marked

    epochs, (_, loaded, _) = ready.recipe.epochs, ready.here
    print_json(
        asdict(found)
        | {
            "prospects": list(prospects),
            "courses": [
                {
                    "target": course.target.name,
                    "fold": course.fold.number,
                    "seed": course.draw,
                    "held_out": list(course.fold.groups),
                    "held_out_cases": len(course.fold.held),
                    "judgments": len(course.taught.kept),
                    "examples": len(course.masked),
                    "grants": course.taught.grants,
                    "judged": course.taught.judged,
                    "granted": course.taught.granting,
                    "as_labels": course.taught.as_labels,
                    "with_explanations": course.taught.explained,
                    "not_taught": dict(course.taught.left),
                    "controls": dict(course.taught.controls),
                    "tokens": course.tokens * _times(course, epochs),
                    "supervised": course.supervised * _times(course, epochs),
                    "runs": int(ready.plan.seeds) if course.draw is None else 1,
                    "shown": [marked(one, loaded.template) for one in course.masked[:SHOWN]],
                }
                for course in ready.courses
            ],
        }
    )


def time_of(hours: float) -> str:
    """About how long, in words."""
    minutes = 60 * hours
    if minutes < 2:
        return f"about {60 * minutes:.0f} s"
    return f"about {minutes:.0f} min" if hours < 2 else f"about {hours:.1f} hours"


def _size(size: int) -> str:
    return f"{size / 1e9:.2g} GB" if size >= 1e8 else f"{size / 1e6:.2g} MB"


def _listed(groups: Sequence[str], most: int = 8) -> str:
    more = f" and {len(groups) - most} more" if len(groups) > most else ""
    return ", ".join(groups[:most]) + more


def _held(fold: Fold) -> str:
    """``120 cases of leave, returns``; or of later; or the people, and what they judged."""
    cases = f"{len(fold.held):,} cases"
    if fold.by == "case":
        return cases
    if fold.by == RATER:
        return f"{_listed(fold.groups)}, who judged {cases}"
    if fold.by == TIME:
        return f"{cases} first judged from {fold.groups[0]} on, or nearly repeating one that was"
    return f"{cases} of {_listed(fold.groups)}"
