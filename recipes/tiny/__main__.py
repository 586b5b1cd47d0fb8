"""Make the tiny model: text, tokenizer, training, evaluation, folder. One command:

python -m recipes.tiny            about nine CPU minutes on one thread
python -m recipes.tiny --smoke    the same path in seconds; the model it makes knows nothing
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from .evaluation import compliance, explanations, precedents, readings
from .teaching import teaching
from .text import DECIDING, READING, lessons
from .tokens import train_tokenizer
from .training import Settings, Stage, new_model, train

SMOKE = (Stage(DECIDING, 4_096, 1e-3), Stage(READING, 4_096, 1e-3))
CARD = Path(__file__).with_name("card.md")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m recipes.tiny", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("build/tiny"))
    parser.add_argument("--smoke", action="store_true", help="a few steps, to try the path")
    options = parser.parse_args()
    make(options.output, smoke=options.smoke)


def make(folder: Path, *, smoke: bool) -> None:
    """Train and evaluate; leave the model and RESULTS.md in `folder`."""
    begun = time.process_time()
    settings = Settings(stages=SMOKE) if smoke else Settings()
    rng = np.random.default_rng(settings.seed + 1)
    texts = [f"{lesson.prompt}\n{lesson.reply}" for lesson in _some(rng, 500 if smoke else 20_000)]
    tokenizer = train_tokenizer(texts)
    model = new_model(settings, tokenizer)
    seconds = train(model, tokenizer, settings)
    save(model, tokenizer, folder)
    results = report(model, tokenizer, settings, seconds, folder, count=2 if smoke else 250)
    results += ["", f"Everything, this evaluation included: {time.process_time() - begun:.0f} s."]
    (folder / "RESULTS.md").write_text("\n".join(results) + "\n", encoding="utf-8")
    print("\n".join(results))


def save(model: Any, tokenizer: Any, folder: Path) -> None:
    """An ordinary Hugging Face folder: safetensors, tokenizer with its template, card."""
    from transformers import GenerationConfig

    folder.mkdir(parents=True, exist_ok=True)
    model.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder, save_jinja_files=False)
    (folder / "README.md").write_text(CARD.read_text(encoding="utf-8"), encoding="utf-8")


def report(
    model: Any, tokenizer: Any, settings: Settings, seconds: float, folder: Path, count: int
) -> list[str]:
    """The lines of RESULTS.md."""
    parameters = sum(part.numel() for part in model.parameters())
    size = (folder / "model.safetensors").stat().st_size
    return [
        "# What the tiny model does",
        "",
        "Made by `python -m recipes.tiny`. Simulated throughout: nothing here is about real models "
        "or real people.",
        "",
        f"- {parameters:,} parameters, {len(tokenizer):,} tokens in the vocabulary, "
        f"{size / 1e6:.2f} MB of float32 safetensors",
        f"- training: {seconds / 60:.1f} CPU minutes on one thread, bfloat16 autocast",
        f"- settings: `{json.dumps(asdict(settings))}`",
        "",
        "## Following the letter",
        "",
        f"{count} situations a row. The text follows the letter in 97 of 100 cases, so p should be "
        "near 0.03 on violations and 0.97 on compliant cases, and near 0.5 without a limit. "
        "Untaught words are those of the ethical methods and of purpose.",
        "",
        *compliance(model, tokenizer, count, seed=101),
        "",
        "## With earlier cases before the case (not taught)",
        "",
        *precedents(model, tokenizer, count, seed=102),
        "",
        "## Reading and arguing",
        "",
        readings(model, tokenizer, count, seed=105),
        "",
        *explanations(model, tokenizer, count, seed=103),
        "",
        "## Taught by 300 simulated judgments",
        "",
        "One judgment a case, the label alone, learning rate 1e-3, 6 epochs of batches of 16; "
        "distances to the true rates on 4 domains that no judgment comes from. One seed: "
        "differences of 0.02 are noise.",
        "",
        *teaching(model, tokenizer, min(300, 8 * count), count, seed=104),
    ]


def _some(rng: np.random.Generator, count: int) -> Any:
    return itertools.islice(lessons(rng, READING), count)


if __name__ == "__main__":
    main()
