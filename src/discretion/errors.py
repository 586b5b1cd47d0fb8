"""The one error that users see: what is wrong, where, and how to fix it."""

from __future__ import annotations


class DiscretionError(Exception):
    """Something the user can fix.

    The command line prints it as one sentence and exits with 2; it never becomes a grant.
    """

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        """What is wrong, without a full stop."""
        self.where = where
        """File and line, column, option or setting; empty where there is none."""
        self.fix = fix
        """What to do about it, in the imperative; empty where nothing can be said."""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        fix = f"; {self.fix}" if self.fix else ""
        return f"{place}{self.what}{fix}"


class StoppedError(DiscretionError):
    """A run has to stop here, in order: what was answered is kept, and the same command goes on.

    The command line exits with 1.
    """


class MisplacedError(ValueError):
    """A mistake in a document that is not in one field alone, and where a reader should look."""

    def __init__(self, what: str, *place: str | int) -> None:
        super().__init__(what)
        self.place = place
        """Keys and indices on the way to it, from the document's top."""


def missing_extra(extra: str, purpose: str) -> DiscretionError:
    """The error for an optional dependency that is not installed."""
    return DiscretionError(
        f"{purpose} needs the [{extra}] extra",
        fix=f"install it with: {install_command(extra)}",
    )


def install_command(extra: str) -> str:
    """The command that installs an extra from where this package itself came from: a clone, a
    wheel, a repository or an index."""
    import json
    import shlex
    from importlib import metadata
    from pathlib import Path
    from urllib.parse import unquote, urlsplit

    try:
        written = metadata.distribution("discretion").read_text("direct_url.json")
        origin = json.loads(written or "{}") or {}
    except (metadata.PackageNotFoundError, ValueError):
        origin = {}
    url = str(origin.get("url", ""))
    root = Path(__file__).parents[2]
    if (root / "pyproject.toml").is_file():
        place = "." if root == Path.cwd() else str(root)
        return f"pip install -e {shlex.quote(f'{place}[{extra}]')}"
    if "vcs_info" in origin:
        return f"pip install 'discretion[{extra}] @ {origin['vcs_info'].get('vcs', 'git')}+{url}'"
    local = Path(unquote(urlsplit(url).path)) if url.startswith("file:") else None
    if local is not None and local.exists():
        return f"pip install {shlex.quote(f'{local}[{extra}]')}"
    return f"pip install 'discretion[{extra}]'"
