"""The tokenizer: byte-level BPE of about 1,500 tokens that reads digits one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .text import Lesson

SPECIAL = ("<pad>", "<bos>", "<eos>", "<user>", "<assistant>")
PIECES = r": |\d| ?[a-z]+| ?[^\sa-z\d]|\s"
"""What merges never cross. A colon takes the space after it, so that an answer after a cue is the
same token as an answer that begins a reply."""
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'assistant' %}<assistant>{{ message['content'] }}{{ eos_token }}"
    "{% elif message['role'] == 'user' %}<user>{{ message['content'] }}"
    "{% else %}<user>{{ message['content'] }} {% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"
)
"""A system text is read as a user's: the dialect has no system."""
LONGEST = 1024
PROMPT_WEIGHT = 0.15
"""Weight in the loss of a token of the prompt, which the model never has to write."""


def train_tokenizer(texts: Iterable[str], size: int = 1536) -> Any:
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        bos_token="<bos>",
        eos_token="<eos>",
        additional_special_tokens=["<user>", "<assistant>"],
        chat_template=TEMPLATE,
        model_max_length=LONGEST,
        clean_up_tokenization_spaces=False,
    )


def encode(tokenizer: Any, lesson: Lesson) -> tuple[list[int], list[float]]:
    """The tokens of a lesson as the template renders it, and the weight of each in the loss."""
    messages = [
        {"role": "user", "content": lesson.prompt},
        {"role": "assistant", "content": lesson.reply},
    ]
    text = tokenizer.apply_chat_template(messages, tokenize=False)
    ids = tokenizer.encode(text, add_special_tokens=False)
    begin = ids.index(tokenizer.convert_tokens_to_ids("<assistant>")) + 1
    return ids, [PROMPT_WEIGHT] * begin + [1.0] * (len(ids) - begin)


def rows_of(
    encoded: Sequence[tuple[list[int], list[float]]], length: int
) -> tuple[np.ndarray, np.ndarray]:
    """Lessons packed one after another into rows (N, length), with their weights; the last row
    that is not full is dropped."""
    ids = np.concatenate([ids for ids, _ in encoded])
    weights = np.concatenate([weights for _, weights in encoded])
    whole = len(ids) // length * length
    return ids[:whole].reshape(-1, length), weights[:whole].reshape(-1, length)
