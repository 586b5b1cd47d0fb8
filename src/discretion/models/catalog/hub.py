"""A model from a hub, through huggingface_hub: one commit, safetensors only, all verified."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from discretion.errors import DiscretionError, missing_extra
from discretion.models.catalog import ENTRIES, HUB, Origin
from discretion.models.catalog.fetching import MODEL, build, sha256

DEFAULT = "https://huggingface.co"
TAKEN = re.compile(
    r"(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab)"
    r"\.json|merges\.txt|chat_template\.jinja|tokenizer\.model|LICENSE(\.\w+)?"
    r"|model[\w.-]*\.safetensors|model\.safetensors\.index\.json"
)
"""Files that are taken; never a pickle, never code."""
NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
NOT_NAMES = {"tiny", "baseline", "recorded", *ENTRIES}


@dataclass(frozen=True, slots=True)
class Reference:
    """``hub:ORG/NAME@COMMIT``."""

    repository: str
    commit: str


@dataclass(frozen=True, slots=True)
class File:
    name: str
    size: int
    sha256: str
    """Empty for small files, which git names by another hash."""
    blob: str


@dataclass(frozen=True, slots=True)
class HubModel:
    """What a hub says of a model, before anything of it is fetched."""

    reference: Reference
    endpoint: str
    license: str
    files: tuple[File, ...]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    @property
    def weights(self) -> tuple[File, ...]:
        return tuple(file for file in self.files if file.name.endswith(".safetensors"))


def read_reference(written: str) -> Reference:
    """The model and the commit that a name says.

    Raises:
        DiscretionError: it says none, or names a branch, which can change.
    """
    found = re.fullmatch(r"hub:([\w.-]+/[\w.-]+)(?:@(\S*))?", written)
    if found is None:
        raise DiscretionError(
            f"{written!r} does not name a model on a hub", fix=f"write {HUB}ORG/NAME@COMMIT"
        )
    repository, commit = found[1], found[2] or ""
    if not re.fullmatch(r"[0-9a-f]{40}", commit):
        shown = f"{commit!r} can change" if commit else "no commit is named"
        raise DiscretionError(
            f"{shown}, and a study needs weights that stay the same",
            where=written,
            fix=f"name a commit of 40 digits: see {_endpoint()}/{repository}/commits/main",
        )
    return Reference(repository, commit)


def short_name(reference: Reference, wanted: str = "") -> str:
    """What the model is called in arms.

    Raises:
        DiscretionError: the name is taken by something else, or cannot be one.
    """
    name = wanted or reference.repository.partition("/")[2].lower()
    if not NAME.fullmatch(name) or name in NOT_NAMES:
        raise DiscretionError(
            f"{name!r} cannot be the name of a fetched model",
            fix="choose another one with --as, of small letters, digits, '.', '_' and '-'",
        )
    return name


def look_up(reference: Reference) -> HubModel:
    """Ask the hub about a model.

    Raises:
        DiscretionError: there is none, it has no safetensors, or the hub does not answer.
    """
    if find_spec("huggingface_hub") is None:
        raise missing_extra("hub", f"fetching {reference.repository}")
    from huggingface_hub import HfApi

    endpoint = _endpoint()
    with _plainly(reference, endpoint):
        info = HfApi(endpoint=endpoint).model_info(
            reference.repository, revision=reference.commit, files_metadata=True
        )
    files = tuple(
        File(
            name=one.rfilename,
            size=one.size or 0,
            sha256=one.lfs.sha256 if one.lfs else "",
            blob=one.blob_id or "",
        )
        for one in info.siblings or ()
        if TAKEN.fullmatch(one.rfilename)
    )
    card: Any = info.card_data
    stated = card.get("license") if card else None
    found = HubModel(reference, endpoint, str(stated or ""), files)
    if info.sha != reference.commit:
        raise DiscretionError(
            f"the hub answered with the commit {info.sha}, which was not asked for",
            where=endpoint,
            fix="check HF_ENDPOINT",
        )
    if not found.weights or not any(file.name == "config.json" for file in files):
        raise DiscretionError(
            "the model has no weights as model*.safetensors with a config.json",
            where=f"{endpoint}/{reference.repository}",
            fix="choose a model that is stored as safetensors; pickles can run code",
        )
    return found


def fetch_hub(found: HubModel, name: str, place: Path) -> Path:
    """Fetch a model; files that came whole in an earlier attempt are used again.

    Raises:
        DiscretionError: a file does not come, or is not what the hub said.
    """
    from huggingface_hub import hf_hub_download

    reference = found.reference

    def make(partial: Path, work: Path) -> None:
        for file in found.files:
            with _plainly(reference, found.endpoint):
                hf_hub_download(
                    reference.repository,
                    file.name,
                    revision=reference.commit,
                    local_dir=partial / reference.commit,
                    endpoint=found.endpoint,
                )
            came = partial / reference.commit / file.name
            if not _is(came, file):
                came.unlink()
                raise DiscretionError(
                    f"{file.name} is not the file that the hub announced: its hash differs",
                    where=f"{found.endpoint}/{reference.repository}",
                    fix="try again; if it happens again, do not use the model",
                )
        for file in found.files:
            (partial / reference.commit / file.name).rename(work / MODEL / file.name)

    weights = found.weights[0]
    origin = Origin(
        f"{found.endpoint}/{reference.repository}",
        reference.commit,
        weights.sha256,
        found.license or "not stated",
    )
    return build(name, place, origin, make)


def _is(came: Path, file: File) -> bool:
    if file.sha256:
        return sha256(came) == file.sha256
    content = came.read_bytes()
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False)
    return file.blob == blob.hexdigest()


def _endpoint() -> str:
    return os.environ.get("HF_ENDPOINT", DEFAULT).rstrip("/")


@contextmanager
def _plainly(reference: Reference, endpoint: str) -> Iterator[None]:
    """Tell the hub nothing about this machine, and say its errors in a sentence."""
    from huggingface_hub import constants, errors

    constants.HF_HUB_DISABLE_TELEMETRY = True
    page = f"{endpoint}/{reference.repository}"
    try:
        yield
    except errors.GatedRepoError as error:
        raise DiscretionError(
            "the model's maker wants its license accepted first",
            where=page,
            fix="accept it on that page, then set HF_TOKEN to your access token",
        ) from error
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError) as error:
        raise DiscretionError(
            "the hub has no such model or commit", where=page, fix="check both on its page"
        ) from error
    except errors.OfflineModeIsEnabled as error:
        raise DiscretionError(
            "HF_HUB_OFFLINE is set, so no hub is asked", fix="unset it to fetch a model"
        ) from error
    except (errors.HfHubHTTPError, OSError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise DiscretionError(
            f"the hub does not answer as it should: {reason}",
            where=endpoint,
            fix="check the connection, then run the same command again; it goes on from here",
        ) from error
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in ("httpx", "httpx2", "httpcore2"):
            raise
        raise DiscretionError(
            f"the hub cannot be reached ({type(error).__name__})",
            where=endpoint,
            fix="check the connection, then run the same command again; it goes on from here",
        ) from error
