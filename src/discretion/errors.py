"""The one error that users see: what is wrong, where, and how to mend it."""

from __future__ import annotations


class DiscretionError(Exception):
    """Something the user can mend.

    The command line prints it as one sentence and exits with 2; it never becomes a grant.
    """

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        super().__init__(what)
        self.what = what
        """What is wrong, without a full stop."""
        self.where = where
        """File and line, column, option or setting; empty where there is none."""
        self.mend = mend
        """What to do about it, in the imperative; empty where nothing can be said."""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        mend = f"; {self.mend}" if self.mend else ""
        return f"{place}{self.what}{mend}"


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
        mend=f"install it with: pip install 'discretion[{extra}]'",
    )
