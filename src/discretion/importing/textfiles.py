"""Text files: lines in a named encoding, none of them longer than memory can bear."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from discretion.errors import DiscretionError

LONGEST_LINE = 1_000_000
"""Characters. Longer lines are no rows of a table, and are not read to their end."""
_CHUNK = 1 << 16


def lines_of(path: Path, encoding: str) -> Iterator[tuple[int, str]]:
    """The lines with their numbers from 1, ends of lines included.

    Raises:
        DiscretionError: the file cannot be read, is not in that encoding, or has a line that is
            too long; the sentence names the line.
    """
    known = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    try:
        with path.open(encoding=known, newline="") as file:
            for number in range(1, 1 << 62):
                line = file.readline(LONGEST_LINE + 1)
                if not line:
                    return
                if len(line) > LONGEST_LINE:
                    raise DiscretionError(
                        f"the line is longer than {LONGEST_LINE:,} characters",
                        where=f"{path}:{number}",
                        mend="check that this is a table with one row a line",
                    )
                if not line.isascii():
                    line.encode()  # Some encodings can spell halves of characters.
                yield number, line
    except OSError as error:
        raise unreadable(path, error) from error
    except LookupError as error:
        raise DiscretionError(
            f"{encoding!r} is no encoding", where="--encoding", mend="write it like cp1252"
        ) from error
    except UnicodeError as error:
        raise _undecodable(path, encoding, known) from error


def unreadable(path: Path, error: OSError) -> DiscretionError:
    return DiscretionError(
        f"cannot be read ({error.strerror or error})", where=str(path), mend="check the path"
    )


def _undecodable(path: Path, encoding: str, known: str) -> DiscretionError:
    """The error for a file that is in another encoding, with the first line that shows it."""
    decoder = codecs.getincrementaldecoder(known)()
    line = 1
    with path.open("rb") as file:
        start = file.read(2)
        file.seek(0)
        for chunk in iter(lambda: file.read(_CHUNK), b""):
            try:
                decoder.decode(chunk)
            except UnicodeError as error:
                bad = error.start if isinstance(error, UnicodeDecodeError) else 0
                line += chunk[:bad].count(b"\n")
                break
            line += chunk.count(b"\n")
    likely = "utf-16" if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "cp1252"
    return DiscretionError(
        f"the line is not {encoding.upper()}",
        where=f"{path}:{line}",
        mend=f"save the whole file as UTF-8, or name its encoding, for example --encoding {likely}",
    )
