"""TRL's SFTTrainer on the conversations of an export, as its users would write it.

Run by tuning.py and real.py, in an environment of its own.
"""

import json
import math
import resource
import sys
import time
from pathlib import Path

import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl import SFTConfig, SFTTrainer


class Watch(TrainerCallback):
    """When the steps began, and when the last one was done."""

    def on_train_begin(self, *_, **__):
        self.began, self.cpu = time.perf_counter(), -time.process_time()

    def on_step_end(self, *_, **__):
        self.ended = time.perf_counter()
        self.spent = self.cpu + time.process_time()


def main(export, name, work, precision="float32"):
    torch.set_num_threads(1)
    job = json.loads((Path(export) / "jobs" / f"{name}.json").read_text(encoding="utf-8"))
    recipe, base = job["recipe"], job["base"]["path"]
    lines = (Path(export) / job["examples"]).read_text(encoding="utf-8").split("\n")[:-1]
    turns = [json.loads(line)["messages"] for line in lines]
    began = time.perf_counter()
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32),
        processing_class=AutoTokenizer.from_pretrained(base),
        train_dataset=Dataset.from_list(
            [{"prompt": one[:-1], "completion": one[-1:]} for one in turns]
        ),
        args=SFTConfig(
            output_dir=work,
            num_train_epochs=recipe["epochs"],
            per_device_train_batch_size=recipe["batch"],
            learning_rate=recipe["learning_rate"],
            lr_scheduler_type="linear",
            warmup_steps=math.ceil(job["steps"] / 20),
            seed=job["seed"],
            max_length=None,
            use_cpu=True,
            bf16=precision == "bfloat16",
            gradient_checkpointing=False,
            save_strategy="no",
            logging_strategy="no",
            report_to="none",
            disable_tqdm=True,
            dataloader_pin_memory=False,
        ),
    )
    tokens = sum(len(row["input_ids"]) for row in trainer.train_dataset) * recipe["epochs"]
    watch = Watch()
    trainer.add_callback(watch)
    trainer.train()
    trainer.save_model(str(Path(work) / "result"))
    said = {
        "tokens": tokens,
        "steps": watch.ended - watch.began,
        "cpu": watch.spent,
        "whole": time.perf_counter() - began,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print("\n" + json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
