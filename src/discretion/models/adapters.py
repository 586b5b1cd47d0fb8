"""LoRA adapters: small matrices that are added to layers of a base model, which lies elsewhere.

An adapted model shares every weight with its base, so several adapters of one base take its memory
once. Nothing is switched on or off between calls: each adapted model has layers of its own around
the same weights. The files are those that peft writes; asking needs no peft.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from discretion.errors import DiscretionError
from discretion.models.folder import (
    ADAPTER,
    check_files,
    check_folder,
    fingerprint_folder,
    is_adapter,
    read_notes,
    read_object,
)

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS = "adapter_model.safetensors"
PREFIX = "base_model.model."
"""Before the names of layers, as peft writes them."""
DOWN, UP = ".lora_A.weight", ".lora_B.weight"
PLAIN = frozenset(
    {
        "base_model_name_or_path",
        "exclude_modules",
        "fan_in_fan_out",
        "inference_mode",
        "layers_pattern",
        "layers_to_transform",
        "lora_alpha",
        "lora_dropout",
        "megatron_core",
        "peft_type",
        "peft_version",
        "qalora_group_size",
        "r",
        "rank_pattern",
        "revision",
        "target_modules",
        "task_type",
        "use_rslora",
    }
)
"""Settings of an adapter that leave it two matrices a layer, or are about its training."""
USUAL: Mapping[str, tuple[Any, ...]] = {
    "bias": ("none",),
    "init_lora_weights": (True, "gaussian"),  # Others change the base's own weights, too.
}
"""Values of further settings that do so."""


@dataclass(frozen=True, slots=True)
class Addition:
    """What one layer's output gets on top: up(down(input))."""

    down: Tensor
    """(r, inputs)"""
    up: Tensor
    """(outputs, r), times the adapter's scale."""

    def __call__(self, layer: Any, given: tuple[Tensor, ...], output: Tensor) -> Tensor:
        """A forward hook: inputs (..., inputs), outputs (..., outputs) of the same dtype."""
        from torch.nn.functional import linear

        added = linear(linear(given[0].to(self.down.dtype), self.down), self.up)
        return (output + added).to(output.dtype)


def check_model(path: Path) -> None:
    """Refuse what is neither a complete model nor an adapter, and what could run code.

    Raises:
        DiscretionError: says what is missing or not allowed, and how to fix it.
    """
    if is_adapter(path):
        check_adapter(path)
    else:
        check_folder(path)


def check_adapter(path: Path) -> None:
    """Refuse an adapter that is more than two matrices a layer, and what could run code.

    Raises:
        DiscretionError: says what is missing or not supported, and how to fix it.
    """
    check_files(path)
    said = read_object(path / ADAPTER)
    kind = said.get("peft_type")
    strange = [
        f"{name} = {json.dumps(value)}"
        for name, value in sorted(said.items())
        if value and name not in PLAIN and value not in USUAL.get(name, ())
    ]
    if kind != "LORA" or strange:
        what = strange[0] if kind == "LORA" else f"peft_type = {json.dumps(kind)}"
        raise DiscretionError(
            f"adapters with {what} are not supported",
            where=str(path / ADAPTER),
            fix="merge it into its base with peft (merge_and_unload), and name the saved model",
        )
    if not _is_number(said.get("lora_alpha")):
        raise DiscretionError(
            f"lora_alpha is not a number: {said.get('lora_alpha')!r}",
            where=str(path / ADAPTER),
            fix="copy the adapter's folder again",
        )
    if not (path / WEIGHTS).exists():
        raise DiscretionError(
            f"the adapter has no {WEIGHTS}",
            where=str(path),
            fix="save the adapter with safe serialization",
        )


def check_base(path: Path, base: Path) -> None:
    """Refuse a base other than the one that the adapter at `path` was trained on, as far as its
    notes say which that was.

    Raises:
        DiscretionError: the base is missing, no whole model, or has changed.
    """
    notes = read_notes(path)
    said = notes.get("base", {})
    called = f"the base {said['model']!r}" if said.get("model") else "the base"
    if not base.is_dir():
        raise DiscretionError(
            f"{called} of this adapter is missing: there is no folder {base}",
            where=str(path),
            fix="put the base back, or name its folder in discretion.toml",
        )
    check_folder(base)
    asked = notes.get("settings", {})
    settings = (asked.get("dtype", "float32"), asked.get("system", "system"))
    if said.get("fingerprint", "") not in ("", fingerprint_folder(base, settings)):
        raise DiscretionError(
            f"{called} is not the model that this adapter was trained on: its weights, tokenizer "
            "or chat template have changed",
            where=f"{path}, base {base}",
            fix=f"put back the base with fingerprint {said['fingerprint'][:16]}, or train again",
        )


def base_name(path: Path) -> str:
    """What an adapter calls its base: a workspace's name for it, a folder, or a hub's name."""
    noted = read_notes(path).get("base", {}).get("model")
    return str(noted or read_object(path / ADAPTER).get("base_model_name_or_path") or "")


def find_base(name: str, path: Path, folder: Path) -> Path:
    """The folder of the base of the adapter at `path`, where the adapter names a folder.

    Args:
        name: of the model that the adapter is.
        folder: where relative paths start, before the adapter's own folder.

    Raises:
        DiscretionError: it names none that is here.
    """
    called = base_name(path)
    if called:
        for place in (folder / Path(called).expanduser(), path / called):
            if (place / "config.json").exists():
                return place
    raise DiscretionError(
        f"the base of the adapter {name!r}, {called!r}, is not here"
        if called
        else f"the adapter {name!r} does not say what its base is",
        where=str(path),
        fix=f'under [models.{name}] add base = "FOLDER", or the name of a model of this workspace',
    )


def read_additions(path: Path, model: Any) -> dict[str, Addition]:
    """What an adapter adds to a model, by the names of the model's layers.

    Raises:
        DiscretionError: it cannot be read, or does not fit the model.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    said = read_object(path / ADAPTER)
    try:
        tensors = load_file(path / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise DiscretionError(
            f"the adapter cannot be read: {error}",
            where=str(path / WEIGHTS),
            fix="copy the adapter's folder again, or train again",
        ) from error
    found: dict[str, Addition] = {}
    for name in sorted({key.removesuffix(DOWN).removesuffix(UP) for key in tensors}):
        layer = name.removeprefix(PREFIX)
        down, up = tensors.get(name + DOWN), tensors.get(name + UP)
        if down is None or up is None or not _fits(down, up, model, layer):
            raise DiscretionError(
                f"the adapter does not fit its base at {layer}",
                where=str(path / WEIGHTS),
                fix="use the base that it was trained on, or copy the adapter's folder again",
            )
        scale = said["lora_alpha"] / (math.sqrt(len(down)) if said.get("use_rslora") else len(down))
        found[layer] = Addition(down.float(), up.float() * scale)
    if not found:
        raise DiscretionError(
            "the adapter adds nothing to its base", where=str(path / WEIGHTS), fix="train again"
        )
    return found


def adapted(base: Any, path: Path) -> Any:
    """A transformers model with an adapter's additions; every weight is shared with `base`, which
    stays as it is.

    Raises:
        DiscretionError: the adapter cannot be read, or does not fit the base.
    """
    shared = {id(value): value for value in (*base.parameters(), *base.buffers())}
    model = copy.deepcopy(base, shared)
    for name, addition in read_additions(path, model).items():
        down, up = (value.to(base.device) for value in (addition.down, addition.up))
        model.get_submodule(name).register_forward_hook(Addition(down, up))
    return model


def merge_into(model: Any, path: Path) -> None:
    """Add an adapter to a model's own weights, in float32.

    Raises:
        DiscretionError: the adapter cannot be read, or does not fit the model.
    """
    import torch

    for name, addition in read_additions(path, model).items():
        layer = model.get_submodule(name)
        added = addition.up.float() @ addition.down.float()
        with torch.no_grad():
            weight = layer.weight
            whole = weight.float() + (added if _is_linear(layer) else added.T).to(weight.device)
            weight.copy_(whole)


def takes_additions(layer: Any) -> bool:
    """Whether a layer is one matrix that treats tokens one by one."""
    from transformers.pytorch_utils import Conv1D

    return _is_linear(layer) or isinstance(layer, Conv1D)


def _is_linear(layer: Any) -> bool:
    import torch

    return isinstance(layer, torch.nn.Linear)


def _fits(down: Tensor, up: Tensor, model: Any, name: str) -> bool:
    """Whether a model has a layer of that name, to which both matrices can be added."""
    try:
        layer = model.get_submodule(name)
    except AttributeError:
        return False
    if not takes_additions(layer) or down.ndim != 2 or up.ndim != 2:
        return False
    outputs, inputs = layer.weight.shape if _is_linear(layer) else reversed(layer.weight.shape)
    return (up.shape[0], down.shape[1]) == (outputs, inputs) and len(down) == up.shape[1] > 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
