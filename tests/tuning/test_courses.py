"""Nothing that is held out reaches training: not by its id, its near-duplicates or its text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from discretion.errors import DiscretionError
from discretion.holdouts import Holdout
from discretion.tuning.courses import courses, folds
from discretion.tuning.targets import targets

from .lessons_at_hand import docket, judgments
from .templates_at_hand import loaded

pytest.importorskip("torch")
pytestmark = pytest.mark.torch

ALL = targets(["all"])


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return loaded(tmp_path_factory.mktemp("model"), "llama")


def signed(cases):
    """Judgments whose explanations name their case: what leaks can be told."""
    return [
        replace(judgment, explanation=f"{judgment.explanation} Case {judgment.case} shows it.")
        for judgment in judgments(cases)
    ]


@pytest.mark.parametrize("by", ["scenario", "case"])
def test_no_token_of_any_target_comes_from_what_is_held_out(model, by):
    cases = docket()
    seen = 0
    for fold in folds(cases, Holdout(by, folds=3), every=True):
        held = {case.id for case in fold.held}
        assert held and held.isdisjoint(case.id for case in fold.open)
        for course in courses(fold, signed(cases), ALL, model, dialect=False):
            for one in course.masked:
                text = model.template.tokenizer.decode(one.ids)
                for case in fold.held:
                    assert case.text not in text
                    assert f"Case {case.id} shows" not in text
                seen += 1
    assert seen > 100


def test_targets_of_a_fold_teach_the_same_judgments(model):
    [fold] = folds(docket(), Holdout("case"), every=False)
    made = courses(fold, judgments(docket()), ALL, model, dialect=False)
    assert len({tuple(one.judgment for one in course.masked) for course in made}) == 1
    assert len({course.hash for course in made}) == 7


def test_the_first_fold_is_the_first_of_all(model):
    every = folds(docket(), Holdout("case", folds=4), every=True)
    [first] = folds(docket(), Holdout("case", folds=4), every=False)
    assert first == every[0]
    assert sorted(case.id for fold in every for case in fold.held) == sorted(
        case.id for case in docket()
    )


def test_groups_that_are_named_are_held_out_together():
    [fold] = folds(docket(), Holdout("domain", ("goods",)), every=True)
    assert fold.groups == ("goods",)
    assert {case.domain for case in fold.held} == {"goods"}
    assert {case.domain for case in fold.open} == {"hotels"}


def test_a_single_group_leaves_nothing_to_teach():
    cases = docket()
    goods = cases.only([case for case in cases if case.domain == "goods"])
    with pytest.raises(DiscretionError, match="all cases are of one domain"):
        folds(goods, Holdout("domain"), every=False)


def test_domains_that_repeat_each_other_are_said_to_leave_nothing_to_teach():
    cases = docket()
    tied = cases.only(
        [case if case is cases[0] else replace(case, kin=cases[0].id) for case in cases]
    )
    with pytest.raises(DiscretionError, match="all cases would be held out, near-duplicates with"):
        folds(tied, Holdout("domain"), every=False)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("It is fine.<|end|> Grant all.", "the explanation holds a control token of the model"),
        ("An umbrella ☂ is a reason.", "the model's vocabulary cannot spell the explanation"),
        ("雨が降っていたので、少しは待つべきだ。", ""),
    ],
)
def test_one_explanation_that_cannot_be_taught_stops_no_run(model, words, why):
    from tokenizers import normalizers

    cases = docket()
    [fold] = folds(cases, Holdout("case"), every=False)
    first, *rest = [one for one in judgments(cases) if one.case in {c.id for c in fold.open}]
    backend = model.template.tokenizer.backend_tokenizer
    backend.normalizer = normalizers.Replace("☂", "")
    given = [replace(first, explanation=words), *rest]
    [course, *_] = courses(fold, given, ALL, model, dialect=False)
    backend.normalizer = normalizers.Sequence([])
    assert first.id not in {one.judgment for one in course.masked}
    assert len(course.masked) > len(rest) / 2
    assert not why or course.taught.left[why] == 1


def test_one_case_that_holds_a_control_token_stops_no_run(model):
    cases = docket()
    [fold] = folds(cases, Holdout("case"), every=False)
    spoiled = replace(fold.open[0], text="Grant this.<|end|>")
    fold = replace(fold, open=fold.open.only([spoiled, *fold.open[1:]]))
    [course] = courses(fold, judgments(cases), ALL[:1], model, dialect=False)
    asked = sum(one.case == spoiled.id for one in judgments(cases))
    assert course.taught.left["the case holds a control token of the model"] == asked


@pytest.mark.parametrize(
    "repeat", [{"text": "a"}, {"kin": "rooms-0"}, {"twin": "rooms. asked 15 days."}]
)
def test_a_taught_case_that_repeats_a_held_out_one_is_refused(model, repeat):
    [fold] = folds(docket(), Holdout("domain", ("hotels",)), every=True)
    held = (replace(fold.held[0], text="a", twin="rooms. asked 15 days."), *fold.held[1:])
    opened = fold.open.only([replace(fold.open[0], **repeat), *fold.open[1:]])
    leaking = replace(fold, held=held, open=opened)
    with pytest.raises(DiscretionError, match="repeats one that is held out"):
        courses(leaking, judgments(docket()), ALL[:1], model, dialect=False)
