"""Courses: what each target teaches on each fold, masked and checked before anything is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from discretion import methods
from discretion.canonical import digest
from discretion.cases import Case, Docket
from discretion.errors import DiscretionError
from discretion.holdouts import Holdout, group_of
from discretion.judgments import Judgment
from discretion.models.loading import Loaded
from discretion.tuning.checks import check_examples
from discretion.tuning.examples import Example, Lessons, examples, lessons
from discretion.tuning.masking import Masked, mask
from discretion.tuning.targets import Target


@dataclass(frozen=True, slots=True)
class Fold:
    """One split of the cases."""

    number: int
    open: Docket
    """The cases that may be taught."""
    held: tuple[Case, ...]
    """Those that nothing of the training may see."""
    groups: tuple[str, ...]
    """The groups that are held out, by name."""


@dataclass(frozen=True, slots=True)
class Course:
    """One target on one fold, ready to be trained with any seed."""

    target: Target
    fold: Fold
    taught: Lessons
    examples: tuple[Example, ...]
    masked: tuple[Masked, ...]

    @property
    def hash(self) -> str:
        """Of every token that is taught, in its order."""
        return digest([(one.ids, one.decision, one.explanation) for one in self.masked])

    @property
    def tokens(self) -> int:
        """Tokens read in one epoch."""
        return sum(len(one.ids) for one in self.masked)

    @property
    def supervised(self) -> int:
        """Tokens learned in one epoch."""
        return sum(one.supervised for one in self.masked)


def folds(docket: Docket, holdout: Holdout, *, every: bool) -> list[Fold]:
    """The splits of a hold-out plan: all of them, or the first.

    Raises:
        DiscretionError: nothing would be left to teach, or nothing is held out.
    """
    cases = docket.cases
    made = []
    for number, out in enumerate(holdout.splits(cases)):
        held = [case for case, is_out in zip(cases, out, strict=True) if is_out]
        left = [case for case, is_out in zip(cases, out, strict=True) if not is_out]
        if not left:
            raise DiscretionError(
                f"all cases are of one {holdout.by}, so nothing would be left to teach",
                mend="hold out by something else, like --hold-out scenario or --hold-out case",
            )
        groups = sorted({group_of(case, holdout.by) for case in held})
        made.append(Fold(number, docket.only(left), tuple(held), tuple(groups)))
    return made if every else made[:1]


def courses(
    fold: Fold,
    judgments: Sequence[Judgment],
    targets: Sequence[Target],
    loaded: Loaded,
    *,
    dialect: bool,
    share_of_one_rater: float = 1.0,
    at_most: int | None = None,
) -> list[Course]:
    """What each target teaches on a fold: the same judgments in the same order in each.

    Args:
        loaded: the model that is to be tuned, whose template and context count.
        at_most: use only so many judgments.

    Raises:
        DiscretionError: something would be taught that should not be.
    """
    # The same controls whatever else is trained beside them, so that runs can be compared.
    rng = np.random.default_rng(fold.number)
    taught = lessons(
        fold.open,
        judgments,
        rng,
        dialect=dialect,
        share_of_one_rater=share_of_one_rater,
        at_most=at_most,
    )
    _check_nothing_held_out(fold, taught)
    direct, reasoned = methods.method("direct"), methods.method("chain-of-thought")
    made = []
    for target in targets:
        shown = examples(taught.kept, target, fold.open, direct, reasoned, dialect=dialect)
        masked = [mask(example, loaded.template) for example in shown]
        check_examples(target.name, shown, masked, loaded.template, loaded.ends, loaded.context)
        made.append(Course(target, fold, taught, tuple(shown), tuple(masked)))
    return made


def _check_nothing_held_out(fold: Fold, taught: Lessons) -> None:
    """By case, by near-duplicates, and by the very text: cases of two scenarios may read alike."""
    held = {name for case in fold.held for name in (case.id, case.kin) if name}
    texts = {text for case in fold.held for text in (case.text, case.twin) if text}
    for lesson in taught.kept:
        case = lesson.case
        if {case.id, case.kin} & held or {case.text, case.twin} & texts:
            raise DiscretionError(
                "a case that would be taught repeats one that is held out",
                where=f"case {case.id}",
                mend="remove one of them, or hold out groups that keep them together",
            )
