"""What the package ships as examples, read from its files."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path

from discretion import examples
from discretion.core.cases import Case, cases_of
from discretion.core.policies import Policy
from discretion.core.scenarios import Scenario
from discretion.documents import Described, read_yaml

FOLDER = Path(examples.__file__).parent
EXAMPLES = ("everyday", "returns")


@functools.cache
def described(example: str, folder: str, shape: type[Described]) -> dict[Path, Described]:
    found = {}
    for path in sorted((FOLDER / example / folder).glob("*.yaml")):
        thing, mistakes = read_yaml(path).describe(shape)
        assert thing is not None, [str(mistake) for mistake in mistakes]
        found[path] = thing
    return found


@functools.cache
def policies(example: str) -> dict[str, Policy]:
    return {policy.id: policy for policy in described(example, "policies", Policy).values()}


@functools.cache
def scenarios(example: str) -> dict[str, Scenario]:
    return {s.id: s for s in described(example, "scenarios", Scenario).values()}


@functools.cache
def cases(example: str) -> dict[str, list[Case]]:
    rules = policies(example)
    return {s.id: list(cases_of(s, rules[s.policy])) for s in scenarios(example).values()}


def settings(example: str) -> dict[str, dict[str, str]]:
    text = (FOLDER / example / "discretion.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
