"""`discretion models`, and what `evaluate` settles before an endpoint is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from discretion.cli.endpoints import _personal
from servers.shapes import Scripted, completion, error, says, words
from servers.web import Request, Response

from .conftest import Command

pytest.importorskip("openai")

PROBED = 1 + 1 + 24
"""Calls of a probe where log-probabilities come back: they are compared with draws."""
ABROAD = '[models.abroad]\nkind = "openai"\nbase_url = "https://api.example.com/v1"\nmodel = "m"\n'


@pytest.fixture
def server() -> Iterator[Scripted]:
    with Scripted(says(0.7)) as running:
        yield running


@pytest.fixture
def bot(desk: Path, server: Scripted) -> Path:
    """The example's desk with an endpoint on this machine, which has prices."""
    with (desk / "discretion.toml").open("a", encoding="utf-8") as file:
        file.write(
            f'[models.bot]\nkind = "openai"\nbase_url = "{server.url}/v1"\nmodel = "gpt-x"\n'
            "price_in = 1000\nprice_out = 1000\n" + ABROAD
        )
    return desk


def test_models_are_listed_with_how_they_are_asked(discretion: Command, bot: Path) -> None:
    rows = {row["name"]: row for row in json.loads(discretion("models", "--json").out)}
    assert rows.keys() == {"tiny", "bot", "abroad"}
    assert rows["tiny"]["asked_by"] == "scoring"
    assert rows["abroad"] == {
        "name": "abroad",
        "kind": "openai",
        "where": "api.example.com",
        "asked_by": "not probed yet",
        "allowed": "not yet",
    }
    assert "api.example.com" in discretion("models").out


def test_a_probe_prints_what_the_server_supports_and_is_kept(
    discretion: Command, bot: Path, server: Scripted
) -> None:
    server.enqueue(completion("yes", top=[("yes", -0.1), ("no", -2.4)], choices=2))
    printed = discretion("models", "probe", "bot").out
    assert "stand-in-2026-01 at 127.0.0.1" in printed
    assert "of 2 first tokens" in printed
    assert "asked by          log-probabilities of the 2 likeliest first tokens" in printed
    rows = {row["name"]: row for row in json.loads(discretion("models", "--json").out)}
    assert rows["bot"]["asked_by"] == "log-probabilities of the 2 likeliest first tokens"


def test_a_probe_says_which_truncation_is_left_to_the_server(
    discretion: Command, bot: Path, server: Scripted
) -> None:
    assert "truncation        top_p = 1 is sent; the server decides on top_k, min_p" in (
        discretion("models", "probe", "bot").out
    )
    settings = bot / "discretion.toml"
    written = settings.read_text(encoding="utf-8")
    given = written.replace('model = "gpt-x"\n', 'model = "gpt-x"\nbody = { top_k = 0 }\n')
    settings.write_text(given, encoding="utf-8")
    found = json.loads(discretion("models", "probe", "bot", "--json").out)
    assert (found["top_p"], found["left_to_server"]) == (True, ["min_p"])
    assert server.requests[-1].body["top_k"] == 0


def test_draws_that_differ_from_the_scores_are_warned_of_and_noted(
    discretion: Command, bot: Path, server: Scripted
) -> None:
    """The server says 70%, and always answers the same."""
    warned = discretion("models", "probe", "bot").err
    assert "bot draws differ from its log-probabilities: 'grant' came in 24 of 24 draws" in warned
    assert "and 70% were expected" in warned


def test_the_newest_probe_counts(discretion: Command, bot: Path, server: Scripted) -> None:
    discretion("models", "probe", "bot")
    server.enqueue(completion("yes"))
    discretion("models", "probe", "bot")
    rows = {row["name"]: row for row in json.loads(discretion("models", "--json").out)}
    assert rows["bot"]["asked_by"] == "sampling, since it gives no log-probabilities"


def test_a_probe_that_fails_is_one_sentence(
    discretion: Command, bot: Path, server: Scripted
) -> None:
    server.otherwise = lambda request: error(401)
    outcome = discretion("models", "probe", "bot")
    assert outcome.code == 2
    assert "[models.bot]: 127.0.0.1" in outcome.err
    assert "does not accept the key (401); set key_env" in outcome.err


def test_what_is_no_endpoint_cannot_be_probed(discretion: Command, bot: Path) -> None:
    outcome = discretion("models", "probe", "tiny")
    assert (outcome.code, outcome.out) == (2, "")
    assert "'tiny' is no endpoint; use one of: bot, abroad" in outcome.err


def test_texts_go_nowhere_without_a_yes(discretion: Command, bot: Path) -> None:
    outcome = discretion("evaluate", "--arm", "abroad/direct", "--cases", 5)
    assert outcome.code == 2
    for part in (
        "the texts of 5 cases would leave this machine for the first time",
        "to        api.example.com  (https://api.example.com/v1)",
        "model     m, here called abroad",
        "such as   “",
        "0 texts carry marks in place of what an import found; still in them: nothing that was",
        "discretion models allow abroad, or add --yes",
    ):
        assert part in outcome.err
    assert discretion("runs").out == "nothing has been evaluated yet\n"


def test_personal_data_are_said_before_texts_go() -> None:
    said = _personal(["From [email 1]", "From jo@example.com and al@example.com", "A coat"])
    assert said == ("1 texts carry marks in place of what an import found; still in them: email 2")


def test_an_answer_of_no_sends_nothing(
    discretion: Command, bot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    outcome = discretion("models", "allow", "abroad")
    assert outcome.code == 1
    assert outcome.err.endswith("nothing was sent\n")


def test_leave_is_given_once_for_a_host(discretion: Command, bot: Path) -> None:
    allowed = discretion("models", "allow", "abroad", "--yes")
    assert allowed.code == 0
    assert allowed.err.endswith("next: discretion evaluate --arm abroad/direct\n")
    rows = {row["name"]: row for row in json.loads(discretion("models", "--json").out)}
    assert rows["abroad"]["allowed"] == "yes"
    assert "already" in discretion("models", "allow", "abroad").err


def test_an_endpoint_is_probed_before_its_first_run(
    discretion: Command, bot: Path, server: Scripted
) -> None:
    outcome = discretion("evaluate", "--arm", "bot/direct", "--cases", 5, "--json")
    assert outcome.code == 0
    assert "bot: probed, and asked by log-probabilities" in outcome.err
    summary = json.loads(outcome.out)
    assert summary["calls"] == 10
    spent = summary["spent"]
    assert (spent["calls"], spent["money"]) == (10, {"USD": f"{spent['tokens'] / 1000:.4f}"})
    assert len(server.requests) == PROBED + 10
    assert "bot: top_p = 1 is sent; the server decides on top_k, min_p" in outcome.err


def test_a_probe_of_an_earlier_version_stays_and_is_said(
    discretion: Command, bot: Path, server: Scripted
) -> None:
    """It did not try top_p, so that what is asked and the keys of answers are as they were."""
    from discretion.models.endpoint import Endpoint
    from discretion.models.probing import Probe
    from discretion.workspace import endpoints, open_workspace

    here = open_workspace(bot)
    settings = here.contents.settings.models["bot"]
    one = endpoints.load_model("bot", settings, here.folder, here.store)
    assert isinstance(one, Endpoint)
    endpoints.keep_probe(one, here.store, Probe("stand-in-2026-01", "fp_1", 2, 1), "2026")
    here.store.close()
    said = discretion("evaluate", "--arm", "bot/direct", "--cases", 5).err
    assert "an earlier version probed it, so the server decides on top_p, top_k, min_p" in said
    assert len(server.requests) == 10
    assert all("top_p" not in request.body for request in server.requests)


def test_a_dry_run_sends_nothing_and_asks_for_a_probe(
    discretion: Command, bot: Path, server: Scripted
) -> None:
    outcome = discretion("evaluate", "--arm", "bot/direct", "--dry-run")
    assert outcome.code == 2
    assert "run: discretion models probe bot" in outcome.err
    assert server.requests == []


def test_a_budget_stops_and_the_same_command_goes_on(
    discretion: Command, bot: Path, server: Scripted
) -> None:
    words = ("evaluate", "--arm", "bot/direct", "--cases", 5, "--budget", "6calls", "--json")
    first = discretion(*words)
    assert first.code == 1
    assert "the budget of 6 calls is spent" in first.err
    assert "what was answered is kept; the same command goes on from here" in first.err
    second = json.loads(discretion(*words).out)
    assert (second["calls"], second["cached"], second["spent"]["calls"]) == (10, 6, 4)


def test_a_budget_that_is_none_is_said_before_anything_is_asked(
    discretion: Command, bot: Path, server: Scripted
) -> None:
    outcome = discretion("evaluate", "--arm", "bot/direct", "--budget", "much")
    assert (outcome.code, server.requests) == (2, [])
    assert "write 5USD, 2000calls or 1Mtokens" in outcome.err


def test_calls_that_nobody_could_foresee_need_a_budget_too(
    discretion: Command, bot: Path, server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tokens that are not the answers' leave each score open, and ten draws an order follow."""
    monkeypatch.setattr("discretion.budgets.PAID_CALLS", 30)

    def other_splits(request: Request) -> Response:
        grant, refuse = words(request)
        top = [(f"▁{grant}", -0.5), (f"▁{refuse}", -1.0)]
        return completion(refuse, top=top if request.body.get("logprobs") else None)

    server.otherwise = other_splits
    asked = ("evaluate", "--arm", "bot/direct", "--cases", 5)
    outcome = discretion(*asked)
    assert outcome.code == 1
    assert "30 paid calls were made" in outcome.err
    assert "to go on, add --budget 5USD" in outcome.err
    assert len(server.requests) == PROBED + 30
    assert discretion(*asked, "--yes").code == 0


def test_failures_are_counted_by_kind_with_what_came_instead(
    discretion: Command, bot: Path, server: Scripted
) -> None:
    server.enqueue(completion("yes"))  # the probe: no log-probabilities
    server.otherwise = lambda request: completion(
        words(request)[0] if request.body["seed"] % 4 else "Das kommt darauf an."
    )
    outcome = discretion("evaluate", "--arm", "bot/direct", "--cases", 5)
    assert outcome.code == 1
    failed = int(outcome.out.split(" failed")[0].rsplit(" ", 1)[1])
    assert failed > 1
    assert f"failed: {failed} calls of bot/direct, such as case" in outcome.err
    assert "the answer cannot be read: “Das kommt darauf an.”" in outcome.err
    assert "the same command asks what failed again, and nothing else" in outcome.err


def test_a_sample_is_said_to_be_made_of_what_it_is(discretion: Command, desk: Path) -> None:
    said = discretion("evaluate", "--arm", "baseline/always-grant", "--cases", 12).err
    rows = [line for line in said.splitlines() if line.startswith("  scenario ")]
    assert "12 cases; of those that nearly repeat each other one" in said
    assert len(rows) == len(list((desk / "scenarios").glob("*.yaml")))
    assert (
        sum(int(n) for row in rows for n in re.findall(r"\d+(?= (?:keep|break|have))", row)) == 12
    )


def test_many_paid_calls_need_a_budget_or_a_yes(
    discretion: Command, bot: Path, server: Scripted
) -> None:
    plan = "arms: [bot/direct]\nsample: true\nsamples: 24\n"
    (bot / "plans" / "drawn.yaml").write_text(plan, encoding="utf-8")
    words = ("evaluate", "--plan", "drawn")
    outcome = discretion(*words)
    assert outcome.code == 2
    assert "2,160 paid calls would be made, more than 2,000" in outcome.err
    assert len(server.requests) == PROBED
