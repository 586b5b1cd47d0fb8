"""How sure people are and what they expect of each other: from a file to the page."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

from .conftest import Command


def test_what_people_say_of_their_answers_is_held_against_their_answers(
    discretion: Command, tmp_path: Path
) -> None:
    """Sure to 95%, and expecting nearly all to agree, where they split about even."""
    rng = random.Random(1)
    file = tmp_path / "said.csv"
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        writer.writerow(["text", "decision", "who", "sure", "colleagues"])
        for case in range(30):
            for rater in range(8):
                grants = rng.random() < 0.5
                expected = 0.9 if grants else 0.1
                decision = "grant" if grants else "refuse"
                writer.writerow([f"Request {case}", decision, f"r{rater}", "95%", expected])
    assert discretion("init", tmp_path / "desk").code == 0
    there = ("--workspace", tmp_path / "desk")
    mapping = "text=text,answer=decision,rater=who,confidence=sure,expected=colleagues"
    assert discretion(*there, "import", file, "--map", mapping).code == 0
    people = json.loads(discretion(*there, "report", "--json").out)["people"]
    assert abs(people["confidence"]["predicted"] - 0.95) < 1e-9
    assert abs(people["expected"]["predicted"] - 0.9) < 1e-9
    assert people["confidence"]["agreed"] == people["expected"]["agreed"] < 0.6
    page = tmp_path / "page.html"
    outcome = discretion(*there, "report", "--output", page)
    assert "Your people are 95% sure of their answers on average" in outcome.out
    assert "Your people expect 90% of their colleagues to answer as they do" in outcome.out
    assert "Expected agreement" in page.read_text(encoding="utf-8")
