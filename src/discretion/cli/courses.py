"""What a dry run of `discretion tune` shows: counts, what is left out, complete examples."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from discretion.cli.app import counted, print_json, print_table, remark
from discretion.holdouts import TIME
from discretion.selections import RATER

if TYPE_CHECKING:
    from discretion.experiments import Preparation
    from discretion.tuning.courses import Fold
    from discretion.tuning.estimates import Estimate

SHOWN = 3
"""Complete examples of each target."""


def show(ready: Preparation, *, as_json: bool) -> None:
    """What would be trained, what it would take and could tell, and examples as the model would
    read them."""
    from discretion.experiments import grid
    from discretion.tuning.estimates import estimate
    from discretion.tuning.masking import marked

    made, seeds, epochs = ready.courses, int(ready.plan.seeds), ready.recipe.epochs
    found = estimate(made, seeds, ready.loaded, ready.base, ready.recipe)
    prospects = ready.outlook()
    if as_json:
        _print_json(ready, found, prospects)
        return
    print_table(
        ["target", "fold", "examples", "grants", "tokens read", "supervised", "runs"],
        [
            [
                course.target.name,
                str(course.fold.number),
                f"{len(course.masked):,}",
                f"{sum(lesson.granted for lesson in course.taught.kept):,}",
                f"{course.tokens * epochs:,}",
                f"{course.supervised * epochs:,}",
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
    for course in {course.fold.number: course for course in made}.values():
        fold = course.fold
        print(f"\nheld out in fold {fold.number}: {_held(fold)}")
        for why, count in course.taught.left.items():
            print(f"not taught: {count:,}: {why}")
    for sentence in prospects:
        print(f"\n{textwrap.fill(sentence, 100)}")
    print("\nThe first examples of each target. What is learned stands between ⟦ and ⟧.")
    for course in made:
        if course.fold is made[0].fold:
            for one in course.masked[:SHOWN]:
                print(f"\n[{course.target.name}]", marked(one, ready.loaded.template), sep="\n")
    if ready.plan.tries:
        count = len(grid(ready.plan, ready.recipe)) * len(made)
        remark(f"before that, {counted(count, 'training')} inside the folds to choose settings")


def tell_whole(seconds: Sequence[float | None], runs: int) -> None:
    """After a part of a plan was trained: what the whole would take."""
    known = [one for one in seconds if one is not None]
    so_long = ""
    if known:
        hours = sum(known) / len(known) * (runs - len(seconds)) / 3600
        so_long = f", and the others would take {time_of(hours)}"
    done = f"{len(seconds)} of {counted(runs, 'training')}"
    remark(f"this was {done}{so_long}; repeat it without --screen")


def _print_json(ready: Preparation, found: Estimate, prospects: Sequence[str]) -> None:
    from dataclasses import asdict

    from discretion.tuning.masking import marked

    epochs = ready.recipe.epochs
    print_json(
        asdict(found)
        | {
            "prospects": list(prospects),
            "courses": [
                {
                    "target": course.target.name,
                    "fold": course.fold.number,
                    "held_out": list(course.fold.groups),
                    "held_out_cases": len(course.fold.held),
                    "examples": len(course.masked),
                    "grants": sum(lesson.granted for lesson in course.taught.kept),
                    "not_taught": dict(course.taught.left),
                    "tokens": course.tokens * epochs,
                    "supervised": course.supervised * epochs,
                    "runs": int(ready.plan.seeds),
                    "shown": [marked(one, ready.loaded.template) for one in course.masked[:SHOWN]],
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
