"""Small models of five families with random weights, and a tokenizer with a chat template."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

FAMILIES = ("llama", "qwen3", "gemma3", "mistral", "gpt_neox")
VOCABULARY = 400
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}<|{{ m['role'] }}|>\n{{ m['content'] | trim }}<|end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
TEXT = (
    "A customer asks to return a coat on day 15. The rule says at most 14 days. grant or refuse?",
    "The parcel came late and the customer is loyal. Do you grant it? Answer grant or refuse.",
    "A friend asks for flour, at most $10. It costs $10.01. Decision: yes or no? Answer in a word.",
)


def build_tokenizer(template: str | None = TEMPLATE, **more: Any) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["<s>", "</s>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXT * 3, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        extra_special_tokens=["<|system|>", "<|user|>", "<|assistant|>", "<|end|>"],
        chat_template=template,
        clean_up_tokenization_spaces=False,
        **more,
    )


def build_model(family: str, **more: Any) -> Any:
    """Two or more layers of width 32, weights large enough that answers differ."""
    import torch
    import transformers

    shape: dict[str, Any] = {
        "vocab_size": VOCABULARY,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "max_position_embeddings": 512,
        "initializer_range": 0.2,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "pad_token_id": None,
    }
    grouped = {"num_key_value_heads": 2, "head_dim": 8}
    configs: dict[str, Callable[[], Any]] = {
        "llama": lambda: transformers.LlamaConfig(**shape | grouped | more),
        "qwen3": lambda: transformers.Qwen3Config(**shape | grouped | more),
        "gemma3": lambda: transformers.Gemma3TextConfig(
            **shape
            | grouped
            | {
                "num_hidden_layers": 3,
                "sliding_window": 10,
                "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
                "query_pre_attn_scalar": 8,
            }
            | more
        ),
        "mistral": lambda: transformers.MistralConfig(
            **shape | grouped | {"sliding_window": 12} | more
        ),
        "gpt_neox": lambda: transformers.GPTNeoXConfig(**shape | {"rotary_pct": 0.25} | more),
        "bloom": lambda: transformers.BloomConfig(
            vocab_size=VOCABULARY, hidden_size=32, n_layer=2, n_head=4, initializer_range=0.2
        ),
    }
    torch.manual_seed(7)
    return transformers.AutoModelForCausalLM.from_config(configs[family]()).eval()
