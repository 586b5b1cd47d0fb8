"""Adapters: asked as merged models would be, with one copy of their base, or refused."""

from __future__ import annotations

import asyncio
import copy
import gc
import shutil
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from discretion.core.arms import Decoding, Scored
from discretion.errors import DiscretionError
from discretion.models import load_model
from discretion.models.adapters import adapted, merge_into
from discretion.models.folder import fingerprint_folder
from discretion.models.loading import Settings, load
from discretion.models.scoring import can_share, log_masses
from discretion.models.tuned import with_base

from .adapters_at_hand import merged, write_adapter, write_notes
from .small import FAMILIES, build_model
from .test_local import PROMPTS, ask
from .test_scoring import ENDS, grid, plain

pytestmark = pytest.mark.torch
of_peft = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")


@pytest.fixture
def base(save: Callable[[Any, Any], Path], tokenizer: Any) -> Path:
    return save(build_model("llama"), tokenizer)


@pytest.fixture
def three(base: Path, tmp_path: Path) -> list[Any]:
    """Three adapters of one base."""
    net = build_model("llama")
    paths = [write_adapter(tmp_path / str(seed), net, seed) for seed in range(3)]
    return [load_model("small", {"path": str(path), "base": str(base)}) for path in paths]


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Grows with each model whose weights are read from disk: weak references to them."""
    from transformers import AutoModelForCausalLM

    found: list[Any] = []
    read = AutoModelForCausalLM.from_pretrained

    def seen(*given: Any, **named: Any) -> Any:
        made = read(*given, **named)
        found.append(weakref.ref(made[0]))
        return made

    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", seen)
    return found


def masses(model: Any) -> list[float]:
    return [one.log_grant for one in ask(model, PROMPTS) if isinstance(one, Scored)]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_trie_over_an_adapted_model_gives_the_plain_forwards_of_the_merged_one(
    models: dict[str, Any], tmp_path: Path, family: str
) -> None:
    adapter = write_adapter(tmp_path / "adapter", models[family], 1)
    model, whole = adapted(models[family], adapter), merged(models[family], adapter)
    continuations = grid(np.random.default_rng(4), 30, cases=3)
    wanted = [plain(whole, one) for one in continuations]
    assert can_share(model)
    for shared in (True, False):
        ours = log_masses(model, continuations, ENDS, shared=shared)
        assert np.allclose(ours, wanted, rtol=0, atol=1e-4)
    untaught = [plain(models[family], one) for one in continuations]
    assert np.abs(np.subtract(wanted, untaught)).max() > 0.1


@of_peft
def test_an_adapted_model_is_the_one_that_peft_makes(tmp_path: Path) -> None:
    torch, peft = pytest.importorskip("torch"), pytest.importorskip("peft")
    ids = torch.arange(6, 40)[None]
    for scale in ({}, {"use_rslora": True}):
        adapter = write_adapter(tmp_path / str(len(scale)), build_model("llama"), 1, **scale)
        theirs = peft.PeftModel.from_pretrained(build_model("llama"), adapter)
        ours = build_model("llama")
        merge_into(ours, adapter)
        with torch.no_grad():
            wanted = theirs(ids).logits
            for model in (adapted(build_model("llama"), adapter), ours):
                assert (model(ids).logits - wanted).abs().max() < 1e-4


def test_layers_whose_weights_lie_the_other_way_round_are_adapted_and_merged(
    tmp_path: Path,
) -> None:
    """GPT-2 keeps a matrix of inputs by outputs."""
    import torch
    from safetensors.torch import save_file
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    config = GPT2Config(vocab_size=60, n_embd=16, n_layer=1, n_head=2, n_positions=64)
    net = GPT2LMHeadModel(config).eval()
    adapter = write_adapter(tmp_path / "adapter", build_model("llama"), 0)
    down, up = torch.randn(3, 16), torch.randn(48, 3)
    key = "base_model.model.transformer.h.0.attn.c_attn.lora_"
    save_file({f"{key}A.weight": down, f"{key}B.weight": up}, adapter / "adapter_model.safetensors")
    ids = torch.arange(20)[None]
    with torch.no_grad():
        before, ours = net(ids).logits, adapted(net, adapter)(ids).logits
        merging = copy.deepcopy(net)
        net.transformer.h[0].attn.c_attn.weight += 2 * (up @ down).T
        wanted = net(ids).logits
        merge_into(merging, adapter)
        assert (merging(ids).logits - wanted).abs().max() < 1e-4
    assert (ours - wanted).abs().max() < 1e-4 < (before - wanted).abs().max()


def test_the_base_is_loaded_once_for_all_its_adapters_and_stays_as_it_is(
    base: Path, three: list[Any], loads: list[Any]
) -> None:
    own = load_model("small", {"path": str(base)})
    before = masses(own)
    found = [masses(model) for model in three]
    assert len(loads) == 1
    assert masses(own) == before
    assert [masses(model) for model in reversed(three)] == found[::-1]
    assert len(loads) == 1
    for model, ours in zip(three, found, strict=True):
        alone = load("small", model.settings)
        whole = merged(load("small", Settings(path=base)).model, model.settings.path)
        assert not np.allclose(ours, before, atol=1e-2)
        weights = {value.data_ptr() for value in model.loaded.model.parameters()}
        assert weights == {value.data_ptr() for value in own.loaded.model.parameters()}
        assert weights.isdisjoint(value.data_ptr() for value in alone.model.parameters())
        own_way = log_masses(whole, grid(np.random.default_rng(1), 5), ENDS, shared=False)
        ours_too = log_masses(alone.model, grid(np.random.default_rng(1), 5), ENDS, shared=True)
        assert np.allclose(own_way, ours_too, rtol=0, atol=1e-4)


def test_memory_for_one_model_holds_the_base_and_lets_adapters_go(
    three: list[Any], loads: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from discretion.models import local

    monkeypatch.setattr(local, "IN_MEMORY", 0)
    alive = []
    for model in three:
        ask(model, PROMPTS[:1])
        alive.append(weakref.ref(model.loaded.model))
    assert [one() is None for one in alive] == [True, True, False]
    assert len(loads) == 1
    del model
    three.clear()
    gc.collect()
    assert alive[-1]() is None and loads[0]() is None


def test_a_base_counts_once_in_what_is_held(base: Path, three: list[Any]) -> None:
    from discretion.models import local

    sizes = [
        sum(file.stat().st_size for file in path.glob("*.safetensors"))
        for path in (base, *(model.settings.path for model in three))
    ]
    assert local._bytes(three) == sum(sizes)


def test_what_an_adapted_model_writes_is_what_the_merged_one_does(
    three: list[Any], base: Path, save: Callable[[Any, Any], Path], tokenizer: Any
) -> None:
    whole = save(merged(build_model("llama"), three[1].settings.path), tokenizer)
    texts = [
        [one.text for one in asyncio.run(model.generate(PROMPTS, Decoding(max_tokens=8), [0] * 6))]
        for model in (three[1], load_model("small", {"path": str(whole)}))
    ]
    assert texts[0] == texts[1]


def test_the_fingerprint_is_of_the_adapter_its_base_and_how_they_are_asked(
    base: Path, three: list[Any]
) -> None:
    def now(model: Any, **more: Any) -> str:
        settings = {"path": str(model.settings.path), "base": str(base), **more}
        return load_model("small", settings).fingerprint

    first, second, _ = three
    before = now(first)
    assert before == first.fingerprint != now(second)
    assert now(first, dtype="bfloat16") != before
    weights = first.settings.path / "adapter_model.safetensors"
    kept = weights.read_bytes()
    shutil.copyfile(second.settings.path / weights.name, weights)
    assert now(first) != before
    weights.write_bytes(kept)
    assert now(first) == before
    with (base / "generation_config.json").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert now(first) != before


def test_the_large_files_of_a_base_are_hashed_again_when_they_change(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from discretion.models import folder

    monkeypatch.setattr(folder, "LARGE", 0)
    before = fingerprint_folder(base, "any")
    (base / "config.json").write_text((base / "config.json").read_text() + "\n")
    assert fingerprint_folder(base, "any") != before


def complaint(path: Path, **more: Any) -> str:
    with pytest.raises(DiscretionError) as caught:
        load_model("mine", {"path": str(path), **more})
    return str(caught.value)


def test_a_base_that_is_missing_or_has_changed_is_named(base: Path, tmp_path: Path) -> None:
    adapter = write_adapter(tmp_path / "adapter", build_model("llama"), 1)
    write_notes(
        adapter,
        base={"model": "qwen", "fingerprint": fingerprint_folder(base, ("float32", "system"))},
        settings={"dtype": "float32", "system": "system"},
    )
    asked = load_model("mine", {"path": str(adapter), "base": str(base), "dtype": "bfloat16"})
    assert asked.settings.dtype == "bfloat16", "how it is asked is not what it was trained on"
    gone = complaint(adapter, base=str(tmp_path / "nowhere"))
    assert f"{adapter}: the base 'qwen' of this adapter is missing: there is no folder" in gone
    assert gone.endswith("put the base back, or name its folder in discretion.toml")
    with (base / "generation_config.json").open("a", encoding="utf-8") as file:
        file.write("\n")
    changed = complaint(adapter, base=str(base))
    assert "the base 'qwen' is not the model that this adapter was trained on" in changed
    assert "put back the base with fingerprint" in changed
    assert "is an adapter and not a whole model" in complaint(adapter, base=str(adapter))


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"use_dora": True}, "adapters with use_dora = true are not supported; merge it"),
        ({"bias": "all"}, 'adapters with bias = "all" are not supported'),
        ({"modules_to_save": ["lm_head"]}, "adapters with modules_to_save = "),
        ({"init_lora_weights": "pissa"}, 'init_lora_weights = "pissa" are not supported'),
        ({"peft_type": "IA3"}, 'adapters with peft_type = "IA3" are not supported'),
        ({"lora_alpha": "2"}, "lora_alpha is not a number: '2'"),
    ],
)
def test_an_adapter_of_another_kind_is_refused_with_the_way_out(
    base: Path, tmp_path: Path, config: dict[str, Any], sentence: str
) -> None:
    adapter = write_adapter(tmp_path / "adapter", build_model("llama"), 1, **config)
    assert sentence in complaint(adapter, base=str(base))


@of_peft
def test_what_peft_writes_by_itself_is_taken(base: Path, tmp_path: Path) -> None:
    peft = pytest.importorskip("peft")
    config = peft.LoraConfig(target_modules=["q_proj"], task_type="CAUSAL_LM", lora_dropout=0.1)
    peft.get_peft_model(build_model("llama"), config).save_pretrained(tmp_path / "adapter")
    model = load_model("mine", {"path": str(tmp_path / "adapter"), "base": str(base)})
    assert masses(model) == pytest.approx(masses(load_model("b", {"path": str(base)})))


@pytest.mark.parametrize("what", ["pickle", "no weights", "cut off", "half", "another base"])
def test_an_adapter_that_is_not_whole_is_refused(base: Path, tmp_path: Path, what: str) -> None:
    from safetensors.torch import load_file, save_file

    adapter = write_adapter(tmp_path / "adapter", build_model("llama"), 1)
    weights = adapter / "adapter_model.safetensors"
    sentence = "the adapter does not fit its base at model.layers.0.mlp.down_proj; use the base"
    if what == "pickle":
        (adapter / "adapter_model.bin").write_bytes(b"")
        assert "holds a pickle, adapter_model.bin" in complaint(adapter, base=str(base))
        return
    if what == "no weights":
        weights.unlink()
        assert "the adapter has no adapter_model.safetensors" in complaint(adapter, base=str(base))
        return
    if what == "cut off":
        weights.write_bytes(weights.read_bytes()[:-10])
        sentence = "the adapter cannot be read: "
    elif what == "half":
        tensors = load_file(weights)
        del tensors["base_model.model.model.layers.0.mlp.down_proj.lora_B.weight"]
        save_file(tensors, weights)
    else:
        write_adapter(adapter, build_model("llama", intermediate_size=48), 1)
    with pytest.raises(DiscretionError) as caught:
        ask(load_model("mine", {"path": str(adapter), "base": str(base)}), PROMPTS[:1])
    assert sentence in str(caught.value)


def test_a_base_is_found_by_the_workspaces_name_by_folder_or_by_setting(
    base: Path, tmp_path: Path
) -> None:
    adapter = write_adapter(
        tmp_path / "adapter", build_model("llama"), 1, base_model_name_or_path="org/qwen"
    )
    settings = {"path": "adapter"}
    for name in ("org/qwen", "qwen"):
        models = {name: {"path": str(base)}}
        more = {} if name == "org/qwen" else {"base": "qwen"}
        assert with_base(tmp_path, settings | more, models)["base"] == str(base)
    said = complaint(adapter)
    assert (
        "the base of the adapter 'mine', 'org/qwen', is not here; under [models.mine] add" in said
    )
    shutil.copytree(base, tmp_path / "desk" / "near")
    for place in (str(base), "near"):
        write_adapter(adapter, build_model("llama"), 1, base_model_name_or_path=place)
        model = load_model("mine", {"path": str(adapter)}, tmp_path / "desk")
        assert model.settings.base == (base if place != "near" else tmp_path / "desk" / "near")
    write_adapter(adapter, build_model("llama"), 1)
    assert "the adapter 'mine' does not say what its base is" in complaint(adapter)
    assert with_base(tmp_path, {"path": str(base)}, {}) == {"path": str(base)}
