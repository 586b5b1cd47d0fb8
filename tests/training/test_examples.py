"""One judgment makes one example, and targets differ in nothing but the explanation."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from discretion import methods
from discretion.errors import DiscretionError
from discretion.training.examples import (
    MOST_WORDS,
    NO_TWIN,
    WHY,
    Framing,
    Sample,
    _chosen,
    examples,
    training_items,
)
from discretion.training.targets import TARGETS

from .lessons_at_hand import case_set, judgments

DIRECT, REASONED = methods.method("direct"), methods.method("chain-of-thought")


def taught(cases=None, judged=None, **more):
    cases = cases or case_set()
    judged = judgments(cases) if judged is None else judged
    return training_items(cases, judged, np.random.default_rng(0), **more)


def shown(name):
    cases = case_set()
    return examples(taught(cases).kept, TARGETS[name], cases, Framing(DIRECT, REASONED))


def test_every_judgment_that_can_be_taught_is_one_lesson():
    cases = case_set()
    judged = judgments(cases)
    found = taught(cases, judged)
    assert len(found.kept) + sum(found.left.values()) == len(judged)
    assert len({item.judgment for item in found.kept}) == len(found.kept)
    by_id = {judgment.id: judgment for judgment in judged}
    for item in found.kept:
        judgment = by_id[item.judgment]
        assert (item.case.id, item.granted) == (judgment.case, judgment.answer == "grant")
        assert item.real == judgment.explanation


def test_people_who_disagree_on_a_case_are_both_taught():
    decisions = {}
    for item in taught().kept:
        decisions.setdefault(item.case.id, set()).add(item.granted)
    assert {True, False} in decisions.values()


def test_targets_teach_the_same_judgments_in_the_same_order_with_the_same_decisions():
    first = shown("labels")
    for name in TARGETS:
        these = shown(name)
        assert [one.item.judgment for one in these] == [one.item.judgment for one in first]
        granted = [one.decision in one.prompt.choices.grant for one in these]
        assert granted == [one.item.granted for one in first]


@pytest.mark.parametrize("place", ["before", "after"])
def test_the_explanation_is_all_that_differs_between_real_and_its_controls(place):
    real, *controls = (shown(f"{kind}-{place}") for kind in ("real", "shuffled", "neutral"))
    for control in controls:
        assert [getattr(one, place) for one in real] != [getattr(one, place) for one in control]
        for one, other in zip(real, control, strict=True):
            assert replace(one, **{place: ""}) == replace(other, **{place: ""})
            length, other_length = (len(getattr(each, place).split()) for each in (one, other))
            assert abs(length - other_length) <= 0.2 * length


def test_real_and_shuffled_hold_the_very_same_explanations():
    kept = taught().kept
    assert Counter(item.real for item in kept) == Counter(item.shuffled for item in kept)


def test_an_explanation_stands_on_its_side_of_the_label():
    for example in shown("labels"):
        assert (example.before, example.after, example.follow_up) == ("", "", ())
    for example in shown("real-before"):
        assert example.before and not example.after and example.prompt.reason_first
    for example in shown("real-after"):
        assert example.after and not example.before and not example.prompt.reason_first
        assert [message.content for message in example.follow_up] == [WHY]


def test_labels_and_explanations_after_them_ask_in_the_very_same_words():
    for one, other in zip(shown("labels"), shown("neutral-after"), strict=True):
        assert one.prompt == other.prompt


def test_words_and_orders_are_rotated():
    prompts = [example.prompt for example in shown("labels")]
    assert len({prompt.choices.grant_first for prompt in prompts}) == 2
    assert len({prompt.choices.vocabulary for prompt in prompts}) == 3
    assert len({prompt.wording for prompt in prompts}) == 3


TOO_LONG = f"the explanation is longer than {MOST_WORDS} words or 2,000 characters"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"answer": "unsure"}, "unsure"),
        ({"explanation": None}, "no explanation"),
        ({"explanation": "  "}, "no explanation"),
        ({"explanation": "so " * 10_000}, TOO_LONG),
        ({"explanation": "すこしだけ" * 2_000}, TOO_LONG),
    ],
)
def test_what_cannot_be_taught_leaves_every_target_and_is_counted(change, why):
    cases = case_set()
    first, *rest = judgments(cases)
    found = taught(cases, [replace(first, **change), *rest])
    assert found.left[why] >= 1
    assert first.id not in {item.judgment for item in found.kept}


def test_an_explanation_that_no_control_is_as_short_as_is_taught_all_the_same():
    cases = case_set()
    first, *rest = judgments(cases)
    found = taught(cases, [replace(first, explanation="No."), *rest])
    [item] = [item for item in found.kept if item.judgment == first.id]
    assert item.real == "No." and item.shuffled and item.neutral
    assert found.controls["the shuffled explanation has another length"] == 1
    assert found.controls["the neutral text is longer than the explanation"] == 1


def test_labels_alone_need_no_explanation_and_say_nothing_of_one():
    cases = case_set()
    bare = [replace(judgment, explanation=None) for judgment in judgments(cases)]
    found = taught(cases, bare, explained=False)
    assert (len(found.kept), found.left) == (len(bare), {})
    assert (found.judged, found.granting, found.grants) == (48, 24, 24)


def test_a_case_that_the_built_in_model_cannot_read_is_not_said_to_have_no_text():
    cases = case_set()
    twins = cases.only([replace(case, twin=f"twin {case.id}") for case in cases[1:]] + [cases[0]])
    found = taught(twins, judgments(cases), dialect=True)
    assert found.left == {NO_TWIN: 4}


def test_what_people_judged_alike_is_one_example_and_what_they_judged_differently_a_share():
    cases = case_set()
    kept = taught(cases).kept
    labels, after = TARGETS["labels"], TARGETS["real-after"]

    def made(target, beside, form="end", soft=False):
        framing = Framing(DIRECT, REASONED, form=form)
        return examples(kept, target, cases, framing, beside=beside, soft=soft)

    soft = made(labels, [labels], form="cue-word", soft=True)
    assert [(one.weight, one.share) for one in soft] == [(4, 0.5)] * len(cases)
    words = made(labels, [labels])
    assert [(one.weight, one.share) for one in words] == [(2, None)] * (2 * len(cases))
    together = [made(target, [labels, after]) for target in (labels, after)]
    said = {(item.case.id, item.granted, item.real) for item in kept}
    assert [len(each) for each in together] == [len(said)] * 2
    assert sum(one.weight for one in together[1]) == len(kept)


def test_a_case_is_looked_at_once_however_many_judged_it():
    looked: Counter[str] = Counter()

    class Looking:
        def control_token_in(self, text):
            looked[text] += 1
            return ""

    cases = case_set()
    judged = judgments(cases)
    assert len(judged) > len(cases)
    training_items(cases, judged, np.random.default_rng(0), explained=False, template=Looking())
    assert set(looked.values()) == {1}


def test_a_case_without_a_text_teaches_nothing():
    cases = case_set()
    bare = cases.only([replace(cases[0], text=None), *cases[1:]])
    found = taught(bare, judgments(cases))
    assert found.left["the case has no text"] == 4


def test_judgments_on_other_cases_are_passed_over():
    cases = case_set()
    kept = taught(cases.only(cases[:8]), judgments(cases)).kept
    assert {item.case.id for item in kept} <= {case.id for case in cases[:8]}


def one_busy_rater(quiet=4):
    """Judgments of which one person gave nearly all, and a few others the rest."""
    cases = case_set(each=20)
    judged = judgments(cases)
    every = len(judged) // (4 * quiet) | 1  # Odd, since every second judgment grants.
    return cases, [
        replace(one, rater="busy" if place % every else f"rater-{place // every % quiet}")
        for place, one in enumerate(judged)
    ]


@pytest.mark.parametrize("at_most", [None, 12])
def test_one_person_gives_no_more_than_a_share_of_what_is_taught(at_most):
    cases, judged = one_busy_rater()
    given = Counter(one.rater for one in judged)
    assert given["busy"] > 0.9 * len(judged)
    left = Counter()
    usable = [(one, cases[0]) for one in judged]
    kept = _chosen(usable, Sample(share_of_one_rater=0.4, at_most=at_most), left)
    busy = sum(one.rater == "busy" for one, _ in kept)
    assert busy == int(0.4 * len(kept)) > 0
    assert len(kept) == at_most or busy + 1 > 0.4 * (len(kept) + 1)
    assert left["its rater gave too large a share"] + left["more than were asked for"] == (
        len(judged) - len(kept)
    )
    found = taught(cases, judged, sample=Sample(share_of_one_rater=0.4, at_most=at_most))
    assert found.left["its rater gave too large a share"] > 200


def test_a_share_that_so_few_people_cannot_keep_is_refused():
    cases, judged = one_busy_rater(quiet=2)
    with pytest.raises(DiscretionError, match=r"no more than 25% .* and 3 people gave 240 of them"):
        taught(cases, judged, sample=Sample(share_of_one_rater=0.25))


def test_nobody_known_by_name_is_never_too_many():
    cases = case_set()
    judged = [replace(one, rater=None) for one in judgments(cases)]
    assert taught(cases, judged, sample=Sample(share_of_one_rater=0.1)) == taught(cases, judged)


def test_too_few_judgments_for_the_plan_are_said_with_how_many_more():
    usable = len(taught().kept) + sum(
        count
        for why, count in taught().left.items()
        if why.startswith(("no other scenario", "no neutral"))
    )
    with pytest.raises(
        DiscretionError, match=f"teaches 5,000 judgments, and {usable} .*: {5000 - usable:,} more"
    ):
        taught(sample=Sample(at_most=5000))


def test_no_more_are_used_than_asked_for_and_always_the_same():
    few = taught(sample=Sample(at_most=20))
    assert 0 < len(few.kept) <= 20
    assert few == taught(sample=Sample(at_most=20))
    assert few.left["more than were asked for"] == 48 - 20


@pytest.mark.parametrize(("answer", "only"), [("grant", "grants"), ("refuse", "refuses")])
def test_one_sided_judgments_are_refused(answer, only):
    judged = [judgment for judgment in judgments(case_set()) if judgment.answer == answer]
    with pytest.raises(DiscretionError, match=f"every judgment that can be taught {only}"):
        taught(judged=judged)


def test_no_judgments_are_refused():
    with pytest.raises(DiscretionError, match="no judgment can be taught: there were none"):
        taught(judged=[])
