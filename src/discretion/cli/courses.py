"""What a dry run of `discretion tune` shows: counts, what is left out, complete examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from discretion.cli.app import print_json, print_table

if TYPE_CHECKING:
    from discretion.models.templates import Template
    from discretion.tuning.courses import Course

SHOWN = 3
"""Complete examples of each target."""


def show(
    made: Sequence[Course], template: Template, epochs: int, seeds: int, *, as_json: bool
) -> None:
    """What would be trained, and examples as the model would read them."""
    from discretion.tuning.masking import marked

    if as_json:
        _print_json(made, template, epochs, seeds)
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
    for course in {course.fold.number: course for course in made}.values():
        fold = course.fold
        print(f"\nheld out in fold {fold.number}: {len(fold.held)} cases of {_listed(fold.groups)}")
        for why, count in course.taught.left.items():
            print(f"not taught: {count:,}: {why}")
    print("\nThe first examples of each target. What is learned stands between ⟦ and ⟧.")
    for course in made:
        if course.fold is made[0].fold:
            for one in course.masked[:SHOWN]:
                print(f"\n[{course.target.name}]", marked(one, template), sep="\n")


def _print_json(made: Sequence[Course], template: Template, epochs: int, seeds: int) -> None:
    from discretion.tuning.masking import marked

    print_json(
        [
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
                "runs": seeds,
                "shown": [marked(one, template) for one in course.masked[:SHOWN]],
            }
            for course in made
        ]
    )


def _listed(groups: Sequence[str], most: int = 8) -> str:
    more = f" and {len(groups) - most} more" if len(groups) > most else ""
    return ", ".join(groups[:most]) + more
