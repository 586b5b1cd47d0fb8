"""The peers that the harness is compared with, each in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
import tempfile
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path

import instant

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def last_line(
    command: Sequence[object],
    folder: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> dict[str, float]:
    """The JSON that a run prints last; it has a home of its own, and sends nothing anywhere.

    Args:
        variables: of the environment; None for those of this process.
    """
    with tempfile.TemporaryDirectory() as home:
        variables = dict(os.environ if variables is None else variables) | {
            "HOME": home,
            "DEEPEVAL_TELEMETRY_OPT_OUT": "YES",
            "PROMPTFOO_CONFIG_DIR": home,
            "PROMPTFOO_DISABLE_TELEMETRY": "1",
            "PROMPTFOO_DISABLE_UPDATE": "1",
        }
        words = [str(word) for word in command]
        done = subprocess.run(
            words, cwd=folder or home, env=variables, stdout=subprocess.PIPE, text=True, check=True
        )
    return json.loads(done.stdout.strip().splitlines()[-1])


def make_beside(place: Path, package: str) -> None:
    """An environment for a peer that uses the libraries which this one has already."""
    import torch

    venv.create(place, with_pip=True)
    [site] = place.glob("lib/python*/site-packages")
    # An environment may itself take its libraries from another; a .pth file is not followed twice.
    shared = {str(Path(torch.__file__).parents[1]), sysconfig.get_path("purelib")}
    (site / "shared.pth").write_text("\n".join(sorted(shared)) + "\n", encoding="utf-8")
    subprocess.run(
        [place / "bin" / "python", "-m", "pip", "install", "--quiet", package], check=True
    )


class Python:
    """A peer that is a Python package, in an environment of its own."""

    def __init__(self, package: str, version: str, script: str, wanted: float, *also: str) -> None:
        self.name = f"{package} {version}"
        self.wanted = wanted
        self._requirements = [f"{package}=={version}", *also]
        self._script = HERE / script
        self._folder = ROOT / f".venv-{package.split('-')[0]}"
        self._python = self._folder / "bin" / "python"

    def ready(self) -> bool:
        return self._python.exists()

    def make(self) -> None:
        venv.create(self._folder, with_pip=True)
        pip = [self._python, "-m", "pip", "install", "--quiet", *self._requirements]
        subprocess.run(pip, check=True)

    def run(self, count: int) -> dict[str, float]:
        return last_line([self._python, self._script, instant.TEXT, count])


class Node:
    """A peer that is a package of npm, in a folder of its own."""

    def __init__(self, package: str, version: str, script: str, wanted: float) -> None:
        self.name = f"{package} {version}"
        self.wanted = wanted
        self._package, self._version = package, version
        self._script = HERE / script
        self._folder = ROOT / f".venv-{package}"

    def ready(self) -> bool:
        return (self._folder / "node_modules" / self._package).is_dir()

    def make(self) -> None:
        self._folder.mkdir(exist_ok=True)
        (self._folder / "package.json").write_text('{"private": true}', encoding="utf-8")
        npm = ["npm", "install", f"{self._package}@{self._version}"]
        subprocess.run(npm, cwd=self._folder, check=True)

    def run(self, count: int) -> dict[str, float]:
        return last_line(["node", self._script, instant.TEXT, count], self._folder)


Peer = Python | Node

PEERS: list[Peer] = [
    Python("inspect-ai", "0.3.285", "inspect_task.py", 60, "openai"),
    Node("promptfoo", "0.123.1", "promptfoo.mjs", 25),
    Python("deepeval", "4.3.1", "deepeval_metric.py", 8),
]
"""Each with how many times less ours should cost."""
