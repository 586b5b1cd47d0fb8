"""A name becomes an arm, and no arm learns from what is held out from it."""

import json
import re
from dataclasses import replace

import pytest

from discretion import models
from discretion.errors import DiscretionError
from discretion.evaluation import evaluate
from discretion.judgments import Judgment
from discretion.plans import HeldOut, Plan
from discretion.storage import Store, records
from discretion.workspace.lineup import Lineup
from stand_in import StandIn, docket

DOCKET = docket(24)
"""Four cases in each of six scenarios."""


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "log.db") as store:
        store.append(judged())
        yield store


@pytest.fixture(autouse=True)
def loaded(monkeypatch):
    """The models that were loaded, by name; the last one of each is asked."""
    found = {}

    def load(name, settings, folder):
        said = {key: value for key, value in settings.items() if key != "path"}
        found.setdefault(name, []).append(StandIn(name=name, fingerprint=name, **said))
        return found[name][-1]

    monkeypatch.setattr(models, "load_model", load)
    return found


def judged(otherwise=()):
    """Six raters; those of `otherwise` (scenarios) all decide the other way round."""
    return [
        records.judgment_entry(
            Judgment(
                f"{case.id}-{rater}",
                case.id,
                "people",
                "grant" if grants != (case.scenario in otherwise) else "refuse",
                f"rater-{rater}",
                f"Why of {case.id}.",
            )
        )
        for number, case in enumerate(DOCKET)
        for rater in range(6)
        for grants in [(number + rater) % 24 < 12]
    ]


def lineup(store, *, cases=DOCKET, settings=None, **plan):
    return Lineup(
        folder=store.path.parent,
        models={"qwen": {}, **(settings or {})},
        docket=cases,
        plan=Plan(**{"arms": ("qwen/direct",), **plan}),
        panel=lambda name: records.panel(store, name),
        store=store,
    )


def told(error):
    return str(error.value)


# What is held out


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
    splits = made.plan.holdout(DOCKET).splits(DOCKET)
    assert len(splits) == 5
    seen = 0
    for split in splits:
        held = {case.id for case, out in zip(DOCKET, split, strict=True) if out}
        for case in DOCKET:
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
    chosen = made.plan.choose(DOCKET)
    assert {case.scenario for case in chosen} == {"scenario-1", "scenario-2"}
    assert len(chosen) == 8
    hidden = {case.id for case in chosen}
    for case in DOCKET:
        for call in arm.calls(case):
            shown = shown_in(call.prompt)
            assert case.id in shown
            assert not (shown - {case.id}) & hidden
            assert len(shown - {case.id}) == 6


def test_a_case_that_the_arms_were_not_made_for_is_shown_no_precedent(store):
    arm = lineup(store, cases=DOCKET[:12]).arm("qwen/precedents")
    with pytest.raises(DiscretionError) as error:
        arm.calls(DOCKET[20])
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
    own = {case.id for case in DOCKET if case.scenario == "scenario-3"}
    assert set(one) == {case.id for case in DOCKET}
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
            run = evaluate(made.plan.choose(DOCKET), [made.arm(f"baseline/{name}")], store)
            answers.append(run.estimates()[f"baseline/{name}"])
    plain, held_turned, other_turned = answers
    assert {DOCKET[int(case[5:]) - 1].scenario for case in plain} == set(hold_out.groups)
    assert len(plain) == 8
    assert plain == held_turned
    assert plain != other_turned


def tuned_by_rater(store, held):
    """A tuned model in the workspace, of whose training these people were held out."""
    place = store.path.parent / "models" / "own-labels-0"
    place.mkdir(parents=True)
    notes = {"seen": [case.id for case in DOCKET], "hold_out": {"by": "rater", "held": held}}
    (place / "discretion.json").write_text(json.dumps(notes), encoding="utf-8")


def test_a_model_that_saw_the_cases_is_asked_them_only_for_people_whom_it_did_not_hear(store):
    tuned_by_rater(store, ["rater-1", "rater-4"])
    name = "tuned:own-labels-0/direct"
    held = HeldOut(by="rater", groups=("rater-1",))
    assert lineup(store, hold_out=held).arm(name).calls(DOCKET[0])
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
        prompts = [call.prompt for case in DOCKET for call in arm.calls(case)]
    shown = "".join(message.content for prompt in prompts for message in prompt.messages)
    assert "So says rater-" in shown
    assert not any(f"So says {name}." in shown for name in names)


# What a name stands for


def test_a_model_is_asked_as_the_plan_says(store):
    said = {
        "samples": 8,
        "reasonings": 20,
        "temperature": 0.5,
        "max_tokens": 9,
        "seed": 4,
        "sample": True,
        "crossed": True,
        "state_deviation": True,
    }
    arm = lineup(store, **said).arm("qwen/direct")
    assert arm.name == "qwen/direct"
    asked = (arm.decoding.samples, arm.decoding.reasonings, arm.decoding.temperature)
    assert asked == (8, 20, 0.5)
    assert (arm.decoding.max_tokens, arm.decoding.seed) == (9, 4)
    assert (arm.sample, arm.crossed, arm.state_deviation) == (True, True, True)
    assert len(arm.calls(DOCKET[0])) == 3 * 3 * 8


def test_a_model_is_loaded_once_for_all_its_methods(store, loaded):
    made = lineup(store)
    one, other = made.arm("qwen/direct"), made.arm("qwen/purpose")
    assert one.model is other.model
    assert len(loaded["qwen"]) == 1


def test_a_recorded_arm_answers_what_was_recorded(store):
    store.append([records.recorded_entry("old", "case-1", p) for p in (0.0, 1.0)])
    arm = lineup(store).arm("recorded/old")
    assert (arm.name, arm.how, dict(arm.table)) == ("recorded/old", "recorded", {"case-1": 0.5})
    before = arm.calls(DOCKET[0])[0].key
    store.append([records.recorded_entry("old", "case-1", 0.25)])
    assert lineup(store).arm("recorded/old").calls(DOCKET[0])[0].key != before


TOML = "{folder}/discretion.toml: "


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("qwen", "'qwen' is no arm; write MODEL/METHOD, baseline/NAME or recorded/NAME"),
        ("qwen/", "'qwen/' is no arm; write MODEL/METHOD, baseline/NAME or recorded/NAME"),
        (
            "qwem/direct",
            TOML + "there is no model 'qwem'; did you mean 'qwen'? "
            'or add [models.qwem] with path = "FOLDER"',
        ),
        (
            "baselines/mean",
            TOML + "there is no model 'baselines'; did you mean 'baseline'? "
            'or add [models.baselines] with path = "FOLDER"',
        ),
        (
            "gpt/direct",
            TOML + "there is no model 'gpt'; use one of: tiny, qwen, baseline, recorded; "
            'or add [models.gpt] with path = "FOLDER"',
        ),
        ("qwen/dirrect", "there is no method 'dirrect'; did you mean 'direct'?"),
        ("baseline/logistics", "there is no baseline 'logistics'; did you mean 'logistic'?"),
        (
            "recorded/helpdex",
            "no decisions are recorded under 'helpdex'; did you mean 'helpdesk'? "
            "or bring them in with: discretion import FILE --arm helpdex",
        ),
        (
            "recorded/x",
            "no decisions are recorded under 'x'; use one of: helpdesk; "
            "or bring them in with: discretion import FILE --arm x",
        ),
    ],
)
def test_a_name_that_stands_for_nothing_is_one_sentence(store, name, sentence):
    store.append([records.recorded_entry("helpdesk", "case-1", 1.0)])
    with pytest.raises(DiscretionError) as error:
        lineup(store).arm(name)
    assert told(error) == sentence.format(folder=store.path.parent)


def test_where_nothing_was_recorded_no_name_is_proposed(store):
    with pytest.raises(DiscretionError) as error:
        lineup(store).arm("recorded/x")
    assert told(error) == (
        "no decisions are recorded under 'x'; bring them in with: discretion import FILE --arm x"
    )


def test_a_model_that_cannot_read_these_cases_says_so(store):
    made = lineup(store, settings={"tiny": {"reads_twin": True}})
    with pytest.raises(DiscretionError) as error:
        made.arm("tiny/direct")
    assert told(error) == (
        f"{store.path.parent}: 'tiny' reads only the dialect of the simulation, and no case here "
        "has a twin; try it in an example with twins: discretion init my-desk --example returns"
    )


def test_cases_without_texts_have_nothing_to_ask_a_model(store):
    bare = DOCKET.only(replace(case, text=None) for case in DOCKET)
    with pytest.raises(DiscretionError) as error:
        lineup(store, cases=bare).arm("qwen/direct")
    assert told(error) == (
        f"{store.path.parent}: no case here has a text, so there is nothing to ask a model; "
        "import with text=COLUMN, or compare baselines and recorded arms"
    )
    assert len(lineup(store, cases=bare).arm("baseline/logistic").table) == 24


def test_baselines_and_precedents_need_people(tmp_path):
    with Store(tmp_path / "empty.db") as store:
        for name in ("baseline/mean", "qwen/precedents"):
            with pytest.raises(DiscretionError, match="nobody's judgments are here yet"):
                lineup(store).arm(name).calls(DOCKET[0])
