"""Endpoints put to work: an arm asks them, a run keeps what they say and stops in order."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from discretion.budgets import Spending, read_budget
from discretion.core.answers import combine
from discretion.core.arms import Decoding
from discretion.core.prompted import PromptedArm
from discretion.errors import StoppedError
from discretion.evaluation import evaluate
from discretion.methods import method
from discretion.models.probing import Probe
from discretion.runs import Run, runs
from discretion.storage import Store
from servers.shapes import Scripted, completion, says, words
from servers.web import Request, Response
from stand_in import POLICY, case_set

from .endpoints_at_hand import NEVER_LOGPROBS, PROBED, Naps, endpoint

pytest.importorskip("openai")

UNSURE = [("I", math.log(0.9)), ("The", math.log(0.1))]


@pytest.fixture
def server() -> Iterator[Scripted]:
    with Scripted() as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "log.db") as opened:
        yield opened


def arm(
    server: Scripted, probed: Probe = PROBED, *, name: str = "direct", samples: int = 8, **more
):
    one = endpoint(server.url, probed=probed, naps=Naps(), **more)
    return PromptedArm(one, method(name), {"returns": POLICY}, Decoding(samples=samples))


def test_one_call_an_order_where_probabilities_come_back(server: Scripted, store: Store) -> None:
    server.otherwise = says(0.83)
    run = evaluate(case_set(3), [arm(server)], store)
    assert len(server.requests) == 6
    for estimate in run.estimates()["bot/direct"].values():
        assert estimate.p == pytest.approx(0.83, abs=1e-6)
        assert (estimate.how, estimate.variance, estimate.calls) == ("logprobs", 0.0, 2)
    ((answer, *_),) = [answers for _, _, answers in run.answers()][:1]
    assert answer.served_by == "stand-in-2026-01 fp_1"


def test_a_score_that_stays_open_is_drawn_as_often_as_a_sampled_case(
    server: Scripted, store: Store
) -> None:
    """Three of four draws grant, in each order."""
    drawn = iter(range(10**6))

    def respond(request: Request) -> Response:
        if request.body.get("logprobs"):
            return completion("I", top=UNSURE)
        grant, refuse = words(request)
        return completion(refuse if next(drawn) % 4 == 0 else grant)

    server.otherwise = respond
    run = evaluate(case_set(1), [arm(server)], store, in_flight=1)
    (estimate,) = run.estimates()["bot/direct"].values()
    assert len(server.requests) == 2 + 8
    assert (estimate.p, estimate.how) == (0.75, "sampled")
    assert estimate.variance == pytest.approx(2 * (0.75 * 0.25 / 3) / 4)
    answers = next(answers for _, _, answers in run.answers(texts=True))
    assert [answer.draws for answer in answers] == [4, 4]
    assert answers[0].tokens_in == 5 * 94


def test_a_server_that_gives_no_log_probabilities_any_more_stops_the_run(
    server: Scripted, store: Store
) -> None:
    """Nobody agreed to ten times the calls. What came until then is kept."""
    server.otherwise = lambda request: completion(words(request)[0])
    with pytest.raises(StoppedError, match="drawing answers instead takes about ten times"):
        evaluate(case_set(6), [arm(server)], store, in_flight=1)
    asked_for = [bool(request.body.get("logprobs")) for request in server.requests]
    assert asked_for == ([True] + [False] * 4) * 4 + [True]
    assert [kept(run) for run in runs(store)] == [4]


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "I cannot grant this request.",
        "Ich würde das erlauben.",
        "Да, разрешить.",
        "grant or refuse",
        "🙂",
    ],
)
def test_a_text_that_is_no_answer_fails_and_is_kept(
    server: Scripted, store: Store, text: str
) -> None:
    """A refusal, another language, both words: never a decision."""
    server.otherwise = lambda request: completion(text)
    run = evaluate(case_set(1), [arm(server, NEVER_LOGPROBS)], store)
    assert run.estimates()["bot/direct"] == {}
    assert {(one.what, one.text) for _, one in run.failures()} == {
        ("the answer cannot be read", text)
    }


def test_an_open_score_fails_where_the_draws_cannot_be_read(server: Scripted, store: Store) -> None:
    server.otherwise = lambda request: completion("Hmm", top=UNSURE)
    run = evaluate(case_set(1), [arm(server)], store)
    assert len(run.failures()) == 2
    assert run.estimates()["bot/direct"] == {}


def test_reasonings_are_read_with_their_decision(server: Scripted, store: Store) -> None:
    server.otherwise = lambda request: completion(f"One day.\nDecision: {words(request)[0]}")
    run = evaluate(case_set(1), [arm(server, name="chain-of-thought")], store)
    assert len(server.requests) == 16
    (estimate,) = run.estimates()["bot/chain-of-thought"].values()
    assert (estimate.p, estimate.how) == (1.0, "sampled")


def now() -> str:
    return "2026-11-23T10:00:00+00:00"


def kept(run: Run) -> int:
    return sum(len(answers) for _, _, answers in run.answers())


@pytest.mark.parametrize("in_flight", [1, 5])
def test_a_spent_budget_stops_in_order_and_the_same_command_goes_on(
    server: Scripted, store: Store, in_flight: int
) -> None:
    server.otherwise = says(0.5)
    cases = case_set(10)
    spent = 0
    for budget, finished in (("7calls", False), ("7calls", False), ("7calls", True)):
        spending = Spending(read_budget(budget))
        try:
            evaluate(cases, [arm(server)], store, in_flight=in_flight, spending=spending, clock=now)
        except StoppedError as stopped:
            assert not finished
            assert "the budget of 7 calls is spent" in str(stopped)
        spent += spending.calls
    assert [bool(run.finished) for run in runs(store)] == [False, False, True]
    assert len(server.requests) == spent == 20
    assert [kept(run) for run in runs(store)] == [7, 14, 20]


def test_a_server_that_becomes_another_stops_and_what_it_said_before_stays_its_own(
    server: Scripted, store: Store
) -> None:
    server.otherwise = says(0.9)
    before = evaluate(case_set(2), [arm(server)], store)

    def newer(request: Request) -> Response:
        response = says(0.1)(request)
        response.body["model"] = "stand-in-2027"
        return response

    server.otherwise = newer
    with pytest.raises(StoppedError, match="now says that it is stand-in-2027"):
        evaluate(case_set(4), [arm(server)], store)
    newest = Probe(model="stand-in-2027", build="fp_1", logprobs=20, choices=2)
    after = evaluate(case_set(4), [arm(server, newest)], store)
    assert {round(one.p, 2) for one in before.estimates()["bot/direct"].values()} == {0.9}
    assert {round(one.p, 2) for one in after.estimates()["bot/direct"].values()} == {0.1}
    assert before.arms[0][1] != after.arms[0][1]


def test_failures_carry_no_secret_and_the_servers_words_can_be_erased(
    server: Scripted,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("BOT_KEY", "sk-very-secret")
    server.otherwise = lambda request: Response(
        {"error": {"message": "key sk-very-secret cannot read: a coat", "code": None}}, 400
    )
    run = evaluate(case_set(1), [arm(server, key_env="BOT_KEY")], store)
    assert len(run.failures()) == 2
    store.close()
    assert b"sk-very-secret" not in store.path.read_bytes()
    assert "sk-very-secret" not in caplog.text
    entry = next(iter(Store(store.path).entries("failure")))
    assert "coat" in str(entry.personal)
    assert "coat" not in str(entry.body)


def test_an_estimate_of_one_order_computed_and_one_drawn(server: Scripted, store: Store) -> None:
    from discretion.core.answers import Answer

    scored = Answer("a", "c", 0.9, "logprobs", True, log_grant=-0.1, log_refuse=-2.3, tokens_out=1)
    drawn = Answer("b", "c", 0.5, "sampled", False, draws=10)
    estimate = combine("c", [scored, drawn])
    assert estimate.p == pytest.approx(0.7)
    assert estimate.variance == pytest.approx(0.25 / 9 / 4)
    assert estimate.how == "sampled"
