"""Scoring a deviation grid locally: what sharing a trie buys, against what it could buy at most.

20 scenarios x 12 values, prompts of 300 tokens, two answers that differ in one token, the value
early, in the middle or late in the prompt. Compared are

- (a) two full sequences a case, one forward each;
- (b) one forward a case, with both full sequences as its batch;
- ours: `discretion.models.scoring.log_masses`, as `LocalModel.score` uses it.

All start from token ids, and all compute logits only where an answer is read. With a share s of
each prompt common to the 12 values of a scenario, the ratio of operations per token is at most
2 / (1 - s + s / 12): two sequences a case, against what is not shared and a twelfth of what is.
It leaves out that late tokens attend to more than early ones do, and the two answer tokens.

Processor seconds of one thread, the best of some rounds; (a) and (b) are timed on a sample of the
cases. Run: python benchmarks/scoring.py (about four processor minutes)
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import transformers

from discretion.models import scoring
from discretion.models.attention import BLOCK
from discretion.models.scoring import Continuation, can_share, log_masses
from discretion.models.trie import Trie, share

PROMPT, VALUES = 300, 12
PLACES = {"early": 30, "middle": 150, "late": 270}
"""Tokens before the value."""
GRANT, REFUSE, END = 1, 2, 0

SIZES: dict[str, dict[str, int]] = {
    "tiny (0.6M)": {
        "vocab_size": 1536,
        "hidden_size": 96,
        "intermediate_size": 256,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
    },
    "Llama (50M)": {
        "vocab_size": 8192,
        "hidden_size": 640,
        "intermediate_size": 1728,
        "num_hidden_layers": 9,
        "num_attention_heads": 10,
    },
}
FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    "Llama": ("LlamaConfig", {"num_key_value_heads": 2}),
    "Qwen3": ("Qwen3Config", {"num_key_value_heads": 2, "head_dim": 32}),
    "Gemma 3": (
        "Gemma3TextConfig",
        {
            "num_key_value_heads": 2,
            "head_dim": 32,
            "sliding_window": 64,
            "layer_types": ["sliding_attention", "full_attention"] * 2,
        },
    ),
    "Mistral, window 100": ("MistralConfig", {"num_key_value_heads": 2, "sliding_window": 100}),
    "GPT-NeoX": ("GPTNeoXConfig", {}),
}

Case = tuple[Continuation, Continuation]


def build(config: str, **shape: Any) -> Any:
    """Random weights, wide enough that answers differ between cases."""
    torch.manual_seed(0)
    made = getattr(transformers, config)(
        **shape, max_position_embeddings=512, initializer_range=0.08, pad_token_id=None
    )
    return transformers.AutoModelForCausalLM.from_config(made).eval()


def grid(before: int, scenarios: int, vocabulary: int) -> list[Case]:
    rng = np.random.default_rng(before)
    cases: list[Case] = []
    for _ in range(scenarios):
        stem = rng.integers(3, vocabulary, before).tolist()
        for _ in range(VALUES):
            prompt = (*stem, *rng.integers(3, vocabulary, PROMPT - before).tolist())
            grant, refuse = (Continuation((*prompt, a), PROMPT) for a in (GRANT, REFUSE))
            cases.append((grant, refuse))
    return cases


def two_sequences(model: Any, case: Case) -> list[float]:
    return [_full(model, [answer])[0] for answer in case]


def one_batch(model: Any, case: Case) -> list[float]:
    return _full(model, list(case))


def _full(model: Any, answers: list[Continuation]) -> list[float]:
    ids = torch.tensor([answer.ids for answer in answers], device=model.device)
    with torch.inference_mode():
        logits = model(ids, use_cache=False, logits_to_keep=2).logits.float()
    log_p = logits.log_softmax(-1)
    rows = torch.arange(len(answers), device=model.device)
    return (log_p[rows, 0, ids[:, -1]] + log_p[rows, 1, END]).tolist()


def ours(model: Any, cases: list[Case]) -> list[list[float]]:
    flat = [answer for case in cases for answer in case]
    found = log_masses(model, flat, [END], shared=True)
    return np.reshape(found, (-1, 2)).tolist()


def granting(masses: list[list[float]]) -> np.ndarray:
    grant, refuse = np.exp(np.asarray(masses)).T
    return grant / (grant + refuse)


def seconds(work: Callable[[], Any], device: str) -> float:
    clock = time.process_time if device == "cpu" else time.perf_counter
    begun = clock()
    work()
    return clock() - begun


def speed(name: str, model: Any, scenarios: int, sample: int, rounds: int, device: str) -> None:
    for place, before in PLACES.items():
        cases = grid(before, scenarios, model.config.vocab_size)
        some = slice(None, None, max(1, len(cases) // sample))
        best = fastest(model, cases, cases[some], rounds, device)
        found = granting(ours(model, cases))[some]
        wanted = granting([two_sequences(model, case) for case in cases[some]])
        s = before / PROMPT
        limit = 2 / (1 - s + s / VALUES)
        cells = [name, place, f"{s:.0%}", f"{repeated(cases):.1%}"]
        cells += [f"{1 / best[way]:,.1f}" for way in ("a", "b", "ours")]
        cells += [f"{limit:.1f}"]
        for way in ("a", "b"):
            ratio = best[way] / best["ours"]
            cells += [f"{ratio:.1f}", f"{ratio / limit:.0%}"]
        cells += [f"{np.abs(found - wanted).max():.0e}", str(flips(found, wanted))]
        print("| " + " | ".join(cells) + " |", flush=True)


def fastest(
    model: Any, cases: list[Case], some: list[Case], rounds: int, device: str
) -> dict[str, float]:
    """Seconds a case of each way, the best of the rounds, in which they take turns."""
    ways: dict[str, tuple[Callable[[], Any], int]] = {
        "a": (lambda: [two_sequences(model, case) for case in some], len(some)),
        "b": (lambda: [one_batch(model, case) for case in some], len(some)),
        "ours": (lambda: ours(model, cases), len(cases)),
    }
    best = dict.fromkeys(ways, float("inf"))
    two_sequences(model, some[0]), one_batch(model, some[0]), ours(model, cases[:VALUES])
    for _ in range(rounds):
        for way, (work, count) in ways.items():
            best[way] = min(best[way], seconds(work, device) / count)
    return best


def repeated(cases: list[Case]) -> float:
    """Tokens computed more than once or as padding, of all that are computed."""
    flat = [answer.ids for case in cases for answer in case]
    groups = share(flat, scoring.TOKENS_PER_FORWARD)
    computed = sum(len(Trie.of([flat[i] for i in group]).padded(BLOCK).tokens) for group in groups)
    return 1 - len(Trie.of(flat).tokens) / computed


def flips(found: np.ndarray, wanted: np.ndarray) -> int:
    return int(((found > 0.5) != (wanted > 0.5)).sum())


def equality(device: str) -> None:
    shape = {
        "vocab_size": 1536,
        "hidden_size": 128,
        "intermediate_size": 256,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
    }
    for family, (config, more) in FAMILIES.items():
        model = build(config, **shape | more).to(device)
        cases = [case for before in PLACES.values() for case in grid(before, 1, 1536)]
        found = granting(ours(model, cases))
        wanted = granting([two_sequences(model, case) for case in cases])
        most = np.abs(found - wanted).max()
        cells = [family, str(can_share(model)), f"{wanted.min():.3f} to {wanted.max():.3f}"]
        cells += [f"{most:.0e}", str(flips(found, wanted))]
        print("| " + " | ".join(cells) + " |", flush=True)


def table(*heads: str) -> None:
    print("\n| " + " | ".join(heads) + " |")
    print("|" + " --- |" * len(heads))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--rounds", type=int, default=6, help="of which the best counts; the large model has half"
    )
    parser.add_argument("--scenarios", type=int, default=20, help="for the tiny model")
    parser.add_argument("--large-scenarios", type=int, default=4, help="for the large one")
    parser.add_argument("--device", default="cpu")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()

    print("Limit: 2 / (1 - s + s / 12), s the share of the prompt before the value.")
    table(
        *("model", "value", "s", "computed twice", "(a) cases/s", "(b) cases/s", "ours"),
        *("limit", "ours/(a)", "of limit", "ours/(b)", "of limit", "largest difference in p"),
        "flipped",
    )
    tiny, large = (build("LlamaConfig", **shape).to(chosen.device) for shape in SIZES.values())
    names = list(SIZES)
    speed(names[0], tiny, chosen.scenarios, 24, chosen.rounds, chosen.device)
    speed(names[1], large, chosen.large_scenarios, 4, max(1, chosen.rounds // 2), chosen.device)
    table("family", "shared", "p", "largest difference in p", "flipped")
    equality(chosen.device)


if __name__ == "__main__":
    main()
