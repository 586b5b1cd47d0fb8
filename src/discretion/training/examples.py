"""Training examples: what people judged alike is one example that counts as often, and what they
judged differently stays a share, so that disagreement between people stays."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from discretion.canonical import digest, fraction_of
from discretion.core.arms import (
    Ask,
    Form,
    Message,
    Method,
    Prompt,
    rotated_vocabulary,
    vocabularies_for,
)
from discretion.core.cases import Case, CaseSet
from discretion.core.facts import text_with_facts
from discretion.core.judgments import Judgment
from discretion.errors import DiscretionError
from discretion.methods.filler import fits, nearest_neutral_text, words
from discretion.models.templates import Template
from discretion.training.shuffled_assignment import shuffled_assignment
from discretion.training.targets import Target

NO_EXPLANATION = "no explanation"
NO_TWIN = "the case is not in the language that the built-in model reads"
WHY = "Why?"
"""What a second turn asks, where the explanation comes after the label."""
MOST_WORDS, MOST_CHARACTERS = 200, 2_000
"""A longer explanation is left out of teaching: one person's essay would outweigh a panel. Not all
languages put spaces between words."""


@dataclass(frozen=True, slots=True)
class TrainingItem:
    """One judgment with the explanation and the two controls that may stand in its place; all three
    are empty where labels alone are taught."""

    judgment: str
    """The judgment's id."""
    case: Case
    granted: bool
    real: str = ""
    shuffled: str = ""
    neutral: str = ""
    order: str = ""
    """A hash: items are taught in its order, the same in every target."""
    giver: str = ""
    """The id of the judgment whose explanation `shuffled` is."""

    def text(self, target: Target) -> str:
        """The explanation that a target puts beside the label; empty for labels alone."""
        texts = {"real": self.real, "shuffled": self.shuffled, "neutral": self.neutral}
        return texts.get(target.explanation, "")


@dataclass(frozen=True, slots=True)
class TrainingItems:
    """What can be taught, and what had to leave."""

    kept: tuple[TrainingItem, ...]
    left: Mapping[str, int]
    """Why judgments are not taught, and how many for each reason."""
    judged: int = 0
    """Judgments that grant or refuse on the cases that may be taught."""
    granting: int = 0
    """Those of them that grant."""
    as_labels: int = 0
    """How many could be taught as labels alone, had all of them been asked for."""
    explained: int = 0
    """How many could be taught with their explanations."""
    controls: Mapping[str, int] = field(default_factory=dict)
    """In what the controls are not exact, and for how many judgments."""

    @property
    def grants(self) -> int:
        """How many of those that are taught grant."""
        return sum(item.granted for item in self.kept)


@dataclass(frozen=True, slots=True)
class Example:
    """A conversation to learn from. Only the assistant's turns are supervised."""

    item: TrainingItem
    prompt: Prompt
    decision: str
    """The word that decides."""
    before: str = ""
    """An explanation before the decision, in the same turn, up to the prompt's decision cue."""
    after: str = ""
    """An explanation after it, in a second turn that asks why."""
    weight: int = 1
    """How many judgments it stands for."""
    share: float | None = None
    """The share of them that grant, where the decision is learned as a share; None where it is
    learned as the word it is."""

    @property
    def follow_up(self) -> tuple[Message, ...]:
        """The second turn's question; empty without one."""
        return (Message("user", WHY),) if self.after else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Which of the judgments are taught."""

    share_of_one_rater: float = 1.0
    """The largest share that one person may give."""
    at_most: int | None = None
    """Only so many judgments, chosen by a hash; there must be as many."""
    most_cases: int | None = None
    """Only the judgments of so many cases, where there are more."""
    draw: int | None = None
    """By which of several hashes; None for that of plans which draw once for all seeds."""


EVERY = Sample()
"""All judgments that can be taught."""


def training_items(
    case_set: CaseSet,
    judgments: Sequence[Judgment],
    rng: np.random.Generator,
    *,
    explained: bool = True,
    template: Template | None = None,
    dialect: bool = False,
    sample: Sample = EVERY,
) -> TrainingItems:
    """The judgments that targets of one comparison can all teach.

    A judgment leaves where it is unsure, its case has no text, or, for targets with explanations,
    it has none or one that the model cannot be taught. It never leaves because of a control: where
    none of the same length can be found, the nearest stands in its place.

    Args:
        case_set: the cases that may be taught; judgments on others are passed over.
        judgments: what people answered.
        rng: draws the controls.
        explained: some target teaches explanations; without it labels alone are taught.
        template: of the model that is to be taught, where it is known.
        dialect: teach the twins of the built-in model.
        sample: which of the judgments are taught.

    Raises:
        DiscretionError: there are fewer judgments or people than are asked for; or nothing, or only
            one decision, is left to teach; or no other scenario has a decision's explanation.
    """
    cases = {case.id: case for case in case_set}
    left: Counter[str] = Counter()
    usable: list[tuple[Judgment, Case]] = []
    decided: list[bool] = []
    as_labels = with_explanation = 0
    # Looked at once a case: many judgments stand on one.
    why_not = {case: _why_not_case(one, template, dialect=dialect) for case, one in cases.items()}
    for judgment in sorted(judgments, key=lambda one: one.id):
        case = cases.get(judgment.case)
        if case is None:
            continue
        if judgment.answer != "unsure":
            decided.append(judgment.answer == "grant")
        why = "unsure" if judgment.answer == "unsure" else why_not[case.id]
        if not why:
            # Whether a model can spell them all takes long, and matters only where they are taught.
            lacks = _why_no_explanation(judgment, template if explained else None)
            as_labels, with_explanation = as_labels + 1, with_explanation + (not lacks)
            why = lacks if explained else ""
        if why:
            left[why] += 1
        else:
            usable.append((judgment, case))
    usable = _of_cases(usable, sample.most_cases, left, sample.draw)
    usable = _chosen(usable, sample, left)
    kept = [
        TrainingItem(
            judgment.id, case, judgment.answer == "grant", order=_hash("lesson", judgment.id)
        )
        for judgment, case in usable
    ]
    controls: Counter[str] = Counter()
    if explained:
        texts = [(judgment.explanation or "").strip() for judgment, _ in usable]
        kept = _with_controls(kept, texts, rng, controls, dialect=dialect)
    _check_two_sided(kept, left, explained=explained)
    return TrainingItems(
        tuple(sorted(kept, key=lambda one: one.order)),
        dict(left),
        len(decided),
        sum(decided),
        as_labels,
        with_explanation,
        dict(controls),
    )


def _with_controls(
    bare: Sequence[TrainingItem],
    texts: Sequence[str],
    rng: np.random.Generator,
    controls: Counter[str],
    *,
    dialect: bool,
) -> list[TrainingItem]:
    """The same items with their explanations and what may stand in their place.

    Args:
        texts: (J,) the explanation of each.
        controls: is told in what they are not exact.
    """
    partners = shuffled_assignment(
        [item.case.scenario for item in bare],
        [item.granted for item in bare],
        [words(text) for text in texts],
        rng,
    )
    made = []
    for item, real, partner in zip(bare, texts, partners, strict=True):
        neutral, near = nearest_neutral_text(words(real), rng, dialect=dialect)
        shuffled, giver = "", ""
        if partner is not None:
            shuffled, giver = texts[partner], bare[partner].judgment
            if not fits(words(real), words(shuffled)):
                controls["the shuffled explanation has another length"] += 1
        if not near:
            controls["the neutral text is longer than the explanation"] += 1
        made.append(replace(item, real=real, shuffled=shuffled, neutral=neutral, giver=giver))
    uses = Counter(partner for partner in partners if partner is not None)
    if again := sum(count - 1 for count in uses.values()):
        controls["the shuffled explanation is used again"] = again
    return made


class Prompts:
    """How each judgment is put: worked out once for all targets and folds."""

    def __init__(self) -> None:
        self._asks: dict[Hashable, Ask] = {}
        self._made: dict[Hashable, Prompt] = {}

    def __call__(
        self, item: TrainingItem, case_set: CaseSet, method: Method, *, dialect: bool
    ) -> Prompt:
        """The prompt under which an item is taught, its answers ending the turn."""
        case = item.case
        turn = (item.judgment,) if dialect else ("case", case.id)
        policy = case_set.policy_of(case)
        known = method, dialect, turn
        if known not in self._asks:
            vocabularies = vocabularies_for(method, None if dialect else policy)
            self._asks[known] = Ask(
                vocabulary=rotated_vocabulary(vocabularies, turn),
                grant_first=fraction_of((*turn, "order")) < 0.5,
                wording=int(fraction_of((*turn, "wording")) * method.wordings),
                twin=dialect,
            )
        ask = self._asks[known]
        put = method, case.id, ask
        if put not in self._made:
            self._made[put] = method.prompt(case, policy, ask)
        return self._made[put]


@dataclass(frozen=True, slots=True)
class Framing:
    """How items are put to the model."""

    direct: Method
    """Asks for the decision at once."""
    reasoned: Method
    """Asks for a reasoning first; used where the explanation comes before the label."""
    dialect: bool = False
    """Puts the twins of the built-in model."""
    form: Form = "end"
    """In what form the decision is scored, where it is asked for at once."""
    prompts: Prompts = field(default_factory=Prompts)
    """Of other targets and folds, which are used again."""

    def prompt(self, item: TrainingItem, case_set: CaseSet, target: Target) -> Prompt:
        """The prompt under which a target teaches an item."""
        first = target.place == "before"
        method = self.reasoned if first else self.direct
        made = self.prompts(item, case_set, method, dialect=self.dialect)
        return made if first or self.form == "end" else replace(made, form=self.form)


def examples(
    taught: Sequence[TrainingItem],
    target: Target,
    case_set: CaseSet,
    framing: Framing,
    *,
    soft: bool = False,
    beside: Sequence[Target] | None = None,
) -> list[Example]:
    """The items as a target teaches them, in their order.

    Wordings, vocabularies and the order of the answers are rotated by hash, the same for every
    target: over the judgments for the built-in model, over the cases for all others, so that what
    people judged of one case stands under one prompt.

    Args:
        soft: the decision is learned as a share.
        beside: all targets of the comparison. Judgments are one example where every one of these
            teaches them alike; None leaves each judgment an example.
    """
    made: dict[Hashable, list[Example]] = {}
    for item in taught:
        prompt = framing.prompt(item, case_set, target)
        choices = prompt.choices
        decision = (choices.grant if item.granted else choices.refuse)[0]
        text = item.text(target)
        before, after = (text, "") if target.place == "before" else ("", text)
        example = Example(item, prompt, decision, before, after)
        made.setdefault(_alike(example, beside, soft=soft), []).append(example)
    return [_as_one(each, soft=soft and target.place != "before") for each in made.values()]


def _alike(example: Example, beside: Sequence[Target] | None, *, soft: bool) -> Hashable:
    """What examples share that can be one.

    All of it is the same in every target of a comparison, so that they have equally many examples
    and steps. Where labels alone are learned as shares, people may differ under one prompt.
    """
    item, ask = example.item, example.prompt
    if beside is None:
        return item.judgment
    texts = tuple(item.text(target) for target in beside)
    decision = None if soft and not any(texts) else item.granted
    put = (ask.choices.vocabulary, ask.choices.grant_first, ask.wording)
    return (item.case.id, put, decision, texts)


def _as_one(alike: Sequence[Example], *, soft: bool) -> Example:
    """One example that counts as often as all of them together."""
    granted = sum(one.item.granted for one in alike)
    share = granted / len(alike) if soft else None
    return replace(alike[0], weight=len(alike), share=share)


def _why_not_case(case: Case, template: Template | None, *, dialect: bool) -> str:
    text = case.twin if dialect else case.text
    if not text:
        return NO_TWIN if dialect else "the case has no text"
    if not dialect:
        text = text_with_facts(case)
    if template is not None and template.control_token_in(text):
        return "the case holds a control token of the model"
    return ""


def _why_no_explanation(judgment: Judgment, template: Template | None) -> str:
    explanation = (judgment.explanation or "").strip()
    if not explanation:
        return NO_EXPLANATION
    if words(explanation) > MOST_WORDS or len(explanation) > MOST_CHARACTERS:
        most = f"{MOST_WORDS} words or {MOST_CHARACTERS:,} characters"
        return f"the explanation is longer than {most}"
    if template is not None:
        if template.control_token_in(explanation):
            return "the explanation holds a control token of the model"
        if not template.spells(explanation):
            return "the model's vocabulary cannot spell the explanation"
    return ""


def _of_cases(
    usable: list[tuple[Judgment, Case]],
    most: int | None,
    left: Counter[str],
    draw: int | None,
) -> list[tuple[Judgment, Case]]:
    """The judgments of as many cases as are asked for, by a hash."""
    names = {case.id for _, case in usable}
    if most is None or len(names) <= most:
        return usable
    drawn = () if draw is None else (draw,)
    taught = set(sorted(names, key=lambda one: digest(("taught", one, *drawn)))[:most])
    kept = [(judgment, case) for judgment, case in usable if case.id in taught]
    left["of more cases than were asked for"] = len(usable) - len(kept)
    return kept


def _chosen(
    usable: list[tuple[Judgment, Case]], sample: Sample, left: Counter[str]
) -> list[tuple[Judgment, Case]]:
    """As many as are asked for, by a hash, and no more than a share of them from one person; who is
    not known is never too many."""
    share, at_most, draw = sample.share_of_one_rater, sample.at_most, sample.draw
    given = Counter(judgment.rater for judgment, _ in usable)
    most = len(usable) if share == 1 else _most_of_one(given, share, at_most)
    taken: Counter[str | None] = Counter()
    kept = []
    drawn = () if draw is None else (draw,)
    for judgment, case in sorted(usable, key=lambda one: _hash("chosen", one[0].id, *drawn)):
        taken[judgment.rater] += 1
        if judgment.rater is None or taken[judgment.rater] <= most:
            kept.append((judgment, case))
    if len(kept) < len(usable):
        left["its rater gave too large a share"] = len(usable) - len(kept)
    if at_most is not None and len(kept) < at_most:
        raise DiscretionError(
            f"the plan teaches {at_most:,} judgments, and {len(kept):,} can be taught: "
            f"{at_most - len(kept):,} more are needed (left out: {_listed(left)})",
            fix="collect more, or plan with fewer: --judgments"
            + (
                "; labels alone need no explanation: --targets labels"
                if NO_EXPLANATION in left
                else ""
            ),
        )
    if at_most is not None and len(kept) > at_most:
        left["more than were asked for"] = len(kept) - at_most
    return sorted(kept[:at_most], key=lambda one: one[0].id)


@lru_cache(262_144)  # every fold and target draws from the same judgments
def _hash(*parts: str | int) -> str:
    return digest(parts)


def _most_of_one(given: Counter[str | None], share: float, at_most: int | None) -> int:
    """How many one person may give, for nobody to give more than a share of what is then left.

    Raises:
        DiscretionError: there are too few people for that.
    """
    nameless = given[None]
    each = [count for rater, count in given.items() if rater is not None]

    def too_many(most: int) -> bool:
        whole = nameless + sum(min(count, most) for count in each)
        return most > share * (whole if at_most is None else at_most)

    # What is left grows ever more slowly with `most`, so all that are too many lie above the rest.
    most = bisect_left(range(1, max(each, default=1) + 1), True, key=too_many)
    if each and not most:
        raise DiscretionError(
            f"no more than {share:.0%} of the judgments may be one person's, and "
            f"{len(each)} people gave {sum(each):,} of them",
            fix="ask more people, or plan with a larger share: --share",
        )
    return most


def _check_two_sided(
    kept: Sequence[TrainingItem], left: Mapping[str, int], *, explained: bool
) -> None:
    if not kept:
        raise DiscretionError(
            f"no judgment can be taught: {_listed(left)}",
            fix="collect explanations on more scenarios, or teach labels alone: --targets labels"
            if explained
            else "collect judgments on more scenarios",
        )
    decisions = {item.granted for item in kept}
    if len(decisions) == 1:
        only = "grants" if decisions.pop() else "refuses"
        raise DiscretionError(
            f"every judgment that can be taught {only}, so there is nothing to tell apart",
            fix="add cases on which people decide the other way",
        )


def _listed(left: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in left.items()) or "there were none"
