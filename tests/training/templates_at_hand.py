"""Small models with chat templates of three families' kinds, saved as folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from discretion.models.loading import Loaded, Settings, load
from models.small import TEMPLATE, build_model, build_tokenizer

THINKING = (
    "{% for m in messages %}<|{{ m['role'] }}|>\n"
    "{% if m['role'] == 'assistant' and loop.last %}<think>\n\n</think>\n\n{% endif %}"
    "{{ m['content'] | trim }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n"
    "{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n{% endif %}"
    "{% endif %}"
)
"""Thinks unless told not to; shows the thoughts of the last answer only."""
OPENING = TEMPLATE.replace("<|assistant|>\n{% endif %}", "<|assistant|>\n<think>\n{% endif %}")
"""Opens a think block for every answer, and shows none afterwards."""
MERGING = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}"
    "{% set first = messages[0]['content'] + '\n\n' %}{% set rest = messages[1:] %}"
    "{% else %}{% set first = '' %}{% set rest = messages %}{% endif %}"
    "{% for m in rest %}<|{{ m['role'] }}|>\n{{ first if loop.first else '' }}"
    "{{ m['content'] | trim }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
"""Has no system turn: the system text goes in front of the first user's."""
KINDS = {
    "llama": ("llama", TEMPLATE),
    "qwen3": ("qwen3", THINKING),
    "qwen3-opening": ("qwen3", OPENING),
    "gemma3": ("gemma3", MERGING),
}


def save(folder: Path, kind: str, template: str | None = None, **more: Any) -> Settings:
    """A folder with random weights; its context is long enough for the prompts."""
    family, usual = KINDS[kind]
    build_model(family, max_position_embeddings=2048, **more).save_pretrained(folder)
    build_tokenizer(template or usual).save_pretrained(folder)
    return Settings(path=folder)


def loaded(folder: Path, kind: str, template: str | None = None, **more: Any) -> Loaded:
    return load(kind, save(folder, kind, template, **more))
