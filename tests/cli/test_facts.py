"""What was checked about an imported ticket reaches whoever decides it, whatever asks."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from discretion import methods
from discretion.storage import records
from discretion.training.examples import Framing, examples, training_items
from discretion.training.targets import Target
from discretion.workspace import Workspace, open_workspace
from servers.shapes import Scripted, completion, says

from .conftest import Command

MAP = "text=request,answer=decision,rater=agent,explanation=why,value=days,limit=30"
COUNT = 25
THINGS = ("lamp", "coat", "chair", "kettle", "book")
WHYS = {
    "grant": "They have long been with us and the delay is small, so let them.",
    "refuse": "The delay is far too long here and nothing at all speaks for it.",
}


def write(path: Path) -> Path:
    """Tickets whose texts hold no number, each judged by two people."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(
            ["id", "request", "decision", "agent", "why", "days", "tier", "plan", "desk", "note"]
        )
        for at in range(COUNT):
            text = f"About {THINGS[at % 5]} {'abcde'[at // 5] * 3}: may it go back, please?"
            plan = "paid by jo@example.com" if at == 0 else "gold"
            for agent in ("ann", "bob"):
                said = "grant" if (at + (agent == "bob")) % 3 else "refuse"
                rows.writerow(
                    [at, text, said, agent, WHYS[said], 31 + at, "vip", plan, "north", "x"]
                )
    return path


@pytest.fixture
def server() -> Iterator[Scripted]:
    with Scripted(says(0.7)) as running:
        yield running


@pytest.fixture
def tickets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, discretion: Command, server: Scripted
) -> Path:
    """A new workspace with an endpoint and the tickets in it."""
    discretion("init", tmp_path / "desk")
    monkeypatch.chdir(tmp_path / "desk")
    with Path("discretion.toml").open("a", encoding="utf-8") as file:
        file.write(f'[models.bot]\nkind = "openai"\nbase_url = "{server.url}/v1"\nmodel = "m"\n')
    write(tmp_path / "tickets.csv")
    outcome = bring(discretion, tmp_path / "desk")
    assert outcome.code == 0, outcome.err
    return tmp_path / "desk"


def bring(discretion: Command, desk: Path, *more: str):
    options = ("--unit", "days", "--factor", "tier", "--keep", "desk", "--shown", "plan")
    return discretion("import", desk.parent / "tickets.csv", "--map", MAP, *(more or options))


def desk_of(folder: Path) -> Workspace:
    return open_workspace(folder)


def sent(server: Scripted) -> list[str]:
    """The last message of each request about a case."""
    said = [request.body["messages"][-1]["content"] for request in server.requests]
    return [text for text in said if "<case>" in text]


def days(cases, text: str) -> str:
    (found,) = {f"{case.value} days" for case in cases if case.text in text.split("<case>")[1]}
    return found


@pytest.mark.parametrize("method", ["direct", "chain-of-thought", "purpose"])
def test_every_request_to_a_server_holds_the_number_that_decides(
    discretion: Command, tickets: Path, server: Scripted, method: str
) -> None:
    pytest.importorskip("openai")
    server.requests.clear()
    discretion("evaluate", "--arm", f"bot/{method}")
    cases, asked = desk_of(tickets).cases, sent(server)
    assert len(asked) >= COUNT
    for text in asked:
        behind = text.partition("</case>")[2]
        assert f"Checked in our system:\n- Value: {days(cases, text)}\n" in behind
        assert "- Limit: at most 30 days\n- The rule is broken: the value is" in behind
        assert "- tier: vip\n- plan: " in behind
        assert "north" not in text


def test_every_precedent_holds_its_own_number(
    discretion: Command, tickets: Path, server: Scripted
) -> None:
    pytest.importorskip("openai")
    server.requests.clear()
    discretion("evaluate", "--arm", "bot/precedents-why")
    cases = {case.text: case for case in desk_of(tickets).cases}
    shown = [
        part for text in sent(server) for part in text.partition("<case>")[0].split("<earlier>")[1:]
    ]
    assert len(shown) >= 5 * COUNT
    for part in shown:
        text, _, behind = part.partition("</earlier>")
        assert f"- Value: {cases[text.strip()].value} days\n" in behind


def test_the_prompt_for_assistants_and_its_trial_hold_the_numbers(
    discretion: Command, tickets: Path
) -> None:
    cases = {case.text: case for case in desk_of(tickets).cases}
    prompt = discretion("prompt").out
    trial = discretion("prompt", "--test", 8).out
    for text, tag in ((prompt, "earlier"), (trial, "case")):
        parts = text.split(f"<{tag}>")[1:]
        assert len(parts) >= 8
        for part in parts:
            said, _, behind = part.partition(f"</{tag}>")
            assert f"- Value: {cases[said.strip()].value} days\n" in behind


def test_what_a_model_is_taught_holds_the_numbers(tickets: Path) -> None:
    here = desk_of(tickets)
    judged = records.panel_judgments(here.store)
    taught = training_items(here.cases, judged, np.random.default_rng(0)).kept
    direct, reasoned = (methods.method(name) for name in ("direct", "chain-of-thought"))
    made = examples(taught, Target("labels"), here.cases, Framing(direct, reasoned))
    assert len(made) > COUNT
    for one in made:
        assert f"- Value: {one.item.case.value} days\n" in one.prompt.messages[-1].content


def test_a_policy_without_a_rule_shows_none_and_check_says_how_to_add_it(
    discretion: Command, tickets: Path, server: Scripted
) -> None:
    pytest.importorskip("openai")
    server.requests.clear()
    discretion("evaluate", "--arm", "bot/direct")
    assert all("imported" not in json.dumps(one.body["messages"]) for one in server.requests)
    assert all("rule applies" not in json.dumps(one.body) for one in server.requests)
    printed = discretion("prompt")
    assert "imported" not in printed.out
    assert "## The rule\n" not in printed.out
    said = "policies/imported.yaml with two lines, id: imported and rule: TEXT"
    assert said in printed.err
    checked = discretion("check")
    assert (checked.code, said in checked.out) == (0, True)
    (tickets / "policies" / "imported.yaml").write_text("id: imported\nrule: Within 30 days.\n")
    assert discretion("check", "--json").out.count("imported") == 0
    assert "## The rule\n\nWithin 30 days." in discretion("prompt").out


def test_columns_that_are_shown_are_masked_and_looked_at_and_others_are_listed(
    discretion: Command, tickets: Path
) -> None:
    cases = desk_of(tickets).cases
    assert {case.shown_columns["plan"] for case in cases} == {"gold", "paid by [email 1]"}
    assert {tuple(case.columns.items()) for case in cases} == {(("desk", "north"),)}
    outcome = bring(discretion, tickets)
    assert "Not kept: id, note. To add one later, import the file again and name it" in outcome.err


def test_a_shown_column_that_differs_between_rows_of_a_case_stops_the_import(
    discretion: Command, tickets: Path
) -> None:
    outcome = bring(discretion, tickets, "--unit", "days", "--shown", "agent")
    assert outcome.code == 2
    assert "the columns shown with it are not that of the same case" in outcome.err


def test_importing_again_with_a_further_column_adds_a_version_and_no_judgment(
    discretion: Command, tickets: Path
) -> None:
    before = desk_of(tickets)
    old = {case.id: case for case in before.cases}
    judged = len(list(records.judgments(before.store)))
    more = ("--unit", "days", "--factor", "tier", "--shown", "plan,note")
    outcome = bring(discretion, tickets, *more)
    assert f"0 new, {COUNT} cases updated" in outcome.out
    here = desk_of(tickets)
    assert len(list(records.judgments(here.store))) == judged
    assert [case.id for case in here.cases] == list(old)
    for case in here.cases:
        assert case.shown_columns == {**old[case.id].shown_columns, "note": "x"}
        assert case.columns == old[case.id].columns
    assert "updated" not in bring(discretion, tickets, *more).out
    assert here.store.verify().ok


def test_shown_columns_that_give_the_decision_away_are_named(
    discretion: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    discretion("init", tmp_path / "other")
    monkeypatch.chdir(tmp_path / "other")
    with (tmp_path / "told.csv").open("w", encoding="utf-8") as file:
        file.write("request,decision,state\n")
        for at in range(60):
            file.write(f"May parcel {at:03d} go back?,{at % 2},{'closed' if at % 2 else 'shut'}\n")
    options = ("--map", "text=request,answer=decision", "--shown", "state")
    outcome = discretion("import", tmp_path / "told.csv", *options)
    assert "these words in the texts may give the decision away:" in outcome.err
    assert "closed" in outcome.err


def own_prompt(folder: Path, text: str) -> str:
    (folder / "own.txt").write_text(text, encoding="utf-8")
    return "bot/file:own.txt"


def test_a_prompt_of_the_users_that_shows_no_value_is_named_in_check_and_report(
    discretion: Command, tickets: Path
) -> None:
    pytest.importorskip("openai")
    arm = own_prompt(tickets, "{case}\nAnswer grant or refuse.")
    discretion("evaluate", "--arm", arm)
    said = discretion("report").out + discretion("check").out
    unseen = f"was not shown the value of {COUNT} of {COUNT} cases whose text does not hold it"
    assert f"! {arm} {unseen}, for example of case" in said
    assert f"own.txt: the value of {COUNT} cases reaches no model, for example of case" in said
    own_prompt(tickets, "{case}\n{facts}\nAnswer grant or refuse.")
    discretion("evaluate", "--arm", arm)
    said = discretion("report").out + discretion("check").out
    assert "was not shown the value" not in said
    assert "reaches no model" not in said


def test_the_same_warning_is_given_where_only_the_value_has_a_slot_of_its_own(
    discretion: Command, tickets: Path, server: Scripted
) -> None:
    pytest.importorskip("openai")
    arm = own_prompt(tickets, "{value} of {limit}\n{case}\nAnswer grant or refuse.")
    server.requests.clear()
    discretion("evaluate", "--arm", arm)
    assert all(text.startswith(tuple("345")) for text in sent(server))
    assert all(" of 30 days\n" in text for text in sent(server))
    assert "was not shown the value" not in discretion("report").out


def test_the_policys_question_is_asked_of_every_case_and_in_both_orders(
    discretion: Command, tickets: Path, server: Scripted
) -> None:
    pytest.importorskip("openai")
    (tickets / "policies" / "imported.yaml").write_text(
        "id: imported\nrule: Within 30 days.\nquestion: Was it OK?\n"
    )
    server.requests.clear()
    discretion("evaluate", "--arm", "bot/direct")
    ends = {text.splitlines()[-1] for text in sent(server)}
    assert ends == {
        "Was it OK? Answer with one word: yes or no.",
        "Was it OK? Answer with one word: no or yes.",
    }
    systems = {request.body["messages"][0]["content"] for request in server.requests[-COUNT:]}
    assert all("Within 30 days." in text and "To grant" not in text for text in systems)
    assert "Was it OK? Yes is to grant, no is to refuse." in discretion("prompt").out
    assert discretion("report").code == 0


def test_a_prompt_that_declares_its_words_is_scored_on_them(
    discretion: Command, tickets: Path, server: Scripted
) -> None:
    pytest.importorskip("openai")
    arm = own_prompt(tickets, "{case}\n{facts}\nOne word, {answers: approve/deny}:")
    server.otherwise = lambda request: completion("approve", top=[("approve", -0.1), ("deny", -3)])
    outcome = discretion("evaluate", "--arm", arm)
    assert outcome.code == 0, outcome.err
    server.requests.clear()
    (card,) = json.loads(discretion("report", "--json").out)["arms"]
    assert (card["cases"], card["failures"]) == (COUNT, 0)


def test_where_a_page_shows_a_case_it_shows_its_facts(discretion: Command, tickets: Path) -> None:
    pytest.importorskip("openai")
    discretion("evaluate", "--arm", "bot/direct")
    shown = json.loads(discretion("report", "--with-cases", "--json").out)["disagreements"]
    assert shown
    assert all("Checked in our system:\n- Value: " in one["text"] for one in shown)


def test_start_shows_what_it_is_told_to_and_lists_what_it_does_not_keep(
    discretion: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    known = ("--map", "value=days,limit=30", "--shown", "plan")
    outcome = discretion("start", write(tmp_path / "own.csv"), "--yes", *known)
    assert outcome.code == 0, outcome.err
    assert "note. To add one later, import the file again and name it: --shown" in outcome.out
    cases = open_workspace(tmp_path / "own").cases
    assert {case.shown_columns.get("plan") for case in cases} == {"gold", "paid by [email 1]"}
    again = discretion("-w", tmp_path / "own", "import", tmp_path / "own.csv")
    assert "0 new" in again.out
    assert "updated" not in again.out
