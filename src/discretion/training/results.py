"""Results: folders that somebody trained elsewhere, checked before they are taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from discretion.errors import DiscretionError
from discretion.models.adapters import check_model, read_additions
from discretion.models.folder import is_adapter
from discretion.training.exporting import base_fingerprint
from discretion.training.jobs import Job
from discretion.training.trainers import Watch

EXPORT = "export"
"""The name of the trainer of what is exported and brought back."""


class Awaited:
    """Trains nothing: what was exported is done once it has been brought back."""

    name = EXPORT

    def train(self, job: Job, work: Path, watch: Watch) -> Path:
        raise DiscretionError(
            f"{job.name} was to be trained elsewhere, and is not here yet",
            fix=f"discretion models add RESULT --export FOLDER --job {job.name}",
        )


@dataclass(frozen=True, slots=True)
class Brought:
    """The trainer of a job that was exported: its result is there already."""

    result: Path
    fingerprint: str
    """Of the base when it was exported."""
    name: str = EXPORT

    def check(self, job: Job) -> None:
        """Whether it was made from what was exported.

        Raises:
            DiscretionError: says what is not as it was.
        """
        if base_fingerprint(job) != self.fingerprint:
            raise DiscretionError(
                "the base is no longer what was exported: its weights, its tokenizer or its chat "
                "template have changed",
                where=str(job.base.path),
                fix="put the base back, or export and train again",
            )
        check_model(self.result)
        _check_tokenizer(self.result, job.base.path)
        check_result(self.result, job.base.path)

    def train(self, job: Job, work: Path, watch: Watch) -> Path:
        self.check(job)
        return self.result


def check_result(result: Path, base: Path) -> None:
    """Refuse weights that are not the base's, trained on, and an adapter that does not fit it.

    Raises:
        DiscretionError: it cannot be loaded, has another shape or vocabulary, lacks weights, or has
            one that is no number.
    """
    check_model(result)
    if is_adapter(result):
        additions = read_additions(result, _without_weights(base))
        values = {name: one.up.sum() + one.down.sum() for name, one in additions.items()}
        _check_finite(values, result)
    else:
        _check_whole(result, base)


def _check_whole(result: Path, base: Path) -> None:
    ours = _without_weights(base)
    model, info = _loaded(result)
    where = str(result)
    words = [one.get_input_embeddings().num_embeddings for one in (ours, model)]
    if words[0] != words[1]:
        raise DiscretionError(
            f"the vocabulary has {words[1]:,} words, and the base's has {words[0]:,}",
            where=where,
            fix="train the base without changing its vocabulary",
        )
    if type(model) is not type(ours) or _shapes(model) != _shapes(ours):
        raise DiscretionError(
            "the model is not of the base's kind and size",
            where=where,
            fix="bring back the base that was exported, trained",
        )
    if lacking := sorted({*info["missing_keys"], *map(str, info["mismatched_keys"])}):
        raise DiscretionError(
            f"the weights are not whole: {lacking[0]} is missing",
            where=where,
            fix="save the whole model, or the adapter alone",
        )
    _check_finite(dict(model.named_parameters()), result)


def _check_finite(values: Mapping[str, Any], result: Path) -> None:
    import torch

    for name, value in values.items():
        if not bool(torch.isfinite(value).all()):
            raise DiscretionError(
                f"the weights hold something that is no number, in {name}",
                where=str(result),
                fix="train again with a lower learning rate",
            )


def _loaded(folder: Path) -> tuple[Any, Mapping[str, Any]]:
    from transformers import AutoModelForCausalLM

    from discretion.models.loading import without_progress_bars

    try:
        with without_progress_bars():
            loaded: Any = AutoModelForCausalLM.from_pretrained(
                folder,
                dtype="auto",
                use_safetensors=True,
                local_files_only=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
    except (ImportError, KeyError, OSError, RuntimeError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise DiscretionError(
            f"the result cannot be loaded: {reason}", where=str(folder), fix="train and save again"
        ) from error
    model, info = loaded
    return model, info


def _without_weights(folder: Path) -> Any:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config: Any = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    models: Any = AutoModelForCausalLM
    with torch.device("meta"):
        return models.from_config(config, trust_remote_code=False)


def _shapes(model: Any) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in model.named_parameters()}


def _check_tokenizer(result: Path, base: Path) -> None:
    """A tokenizer that came with the result must be the base's, which replaces it."""
    from transformers import AutoTokenizer

    if not (result / "tokenizer.json").exists() and not (result / "tokenizer_config.json").exists():
        return
    trusted: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        ours, theirs = (AutoTokenizer.from_pretrained(one, **trusted) for one in (base, result))
    except (ImportError, KeyError, OSError, RuntimeError, ValueError) as error:
        raise DiscretionError(
            f"the tokenizer cannot be loaded: {error}",
            where=str(result),
            fix="leave the tokenizer's files out",
        ) from error
    if ours.get_vocab() != theirs.get_vocab():
        raise DiscretionError(
            "the tokenizer is not the base's",
            where=str(result),
            fix="train with the base's tokenizer",
        )
    if ours.chat_template != theirs.chat_template:
        raise DiscretionError(
            "the chat template is not the base's",
            where=str(result),
            fix="train with the base's template",
        )
