"""Nothing that is held out reaches training: not by its id, its near-duplicates or its text."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from discretion.core.holdouts import Holdout
from discretion.errors import DiscretionError
from discretion.methods.worded import WordedMethod
from discretion.models.templates import Template
from discretion.training.targets import targets
from discretion.training.training_sets import Masks, check_rates, courses, folds

from .lessons_at_hand import case_set, judgments
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
    cases = case_set()
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
    [fold] = folds(case_set(), Holdout("case"), every=False)
    made = courses(fold, judgments(case_set()), ALL, model, dialect=False)
    taught = {tuple((one.judgment, one.weight) for one in course.masked) for course in made}
    assert len(taught) == 1
    assert len({course.hash for course in made}) == 7


def test_labels_alone_teach_judgments_without_explanations(model):
    [fold] = folds(case_set(), Holdout("case"), every=False)
    bare = [replace(one, explanation=None) for one in judgments(case_set())]
    [course] = courses(fold, bare, targets(["labels"]), model, dialect=False)
    assert course.taught.left == {}
    assert sum(one.weight for one in course.masked) == 4 * len(fold.open)
    with pytest.raises(DiscretionError, match=r"no explanation.*teach labels alone"):
        courses(fold, bare, targets(["labels", "real-after"]), model, dialect=False)


def test_labels_share_the_judgments_of_a_target_that_they_are_compared_with_and_of_no_other(model):
    [fold] = folds(case_set(), Holdout("case"), every=False)
    half = [
        replace(one, explanation=None) if number // 2 % 2 else one
        for number, one in enumerate(judgments(case_set()))
    ]

    def counts(*names):
        made = courses(fold, half, targets(names), model, dialect=False)
        return [sum(one.weight for one in course.masked) for course in made]

    every = sum(one.case in {case.id for case in fold.open} for one in half)
    assert counts("labels", "neutral-after") == [every, every // 2]
    assert counts("labels", "real-after") == [every // 2, every // 2]


def test_judgments_of_one_prompt_are_one_example_with_their_number(model):
    [fold] = folds(case_set(), Holdout("case"), every=False)
    [course] = courses(fold, judgments(case_set()), targets(["labels"]), model, dialect=False)
    # Two decisions a case, since answers that end a turn are learned as the words they are.
    assert [one.weight for one in course.masked] == [2] * (2 * len(fold.open))
    assert len({one.ids for one in course.masked}) == len(course.masked)


def test_a_control_changes_no_rate_of_any_case(model):
    [fold] = folds(case_set(), Holdout("case"), every=False)
    told = [one for one in judgments(case_set()) if not one.case.startswith("books")]
    longer = [
        replace(one, explanation=f"{one.explanation} " * 9) if one.case.startswith("shoes") else one
        for one in told
    ]
    given = {}
    for one in longer:
        if one.case in {case.id for case in fold.open}:
            given.setdefault(one.case, []).append(one.answer == "grant")
    for course in courses(fold, longer, ALL, model, dialect=False):
        learned = {}
        for example in course.examples:
            item = example.item
            learned.setdefault(item.case.id, []).extend([item.granted] * example.weight)
        assert {case: sorted(all_of) for case, all_of in learned.items()} == {
            case: sorted(all_of) for case, all_of in given.items()
        }
    assert course.taught.controls["the shuffled explanation has another length"] > 0


def test_explanations_of_one_scenario_cannot_be_shuffled(model):
    [fold] = folds(case_set(), Holdout("scenario", ("shoes",)), every=False)
    told = [one for one in judgments(case_set()) if one.answer == "grant" or "books" in one.case]
    with pytest.raises(DiscretionError, match=r"only one scenario has .* who refuse"):
        courses(fold, told, targets(["real-after", "shuffled-after"]), model, dialect=False)
    [course] = courses(fold, told, targets(["real-after"]), model, dialect=False)
    assert sum(one.weight for one in course.masked) == course.taught.judged


def test_rates_that_are_not_the_peoples_stop_the_training(model):
    [fold] = folds(case_set(), Holdout("case"), every=False)
    [course] = courses(fold, judgments(case_set()), ALL[:1], model, dialect=False)
    check_rates(ALL[0], course.taught, course.examples)
    wrong = [replace(course.examples[0], weight=1), *course.examples[1:]]
    with pytest.raises(DiscretionError, match="people granted 2 of 4"):
        check_rates(ALL[0], course.taught, wrong)
    with pytest.raises(DiscretionError, match="would teach 0 grants of 0 judgments"):
        case = course.examples[0].item.case.id
        others = [one for one in course.examples if one.item.case.id != case]
        check_rates(ALL[0], course.taught, others)


def test_what_one_fold_has_masked_is_not_rendered_again_for_the_others(model):
    masks = Masks(model)
    every = folds(case_set(), Holdout("case", folds=4), every=True)
    made = [
        course
        for fold in every
        for course in courses(
            fold, judgments(case_set()), targets(["labels"]), model, dialect=False, masks=masks
        )
    ]
    alone = [
        course
        for fold in every
        for course in courses(
            fold, judgments(case_set()), targets(["labels"]), model, dialect=False
        )
    ]
    assert [course.hash for course in made] == [course.hash for course in alone]
    assert masks.made == 2 * len(case_set()) < sum(len(course.masked) for course in made)


def test_later_folds_render_nothing_and_put_no_case_again(model, monkeypatch):
    """Each case may be taught in one of the first two folds: the others teach no new one."""
    done = Counter()

    def counted(kind, name):
        usual = getattr(kind, name)

        def counting(*given, **more):
            done[name] += 1
            return usual(*given, **more)

        monkeypatch.setattr(kind, name, counting)

    counted(Template, "_apply")
    counted(Template, "_reads_back")
    counted(WordedMethod, "prompt")
    masks, seen = Masks(model), []
    asked = targets(["labels", "real-before", "real-after"])
    for fold in folds(case_set(), Holdout("case", folds=4), every=True):
        courses(fold, judgments(case_set()), asked, model, dialect=False, masks=masks)
        seen.append(dict(done))
    assert seen[0]["_apply"] > 0 < seen[0]["prompt"]
    assert seen[1] == seen[2] == seen[3]


def test_the_first_fold_is_the_first_of_all(model):
    every = folds(case_set(), Holdout("case", folds=4), every=True)
    [first] = folds(case_set(), Holdout("case", folds=4), every=False)
    assert first == every[0]
    assert sorted(case.id for fold in every for case in fold.held) == sorted(
        case.id for case in case_set()
    )


def test_groups_that_are_named_are_held_out_together():
    [fold] = folds(case_set(), Holdout("domain", ("goods",)), every=True)
    assert fold.groups == ("goods",)
    assert {case.domain for case in fold.held} == {"goods"}
    assert {case.domain for case in fold.open} == {"hotels"}


def test_a_single_group_leaves_nothing_to_teach():
    cases = case_set()
    goods = cases.only([case for case in cases if case.domain == "goods"])
    with pytest.raises(DiscretionError, match="all cases are of one domain"):
        folds(goods, Holdout("domain"), every=False)


def test_domains_that_repeat_each_other_are_said_to_leave_nothing_to_teach():
    cases = case_set()
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

    cases = case_set()
    [fold] = folds(cases, Holdout("case"), every=False)
    first, *rest = [one for one in judgments(cases) if one.case in {c.id for c in fold.open}]
    backend = model.template.tokenizer.backend_tokenizer
    backend.normalizer = normalizers.Replace("☂", "")
    given = [replace(first, explanation=words), *rest]
    [course, *_] = courses(fold, given, ALL, model, dialect=False)
    backend.normalizer = normalizers.Sequence([])
    assert (first.id in {one.judgment for one in course.masked}) == (not why)
    assert sum(one.weight for one in course.masked) >= len(rest)
    assert not why or course.taught.left[why] == 1


def test_one_case_that_holds_a_control_token_stops_no_run(model):
    cases = case_set()
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
    [fold] = folds(case_set(), Holdout("domain", ("hotels",)), every=True)
    held = (replace(fold.held[0], text="a", twin="rooms. asked 15 days."), *fold.held[1:])
    opened = fold.open.only([replace(fold.open[0], **repeat), *fold.open[1:]])
    leaking = replace(fold, held=held, open=opened)
    with pytest.raises(DiscretionError, match="repeats one that is held out"):
        courses(leaking, judgments(case_set()), ALL[:1], model, dialect=False)
