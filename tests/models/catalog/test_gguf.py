"""A GGUF file becomes the same model, with the same tokenizer and template."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

gguf = pytest.importorskip("gguf")
torch = pytest.importorskip("torch")

from discretion.errors import DiscretionError  # noqa: E402
from discretion.models.catalog.gguf import convert  # noqa: E402
from discretion.models.folder import check_folder  # noqa: E402
from models.small import TEXT  # noqa: E402

from .gguf_at_hand import write_gguf  # noqa: E402

pytestmark = pytest.mark.torch

TALK = [
    {"role": "system", "content": "You decide requests; the limit is 14 days."},
    {"role": "user", "content": "Day 15. Naïve café, 東京 🙂, $1,204.50\n\n  grant?"},
]


@pytest.fixture(scope="module", params=[True, False], ids=["tied", "untied"])
def read(request, tmp_path_factory):
    """(ours as float32, ours as float16, transformers' own reading), each (model, tokenizer)."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = tmp_path_factory.mktemp("gguf")
    write_gguf(folder / "m.gguf", tied=request.param)
    convert(folder / "m.gguf", folder / "exact", "float32")
    convert(folder / "m.gguf", folder / "kept")
    check_folder(folder / "kept")

    def load(path, **more):
        model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32, **more).eval()
        return model, AutoTokenizer.from_pretrained(path, **more)

    return load(folder / "exact"), load(folder / "kept"), load(folder, gguf_file="m.gguf")


def test_weights_and_log_probabilities_are_those_that_transformers_reads(read) -> None:
    (ours, tokenizer), _, (theirs, _) = read
    for text in TEXT:
        ids = torch.tensor([tokenizer(text)["input_ids"]])
        with torch.no_grad():
            mine, other = (model(ids).logits.log_softmax(-1) for model in (ours, theirs))
        assert torch.allclose(mine, other, atol=1e-4)
    assert ours.config.rope_parameters["rope_theta"] == 5000.0


def test_kept_weights_are_the_read_ones_rounded_to_float16(read) -> None:
    _, (kept, _), (theirs, _) = read
    other = dict(theirs.named_parameters())
    for name, weight in kept.named_parameters():
        assert torch.equal(weight, other[name].half().float()), name


def test_the_template_renders_what_transformers_renders_and_splits_alike(read) -> None:
    (_, ours), _, (_, theirs) = read
    mine, other = (
        one.apply_chat_template(TALK, tokenize=False, add_generation_prompt=True)
        for one in (ours, theirs)
    )
    assert mine == other
    ids = ours(mine, add_special_tokens=False)["input_ids"]
    assert ids == theirs(other, add_special_tokens=False)["input_ids"]
    assert ours.decode(ids, clean_up_tokenization_spaces=False) == mine
    assert (ours.bos_token, ours.eos_token) == ("<s>", "</s>")


def test_special_tokens_are_one_token_each(read) -> None:
    (_, ours), _, _ = read
    assert ours("<|user|>", add_special_tokens=False)["input_ids"] == [3]


def test_digits_are_split_one_by_one_where_the_vocabulary_was_made_so(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    write_gguf(tmp_path / "m.gguf", pre="smollm")
    convert(tmp_path / "m.gguf", tmp_path / "model")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "model")
    assert [tokenizer.decode([one]) for one in tokenizer("1014")["input_ids"]] == list("1014")


def test_the_same_file_becomes_the_same_folder(tmp_path: Path) -> None:
    write_gguf(tmp_path / "m.gguf")
    for name in ("one", "two"):
        convert(tmp_path / "m.gguf", tmp_path / name)
    one, two = (
        {file.name: file.read_bytes() for file in (tmp_path / name).iterdir()}
        for name in ("one", "two")
    )
    assert "model.safetensors" in one
    assert one == two


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"architecture": "qwen2"}, "architecture 'qwen2', not a Llama"),
        ({"pre": "tekken"}, "tokenizer that is not read here: 'gpt2', 'tekken'"),
        ({"tokenizer__chat_template": None}, "has no chat template"),
        ({"llama__feed_forward_length": None}, "does not say 'llama.feed_forward_length'"),
        ({"llama__block_count": 3}, "broken or not complete"),
        ({"llama__block_count": 1}, "which no plain Llama has"),
        ({"llama__expert_count": 8}, "scaled positions or experts"),
        ({"llama__rope__dimension_count": 4}, "rotates a part of each head"),
    ],
)
def test_a_file_that_is_not_read_here_is_said(tmp_path: Path, changed, said: str) -> None:
    write_gguf(tmp_path / "m.gguf", **changed)
    with pytest.raises(DiscretionError, match=said) as raised:
        convert(tmp_path / "m.gguf", tmp_path / "model")
    assert raised.value.fix
    assert raised.value.where == str(tmp_path / "m.gguf")


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9])
def test_half_a_file_is_said(tmp_path: Path, share: float) -> None:
    write_gguf(tmp_path / "m.gguf")
    size = (tmp_path / "m.gguf").stat().st_size
    os.truncate(tmp_path / "m.gguf", int(size * share))
    with pytest.raises(DiscretionError, match="broken or not complete; fetch it again"):
        convert(tmp_path / "m.gguf", tmp_path / "model")


def test_weights_that_are_no_numbers_are_said(tmp_path: Path) -> None:
    from discretion.models.catalog.gguf import write_safetensors

    with pytest.raises(DiscretionError, match="'w' are broken"):
        write_safetensors(
            tmp_path / "x.safetensors",
            {"w": [2]},
            lambda name: np.array([1, np.nan], np.float32),
            "float16",
        )


def test_metadata_is_no_part_of_the_weights_header_beyond_its_kind(tmp_path: Path) -> None:
    write_gguf(tmp_path / "m.gguf")
    convert(tmp_path / "m.gguf", tmp_path / "model")
    written = (tmp_path / "model" / "model.safetensors").read_bytes()
    length = int.from_bytes(written[:8], "little")
    assert json.loads(written[8 : 8 + length])["__metadata__"] == {"format": "pt"}
    assert length % 8 == 0
