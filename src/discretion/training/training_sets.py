"""Courses: what each target teaches on each fold, masked and checked before anything is trained."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from discretion import methods
from discretion.canonical import digest
from discretion.core.arms import Form, Prompt
from discretion.core.cases import Case, CaseSet
from discretion.core.facts import text_with_facts
from discretion.core.holdouts import OF_JUDGMENTS, TIME, Holdout, group_of, history_of
from discretion.core.judgments import Judgment
from discretion.core.selections import RATER, parse_selection
from discretion.errors import DiscretionError
from discretion.models.loading import Loaded
from discretion.timestamps import parse_timestamp
from discretion.training.chats import Chats, answer_of
from discretion.training.checks import check_examples
from discretion.training.examples import (
    EVERY,
    Example,
    Framing,
    Prompts,
    Sample,
    TrainingItems,
    examples,
    training_items,
)
from discretion.training.masking import Masked, answers_are_tokens, mask
from discretion.training.targets import AGAINST_LABELS, LABELS, Target

NOT_NAMED = "it is not known who gave it"
LATER = "it was given after the held-out moment, or nobody knows when"


@dataclass(frozen=True, slots=True)
class Fold:
    """One split of the cases, or of the people."""

    number: int
    open: CaseSet
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
class TrainingSet:
    """One target on one fold, ready to be trained with any seed, or with that of its draw."""

    target: Target
    fold: Fold
    taught: TrainingItems
    examples: tuple[Example, ...]
    masked: tuple[Masked, ...]
    """The examples as tokens; none where the base's tokenizer is not at hand."""
    form: Form = "end"
    """In what form its model's decisions are to be scored."""
    draw: int | None = None
    """The seed for which its judgments and controls were drawn; None where all seeds share them."""

    @property
    def hash(self) -> str:
        """Of every token that is taught, in its order; of every text where there are no tokens."""
        if not self.masked:
            return digest([_texts(one) for one in self.examples])
        return digest(
            [(one.ids, one.decision, one.explanation, *_counted(one)) for one in self.masked]
        )

    @property
    def tokens(self) -> int:
        """Tokens read in one epoch."""
        return sum(len(one.ids) for one in self.masked)

    @property
    def supervised(self) -> int:
        """Tokens learned in one epoch."""
        return sum(one.supervised for one in self.masked)


def _texts(one: Example) -> list[Any]:
    turns = [[turn.role, turn.content] for turn in (*one.prompt.messages, *answer_of(one))]
    return [turns, one.weight]


def _counted(one: Masked) -> tuple[float | None, ...]:
    """What an example adds to the hash where it stands for more than one judgment, or a share."""
    return () if one.weight == 1 and one.share is None else (one.weight, one.share)


def folds(
    case_set: CaseSet, holdout: Holdout, judgments: Iterable[Judgment] = (), *, every: bool
) -> list[Fold]:
    """The splits of a hold-out plan: all of them, or the first. By time and by rater there is one.

    Args:
        judgments: the panel's, where the hold-out goes by when or by whom was judged.

    Raises:
        DiscretionError: nothing would be left to teach, or nothing is held out.
    """
    cases = case_set.cases
    if holdout.by in OF_JUDGMENTS:
        return [_of_judgments(case_set, replace(holdout, history=history_of(judgments)))]
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
                fix="hold out by something else, like --hold-out scenario or --hold-out case",
            )
        groups = sorted({group_of(case, holdout.by) for case in held})
        made.append(Fold(number, case_set.only(left), tuple(held), tuple(groups), holdout.by))
    return made if every else made[:1]


def _of_judgments(case_set: CaseSet, holdout: Holdout) -> Fold:
    """The one fold of a hold-out by time or by rater."""
    named = holdout.named(case_set.cases)
    held, left = tuple(named.asked(case_set.cases)), case_set
    if named.by == TIME:
        [out] = named.splits(case_set.cases)
        held = tuple(case for case, is_out in zip(case_set, out, strict=True) if is_out)
        left = case_set.only(case for case, is_out in zip(case_set, out, strict=True) if not is_out)
    return Fold(0, left, held, named.held, named.by, named.learned, named.compared)


class Masks:
    """Examples as tokens, each rendered, masked and checked once for all folds and targets."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self.prompts = Prompts()
        self._made: dict[Hashable, Masked] = {}
        self._soft: dict[tuple[str, Form], bool] = {}

    def __call__(self, target: Target, shown: Sequence[Example]) -> tuple[Masked, ...]:
        """Those of a target.

        Raises:
            DiscretionError: something would be taught that should not be.
        """
        loaded = self._loaded
        new: dict[Hashable, Example] = {}
        for example in shown:
            if self._key(example) not in self._made:
                new[self._key(example)] = example
        masked = {key: mask(example, loaded.template) for key, example in new.items()}
        if new or not shown:
            made = list(masked.values())
            examples = list(new.values())
            check_examples(
                target.name, examples, made, loaded.template, loaded.ends, loaded.context
            )
        self._made |= masked
        return tuple(
            replace(
                self._made[self._key(example)],
                judgment=example.item.judgment,
                weight=example.weight,
                share=example.share,
            )
            for example in shown
        )

    @property
    def made(self) -> int:
        """How many different examples were masked."""
        return len(self._made)

    def soft(self, prompt: Prompt) -> bool:
        """Whether decisions under a method's prompts can be learned as shares."""
        key = prompt.choices.vocabulary, prompt.form
        if key not in self._soft:
            self._soft[key] = answers_are_tokens(prompt, self._loaded.template)
        return self._soft[key]

    @staticmethod
    def _key(example: Example) -> Hashable:
        learned = example.share is None
        return (example.prompt, example.decision, example.before, example.after, learned)


@dataclass(frozen=True, slots=True)
class Asking:
    """How the model is asked in what it is taught, and later in an evaluation."""

    method: str = "direct"
    form: Form = "end"
    """In what form its decision is scored, where it is asked for at once."""
    merge: bool = True
    """Judgments that are taught alike are one example."""


def courses(
    fold: Fold,
    judgments: Sequence[Judgment],
    targets: Sequence[Target],
    loaded: Loaded | None,
    *,
    dialect: bool,
    sample: Sample = EVERY,
    asking: Asking = Asking(),
    masks: Masks | Chats | None = None,
) -> list[TrainingSet]:
    """What each target teaches on a fold: those that are compared the same judgments in the same
    order.

    Args:
        loaded: the model that is to be tuned, whose template and context count; None where it is
            at a provider, and is taught texts.
        sample: which of the judgments are taught. Its draw is the seed that draws its own judgments
            and controls; None for what all seeds share.
        masks: of other folds, which are used again.

    Raises:
        DiscretionError: something would be taught that should not be.
    """
    masks = masks or (Chats() if loaded is None else Masks(loaded))
    draw = sample.draw
    framing = Framing(
        methods.method(asking.method),
        methods.method("chain-of-thought"),
        dialect,
        asking.form,
        masks.prompts,
    )
    made: dict[Target, TrainingSet] = {}
    for together in compared(targets):
        explained = any(target.explanation != "none" for target in together)
        taught = training_items(
            fold.open,
            fold.allowed(judgments),
            # The same controls whatever else is trained beside them, so that runs can be compared.
            np.random.default_rng(fold.number if draw is None else (fold.number, draw)),
            explained=explained,
            template=None if loaded is None else loaded.template,
            dialect=dialect,
            sample=sample,
        )
        taught = replace(taught, left={**taught.left, **_kept_away(fold, judgments)})
        _check_nothing_held_out(fold, taught, judgments)
        _check_partners(together, taught)
        soft = _soft(asking, framing, taught, fold.open, masks)
        for target in together:
            shown = examples(
                taught.kept,
                target,
                fold.open,
                framing,
                soft=soft,
                beside=together if asking.merge else None,
            )
            check_rates(target, taught, shown)
            masked = masks(target, shown)
            form = "end" if target.place == "before" else asking.form
            made[target] = TrainingSet(target, fold, taught, tuple(shown), masked, form, draw)
    return [made[target] for target in targets]


def compared(targets: Sequence[Target]) -> list[tuple[Target, ...]]:
    """The targets by what they must share: those with explanations, and labels with them where a
    declared contrast sets labels against one of them."""
    names = {target.name for target in targets}
    with_labels = any(names.issuperset(pair) for pair in AGAINST_LABELS)
    explained = [
        one for one in targets if one.explanation != "none" or (with_labels and not one.head)
    ]
    alone = [one for one in targets if one not in explained]
    return [tuple(each) for each in (explained, alone) if each]


def _soft(
    asking: Asking, framing: Framing, taught: TrainingItems, case_set: CaseSet, masks: Masks | Chats
) -> bool:
    """Whether decisions are learned as shares: in every way in which they are asked for."""
    if asking.form == "end" or not asking.merge:
        return False
    shown = examples(taught.kept, LABELS, case_set, framing)
    each = {one.prompt.choices.vocabulary: one.prompt for one in shown}
    return all(masks.soft(prompt) for prompt in each.values())


def _check_partners(together: Sequence[Target], taught: TrainingItems) -> None:
    """Where an explanation is to be shuffled, another scenario must have one of its decision."""
    alone = [item for item in taught.kept if not item.giver]
    if alone and any(target.explanation == "shuffled" for target in together):
        does = "grant" if alone[0].granted else "refuse"
        raise DiscretionError(
            f"{len(alone):,} explanations cannot be shuffled: only one scenario has explanations "
            f"of people who {does}",
            where=f"scenario {alone[0].case.scenario}",
            fix="collect explanations on more scenarios, or leave the shuffled targets out",
        )


def check_rates(target: Target, taught: TrainingItems, shown: Sequence[Example]) -> None:
    """Refuse to start where a target would teach other rates than its judgments have.

    Raises:
        DiscretionError: names the first case.
    """
    given: dict[str, list[bool]] = {}
    for item in taught.kept:
        given.setdefault(item.case.id, []).append(item.granted)
    learned: dict[str, list[tuple[int, float]]] = {}
    for one in shown:
        share = float(one.item.granted) if one.share is None else one.share
        learned.setdefault(one.item.case.id, []).append((one.weight, share))
    for case, answers in given.items():
        pairs = learned.pop(case, [])
        count = sum(weight for weight, _ in pairs)
        grants = sum(weight * share for weight, share in pairs)
        if count != len(answers) or abs(grants - sum(answers)) > 1e-6:
            raise DiscretionError(
                f"the target {target.name} would teach {grants:.0f} grants of {count} judgments, "
                f"and people granted {sum(answers)} of {len(answers)}",
                where=f"case {case}",
                fix="report this: the control must not change what is taught",
            )
    if learned:
        raise DiscretionError(
            f"the target {target.name} would teach a case that nobody judged",
            where=f"case {next(iter(learned))}",
            fix="report this: the control must not change what is taught",
        )


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


def _check_nothing_held_out(
    fold: Fold, taught: TrainingItems, judgments: Sequence[Judgment]
) -> None:
    """By case, by near-duplicates, and by the very text: cases of two scenarios may read alike; by
    who judged, and when. Those whose explanations stand in others' places are looked at too."""
    used = {name for item in taught.kept for name in (item.judgment, item.giver)}
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
                fix="remove one of them, or hold out groups that keep them together",
            )
        if fold.by == TIME and parse_timestamp(judgment.time or "") >= parse_timestamp(
            fold.groups[0]
        ):
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
