"""`discretion report`: a page, a table, JSON and CSV of the same figures."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from discretion.core.arms import Call
from discretion.core.cases import Case
from discretion.evaluation import evaluate

from .conftest import Command

KINDS = ("recorded", "baseline")


@pytest.fixture
def evaluated(discretion: Command, desk: Path) -> Path:
    arms = ("--arm", "baseline/always-refuse", "--arm", "baseline/always-grant")
    assert discretion("evaluate", *arms).code == 0
    return desk


def test_judgments_alone_are_worth_a_page(discretion: Command, desk: Path) -> None:
    outcome = discretion("report")
    assert outcome.code == 0
    assert outcome.err == "wrote report.html\n"
    assert "simulated" in outcome.out.splitlines()[0].lower()
    assert (desk / "report.html").read_text(encoding="utf-8").rstrip().endswith("</html>")


def test_a_run_gives_the_league_table(discretion: Command, evaluated: Path) -> None:
    outcome = discretion("report", "--output", "page.html", "--title", "Our desk")
    assert outcome.code == 0
    assert "baseline/always-refuse" in outcome.out
    assert "Our desk" in (evaluated / "page.html").read_text(encoding="utf-8")


def test_the_terminal_has_the_best_rows_and_the_page_the_rest(
    discretion: Command, desk: Path
) -> None:
    """It printed every finding, every warning and every arm: the page once more."""
    from discretion.baselines import NAMES

    for name in (*"abc", "bot"):
        rows = "".join(
            f"{case['case']},{'grant' if name == 'bot' else 'refuse'}\n"
            for case in json.loads(discretion("cases", "--json").out)
        )
        (desk / f"{name}.csv").write_text(f"case,answer\n{rows}", encoding="utf-8")
        kept = discretion(
            "import", f"{name}.csv", "--map", "case=case,answer=answer", "--arm", name
        )
        assert kept.code == 0, kept.err
    arms = [f"recorded/{name}" for name in (*"abc", "bot")] + [f"baseline/{one}" for one in NAMES]
    assert discretion("evaluate", *(word for arm in arms for word in ("--arm", arm))).code == 0
    outcome = discretion("report")
    assert outcome.code == 0, outcome.err
    ranked = [arm["name"] for arm in json.loads(discretion("report", "--json").out)["arms"]]
    shown = [line.split()[0] for line in outcome.out.splitlines() if line.split("/")[0] in KINDS]
    assert len(ranked) == 9
    assert shown == [one for one in ranked if one in shown]
    assert len(shown) == 5
    assert shown[:4] == ranked[:4]
    assert any(one.startswith("recorded/") for one in shown)
    lines = outcome.out.splitlines()
    assert "and 4 more: see the page" in lines
    assert sum(line.startswith("- ") for line in lines) == 3
    assert [line for line in lines if line.startswith("and ") and "more finding" in line]
    hidden = set(ranked) - set(shown)
    warned = [line for line in lines if line.startswith("! ")]
    assert not [line for line in warned if any(f" {one} " in f" {line} " for one in hidden)]
    page = (desk / "report.html").read_text(encoding="utf-8")
    assert all(one in page for one in ranked)


def test_json_and_the_people_agree_with_what_was_judged(
    discretion: Command, evaluated: Path
) -> None:
    from discretion.workspace import open_workspace

    card = json.loads(discretion("report", "--json").out)
    panel = open_workspace(evaluated).panel()
    signed = {arm["name"]: arm["signed"]["value"] for arm in card["arms"]}
    # With equally many cases in both scenarios, the mean over scenarios is that over cases.
    assert signed["baseline/always-refuse"] == pytest.approx(-panel.rate.mean(), abs=1e-9)
    assert signed["baseline/always-grant"] == pytest.approx(1 - panel.rate.mean(), abs=1e-9)


def test_json_alone_writes_no_page(discretion: Command, desk: Path) -> None:
    assert discretion("report", "--json").code == 0
    assert not (desk / "report.html").exists()


def test_every_table_is_readable_csv(discretion: Command, evaluated: Path) -> None:
    assert discretion("report", "--csv", "tables").code == 0
    files = sorted((evaluated / "tables").glob("*.csv"))
    assert files
    for path in files:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
        assert len({len(row) for row in rows}) == 1, path.name


def test_no_case_text_leaves_unless_asked_for(discretion: Command, evaluated: Path) -> None:
    from discretion.workspace import open_workspace

    texts = [case.text for case in open_workspace(evaluated).cases if case.text]
    discretion("report", "--json", "--output", "page.html")
    page = (evaluated / "page.html").read_text(encoding="utf-8")
    assert texts
    assert not any(text in page for text in texts)


def test_panels_stand_side_by_side(discretion: Command, evaluated: Path) -> None:
    panel = "staff (simulated)"
    card = json.loads(discretion("report", "--panel", panel, "--panel", panel, "--json").out)
    assert [one["difference"]["value"] for one in card["panels"]] == [0]


def test_prices_are_those_of_the_run_unless_today_s_are_asked_for(
    discretion: Command, evaluated: Path
) -> None:
    assert discretion("report").err == "wrote report.html\n"
    policy = evaluated / "policies" / "returns.yaml"
    written = policy.read_text(encoding="utf-8").replace("currency: USD", "currency: EUR")
    policy.write_text(written, encoding="utf-8")

    def told(*words: str) -> tuple[str, list[tuple[str, list[str]]], str]:
        outcome = discretion("report", *words, "--json", "--output", "page.html")
        card = json.loads(outcome.out)
        money = [(one["currency"], one["policies"]) for one in card["money"]]
        return card["prices"], money, outcome.err

    prices, money, remarks = told()
    assert (prices, money) == ("run", [("USD", ["returns", "receipts"])])
    assert "to use the new ones: discretion report --prices today" in remarks
    page = (evaluated / "page.html").read_text(encoding="utf-8")
    assert "at the prices in the policies when this run was made" in page
    prices, money, remarks = told("--prices", "today")
    assert (prices, money) == ("today", [("EUR", ["returns"]), ("USD", ["receipts"])])
    assert "to use the new ones" not in remarks
    page = (evaluated / "page.html").read_text(encoding="utf-8")
    assert "at the prices in the policies today" in page


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--run", "ffff"), "ffff"),
        (("--by", "tenure"), "has a column 'tenure'"),
        (("--people", "--by", "tenure"), "has a column 'tenure'"),
        (("--panel", "others"), "there is no panel 'others'"),
        (("--panel", "staff (simulated)", "--panel", "others"), "there is no panel 'others'"),
        (("--as-they-occur",), "no imported request says how often these cases occur"),
    ],
)
def test_what_is_not_there_is_said(
    discretion: Command, evaluated: Path, words: tuple[str, ...], sentence: str
) -> None:
    outcome = discretion("report", *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert sentence in outcome.err


def test_own_cases_are_read_and_a_mistake_in_them_is_told(
    discretion: Command, evaluated: Path
) -> None:
    """Without a tuned model there is nothing that they could tell."""
    from discretion.workspace import open_workspace

    own = evaluated / "ours.csv"
    own.write_text("must,case\ngrant,nowhere\n", encoding="utf-8")
    outcome = discretion("report", "--regressions", "ours.csv")
    assert outcome.code != 0
    assert "there is no case 'nowhere'" in outcome.err
    known = open_workspace(evaluated).cases[0].id
    own.write_text(f"must,case\ngrant,{known}\n", encoding="utf-8")
    assert discretion("report", "--regressions", "ours.csv", "--json").code == 0


def test_people_alone_show_no_regressions(discretion: Command, evaluated: Path) -> None:
    outcome = discretion("report", "--people", "--regressions", "ours.csv")
    assert outcome.code == 2
    assert "--regressions: a report on the people alone shows no regressions" in outcome.err


def test_a_run_whose_model_failed_is_not_the_one_reported(
    discretion: Command, evaluated: Path
) -> None:
    """It became the default report, and moved where the people stop from 42 to 37 days."""
    from discretion.core.answers import Failure
    from discretion.errors import DiscretionError
    from discretion.workspace import open_workspace

    class Broken:
        name, fingerprint, batch = "bot/direct", "broken", 1

        def calls(self, case: Case) -> list[Call]:
            return [Call(f"broken-{case.id}", case.id)]

        async def ask(self, calls: Sequence[Call]) -> list[Failure]:
            return [Failure(call.key, call.case, "it is broken") for call in calls]

    before = discretion("report", "--json").out
    here = open_workspace(evaluated)
    refuse = here.arms("baseline/always-refuse")
    with pytest.raises(DiscretionError):
        evaluate(here.cases[:25], [*refuse, Broken()], here.store)
    here.store.close()
    outcome = discretion("report", "--json")
    assert without_head(outcome.out) == without_head(before)
    assert "is left out: bot/direct gave no answers." in outcome.err
    named = outcome.err.split("--run ")[1].split()[0]
    assert json.loads(discretion("report", "--run", named, "--json").out)["run"]["run"] == named


def without_head(printed: str) -> object:
    """A report's figures without the end of the log's chain, which every run moves."""
    card = json.loads(printed)
    del card["run"]["head"]
    return card
