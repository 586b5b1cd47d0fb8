"""What every fold of a plan teaches, prepared by the version of Discretion that can be imported.

Run by real.py, also with version 0.1.0, so it keeps to what both have.
"""

import json
import sys
import time
from pathlib import Path

from transformers import AutoConfig, AutoTokenizer

from discretion.core.plans import HeldOut
from discretion.core.tuning_plans import TuningPlan
from discretion.models.loading import Loaded, Settings
from discretion.models.templates import Template
from discretion.storage import records
from discretion.tuning.training import parts_of, prepare
from discretion.workspace import open_workspace

FOLDS = 14


def main(desk, folder, judgments):
    here = open_workspace(desk)
    plan = TuningPlan(
        model="real",
        targets=("labels", "real-after"),
        hold_out=HeldOut(by="scenario", folds=FOLDS),
        every_fold=True,
        judgments=int(judgments),
    )
    given = records.panel_judgments(here.store, here.panel("").name)
    parts = parts_of(plan, here.cases, given)
    assert len(parts) == FOLDS
    tokenizer = AutoTokenizer.from_pretrained(folder)
    template = Template(tokenizer, folder)
    loaded = Loaded(
        model=None,
        template=template,
        ends=template.ends([tokenizer.eos_token_id]),
        context=AutoConfig.from_pretrained(folder).max_position_embeddings,
        shared=True,
    )
    renders = 0
    render = tokenizer.apply_chat_template

    def counted(*arguments, **named):
        nonlocal renders
        renders += 1
        return render(*arguments, **named)

    tokenizer.apply_chat_template = counted
    tokenizer("The first call of a tokenizer sets it up.")
    began = time.process_time()
    made = prepare(plan, parts, given, loaded, Settings(path=Path(folder)))
    cpu = time.process_time() - began
    taught = sum(len(course.taught.kept) for course in made)
    print("\n" + json.dumps({"cpu": cpu, "renders": renders, "lessons": taught}))


if __name__ == "__main__":
    main(*sys.argv[1:])
