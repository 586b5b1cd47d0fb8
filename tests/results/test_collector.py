"""A run's report tells what tuning broke and what explanations show, from its answers alone."""

import numpy as np
import pytest

from discretion.core.arms import Decoding, Scored
from discretion.core.gate_cases import GateCase
from discretion.core.prompted import PromptedArm
from discretion.evaluation import evaluate
from discretion.methods import method
from discretion.results import ReportOptions, build
from discretion.storage import Store, records
from scorecard import hand_made
from stand_in import StandIn

NOTES = {
    f"qwen-labels-{seed}": {"base": {"model": "qwen"}, "target": "labels", "seed": seed, "fold": 0}
    for seed in (0, 1)
}
NEVER = ("value > 30",)


@pytest.fixture(scope="module")
def some():
    return hand_made.case_set(never=NEVER)


@pytest.fixture
def store(tmp_path, some):
    with Store(tmp_path / "log.db") as opened:
        judged = [case for case in some if case.value < 40]
        opened.append([records.judgment_entry(one) for one in hand_made.judgments(judged)])
        yield opened


def arm(some, name, way, otherwise):
    model = StandIn(name=name, fingerprint=name, otherwise=otherwise, batch=64)
    return PromptedArm(model, method(way), some.policies, Decoding())


def run_of(some, store, *arms):
    return evaluate(some, list(arms), store)


def test_a_run_that_holds_a_base_and_what_was_tuned_from_it_says_what_broke(some, store):
    run = run_of(
        some,
        store,
        arm(some, "qwen", "direct", lambda _: 0.1),
        arm(some, "tuned:qwen-labels-0", "direct", lambda _: 0.3),
        arm(some, "tuned:qwen-labels-1", "direct", lambda _: 0.5),
    )
    assert build(run).breakage is None
    own = next(case for case in some if case.value == 9)
    expected = GateCase("mine.csv:2", own, "grant")
    card = build(run, ReportOptions(notes=NOTES, expectations=(expected,))).breakage
    rows = {row.part: row for row in card.rows}
    assert {(row.tuned, row.base, row.seeds) for row in card.rows} == {
        ("tuned:qwen-labels/direct", "qwen/direct", 2)
    }
    # Nobody judged what is forbidden: it counts all the same.
    assert rows["forbidden"].cases == sum(case.value == 40 for case in some)
    assert rows["forbidden"].before == pytest.approx(0.1)
    assert rows["forbidden"].after == pytest.approx(0.4)
    assert rows["regressions"].before == pytest.approx(0.9)
    assert rows["regressions"].after == pytest.approx(0.6)
    assert rows["rule kept"].after < rows["rule kept"].before


def test_what_is_stated_is_read_from_the_texts_of_answers(some, store):
    """It grants the ill, and names illness wherever it is so; nothing else that it could name."""

    def thinks(prompt):
        ill = "They were ill." in prompt.messages[-1].content
        if prompt.reasoning is None:
            return "They are ill." if ill else "Nothing is said."
        return 0.9 if ill else 0.2

    run = run_of(some, store, arm(some, "qwen", "chain-of-thought", thinks))
    cards = {(one.factor, one.level): one for one in build(run).reasons}
    named = cards["cause", "illness"]
    assert named.arm == "qwen/chain-of-thought"
    assert named.named.value == pytest.approx(0.7)
    assert named.unnamed.value is None
    assert named.sentence.endswith("by .70 (n = " + f"{named.named.n:,}); it always named it.")
    assert cards["channel", "mail"].named.value is None


def test_an_arm_that_does_not_reason_states_nothing(some, store):
    run = run_of(some, store, arm(some, "qwen", "direct", lambda _: 0.4))
    assert build(run).reasons == ()


def test_it_warns_where_a_reasoning_put_in_left_little_for_the_answers(some, store):
    def strays(prompt):
        return Scored(np.log(0.2), np.log(0.2), 0.6, "seen", 3, 0.1)

    way = "chain-of-thought+empty"
    run = run_of(some, store, arm(some, "qwen", way, strays))
    [warning] = [one for one in build(run).warnings if "mostly wanted" in one]
    assert warning == (
        f"In {len(some)} of {len(some)} cases qwen/{way} mostly wanted to say something other than "
        "the answers. Its figures compare only what it gave to these."
    )
