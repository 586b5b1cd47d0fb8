"""Training from an export with torch alone, as somebody might who never saw this program."""

from __future__ import annotations

import json
import math
from pathlib import Path


def train(export: Path, name: str, result: Path) -> None:
    """What the README.md of an export tells to do."""
    import torch
    from transformers import AutoModelForCausalLM

    job = json.loads((export / "jobs" / f"{name}.json").read_text(encoding="utf-8"))
    lines = (export / job["examples"]).read_text(encoding="utf-8").split("\n")[:-1]
    examples, recipe = [json.loads(line) for line in lines], job["recipe"]
    model = AutoModelForCausalLM.from_pretrained(job["base"]["path"], dtype=torch.float32)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.0, weight_decay=0.0)
    step, warm = 0, math.ceil(job["steps"] / 20)
    for order in job["orders"]:
        for start in range(0, len(order), recipe["batch"]):
            batch = [examples[number] for number in order[start : start + recipe["batch"]]]
            up, down = step / warm, (job["steps"] - step) / (job["steps"] - warm)
            optimizer.param_groups[0]["lr"] = recipe["learning_rate"] * min(up, down)
            for one in batch:
                ids, weights = torch.tensor([one["ids"]]), torch.tensor(one["weights"])
                surprise = -model(input_ids=ids).logits[0, :-1].log_softmax(-1)
                each = surprise.gather(1, ids[0, 1:, None])[:, 0]
                ((each * weights[1:]).sum() / len(batch)).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            step += 1
    model.save_pretrained(result)
