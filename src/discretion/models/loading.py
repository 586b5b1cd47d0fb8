"""A model folder loaded: weights, tokenizer and template, ready to be asked."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from discretion.core.arms import Form
from discretion.errors import DiscretionError
from discretion.models.adapters import adapted
from discretion.models.scoring import can_share
from discretion.models.templates import Template

SMALL = 50_000_000
"""Bytes of weights up to which a second thread gains nothing."""
NAMED = 3
"""Weights that are named in a sentence."""


class Settings(BaseModel):
    """What ``[models.NAME]`` may say of a local folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path
    base: Path | None = None
    """The folder of the model that the adapter at `path` belongs to; None for a whole model."""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    device: str = "cpu"
    """``cpu``, ``cuda``, ``cuda:1``, ...; ``auto`` takes a GPU where there is one."""
    threads: int | None = Field(default=None, ge=1)
    """Processor threads; by default one for a small model on at most two cores, else torch's
    choice."""
    system: Literal["system", "user"] = "system"
    """``user`` puts the system text in front of the user's, for templates that drop it."""
    allow_outside: bool = False
    """Has no effect any more: mass outside the answers is reported and fails nothing."""
    form: Form | None = None
    """In what form answers are scored; where left out a probe chooses once for every method."""
    reads_twin: bool = False
    """The model reads only the dialect of the built-in one, as one tuned from it does."""

    @property
    def whole(self) -> Settings:
        """Of the whole model that is loaded: of an adapter's base, else these."""
        if self.base is None:
            return self
        return self.model_copy(update={"path": self.base, "base": None})


@dataclass(frozen=True, slots=True)
class Loaded:
    model: Any
    template: Template
    ends: tuple[int, ...]
    context: int
    """Tokens that the model can take in."""
    shared: bool
    """What prompts share is computed once."""
    base: Loaded | None = None
    """Whose weights an adapted model uses."""

    @property
    def boundaries(self) -> tuple[int, ...]:
        """The tokens before which a word has ended, those that end a turn among them."""
        return tuple(sorted({*self.template.boundaries, *self.ends}))


def load(name: str, settings: Settings) -> Loaded:
    """Load a checked folder; no code of its own is run, and nothing is fetched.

    Raises:
        DiscretionError: transformers cannot load it, there is no such device, template or end, or
            it is an adapter that does not fit its base.
    """
    whole = _load_whole(name, settings.whole)
    return whole if settings.base is None else with_adapter(whole, settings.path)


def with_adapter(base: Loaded, path: Path) -> Loaded:
    """A loaded model as the adapter at `path` makes it; both use the same weights.

    Raises:
        DiscretionError: the adapter cannot be read, or does not fit the model.
    """
    model = adapted(base.model, path)
    return replace(base, model=model, shared=can_share(model), base=base)


def _load_whole(name: str, settings: Settings) -> Loaded:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    path, device = settings.path, _device(name, settings.device)
    _use_threads(settings)
    trusted: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        with without_progress_bars(), without_remarks():
            tokenizer = AutoTokenizer.from_pretrained(path, **trusted)
            loaded: Any = AutoModelForCausalLM.from_pretrained(
                path,
                dtype=getattr(torch, settings.dtype),
                use_safetensors=True,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # so that they can be named
                **trusted,
            )
    except (ImportError, KeyError, OSError, RuntimeError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise DiscretionError(
            f"the model cannot be loaded: {reason}",
            where=str(path),
            fix="check that the folder is complete and of a kind that transformers knows",
        ) from error
    model, info = loaded
    _check_weights(model, info, str(path))
    model = model.eval().to(device)
    template = Template(tokenizer, str(path), merge_system=settings.system == "user")
    config = model.config.get_text_config()
    declared = (
        tokenizer.eos_token_id,
        config.eos_token_id,
        model.generation_config.eos_token_id,
    )
    # The folder's own sampling settings would change what is measured.
    model.generation_config = type(model.generation_config)()
    return Loaded(
        model=model,
        template=template,
        ends=template.ends(_flat(declared)),
        context=getattr(config, "max_position_embeddings", 2**31),
        shared=can_share(model),
    )


def _use_threads(settings: Settings) -> None:
    """A second thread takes longer to be told what to do than a small model takes to do it."""
    import torch

    usual = _usual_threads()
    weights = sum(file.stat().st_size for file in settings.path.glob("*.safetensors"))
    small = weights <= SMALL and (os.cpu_count() or 1) <= 2
    torch.set_num_threads(settings.threads or (1 if small else usual))


@cache
def _usual_threads() -> int:
    """What torch takes by itself, or OMP_NUM_THREADS says, before any model was loaded."""
    import torch

    return torch.get_num_threads()


def _check_weights(model: Any, info: Mapping[str, Any], where: str) -> None:
    """Stop where a part of the model would be random, or left out: transformers only warns.

    Raises:
        DiscretionError: names the weights.
    """
    missing = sorted(info["missing_keys"])
    if missing:
        raise DiscretionError(
            f"the folder lacks {_named(missing)}, and loading it would make them up",
            where=where,
            fix="copy the whole folder again; all parts of the weights must be there",
        )
    mismatched = sorted(one[0] for one in info["mismatched_keys"])
    if mismatched:
        raise DiscretionError(
            f"{_named(mismatched)} of the folder have another shape than config.json says, and "
            "loading it would make them up",
            where=where,
            fix="use the config.json that was saved with these weights",
        )
    # Weights of no layer of this kind, such as a vision tower, are no part of the text model.
    known = {_any_layer(name) for name in model.state_dict()}
    beyond = sorted(name for name in info["unexpected_keys"] if _any_layer(name) in known)
    if beyond:
        raise DiscretionError(
            f"the folder holds {_named(beyond)}, for which config.json has no layer",
            where=where,
            fix="use the config.json that was saved with these weights",
        )


def _any_layer(name: str) -> str:
    """The name of a weight, whichever layer it is of."""
    return re.sub(r"\.\d+\.", ".N.", name)


def _named(weights: Sequence[str]) -> str:
    more = f" and {len(weights) - NAMED:,} more" if len(weights) > NAMED else ""
    noun = "the weights" if len(weights) > 1 else "the weight"
    return f"{noun} {', '.join(weights[:NAMED])}{more}"


def _device(name: str, device: str) -> str:
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise DiscretionError(
            "there is no GPU that torch can use",
            where=f"[models.{name}] device",
            fix='set device = "cpu"',
        )
    return device


@contextmanager
def without_progress_bars() -> Iterator[None]:
    """Let transformers load and save without bars on stderr."""
    from transformers.utils import logging

    bars: Any = logging
    shown = bars.is_progress_bar_enabled()
    bars.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            bars.enable_progress_bar()


@contextmanager
def without_remarks() -> Iterator[None]:
    """Let transformers work without remarks below an error: of missing weights it says that they
    may be ignored."""
    from transformers.utils import logging as transformers_logging

    logging: Any = transformers_logging
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(before)


def _flat(declared: Sequence[int | list[int] | None]) -> list[int]:
    lists = [one if isinstance(one, list) else [one] for one in declared]
    return [token for tokens in lists for token in tokens if token is not None]
