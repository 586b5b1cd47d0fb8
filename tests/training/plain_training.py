"""Training with torch alone, as somebody might who never saw this program."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any


def train(export: Path, name: str, result: Path) -> None:
    """What the README.md of an export tells to do."""
    job = json.loads((export / "jobs" / f"{name}.json").read_text(encoding="utf-8"))
    lines = (export / job["examples"]).read_text(encoding="utf-8").split("\n")[:-1]
    said = {**job["recipe"], **job, "examples": [json.loads(line) for line in lines]}
    steps(said, Path(job["base"]["path"]), result)


def steps(said: dict[str, Any], base: Path, result: Path) -> float:
    """Every step of a job, one example at a time; the loss of the last step."""
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.0, weight_decay=0.0)
    step, whole, size = 0, said["steps"], said["batch"]
    warm, total = math.ceil(whole / 20), math.nan
    for order in said["orders"]:
        for start in range(0, len(order), size):
            batch = [said["examples"][number] for number in order[start : start + size]]
            rate = min(step / warm, (whole - step) / max(1, whole - warm))
            optimizer.param_groups[0]["lr"] = rate * said["learning_rate"]
            total = 0.0
            for one in batch:
                ids, weights = torch.tensor([one["ids"]]), torch.tensor(one["weights"])
                surprise = -model(input_ids=ids).logits[0, :-1].log_softmax(-1)
                each = surprise.gather(1, ids[0, 1:, None])[:, 0]
                loss = (each * weights[1:]).sum() / len(batch)
                loss.backward()
                total += loss.item()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            step += 1
    model.save_pretrained(result)
    return total
