"""lm-evaluation-harness on the prompts of real.py, through its own model class.

Run by real.py, in an environment of its own.
"""

import json
import sys
import time
from pathlib import Path

import torch
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM


def main(folder, asked, batch):
    torch.set_num_threads(1)
    pairs = json.loads(Path(asked).read_text(encoding="utf-8"))
    model = HFLM(
        pretrained=folder,
        dtype="float32",
        device="cpu",
        batch_size=int(batch),
        add_bos_token=False,
    )
    requests = [
        Instance(request_type="loglikelihood", doc={}, arguments=tuple(pair), idx=index)
        for index, pair in enumerate(pairs)
    ]
    model.loglikelihood(requests[:2], disable_tqdm=True)
    began = time.process_time()
    found = model.loglikelihood(requests, disable_tqdm=True)
    print(
        "\n" + json.dumps({"seconds": time.process_time() - began, "logs": [a for a, _ in found]})
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
