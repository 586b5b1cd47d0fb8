"""The built-in model behind chat completions, with the true log-probabilities of first tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import discretion

from .shapes import completion
from .web import Request, Response

FOLDER = Path(discretion.__file__).parent / "models" / "tiny"


class TinyTokens:
    """Answers with the likeliest first token and its rivals, straight from transformers."""

    def __init__(self) -> None:
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self.tokenizer: Any = AutoTokenizer.from_pretrained(FOLDER)
        self.model: Any = AutoModelForCausalLM.from_pretrained(FOLDER).eval()

    def logs(self, messages: list[dict[str, str]]) -> Any:
        """The natural logarithm of each token's probability of coming first."""
        import torch

        ids = self.tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )["input_ids"]
        with torch.inference_mode():
            return torch.log_softmax(self.model(ids).logits[0, -1].double(), dim=-1)

    def __call__(self, request: Request) -> Response:
        logs = self.logs(request.body["messages"])
        likeliest = logs.topk(request.body.get("top_logprobs", 1))
        top = [
            (self.tokenizer.decode([token]), float(log))
            for log, token in zip(likeliest.values, likeliest.indices.tolist(), strict=True)
        ]
        return completion(top[0][0], top=top if request.body.get("logprobs") else None)
