"""A name becomes an arm."""

from dataclasses import replace

import pytest

from discretion.errors import DiscretionError
from discretion.storage import Store, recorded

from .lineup_at_hand import CASES_AT_HAND, lineup, told

pytestmark = pytest.mark.usefixtures("loaded")


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
    assert len(arm.calls(CASES_AT_HAND[0])) == 3 * 3 * 8


def test_a_model_is_loaded_once_for_all_its_methods(store, loaded):
    made = lineup(store)
    one, other = made.arm("qwen/direct"), made.arm("qwen/purpose")
    assert one.model is other.model
    assert len(loaded["qwen"]) == 1


def test_a_recorded_arm_answers_what_was_recorded(store):
    store.append([recorded.decision_entry("old", "case-1", p) for p in (0.0, 1.0)])
    arm = lineup(store).arm("recorded/old")
    assert (arm.name, arm.how, dict(arm.table)) == ("recorded/old", "recorded", {"case-1": 0.5})
    assert dict(arm.draws) == {"case-1": 2}
    before = arm.calls(CASES_AT_HAND[0])[0].key
    store.append([recorded.decision_entry("old", "case-1", 0.25)])
    assert lineup(store).arm("recorded/old").calls(CASES_AT_HAND[0])[0].key != before


TOML = "{folder}/discretion.toml: "
ADD = """or add it there, for example:

[models.{0}]
kind = "openai"             # any server with chat completions; or "anthropic"
base_url = "https://api.openai.com/v1"
model = "THE-MODEL"         # as the server calls it
key_env = "OPENAI_API_KEY"  # the environment variable that holds the key

For a model on this disk, write in place of these lines: path = "FOLDER\""""


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("qwen", "'qwen' is no arm; write MODEL/METHOD, baseline/NAME or recorded/NAME"),
        ("qwen/", "'qwen/' is no arm; write MODEL/METHOD, baseline/NAME or recorded/NAME"),
        (
            "qwem/direct",
            TOML + "there is no model 'qwem'; did you mean 'qwen'? " + ADD.format("qwem"),
        ),
        (
            "baselines/mean",
            TOML
            + "there is no model 'baselines'; did you mean 'baseline'? "
            + ADD.format("baselines"),
        ),
        (
            "gpt/direct",
            TOML
            + "there is no model 'gpt'; use one of: tiny, qwen, baseline, recorded; "
            + ADD.format("gpt"),
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
    store.append([recorded.decision_entry("helpdesk", "case-1", 1.0)])
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
    bare = CASES_AT_HAND.only(replace(case, text=None) for case in CASES_AT_HAND)
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
                lineup(store).arm(name).calls(CASES_AT_HAND[0])
