"""Text files: lines in a named encoding, none of them longer than memory can bear."""

from __future__ import annotations

import codecs
import re
from collections.abc import Generator
from pathlib import Path

from discretion.errors import DiscretionError

LONGEST_LINE = 1_000_000
"""Characters. Longer lines are no rows of a table, and are not read to their end."""
_CHUNK = 1 << 16


def lines_of(
    path: Path, encoding: str, longest: int | None = None
) -> Generator[tuple[int, str], None, None]:
    """The lines with their numbers from 1, ends of lines included.

    Raises:
        DiscretionError: the file cannot be read, is not in that encoding, or has a line that is
            too long; the sentence names the line.
    """
    known = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    longest = longest or LONGEST_LINE
    try:
        with path.open(encoding=known, newline="") as file:
            for number in range(1, 1 << 62):
                line = file.readline(longest + 1)
                if not line:
                    return
                if len(line) > longest:
                    raise DiscretionError(
                        f"the line is longer than {longest:,} characters",
                        where=f"{path}:{number}",
                        fix="check that this is a table with one row a line",
                    )
                if not line.isascii():
                    line.encode()  # Some encodings can spell halves of characters.
                yield number, line
    except OSError as error:
        raise unreadable(path, error) from error
    except LookupError as error:
        raise DiscretionError(
            f"{encoding!r} is no encoding", where="--encoding", fix="write it like cp1252"
        ) from error
    except UnicodeError as error:
        raise _undecodable(path, encoding, known) from error


def found_encoding(path: Path, encoding: str) -> tuple[str, list[str]]:
    """The encoding of a file, and what to say of it: UTF-16 is known by its mark, or by a zero in
    every second byte; all else is what was said."""
    if encoding.lower().replace("_", "-") not in ("utf-8", "utf8"):
        return encoding, []
    try:
        with path.open("rb") as file:
            start = file.read(256)
    except OSError as error:
        raise unreadable(path, error) from error
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16", ["the file is UTF-16"]
    if len(start) >= 8 and start[1::2].count(0) >= 0.9 * len(start[1::2]) and 0 not in start[::2]:
        return "utf-16-le", ["the file is UTF-16"]
    return encoding, []


def unreadable(path: Path, error: OSError) -> DiscretionError:
    return DiscretionError(
        f"cannot be read ({error.strerror or error})", where=str(path), fix="check the path"
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
    shown = ""
    if likely == "cp1252":
        likely, shown = _likely(_line(path, line))
    return DiscretionError(
        f"the line is not {encoding.upper()}",
        where=f"{path}:{line}",
        fix=f"save the whole file as UTF-8, or name its encoding, for example "
        f"--encoding {likely}{shown}",
    )


def _line(path: Path, number: int) -> bytes:
    with path.open("rb") as file:
        for _ in range(number - 1):
            file.readline(LONGEST_LINE)
        return file.readline(LONGEST_LINE)


def _likely(line: bytes) -> tuple[str, str]:
    """An encoding of one byte a letter that a line may be in, and a word of it read so: Cyrillic
    has words of nothing but high bytes, Western Europe single ones among others."""
    words = re.findall(rb"[A-Za-z\x80-\xff]*[\x80-\xff]+[A-Za-z\x80-\xff]*", line)
    high = sum(byte >= 0x80 for word in words for byte in word)
    encoding = "cp1251" if words and high > 0.7 * sum(map(len, words)) else "cp1252"
    word = max(words, key=len, default=b"")[:20].decode(encoding, "replace")
    return encoding, f" (by which a word there is {word!r})" if word else ""
