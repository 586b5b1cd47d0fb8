"""Training examples: one judgment, one example, so that disagreement between people stays."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from discretion.arms import Ask, Message, Method, Prompt, rotated_vocabulary, vocabularies_for
from discretion.canonical import digest, fraction_of
from discretion.cases import Case, Docket
from discretion.errors import DiscretionError
from discretion.facts import text_with_facts
from discretion.judgments import Judgment
from discretion.methods.neutral import neutral_text, words
from discretion.models.templates import Template
from discretion.tuning.partners import shuffled_partners
from discretion.tuning.targets import Target

WHY = "Why?"
"""What a second turn asks, where the explanation comes after the label."""
MOST_WORDS, MOST_CHARACTERS = 200, 2_000
"""A longer explanation is left out of teaching: one person's essay would outweigh a panel. Not all
languages put spaces between words."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One judgment with the explanation and the two controls that may stand in its place."""

    judgment: str
    """The judgment's id."""
    case: Case
    granted: bool
    real: str
    shuffled: str
    neutral: str
    order: str
    """A hash: lessons are taught in its order, the same in every target."""
    giver: str = ""
    """The id of the judgment whose explanation `shuffled` is."""

    def text(self, target: Target) -> str:
        """The explanation that a target puts beside the label; empty for labels alone."""
        texts = {"real": self.real, "shuffled": self.shuffled, "neutral": self.neutral}
        return texts.get(target.explanation, "")


@dataclass(frozen=True, slots=True)
class Lessons:
    """What can be taught, and what had to leave."""

    kept: tuple[Lesson, ...]
    left: Mapping[str, int]
    """Why judgments are not taught, and how many for each reason."""


@dataclass(frozen=True, slots=True)
class Example:
    """A conversation to learn from. Only the assistant's turns are supervised."""

    lesson: Lesson
    prompt: Prompt
    decision: str
    """The word that decides."""
    before: str = ""
    """An explanation before the decision, in the same turn, up to the prompt's decision cue."""
    after: str = ""
    """An explanation after it, in a second turn that asks why."""

    @property
    def follow_up(self) -> tuple[Message, ...]:
        """The second turn's question; empty without one."""
        return (Message("user", WHY),) if self.after else ()


def lessons(
    docket: Docket,
    judgments: Sequence[Judgment],
    rng: np.random.Generator,
    *,
    template: Template | None = None,
    dialect: bool = False,
    share_of_one_rater: float = 1.0,
    at_most: int | None = None,
) -> Lessons:
    """The judgments that every target can teach.

    A judgment leaves all targets where it is unsure, its case has no text, it has no explanation or
    one that the model cannot be taught, or no control of its length can be found: so that targets
    differ in nothing but what they say.

    Args:
        docket: the cases that may be taught; judgments on others are passed over.
        judgments: what people answered.
        rng: draws the controls.
        template: of the model that is to be taught, where it is known.
        dialect: teach the twins of the built-in model.
        share_of_one_rater: the largest share that one person may give, before those leave for
            whom there is no control.
        at_most: use only so many judgments, chosen by a hash; there must be as many.

    Raises:
        DiscretionError: there are fewer judgments or people than are asked for; or nothing, or only
            one decision, is left to teach.
    """
    cases = {case.id: case for case in docket}
    left: Counter[str] = Counter()
    usable: list[tuple[Judgment, Case]] = []
    for judgment in sorted(judgments, key=lambda one: one.id):
        case = cases.get(judgment.case)
        if case is None:
            continue
        why = _why_not(judgment, case, template, dialect=dialect)
        if why:
            left[why] += 1
        else:
            usable.append((judgment, case))
    usable = _chosen(usable, share_of_one_rater, at_most, left)
    partners = shuffled_partners(
        [case.scenario for _, case in usable],
        [judgment.answer == "grant" for judgment, _ in usable],
        [words(judgment.explanation or "") for judgment, _ in usable],
        rng,
    )
    kept = []
    for (judgment, case), partner in zip(usable, partners, strict=True):
        real = (judgment.explanation or "").strip()
        neutral = neutral_text(words(real), rng, dialect=dialect)
        if partner is None:
            left["no other scenario has an explanation of its decision and length"] += 1
        elif neutral is None:
            left["no neutral text is so short"] += 1
        else:
            shuffled = (usable[partner][0].explanation or "").strip()
            kept.append(
                Lesson(
                    judgment.id,
                    case,
                    judgment.answer == "grant",
                    real,
                    shuffled,
                    neutral,
                    digest(("lesson", judgment.id)),
                    usable[partner][0].id,
                )
            )
    _check_two_sided(kept, left)
    return Lessons(tuple(sorted(kept, key=lambda one: one.order)), dict(left))


def examples(
    taught: Sequence[Lesson],
    target: Target,
    docket: Docket,
    direct: Method,
    reasoned: Method,
    *,
    dialect: bool = False,
) -> list[Example]:
    """The lessons as a target teaches them, in their order.

    Wordings, vocabularies and the order of the answers are rotated over lessons by hash, the same
    for every target.

    Args:
        direct: asks for the decision at once.
        reasoned: asks for a reasoning first; used where the explanation comes before the label.
    """
    method = reasoned if target.place == "before" else direct
    made = []
    for lesson in taught:
        policy = docket.policy_of(lesson.case)
        vocabularies = vocabularies_for(method, None if dialect else policy)
        ask = Ask(
            vocabulary=rotated_vocabulary(vocabularies, (lesson.judgment,)),
            grant_first=fraction_of((lesson.judgment, "order")) < 0.5,
            wording=int(fraction_of((lesson.judgment, "wording")) * method.wordings),
            twin=dialect,
        )
        prompt = method.prompt(lesson.case, policy, ask)
        choices = prompt.choices
        decision = (choices.grant if lesson.granted else choices.refuse)[0]
        text = lesson.text(target)
        before, after = (text, "") if target.place == "before" else ("", text)
        made.append(Example(lesson, prompt, decision, before, after))
    return made


def _why_not(judgment: Judgment, case: Case, template: Template | None, *, dialect: bool) -> str:
    if judgment.answer == "unsure":
        return "unsure"
    text = case.twin if dialect else case.text
    if not text:
        return "the case has no text"
    if not dialect:
        text = text_with_facts(case)
    explanation = (judgment.explanation or "").strip()
    if not explanation:
        return "no explanation"
    if words(explanation) > MOST_WORDS or len(explanation) > MOST_CHARACTERS:
        most = f"{MOST_WORDS} words or {MOST_CHARACTERS:,} characters"
        return f"the explanation is longer than {most}"
    if template is not None:
        if template.control_token_in(text):
            return "the case holds a control token of the model"
        if template.control_token_in(explanation):
            return "the explanation holds a control token of the model"
        if not template.spells(explanation):
            return "the model's vocabulary cannot spell the explanation"
    return ""


def _chosen(
    usable: list[tuple[Judgment, Case]], share: float, at_most: int | None, left: Counter[str]
) -> list[tuple[Judgment, Case]]:
    """As many as are asked for, by a hash, and no more than a share of them from one person; who is
    not known is never too many."""
    given = Counter(judgment.rater for judgment, _ in usable)
    most = len(usable) if share == 1 else _most_of_one(given, share, at_most)
    taken: Counter[str | None] = Counter()
    kept = []
    for judgment, case in sorted(usable, key=lambda one: digest(("chosen", one[0].id))):
        taken[judgment.rater] += 1
        if judgment.rater is None or taken[judgment.rater] <= most:
            kept.append((judgment, case))
    if len(kept) < len(usable):
        left["its rater gave too large a share"] = len(usable) - len(kept)
    if at_most is not None and len(kept) < at_most:
        raise DiscretionError(
            f"the plan teaches {at_most:,} judgments, and {len(kept):,} can be taught: "
            f"{at_most - len(kept):,} more are needed (left out: {_listed(left)})",
            mend="collect more, or plan with fewer: --judgments",
        )
    if at_most is not None and len(kept) > at_most:
        left["more than were asked for"] = len(kept) - at_most
    return sorted(kept[:at_most], key=lambda one: one[0].id)


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
            mend="ask more people, or plan with a larger share: --share",
        )
    return most


def _check_two_sided(kept: Sequence[Lesson], left: Mapping[str, int]) -> None:
    if not kept:
        raise DiscretionError(
            f"no judgment can be taught: {_listed(left)}",
            mend="collect explanations on more scenarios",
        )
    decisions = {lesson.granted for lesson in kept}
    if len(decisions) == 1:
        only = "grants" if decisions.pop() else "refuses"
        raise DiscretionError(
            f"every judgment that can be taught {only}, so there is nothing to tell apart",
            mend="add cases on which people decide the other way",
        )


def _listed(left: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in left.items()) or "there were none"
