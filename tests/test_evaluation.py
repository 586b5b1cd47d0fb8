"""An evaluation asks what the log does not answer, keeps every answer, and counts no failure."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discretion.canonical import short_id
from discretion.core.arms import CallFailed, Decoding, TableArm
from discretion.core.cases import CaseSet
from discretion.core.plans import Plan
from discretion.errors import DiscretionError
from discretion.evaluation import count_calls, count_repeated, evaluate
from discretion.runs import find_run, runs
from discretion.storage import GENESIS, Store, records
from stand_in import POLICY, StandIn, arm, by_case, case, case_set, told

CASES = case_set(10)


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "log.db") as store:
        yield store


# What is asked and kept


def test_every_case_gets_its_own_estimate(store):
    table = {one.id: number / 10 for number, one in enumerate(CASES)}
    model = StandIn(otherwise=lambda prompt: 0.75)
    run = evaluate(CASES, [arm(model), TableArm("recorded/old", "recorded", table, "f")], store)
    assert by_case(run) == pytest.approx(dict.fromkeys(table, 0.75))
    assert by_case(run, "recorded/old") == table
    assert (run.kinds, run.failures()) == (("model", "recorded"), [])
    assert len(model.asked) == 2 * len(CASES)


def test_a_repeated_run_asks_nothing_and_says_the_same(store):
    model = StandIn(otherwise=lambda prompt: 0.9 if prompt.choices.grant_first else 0.6)
    first = evaluate(CASES, [arm(model)], store)
    asked = len(model.asked)
    again = evaluate(CASES, [arm(model)], store)
    assert len(model.asked) == asked
    assert again.id != first.id
    assert again.estimates() == first.estimates()
    assert store.count("answer") == asked
    assert store.verify().problems == ()


def test_only_what_is_new_is_asked(store):
    model = StandIn(scores=False)
    evaluate(CASES[:6], [arm(model, decoding=Decoding(samples=4))], store)
    model.asked.clear()
    run = evaluate(CASES, [arm(model, decoding=Decoding(samples=6))], store)
    assert len(model.asked) == 6 * 2 + 4 * 6
    assert {estimate.calls for estimate in run.estimates()["model/direct"].values()} == {6}


def test_asking_afresh_asks_again_and_keeps_both(store):
    evaluate(CASES, [arm(StandIn(otherwise=lambda prompt: 0.2))], store)
    model = StandIn(otherwise=lambda prompt: 0.7)
    run = evaluate(CASES, [arm(model, fresh="2026-03-01")], store)
    assert len(model.asked) == 20
    assert by_case(run) == pytest.approx({one.id: 0.7 for one in CASES})
    assert store.count("answer") == 40


def test_two_cases_that_are_put_in_the_same_words_both_get_an_estimate(store):
    twins = [case(1, id=name, pair="same", text="A coat on day 15.") for name in ("a", "b")]
    model = StandIn()
    assert by_case(evaluate(twins, [arm(model)], store)) == {"a": 0.5, "b": 0.5}
    assert by_case(evaluate(twins[1:], [arm(model)], store)) == {"b": 0.5}


def test_cases_without_a_text_are_in_the_run_but_not_asked(store):
    mixed = [*CASES[:3], case(99, text=None)]
    model = StandIn()
    run = evaluate(mixed, [arm(model)], store)
    assert set(by_case(run)) == {one.id for one in CASES[:3]}
    assert run.case_ids[-1] == "case-99"
    assert len(model.asked) == 6


def test_a_run_remembers_its_cases_and_policies_as_they_were(store):
    before = evaluate(CASES, [arm(StandIn())], store)
    reworded = POLICY.model_copy(update={"rule": "Goods may be returned within 30 days."})
    rescaled = CaseSet(
        tuple(replace(one, scale=one.scale * 2) for one in CASES), {"returns": reworded}
    )
    after = evaluate(rescaled, [replace(arm(StandIn()), policies=rescaled.policies)], store)
    assert find_run(store, before.id).case_set == CASES
    assert find_run(store, after.id).case_set == rescaled


# What comes first


def test_the_hash_of_the_plan_is_in_the_log_before_anything_is_asked(store):
    plan = Plan(arms=("model/direct",), seed=3)
    model = StandIn()

    def look(prompt):
        [entry] = store.entries("run")
        assert entry.body["plan_hash"] == plan.hash
        return 0.5

    model.otherwise = look
    run = evaluate(CASES, [arm(model)], store, plan=plan)
    assert run.failures() == []
    [began], [ended] = store.entries("run"), store.entries("run end")
    answers = [entry.seq for entry in store.entries("answer")]
    assert began.seq < min(answers) <= max(answers) < ended.seq
    assert find_run(store).plan == plan


def test_a_run_knows_when_it_began_and_ended(store):
    times = iter(["2026-03-01", "2026-03-02"])
    run = evaluate(CASES, [arm(StandIn())], store, clock=lambda: next(times))
    assert (run.started, run.finished) == ("2026-03-01", "2026-03-02")


def test_runs_on_the_same_cases_share_one_list_of_them(store):
    first = evaluate(CASES, [arm(StandIn())], store)
    second = evaluate(CASES, [arm(StandIn(name="other"))], store)
    other = evaluate(CASES.only(list(CASES)[:1]), [arm(StandIn())], store)
    assert store.count("case list") == 2
    assert all("cases" not in entry.body for entry in store.entries("run"))
    ids = tuple(case.id for case in CASES)
    assert [one.case_ids for one in runs(store)] == [ids, ids, ids[:1]]
    assert {one.id for one in runs(store)} == {first.id, second.id, other.id}
    assert find_run(store, second.id).case_set == CASES


def test_the_id_of_a_run_is_made_from_its_cases_as_version_0_1_0_made_it(store):
    run = evaluate(CASES, [arm(StandIn())], store, clock=lambda: "2026-03-01")
    [entry] = store.entries("run")
    body = dict(entry.body)
    del body["case_list"], body["started"]
    body |= {"cases": list(run.case_ids), "versions": list(run.versions)}
    assert run.id == short_id((body, "2026-03-01", GENESIS))


def test_a_run_that_names_its_cases_itself_is_read(store):
    run = evaluate(CASES, [arm(StandIn())], store)
    [entry] = store.entries("run")
    body = {**entry.body, "cases": run.case_ids, "versions": run.versions}
    del body["case_list"]
    records.note(store, "run", "old", body)
    assert replace(find_run(store, "old"), id=run.id, finished=run.finished) == run


def test_a_run_whose_list_of_cases_is_gone_is_an_error(store):
    evaluate(CASES, [arm(StandIn())], store)
    [entry] = store.entries("run")
    records.note(store, "run", "other", {**entry.body, "case_list": "nowhere"})
    with pytest.raises(DiscretionError, match="the list of cases of run other is missing"):
        runs(store)


# How it is carried out


@pytest.mark.parametrize("in_flight", [1, 3, 16])
def test_no_more_calls_are_under_way_than_allowed(store, in_flight):
    model = StandIn(seconds=0.002)
    evaluate(case_set(16), [arm(model)], store, in_flight=in_flight)
    assert model.most_at_once == in_flight


def test_a_batch_is_as_large_as_the_model_likes_and_no_larger(store):
    sizes = []
    model = StandIn(batch=8)
    plain = model.score

    async def score(prompts):
        sizes.append(len(prompts))
        return await plain(prompts)

    model.score = score
    evaluate(CASES, [arm(model)], store)
    assert sorted(sizes) == [4, 8, 8]


def test_prompts_that_begin_alike_are_scored_in_one_batch(store):
    """Whatever order the cases stand in: what a batch shares is computed once."""
    apart = ["A coat.", "A lamp."] * 4
    # A pair is put in one wording.
    cases = [
        replace(one, text=f"{about} {one.id}", pair="same")
        for one, about in zip(CASES[:8], apart, strict=True)
    ]
    batches = []
    model = StandIn(batch=8)
    plain = model.score

    async def score(prompts):
        batches.append({about for about in apart for p in prompts if about in str(p.messages)})
        return await plain(prompts)

    model.score = score
    run = evaluate(cases, [arm(model)], store)
    assert sorted(map(len, batches)) == [1, 1]
    assert len(by_case(run)) == 8


def test_it_works_inside_a_running_event_loop(store):
    async def within():
        return evaluate(CASES, [arm(StandIn())], store)

    assert len(by_case(asyncio.run(within()))) == 10


def test_an_error_inside_a_running_event_loop_is_the_same_error(store):
    async def within():
        model = StandIn(otherwise=lambda prompt: DiscretionError("no key"))
        return evaluate(CASES, [arm(model)], store)

    with pytest.raises(DiscretionError, match="no key"):
        asyncio.run(within())


def test_progress_adds_up(store):
    seen = []
    evaluate(CASES[:4], [arm(StandIn())], store)
    model = StandIn()
    model.enqueue(CallFailed("busy"))
    arms = [arm(model), TableArm("recorded/old", "recorded", {"case-1": 0.5}, "f")]
    evaluate(CASES, arms, store, progress=seen.append, in_flight=2)
    last = seen[-1]
    assert (last.done, last.cached, last.failed) == (20 + 1, 8, 1)
    assert last.done - last.cached == len(model.asked) + 1
    assert [one.done for one in seen] == sorted(one.done for one in seen)
    assert all(one.done <= one.total for one in seen)
    assert {one.arm for one in seen} == {"model/direct", "recorded/old"}


def test_the_time_left_is_not_known_before_anything_was_asked(store):
    seen = []
    evaluate(CASES, [arm(StandIn())], store)
    evaluate(CASES, [arm(StandIn())], store, progress=seen.append)
    assert [(one.rate, one.seconds_left) for one in seen] == [(0.0, None)]


def test_counting_asks_nothing(store):
    model = StandIn()
    evaluate(CASES[:3], [arm(model)], store)
    model.asked.clear()
    [one] = count_calls(CASES, [arm(model)], store)
    assert (one.arm, one.calls, one.cached, one.again, model.asked) == (
        "model/direct",
        20,
        6,
        0,
        [],
    )
    put = [call.prompt for case in CASES[3:] for call in arm(model).calls(case)]
    assert one.characters == sum(len(m.content) for prompt in put for m in prompt.messages)
    assert len(runs(store)) == 1


def test_calls_in_the_place_of_stored_answers_are_counted_before_they_are_asked_again(store):
    evaluate(CASES[:3], [arm(StandIn())], store)
    changed = arm(StandIn(fingerprint="another build"))
    [one] = count_calls(CASES, [changed], store)
    assert (one.calls, one.cached, one.again) == (20, 0, 6)
    [again] = count_repeated(CASES, [changed, arm(StandIn(name="other"))], store)
    put = [call.prompt for case in CASES[:3] for call in changed.calls(case)]
    sent = sum(len(m.content) for prompt in put for m in prompt.messages)
    assert (again.arm, again.again, again.characters) == ("model/direct", 6, sent)


def test_more_draws_of_the_same_prompt_are_not_asked_again(store):
    few, more = (
        arm(StandIn(scores=False), decoding=Decoding(samples=samples)) for samples in (4, 6)
    )
    evaluate(CASES[:3], [few], store)
    [one] = count_calls(CASES[:3], [more], store)
    assert (one.calls, one.cached, one.again) == (18, 12, 0)
    assert count_repeated(CASES, [few, more], store) == []


def test_what_is_fitted_anew_is_asked_of_nobody(store):
    table = {case.id: 0.5 for case in CASES}
    evaluate(CASES, [TableArm("baseline/mean", "fitted", table, "before")], store)
    assert count_repeated(CASES, [TableArm("baseline/mean", "fitted", table, "now")], store) == []


@settings(max_examples=15, deadline=None)
@given(
    failing=st.sets(st.integers(0, 19)),
    in_flight=st.integers(1, 9),
    batch=st.integers(1, 7),
)
def test_whatever_fails_every_call_is_an_answer_or_a_failure(
    tmp_path_factory, failing, in_flight, batch
):
    """And a second run answers exactly what the first did not."""
    if len(failing) == 20:
        failing = failing - {7}
    with Store(tmp_path_factory.mktemp("run") / "log.db") as store:
        model = StandIn(batch=batch)
        model.enqueue(*(CallFailed("no") if place in failing else 0.5 for place in range(20)))
        run = evaluate(CASES, [arm(model)], store, in_flight=in_flight)
        answered = sum(len(answers) for _, _, answers in run.answers())
        assert (answered, len(run.failures())) == (20 - len(failing), len(failing))
        model.asked.clear()
        assert by_case(evaluate(CASES, [arm(model)], store)) == {one.id: 0.5 for one in CASES}
        assert len(model.asked) == len(failing)


# What cannot be done


@pytest.mark.parametrize(
    ("cases", "arms", "more", "sentence"),
    [
        ([], [arm(StandIn())], {}, "there are no cases to evaluate; describe or import some"),
        (CASES, [], {}, "there are no arms to evaluate; name one, like tiny/direct"),
        (
            [case(1, text=None)],
            [arm(StandIn())],
            {},
            "model/direct: it can answer none of the cases; check what the cases carry",
        ),
        (
            [*CASES, CASES[0]],
            [arm(StandIn())],
            {},
            "the case 'case-1' stands twice; leave one of them out",
        ),
        (
            CASES,
            [arm(StandIn()), arm(StandIn(fingerprint="other"))],
            {},
            "the arm 'model/direct' stands twice; leave one of them out",
        ),
        (
            CASES,
            [arm(StandIn())],
            {"in_flight": 0},
            "0 calls in flight ask nothing; allow 1 or more",
        ),
    ],
    ids=["no case", "no arm", "no text", "a case twice", "an arm twice", "none in flight"],
)
def test_what_cannot_be_done_is_one_sentence_and_leaves_no_run(store, cases, arms, more, sentence):
    with pytest.raises(DiscretionError) as error:
        evaluate(cases, arms, store, **more)
    assert told(error) == sentence
    assert store.count() == 0


def test_runs_are_found_by_the_beginning_of_their_id(store, tmp_path):
    with pytest.raises(DiscretionError) as error:
        find_run(store)
    assert told(error) == (
        f"{tmp_path / 'log.db'}: no run has answers yet; "
        "run: discretion evaluate --arm NAME; see discretion arms"
    )
    first, second = (evaluate(CASES, [arm(StandIn())], store) for _ in range(2))
    assert find_run(store).id == second.id
    assert find_run(store, first.id[:6]).id == first.id
    assert [run.id for run in runs(store)] == [first.id, second.id]
    with pytest.raises(DiscretionError, match="there is no run 'zzz'; see: discretion runs"):
        find_run(store, "zzz")
    for _ in range(16):
        evaluate(CASES, [arm(StandIn())], store)
    shared = next(
        a.id[0] for a in runs(store) for b in runs(store) if a != b and a.id[0] == b.id[0]
    )
    with pytest.raises(DiscretionError, match=r"fits \d+ runs; give more of the id"):
        find_run(store, shared)
