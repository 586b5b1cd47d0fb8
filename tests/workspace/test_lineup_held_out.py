"""No arm learns from what is held out from it, nor is shown it."""

import json
import re
from dataclasses import replace

import pytest

from discretion.core.plans import HeldOut
from discretion.errors import DiscretionError
from discretion.evaluation import evaluate
from discretion.storage import Store, records

from .lineup_at_hand import CASES_AT_HAND, judged, lineup, told

pytestmark = pytest.mark.usefixtures("loaded")


def shown_in(prompt):
    """The cases whose text or explanation stands in a prompt."""
    text = "\n".join(message.content for message in prompt.messages)
    return {f"case-{number}" for number in re.findall(r"(?:Customer |Why of case-)(\d+)", text)}


@pytest.mark.parametrize("method", ["precedents", "precedents-why", "file:own.txt"])
@pytest.mark.parametrize("by", [None, "scenario", "case"])
def test_no_prompt_shows_what_is_held_out_from_its_case(store, method, by):
    (store.path.parent / "own.txt").write_text("{policy} {precedents} {case}", encoding="utf-8")
    hold_out = HeldOut(by=by) if by else None
    made = lineup(store, hold_out=hold_out)
    arm = made.arm(f"qwen/{method}")
    splits = made.plan.holdout(CASES_AT_HAND).splits(CASES_AT_HAND)
    assert len(splits) == 5
    seen = 0
    for split in splits:
        held = {case.id for case, out in zip(CASES_AT_HAND, split, strict=True) if out}
        for case in CASES_AT_HAND:
            if case.id in held:
                for call in arm.calls(case):
                    others = shown_in(call.prompt) - {case.id}
                    assert not others & held
                    seen += len(others)
    assert seen > 0


def test_groups_held_out_by_name_are_shown_to_nobody(store):
    held = HeldOut(by="scenario", groups=("scenario-1", "scenario-2"))
    made = lineup(store, hold_out=held)
    arm = made.arm("qwen/precedents-why")
    chosen = made.plan.choose(CASES_AT_HAND)
    assert {case.scenario for case in chosen} == {"scenario-1", "scenario-2"}
    assert len(chosen) == 8
    hidden = {case.id for case in chosen}
    for case in CASES_AT_HAND:
        for call in arm.calls(case):
            shown = shown_in(call.prompt)
            assert case.id in shown
            assert not (shown - {case.id}) & hidden
            assert len(shown - {case.id}) == 6


def test_a_case_that_the_arms_were_not_made_for_is_shown_no_precedent(store):
    arm = lineup(store, cases=CASES_AT_HAND[:12]).arm("qwen/precedents")
    with pytest.raises(DiscretionError) as error:
        arm.calls(CASES_AT_HAND[20])
    assert told(error) == (
        "case case-21: it is not known what must be hidden from this case; "
        "name it among the cases for which the arms are made"
    )


@pytest.mark.parametrize("name", ["logistic", "nearest"])
def test_baselines_do_not_learn_from_the_scenario_that_they_answer(tmp_path, name):
    """Its people may decide the other way round: the answer stays what the others teach."""
    answers = []
    for number, turned in enumerate([(), ("scenario-3",)]):
        with Store(tmp_path / f"{number}.db") as store:
            store.append(judged(turned))
            answers.append(dict(lineup(store).arm(f"baseline/{name}").table))
    one, other = answers
    own = {case.id for case in CASES_AT_HAND if case.scenario == "scenario-3"}
    assert set(one) == {case.id for case in CASES_AT_HAND}
    assert {case: one[case] for case in own} == {case: other[case] for case in own}
    assert any(one[case] != other[case] for case in set(one) - own)


@pytest.mark.parametrize("name", ["logistic", "nearest"])
def test_with_groups_held_out_by_name_baselines_answer_those_from_the_others(tmp_path, name):
    hold_out = HeldOut(by="scenario", groups=("scenario-3", "scenario-4"))
    answers = []
    for number, turned in enumerate([(), hold_out.groups, ("scenario-1",)]):
        with Store(tmp_path / f"{number}.db") as store:
            store.append(judged(turned))
            made = lineup(store, hold_out=hold_out)
            run = evaluate(made.plan.choose(CASES_AT_HAND), [made.arm(f"baseline/{name}")], store)
            answers.append(run.estimates()[f"baseline/{name}"])
    plain, held_turned, other_turned = answers
    assert {CASES_AT_HAND[int(case[5:]) - 1].scenario for case in plain} == set(hold_out.groups)
    assert len(plain) == 8
    assert plain == held_turned
    assert plain != other_turned


def tuned_by_rater(store, held):
    """A tuned model in the workspace, of whose training these people were held out."""
    place = store.path.parent / "models" / "own-labels-0"
    place.mkdir(parents=True)
    notes = {"seen": [case.id for case in CASES_AT_HAND], "hold_out": {"by": "rater", "held": held}}
    (place / "discretion.json").write_text(json.dumps(notes), encoding="utf-8")


def test_a_model_that_saw_the_cases_is_asked_them_only_for_people_whom_it_did_not_hear(store):
    tuned_by_rater(store, ["rater-1", "rater-4"])
    name = "tuned:own-labels-0/direct"
    held = HeldOut(by="rater", groups=("rater-1",))
    assert lineup(store, hold_out=held).arm(name).calls(CASES_AT_HAND[0])
    others = (HeldOut(by="rater", groups=("rater-1", "rater-2")), HeldOut(by="scenario"), None)
    for other in others:
        with pytest.raises(DiscretionError, match="was tuned on every case that it would be asked"):
            lineup(store, hold_out=other).arm(name)


@pytest.mark.parametrize("names", [("rater-0", "rater-1"), ("rater-4", "rater-5")])
def test_an_evaluation_by_rater_shows_what_the_others_said_alone(tmp_path, store, names):
    with Store(tmp_path / "signed.db") as signed:
        said = (
            replace(one, explanation=f"So says {one.rater}.") for one in records.judgments(store)
        )
        signed.append([records.judgment_entry(one) for one in said])
        made = lineup(signed, hold_out=HeldOut(by="rater", groups=names))
        arm = made.arm("qwen/precedents-why")
        prompts = [call.prompt for case in CASES_AT_HAND for call in arm.calls(case)]
    shown = "".join(message.content for prompt in prompts for message in prompt.messages)
    assert "So says rater-" in shown
    assert not any(f"So says {name}." in shown for name in names)
