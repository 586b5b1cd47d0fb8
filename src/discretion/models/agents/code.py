"""Code that an agent consists of: shown and hashed before anything of it runs."""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from discretion.canonical import digest
from discretion.errors import DiscretionError, StoppedError
from discretion.models.agents.settings import CodeSettings, PythonSettings, variable

_PLAIN = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ")
"""Variables that every program may see."""
_WORKER = Path(__file__).with_name("worker.py")


@dataclass(frozen=True)
class Code:
    """A program or a function, as it would be run."""

    name: str
    """The agent's."""
    folder: Path
    """Where it runs: the workspace's folder."""
    argv: tuple[str, ...]
    """With the program's whole path."""
    shown: str
    """The command line or the function, as the settings say it."""
    files: tuple[tuple[str, Path], ...]
    """Each file that is named, as it is named and where it stands."""
    variables: tuple[str, ...] = ()
    """NAMES of environment variables that it may see beside the plain ones."""
    _known: dict[Path, tuple[tuple[int, int, int], str]] = field(
        default_factory=dict, repr=False, compare=False
    )

    @property
    def hashes(self) -> list[tuple[str, str]]:
        """(file, SHA-256) of each file that is named, as it is now."""
        return [(name, self._hash(path)) for name, path in self.files]

    @property
    def hash(self) -> str:
        """Changes with the command line, and with each file that it names."""
        return digest((self.shown, self.hashes))

    @property
    def consent(self) -> str:
        """Under what it is allowed: this code, in this folder of this machine. A log that comes
        from elsewhere allows nothing here."""
        here = (platform.node(), str(self.folder.resolve()))
        return digest((self.name, here, self.variables, self.hash))

    def environment(self) -> dict[str, str]:
        """What it sees of the environment.

        Raises:
            DiscretionError: a variable that the settings name is not set.
        """
        plain = {name: os.environ[name] for name in _PLAIN if name in os.environ}
        where = f"[models.{self.name}] env"
        return plain | {name: variable(name, where) for name in self.variables}

    def check(self, consent: str) -> None:
        """Let nothing start but what was allowed.

        Raises:
            StoppedError: it has changed since.
        """
        if self.consent != consent:
            raise StoppedError(
                f"what {self.shown!r} runs has changed since it was allowed",
                where=f"[models.{self.name}]",
                fix=f"look at it again with: discretion models allow {self.name}",
            )

    def _hash(self, path: Path) -> str:
        """The hash of a file; read again only where it was written since."""
        try:
            stat = path.stat()
            written = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            known = self._known.get(path)
            if known is None or known[0] != written:
                with path.open("rb") as file:
                    known = (written, hashlib.file_digest(file, "sha256").hexdigest())
                self._known[path] = known
            return known[1]
        except OSError:
            return "missing"


def find_code(name: str, settings: CodeSettings, folder: Path) -> Code:
    """What an agent would run; nothing of it is run.

    Raises:
        DiscretionError: it is not there.
    """
    if os.name != "posix":
        raise DiscretionError(
            "code can be run as an agent on Linux and macOS only",
            where=f"[models.{name}]",
            fix='serve the agent over HTTP, and use kind = "http"',
        )
    folder = folder.resolve()
    if isinstance(settings, PythonSettings):
        return _function(name, settings, folder)
    program, *arguments = settings.command
    found = _program(program, folder)
    if found is None:
        raise DiscretionError(
            f"there is no program {program!r}",
            where=f"[models.{name}] command",
            fix="give its path, from the workspace's folder on",
        )
    files = [(program, found)]
    files += [(one, folder / one) for one in arguments if one and (folder / one).is_file()]
    return Code(
        name,
        folder,
        (str(found), *arguments),
        shlex.join(settings.command),
        tuple(files),
        tuple(settings.env),
    )


def _program(written: str, folder: Path) -> Path | None:
    if os.sep in written:
        path = folder / Path(written).expanduser()
        return path if path.is_file() and os.access(path, os.X_OK) else None
    found = shutil.which(written)
    return Path(found) if found else None


def _function(name: str, settings: PythonSettings, folder: Path) -> Code:
    module, _, function = settings.function.partition(":")
    specs = _specs(module, folder)
    sources = [Path(spec.origin) for spec in specs if spec.origin and spec.has_location]
    if not specs or not sources or specs[-1].origin != str(sources[-1]):
        raise DiscretionError(
            f"there is no module {module!r} with a file of its own",
            where=f"[models.{name}] function",
            fix=f"put {module.replace('.', '/')}.py into {folder}, or install it",
        )
    argv = (sys.executable, "-P", str(_WORKER), str(folder), module, function, str(sources[-1]))
    files = tuple((_shown(path, folder), path) for path in sources)
    return Code(name, folder, argv, settings.function, files, tuple(settings.env))


def _specs(module: str, folder: Path) -> Sequence[ModuleSpec]:
    """The packages that a module stands in, and the module; found without importing any."""
    specs: list[ModuleSpec] = []
    names = module.split(".")
    places: Any = [str(folder), *sys.path]
    for depth in range(1, len(names) + 1):
        whole = ".".join(names[:depth])
        spec = PathFinder.find_spec(whole, places)
        if spec is None and depth == 1:
            # Finders of packages that are installed from their sources.
            spec = find_spec(whole)
        if spec is None:
            return []
        specs.append(spec)
        places = spec.submodule_search_locations or []
    return specs


def _shown(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)


def described(code: Code) -> Mapping[str, str]:
    """What a person is shown before code is allowed, by heading."""
    return {
        "runs": code.shown,
        "in": str(code.folder),
        **{f"file {name}": f"sha256 {sha}" for name, sha in code.hashes},
        "may see": ", ".join((*_PLAIN, *code.variables)) + " of the environment",
    }
