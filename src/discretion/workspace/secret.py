"""The workspace's secret: random bytes in a file of its own, by which raters get pseudonyms."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from discretion.errors import DiscretionError

SECRET = ".discretion-secret"  # noqa: S105  # its name, not its value
_BYTES = 32


def new_secret() -> bytes:
    """Random bytes from the operating system."""
    return secrets.token_bytes(_BYTES)


def make_secret(folder: Path, made: bytes | None = None) -> bytes:
    """Keep the secret of a new workspace, made now or before; or read the one that is there.

    Only its owner may read the file. Whoever gets it and the log can try names.
    """
    path = folder / SECRET
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return read_secret(folder) or b""
    except OSError as error:
        raise DiscretionError(
            f"cannot be written ({error.strerror})", where=str(path), fix="check the folder"
        ) from error
    made = made or new_secret()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(made.hex() + "\n")
    return made


def read_secret(folder: Path) -> bytes | None:
    """The secret; None where there is none.

    Raises:
        DiscretionError: the file cannot be read, or holds something else.
    """
    path = folder / SECRET
    try:
        read = bytes.fromhex(path.read_text(encoding="ascii"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise DiscretionError(
            "is not the workspace's secret", where=str(path), fix="put the file back as it was"
        ) from error
    if len(read) != _BYTES:
        raise DiscretionError(
            "is cut short or changed", where=str(path), fix="put the file back as it was"
        )
    return read
