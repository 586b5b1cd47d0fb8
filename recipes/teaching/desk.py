"""Workspaces of simulated people and fresh cases, none of which settings were tried on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from discretion.core.cases import Case
from discretion.storage import records
from discretion.toy.dialect import case_of, draws
from discretion.toy.judges import PANELS
from discretion.toy.phrases import DOMAINS
from discretion.workspace import LOG, SETTINGS, TUNING, make_secret, open_workspace

BASE = "tiny"

SETTINGS_TEXT = """\
[workspace]
name = "Simulated people: {panel}"
"""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is simulated and taught."""

    cases: int
    """Of each domain."""
    people: int
    """The whole panel; the same people see every domain."""
    each: int
    """People who judge each case."""
    taught: int
    """Judgments taught in each fold."""
    seeds: int
    domains: int


FULL = Size(cases=30, people=24, each=8, taught=300, seeds=1, domains=len(DOMAINS))
SMOKE = Size(cases=12, people=8, each=6, taught=150, seeds=1, domains=4)


def make(folder: Path, panel: str, seed: int, size: Size, plan: str) -> None:
    """A workspace in which a new panel of this kind has judged new cases, and a tuning plan.

    A panel's name decides who its people are and how its domains differ, and the development panels
    have other names: so neither people nor cases are those on which settings were tried.
    """
    folder.mkdir(parents=True)
    (folder / SETTINGS).write_text(SETTINGS_TEXT.format(panel=panel), encoding="utf-8")
    (folder / TUNING).write_text(plan, encoding="utf-8")
    make_secret(folder)
    rng = np.random.default_rng(seed)
    cases = [case for domain in DOMAINS[: size.domains] for case in _cases(rng, domain, size)]
    people = replace(PANELS[panel], name=f"{panel}-{seed}", raters=size.people)
    store = open_workspace(folder).store
    with store:
        store.append(records.case_entry(case, imported=True) for case in cases)
        judged = people.judge_all(cases, rng, each=size.each)
        store.append(records.judgment_entry(one) for one in judged)


def made(folder: Path) -> bool:
    """Whether the workspace is there, complete."""
    return (folder / LOG).exists()


def _cases(rng: np.random.Generator, domain: object, size: Size) -> list[Case]:
    return [case_of(one) for one in draws(rng, size.cases, (domain,))]  # type: ignore[arg-type]
