"""The built-in model's training text holds the letter of the rules and nothing of the panels."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from discretion.toy.dialect import case_of, draws
from discretion.toy.judges import PANELS
from discretion.toy.phrases import DOMAINS, size_word
from recipes.tiny.text import CUE, DECIDING, LETTER, QUESTIONS, READING, WORDS, lesson, lessons

ROOT = Path(__file__).parents[2]
BROKEN = [one for one in draws(np.random.default_rng(5), 6000, DOMAINS) if (one.deviation or 0) > 0]


def granted(one) -> bool:
    """Whether a lesson that decides ends in a grant."""
    vocabulary = next(
        name for (name, _), asked in QUESTIONS.items() if one.prompt.endswith(f": {asked}")
    )
    return one.reply.rpartition(CUE)[2] == WORDS[vocabulary][0]


def test_the_recipe_reads_no_panel():
    code = (
        "import sys, recipes.tiny.text, recipes.tiny.tokens, recipes.tiny.training\n"
        "raise SystemExit('discretion.toy.judges' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize("by", ["size", "reason", "domain"])
def test_the_text_grants_no_violation_sooner_than_another(by: str):
    """No tipping point, no weight and no domain's own: whoever breaks a rule is refused, whatever
    the size, the reason and the flags."""
    of = {
        "size": lambda one: size_word(one.deviation),
        "reason": lambda one: (one.reason.name if one.reason else "", len(one.flags)),
        "domain": lambda one: one.domain,
    }[by]
    rng = np.random.default_rng(8)
    counts = defaultdict(list)
    for one in BROKEN:
        counts[of(one)].append(granted(lesson(one, rng, DECIDING)))
    assert len(counts) >= 4
    chance = 1 - LETTER
    for decided in counts.values():
        error = np.sqrt(chance * (1 - chance) / len(decided))
        assert abs(np.mean(decided) - chance) < 4 * error + 1 / len(decided)


def test_panels_would_decide_the_same_cases_otherwise_than_the_text_and_each_other():
    cases = [case_of(one) for one in BROKEN[:400]]
    truth = {name: np.array([p.truth(case) for case in cases]) for name, p in PANELS.items()}
    assert len(truth) >= 3
    for rates in truth.values():
        assert np.mean(np.abs(rates - (1 - LETTER))) > 0.1
        assert np.std(rates) > 0.2
    for one, other in combinations(PANELS, 2):
        assert np.mean(np.abs(truth[one] - truth[other])) > 0.1
        tipping = sorted(PANELS[name].tipping for name in (one, other))
        assert tipping[1] > 2 * tipping[0]
        weights = [PANELS[name].weights for name in (one, other)]
        assert max(abs(weights[0][f] - weights[1][f]) for f in weights[0]) > 0.5


def test_no_panel_is_named_in_the_text():
    rng = np.random.default_rng(4)
    stream = lessons(rng, READING)
    words = {
        word.strip(".:,?")
        for one in (next(stream) for _ in range(3000))
        for word in f"{one.prompt} {one.reply}".split()
    }
    assert not words & {"strict", "lenient", "purposeful", "panel", "judges"}
