"""What the project's nouns are in the log: each comes back as it was put in."""

from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.core.answers import Answer, Failure
from discretion.core.cases import Case, CaseSet
from discretion.core.judgments import Judgment, Tally
from discretion.core.policies import Policy
from discretion.core.scenarios import Scenario
from discretion.errors import DiscretionError
from discretion.storage import Store, records

POLICY = Policy(id="returns", rule="Within 14 days.", never=("fraud == yes and value > 30",))
SCENARIO = Scenario(
    id="coat",
    policy="returns",
    limit="14",
    unit="days",
    values=("13", "15"),
    wordings=("On day {value}. {trust}",),
    factors={"trust": {"levels": {"zero": "Unknown.", "a lot": "A regular."}}},
)
CASE = Case(
    id="day 15",
    policy="returns",
    scenario="coat",
    text="A coat, on day 15. 衣",
    twin="off by 7 percent",
    value=Decimal("15.50"),
    limit=Decimal("14"),
    scale=Decimal("14"),
    unit="days",
    factors={"trust": "a lot"},
    columns={"agent": "Ada"},
    cell="c",
    pair="p",
)


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "log.db") as store:
        yield store


def put_case(store, case):
    entry = records.case_entry(case)
    store.append([entry])
    return entry.key


def test_a_docket_comes_back_as_it_was_put(store):
    case_set = CaseSet((CASE,), {"returns": POLICY}, {"coat": SCENARIO})
    documents = records.described_entries(case_set)
    store.append(documents)
    key = put_case(store, CASE)
    read = records.read_docket(store, [key], [entry.key for entry in documents])
    assert read == case_set
    assert read.policies["returns"].forbids({"fraud": "yes", "value": Decimal(31)})
    assert list(read.scenarios["coat"].factors["trust"].levels) == ["zero", "a lot"]


def test_a_case_whose_scale_changed_is_another_version_under_the_same_id(store):
    before, after = put_case(store, CASE), put_case(store, replace(CASE, scale=Decimal(7)))
    assert before != after
    old, new = records.read_docket(store, [before, after], [])
    assert (old.deviation, new.deviation) == (1.5 / 14, 1.5 / 7)
    assert put_case(store, CASE) == before
    assert store.count("case") == 2


def test_a_policy_that_was_reworded_is_another_document(store):
    reworded = POLICY.model_copy(update={"rule": "Within 30 days."})
    [before], [after] = (
        records.described_entries(CaseSet((), {"returns": policy})) for policy in (POLICY, reworded)
    )
    store.append([before, after])
    assert records.read_docket(store, [], [before.key]).policies["returns"] == POLICY
    assert records.read_docket(store, [], [after.key]).policies["returns"] == reworded


def test_what_is_personal_in_a_case_can_be_erased_and_the_case_still_counts(store):
    key = put_case(store, CASE)
    store.erase("case", "", key, "asked for")
    [case] = records.read_docket(store, [key], [])
    assert (case.text, case.twin, case.columns) == (None, None, {})
    assert (case.id, case.deviation, case.factors) == (CASE.id, CASE.deviation, CASE.factors)


def test_imported_cases_come_back_in_the_order_of_their_import(store):
    cases = [Case(id=name, policy="p", scenario=name) for name in ("z", "a", "m")]
    store.append([records.case_entry(case, imported=True) for case in cases])
    store.append([records.case_entry(cases[1], imported=True)])
    put_case(store, CASE)
    assert list(records.imported_cases(store)) == cases


def judgment(number, case="a", answer="grant", panel="people", **more):
    return Judgment(f"j{number}", case, panel, answer, **more)


def test_judgments_come_back_and_an_erased_persons_is_anonymous(store):
    known = judgment(1, rater="Ada", explanation="A day is nothing.", confidence=0.75, time="2026")
    store.append([records.judgment_entry(known)])
    assert list(records.judgments(store)) == [known]
    assert "Ada" not in str(store.get("judgment", "", "j1").body)
    store.erase("judgment", "", "j1", "asked for")
    assert list(records.judgments(store)) == [judgment(1, confidence=0.75, time="2026")]


def test_a_panel_is_its_judgments_and_its_tallies(store):
    store.append(
        [
            records.judgment_entry(judgment(1)),
            records.judgment_entry(judgment(2, answer="refuse")),
            records.tally_entry(Tally("t", "b", "people", 0.9, 10, unsure=1)),
        ]
    )
    panel = records.panel(store)
    assert (panel.cases, list(panel.rate), list(panel.n)) == (("a", "b"), [0.5, 0.9], [2, 10])
    assert records.panel(store, "people").name == "people"


def test_a_panel_that_is_not_clear_is_one_sentence(store, tmp_path):
    with pytest.raises(DiscretionError) as nobody:
        records.panel(store)
    assert str(nobody.value) == (
        f"{tmp_path}: nobody's judgments are here yet; bring them in with: discretion import FILE"
    )
    store.append([records.judgment_entry(judgment(i, panel=f"team {i}")) for i in (1, 2)])
    with pytest.raises(DiscretionError) as several:
        records.panel(store)
    assert str(several.value) == ("there are several panels: team 1, team 2; name one with --panel")
    with pytest.raises(DiscretionError) as unknown:
        records.panel(store, "team 3")
    assert str(unknown.value) == "there is no panel 'team 3'; choose from: team 1, team 2"


def test_precedents_carry_the_reasons_of_those_who_decided_as_most_did(store):
    some = [
        judgment(1, rater="Ada", explanation="One day."),
        judgment(2, rater="Bob", explanation="Late is late.", answer="refuse"),
        judgment(3, rater="Cem", answer="grant"),
        judgment(4, rater="Dee", explanation="Of another panel.", panel="others"),
        judgment(5, case="b", answer="unsure", explanation="Who knows?"),
        judgment(6, case="elsewhere"),
    ]
    store.append([records.judgment_entry(one) for one in some])
    cases = [Case(id=name, policy="p", scenario="s") for name in ("a", "b")]
    [one] = records.precedents(store, cases, records.panel(store, "people"))
    assert (one.case, one.n, one.granted) == (cases[0], 3, True)
    assert one.rate == pytest.approx(2 / 3)
    assert one.explanations == ("One day.",)


def answer(key, case="a", **more):
    made = {"p": 0.25, "how": "scored", "grant_first": True, "prompt": "seen", "text": "said"}
    return Answer(key, case, **{**made, **more})


def test_answers_come_back_with_their_texts_only_where_asked_for(store):
    kept = answer("k1", log_grant=-1.5, log_refuse=-0.25, outside=1e-9, seconds=0.5, at="2026")
    store.append(records.answer_entries("run-1", "tiny/direct", kept))
    assert records.answers(store, ["k1", "k2"], texts=True) == {"k1": kept}
    assert records.answers(store, ["k1"]) == {"k1": replace(kept, prompt="", text="")}
    store.erase("answer", "", "k1", "asked for")
    assert records.answers(store, ["k1"], texts=True) == {"k1": replace(kept, prompt="", text="")}


def test_a_deferral_is_stored_where_there_is_one_and_changes_no_other_entry(store):
    deferred = answer("k2", p=0.0, how="sampled", deferred=True)
    plain, marked = (
        records.answer_entries("r", "a", one)[0].body for one in (answer("k1"), deferred)
    )
    assert marked.keys() - plain.keys() == {"deferred"}
    store.append(records.answer_entries("run-1", "bot/as-is", deferred))
    assert records.answers(store, ["k2"], texts=True) == {"k2": deferred}


def test_an_answer_and_its_use_are_apart_so_that_runs_share_answers(store):
    for run in ("run-1", "run-2"):
        store.append(records.answer_entries(run, "tiny/direct", answer("k1")))
    assert store.count("answer") == 1
    assert list(records.used(store, "run-1")) == [("tiny/direct", "a", "k1")]
    assert list(records.used(store, "run-2")) == [("tiny/direct", "a", "k1")]


def test_failures_belong_to_their_run_and_are_no_answers(store):
    failed = Failure("k1", "a", "it cannot be read", "Hm \ud800.")
    store.append([records.failure_entry("run-1", "tiny/direct", failed)])
    assert list(records.failures(store, "run-1")) == [("tiny/direct", failed)]
    assert list(records.failures(store, "run-2")) == []
    assert store.has("answer", ["k1"]) == set()
    store.erase("failure", "run-1", records.failure_entry("run-1", "tiny/direct", failed).key, "")
    assert list(records.failures(store, "run-1")) == [
        ("tiny/direct", Failure("k1", "a", "it cannot be read"))
    ]


NAMES = st.text("ab /:", min_size=1, max_size=5)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with Store(tmp_path_factory.mktemp("records") / "log.db") as store:
        yield store


@given(uses=st.sets(st.tuples(NAMES, NAMES, st.sampled_from("xyz")), max_size=6))
def test_arms_and_cases_may_have_spaces_in_their_names(shared, uses):
    run = str(uuid4())
    shared.append(records.used_entry(run, *use) for use in uses)
    found = list(records.used(shared, run))
    assert sorted(found) == sorted(uses)
    together = [pair for at, pair in enumerate(found) if found[at - 1][:2] != pair[:2] or not at]
    assert len(together) == len({pair[:2] for pair in found})


def test_a_note_says_whether_it_was_new(store):
    assert records.note(store, "run end", "r", {"finished": "2026"})
    assert not records.note(store, "run end", "r", {"finished": "2027"})
    assert store.get("run end", "", "r").body == {"finished": "2026"}
