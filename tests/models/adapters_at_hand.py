"""Adapters with random matrices, written as files, and the merged model made by hand."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

ALPHA, RANK = 6, 3


def write_adapter(folder: Path, model: Any, seed: int, **config: Any) -> Path:
    """Low matrices on every linear layer but the output, in float32."""
    import torch
    from safetensors.torch import save_file

    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, layer in linear_layers(model).items():
        outputs, inputs = layer.weight.shape
        key = f"base_model.model.{name}"
        tensors[f"{key}.lora_A.weight"] = torch.randn(RANK, inputs, generator=generator) / 8
        tensors[f"{key}.lora_B.weight"] = torch.randn(outputs, RANK, generator=generator) / 8
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "adapter_model.safetensors", {"format": "pt"})
    said = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "r": RANK,
        "lora_alpha": ALPHA,
        "target_modules": sorted({name.split(".")[-1] for name in linear_layers(model)}),
    }
    (folder / "adapter_config.json").write_text(json.dumps(said | config), encoding="utf-8")
    return folder


def write_notes(folder: Path, **notes: Any) -> None:
    """What a training would have said of the adapter."""
    (folder / "discretion.json").write_text(json.dumps(notes), encoding="utf-8")


def linear_layers(model: Any) -> dict[str, Any]:
    import torch

    head = model.get_output_embeddings()
    return {
        name: layer
        for name, layer in model.named_modules()
        if isinstance(layer, torch.nn.Linear) and layer is not head
    }


def merged(model: Any, adapter: Path) -> Any:
    """A copy of a model with the products of an adapter's matrices in its weights."""
    import torch
    from safetensors.torch import load_file

    whole = copy.deepcopy(model)
    tensors = load_file(adapter / "adapter_model.safetensors")
    for name, layer in linear_layers(whole).items():
        down, up = (tensors[f"base_model.model.{name}.lora_{one}.weight"] for one in "AB")
        with torch.no_grad():
            layer.weight += ALPHA / RANK * (up @ down)
    return whole
