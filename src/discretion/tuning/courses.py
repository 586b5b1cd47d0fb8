"""Courses: what each target teaches on each fold, masked and checked before anything is trained."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from discretion import methods
from discretion.canonical import digest
from discretion.cases import Case, Docket
from discretion.errors import DiscretionError
from discretion.facts import text_with_facts
from discretion.holdouts import OF_JUDGMENTS, TIME, Holdout, group_of, history_of
from discretion.instants import instant
from discretion.judgments import Judgment
from discretion.models.loading import Loaded
from discretion.selections import RATER, parse_selection
from discretion.tuning.checks import check_examples
from discretion.tuning.examples import Example, Lessons, examples, lessons
from discretion.tuning.masking import Masked, mask
from discretion.tuning.targets import Target

NOT_NAMED = "it is not known who gave it"
LATER = "it was given after the held-out moment, or nobody knows when"


@dataclass(frozen=True, slots=True)
class Fold:
    """One split of the cases, or of the people."""

    number: int
    open: Docket
    """The cases that may be taught."""
    held: tuple[Case, ...]
    """Those on which the result is asked. Nothing of the training may see them; where people are
    held out, it may see what others said of them."""
    groups: tuple[str, ...]
    """The groups that are held out, by name: by time, the moment; by rater, the people."""
    by: str = ""
    """The kind of group; see `holdouts`."""
    learned: str = ""
    """Added to a panel's expression, it leaves those whose judgments may be taught."""
    compared: str = ""
    """Added to it, it leaves those to be compared with."""

    def allowed(self, judgments: Iterable[Judgment]) -> list[Judgment]:
        """The judgments that may be taught as far as who gave them, and when, goes."""
        who = parse_selection(self.learned)
        return [one for one in judgments if who.weight({}, one.rater, one.time) > 0]


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


def folds(
    docket: Docket, holdout: Holdout, judgments: Iterable[Judgment] = (), *, every: bool
) -> list[Fold]:
    """The splits of a hold-out plan: all of them, or the first. By time and by rater there is one.

    Args:
        judgments: the panel's, where the hold-out goes by when or by whom was judged.

    Raises:
        DiscretionError: nothing would be left to teach, or nothing is held out.
    """
    cases = docket.cases
    if holdout.by in OF_JUDGMENTS:
        return [_of_judgments(docket, replace(holdout, history=history_of(judgments)))]
    made = []
    for number, out in enumerate(holdout.splits(cases)):
        held = [case for case, is_out in zip(cases, out, strict=True) if is_out]
        left = [case for case, is_out in zip(cases, out, strict=True) if not is_out]
        if not left:
            several = len({group_of(case, holdout.by) for case in held}) > 1
            why = (
                "would be held out, near-duplicates with each other"
                if several
                else f"are of one {holdout.by}"
            )
            raise DiscretionError(
                f"all cases {why}, so nothing would be left to teach",
                mend="hold out by something else, like --hold-out scenario or --hold-out case",
            )
        groups = sorted({group_of(case, holdout.by) for case in held})
        made.append(Fold(number, docket.only(left), tuple(held), tuple(groups), holdout.by))
    return made if every else made[:1]


def _of_judgments(docket: Docket, holdout: Holdout) -> Fold:
    """The one fold of a hold-out by time or by rater."""
    named = holdout.named(docket.cases)
    held, left = tuple(named.asked(docket.cases)), docket
    if named.by == TIME:
        [out] = named.splits(docket.cases)
        held = tuple(case for case, is_out in zip(docket, out, strict=True) if is_out)
        left = docket.only(case for case, is_out in zip(docket, out, strict=True) if not is_out)
    return Fold(0, left, held, named.held, named.by, named.learned, named.compared)


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
        fold.allowed(judgments),
        rng,
        template=loaded.template,
        dialect=dialect,
        share_of_one_rater=share_of_one_rater,
        at_most=at_most,
    )
    taught = replace(taught, left={**taught.left, **_kept_away(fold, judgments)})
    _check_nothing_held_out(fold, taught, judgments)
    direct, reasoned = methods.method("direct"), methods.method("chain-of-thought")
    made = []
    for target in targets:
        shown = examples(taught.kept, target, fold.open, direct, reasoned, dialect=dialect)
        masked = [mask(example, loaded.template) for example in shown]
        check_examples(target.name, shown, masked, loaded.template, loaded.ends, loaded.context)
        made.append(Course(target, fold, taught, tuple(shown), tuple(masked)))
    return made


def _kept_away(fold: Fold, judgments: Sequence[Judgment]) -> dict[str, int]:
    """Why judgments on open cases are not taught though they are not the held-out ones."""
    cases = {case.id for case in fold.open}
    ours = [one for one in judgments if one.case in cases]
    left: dict[str, int] = {}
    if fold.by == TIME:
        left = {LATER: len(ours) - len(fold.allowed(ours))}
    elif fold.by == RATER:
        left = {NOT_NAMED: sum(one.rater is None for one in ours)}
    return {why: count for why, count in left.items() if count}


def _check_nothing_held_out(fold: Fold, taught: Lessons, judgments: Sequence[Judgment]) -> None:
    """By case, by near-duplicates, and by the very text: cases of two scenarios may read alike; by
    who judged, and when. Those whose explanations stand in others' places are looked at too."""
    used = {name for lesson in taught.kept for name in (lesson.judgment, lesson.giver)}
    ours = [one for one in judgments if one.id in used]
    if fold.by == RATER:
        _check_nobody_held_out(fold, ours)
        return
    held = {name for case in fold.held for name in (case.id, case.kin) if name}
    texts = {text for case in fold.held for text in _put(case)}
    cases = {case.id: case for case in fold.open}
    for judgment in ours:
        case = cases[judgment.case]
        if {case.id, case.kin} & held or _put(case) & texts:
            raise DiscretionError(
                "a case that would be taught repeats one that is held out",
                where=f"case {case.id}",
                mend="remove one of them, or hold out groups that keep them together",
            )
        if fold.by == TIME and instant(judgment.time or "") >= instant(fold.groups[0]):
            raise DiscretionError(
                "a judgment that was given later would be taught", where=f"judgment {judgment.id}"
            )


def _put(case: Case) -> set[str]:
    """All that models are put of a case, in each language that it is in."""
    return {text for text in (case.text and text_with_facts(case), case.twin) if text}


def _check_nobody_held_out(fold: Fold, ours: Sequence[Judgment]) -> None:
    for judgment in ours:
        if judgment.rater is None or judgment.rater in fold.groups:
            raise DiscretionError(
                "a judgment of somebody who is held out would be taught",
                where=f"judgment {judgment.id}",
            )
