"""A Llama in one GGUF file becomes a folder of safetensors, once.

GGUF keeps quantized blocks, its own names, and the rows of q and k in another order. The weights
are dequantized in float32 and kept as float16; the tokenizer and the chat template come from the
file's metadata.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np

from discretion.errors import DiscretionError, missing_extra

Stored = Literal["float16", "float32"]
Array = np.ndarray[Any, np.dtype[Any]]

CONTROL, USER_DEFINED = 3, 4
"""Token types of GGUF: part of a template, and a word that is never split."""
NORMAL = (1, 2, CONTROL, USER_DEFINED, 5)
"""Token types of a byte-level vocabulary; 6 is a byte of another kind."""

_WHOLE = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}
_LAYER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_BYTES: dict[str, Any] = {
    "type": "ByteLevel",
    "add_prefix_space": False,
    "trim_offsets": True,
    "use_regex": True,
}
_SPLITS: dict[str, Any] = {
    "gpt-2": _BYTES,
    "smollm": {
        "type": "Sequence",
        "pretokenizers": [{"type": "Digits", "individual_digits": True}, _BYTES],
    },
}
"""How each kind of vocabulary splits a text before merging; others are not known here."""


def convert(file: Path, folder: Path, stored: Stored = "float16") -> None:
    """Write a model folder from a GGUF file.

    Args:
        folder: is made; what stands there is written over.
        stored: float32 keeps the dequantized weights exactly, in twice the space. bfloat16 is not
            offered: too coarse to be taught in few steps, see ``training/arguments.py``.

    Raises:
        DiscretionError: the extra is missing, the file is broken, or it is no Llama with a
            byte-level tokenizer and a chat template.
    """
    if find_spec("gguf") is None:
        raise missing_extra("gguf", "reading a GGUF file")
    import gguf

    try:
        reader = gguf.GGUFReader(file)
        facts = {
            name: field.contents()
            for name, field in reader.fields.items()
            if not name.startswith("GGUF.")
        }
    except (ValueError, IndexError, KeyError, OverflowError, MemoryError, OSError) as error:
        raise _broken(file) from error
    try:
        config, tokenizer, about = _config(facts), _tokenizer(facts), _tokenizer_config(facts)
    except DiscretionError as error:
        raise DiscretionError(error.what, where=str(file), fix=error.fix) from error
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise DiscretionError(
            f"the GGUF file does not say {str(error.args[0]) if error.args else 'enough'!r}",
            where=str(file),
            fix="use another file of this model",
        ) from error
    sources = _sources([tensor.name for tensor in reader.tensors], config, file)
    config["tie_word_embeddings"] = "lm_head.weight" not in sources
    tensors = {tensor.name: tensor for tensor in reader.tensors}

    def weight(name: str) -> Array:
        source = sources[name]
        try:
            array = gguf.dequantize(tensors[source].data, tensors[source].tensor_type)
            heads = {
                "attn_q": config["num_attention_heads"],
                "attn_k": config["num_key_value_heads"],
            }.get(source.split(".")[-2])
            array = np.asarray(array, np.float32)
            return array if heads is None else _halves(array, heads)
        except (NotImplementedError, ValueError) as error:
            raise DiscretionError(
                f"the tensor {source!r} cannot be dequantized",
                where=str(file),
                fix="use a file quantized as Q4_0, Q4_1, Q8_0, F16 or F32",
            ) from error

    folder.mkdir(parents=True, exist_ok=True)
    shapes = {
        name: [int(size) for size in reversed(tensors[source].shape)]
        for name, source in sources.items()
    }
    if shapes["model.embed_tokens.weight"][0] != len(tokenizer["model"]["vocab"]):
        raise _broken(file)
    write_safetensors(folder / "model.safetensors", shapes, weight, stored)
    config |= {"dtype": stored, "vocab_size": shapes["model.embed_tokens.weight"][0]}
    generation = {key: config[key] for key in ("bos_token_id", "eos_token_id")}
    for name, content in (
        ("config.json", config),
        ("generation_config.json", generation),
        ("tokenizer.json", tokenizer),
        ("tokenizer_config.json", about),
    ):
        (folder / name).write_text(
            json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )


def write_safetensors(
    path: Path, shapes: Mapping[str, Sequence[int]], weight: Any, as_: Stored
) -> None:
    """Write weights one at a time, so that no more than one is in memory.

    Args:
        weight: gives each by its name, as float32.
    """
    kept = np.dtype("<f2" if as_ == "float16" else "<f4")
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    at = 0
    for name, shape in shapes.items():
        end = at + kept.itemsize * int(np.prod(shape))
        mark = f"F{8 * kept.itemsize}"
        header[name] = {"dtype": mark, "shape": list(shape), "data_offsets": [at, end]}
        at = end
    written = json.dumps(header, separators=(",", ":")).encode()
    written += b" " * (-len(written) % 8)
    with path.open("wb") as stream:
        stream.write(len(written).to_bytes(8, "little") + written)
        for name, shape in shapes.items():
            array = weight(name)
            if list(array.shape) != list(shape) or not np.isfinite(array.astype(kept)).all():
                raise DiscretionError(
                    f"the weights {name!r} are broken", where=str(path), fix="fetch the file again"
                )
            stream.write(array.astype(kept).tobytes())


def _halves(array: Array, heads: int) -> Array:
    """Rows of q or k as transformers rotates them: first halves of a head before second ones.
    GGUF keeps each pair side by side."""
    rows, columns = array.shape
    pairs = array.reshape(heads, rows // heads // 2, 2, columns)
    return np.ascontiguousarray(pairs.swapaxes(1, 2).reshape(rows, columns))


def _sources(names: Sequence[str], config: Mapping[str, Any], file: Path) -> dict[str, str]:
    """Which tensor of the file each weight comes from."""
    wanted = {theirs: ours for ours, theirs in _WHOLE.items()}
    for layer in range(config["num_hidden_layers"]):
        for ours, theirs in _LAYER.items():
            wanted[f"model.layers.{layer}.{theirs}.weight"] = f"blk.{layer}.{ours}.weight"
    there = set(names)
    missing = [source for source in wanted.values() if source not in there | {"output.weight"}]
    if missing:
        raise _broken(file)
    if more := sorted(there - set(wanted.values())):
        raise DiscretionError(
            f"the GGUF file holds {more[0]!r}, which no plain Llama has",
            where=str(file),
            fix="use a model of the plain Llama architecture",
        )
    return {name: source for name, source in wanted.items() if source in there}


def _config(facts: Mapping[str, Any]) -> dict[str, Any]:
    architecture = facts.get("general.architecture")
    if architecture != "llama":
        raise DiscretionError(
            f"the GGUF file holds a model of the architecture {architecture!r}, not a Llama",
            fix="use a model of the Llama architecture, or its folder of safetensors",
        )
    if facts.get("llama.rope.scaling.type", "none") != "none" or "llama.expert_count" in facts:
        raise DiscretionError(
            "the GGUF file holds a Llama with scaled positions or experts, which is not read here",
            fix="use its folder of safetensors",
        )
    width, heads = facts["llama.embedding_length"], facts["llama.attention.head_count"]
    turned = facts.get("llama.rope.dimension_count", width // heads)
    if turned != facts.get("llama.attention.key_length", width // heads):
        raise DiscretionError(
            "the GGUF file holds a Llama that rotates a part of each head, which is not read here",
            fix="use its folder of safetensors",
        )
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_act": "silu",
        "hidden_size": width,
        "intermediate_size": facts["llama.feed_forward_length"],
        "num_hidden_layers": facts["llama.block_count"],
        "num_attention_heads": heads,
        "num_key_value_heads": facts.get("llama.attention.head_count_kv", heads),
        "head_dim": turned,
        "max_position_embeddings": facts["llama.context_length"],
        "rms_norm_eps": facts["llama.attention.layer_norm_rms_epsilon"],
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": facts.get("llama.rope.freq_base", 10000.0),
        },
        "attention_bias": False,
        "mlp_bias": False,
        "bos_token_id": facts.get("tokenizer.ggml.bos_token_id"),
        "eos_token_id": facts["tokenizer.ggml.eos_token_id"],
        "pad_token_id": facts.get("tokenizer.ggml.padding_token_id"),
    }


def _tokenizer(facts: Mapping[str, Any]) -> dict[str, Any]:
    """tokenizer.json: a byte-level BPE of the file's tokens and merges."""
    kind, split = facts.get("tokenizer.ggml.model"), facts.get("tokenizer.ggml.pre", "gpt-2")
    if kind != "gpt2" or split not in _SPLITS:
        raise DiscretionError(
            f"the GGUF file has a tokenizer that is not read here: {kind!r}, {split!r}",
            fix="use the model's folder of safetensors",
        )
    tokens, types = facts["tokenizer.ggml.tokens"], facts["tokenizer.ggml.token_type"]
    if len(set(tokens)) != len(tokens) or any(one not in NORMAL for one in types):
        raise ValueError("which bytes its tokens stand for")
    added = [
        {
            "id": index,
            "content": token,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": kind == CONTROL,
        }
        for index, (token, kind) in enumerate(zip(tokens, types, strict=True))
        if kind in (CONTROL, USER_DEFINED)
    ]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": _SPLITS[split],
        "post_processor": None,
        "decoder": _BYTES,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {token: index for index, token in enumerate(tokens)},
            "merges": [merge.split(" ", 1) for merge in facts["tokenizer.ggml.merges"]],
        },
    }


def _tokenizer_config(facts: Mapping[str, Any]) -> dict[str, Any]:
    template = facts.get("tokenizer.chat_template")
    if not template:
        raise DiscretionError(
            "the GGUF file has no chat template", fix="use an instruction-tuned model"
        )
    tokens = facts["tokenizer.ggml.tokens"]
    named = {
        f"{name}_token": tokens[facts[key]]
        for name, key in (
            ("bos", "tokenizer.ggml.bos_token_id"),
            ("eos", "tokenizer.ggml.eos_token_id"),
            ("unk", "tokenizer.ggml.unknown_token_id"),
            ("pad", "tokenizer.ggml.padding_token_id"),
        )
        if key in facts
    }
    return {
        "tokenizer_class": "TokenizersBackend",
        "backend": "tokenizers",
        "clean_up_tokenization_spaces": False,
        "model_max_length": facts["llama.context_length"],
        "chat_template": template,
        **named,
    }


def _broken(file: Path) -> DiscretionError:
    return DiscretionError(
        "the GGUF file is broken or not complete", where=str(file), fix="fetch it again"
    )
