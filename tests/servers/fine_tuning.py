"""A provider on loopback that speaks OpenAI's files and jobs, and really trains the toy.

It shares nothing with the code that is tested but the protocol: it reads the uploaded lines,
renders them by transformers' own template, trains in a thread, and then serves the result.
"""

from __future__ import annotations

import json
import threading
from copy import deepcopy
from email.parser import BytesParser
from functools import cache
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .loopback import Loopback, send
from .shapes import completion
from .tiny import FOLDER

BASE = "tiny-base"
KEY = "sk-test"
LOADING = threading.Lock()


class Provider(Loopback):
    """Serves while it is entered; what it is to do wrong is set on it.

    Without `trains` jobs succeed at once, and no torch is needed. `faults` holds, by method and
    path, the (status, code) of answers that are given in turn in place of the right ones; where the
    status is negative, what was asked is done nevertheless.
    """

    def __init__(self, *, trains: bool = True, rate: float = 3e-3) -> None:
        self.trains, self.rate = trains, rate
        self.files: dict[str, dict[str, Any]] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.asked: list[tuple[str, str, Any]] = []
        self.faults: dict[str, list[tuple[int, str]]] = {}
        self.fails = ""
        """With this message, jobs fail half way."""
        self.hangs = False
        """Jobs stay queued."""
        self.hides = 0
        """So many times, a list of jobs leaves them out."""
        self.wants_key = False
        self.replies = 0
        self.served: dict[str, Any] = {}
        self._lock = threading.Lock()
        super().__init__()

    @property
    def url(self) -> str:
        return f"{super().url}/v1"

    def count(self, method: str, path: str) -> int:
        """How often it was asked."""
        return sum((one, at) == (method, path) for one, at, _ in self.asked)

    def lines(self, file: str) -> list[dict[str, Any]]:
        """An uploaded file, line by line."""
        return [json.loads(line) for line in self.files[file]["content"].decode().splitlines()]

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = urlsplit(request.path).path.removeprefix("/v1")
        content = request.rfile.read(int(request.headers.get("content-length", 0)))
        kind = request.headers.get("content-type", "")
        body: Any = content
        if kind.startswith("application/json") and content:
            body = json.loads(content)
        self.asked.append((request.command, path, body))
        if self.wants_key and request.headers.get("authorization") != f"Bearer {KEY}":
            _send(request, 401, _error("invalid_api_key", f"Incorrect API key: {KEY}-wrong"))
            return
        waiting = self.faults.get(f"{request.command} {path}")
        status, code = waiting.pop(0) if waiting else (200, "")
        if status > 0 and status != 200:
            _send(request, status, _error(code, f"told to fail: {code}"))
            return
        said = self._said(request.command, path, body, kind, parse_qs(urlsplit(request.path).query))
        if status < 0:
            _send(request, -status, _error(code, "lost"))
        elif said is None:
            _send(request, 404, _error("not_found", "no such thing"))
        else:
            _send(request, 200, said)

    def _said(
        self, method: str, path: str, body: Any, kind: str, query: dict[str, list[str]]
    ) -> dict[str, Any] | None:
        parts = path.strip("/").split("/")
        with self._lock:
            if (method, path) == ("POST", "/files"):
                return self._upload(body, kind)
            if (method, path) == ("GET", "/files"):
                return _listed([_without(one, "content") for one in self.files.values()], query)
            if (method, path) == ("POST", "/fine_tuning/jobs"):
                return self._start(body)
            if (method, path) == ("GET", "/fine_tuning/jobs"):
                self.hides -= 1
                shown = [] if self.hides >= 0 else list(reversed(self.jobs.values()))
                return _listed(shown, query)
            if parts[:2] == ["fine_tuning", "jobs"] and parts[2] in self.jobs:
                return self._of_job(method, parts[2], parts[3:])
        if (method, path) == ("POST", "/chat/completions"):
            return self._complete(body)
        return None

    def _upload(self, body: bytes, kind: str) -> dict[str, Any]:
        head = f"Content-Type: {kind}\r\n\r\n".encode()
        message = BytesParser().parsebytes(head + body)
        fields = {
            str(part.get_param("name", header="content-disposition")): part
            for part in message.get_payload()
        }
        content = fields["file"].get_payload(decode=True)
        assert fields["purpose"].get_payload(decode=True) == b"fine-tune"
        name = f"file-{len(self.files) + 1}"
        self.files[name] = {
            "id": name,
            "object": "file",
            "bytes": len(content),
            "filename": fields["file"].get_filename(),
            "purpose": "fine-tune",
            "status": "processed",
            "content": content,
        }
        return _without(self.files[name], "content")

    def _start(self, body: dict[str, Any]) -> dict[str, Any]:
        name = f"ftjob-{len(self.jobs) + 1}"
        self.jobs[name] = {
            "id": name,
            "object": "fine_tuning.job",
            "model": body["model"],
            "training_file": body["training_file"],
            "metadata": body.get("metadata"),
            "method": body["method"],
            "seed": body["seed"],
            "suffix": body["suffix"],
            "status": "queued",
            "fine_tuned_model": None,
            "trained_tokens": None,
            "error": {"code": None, "message": None, "param": None},
        }
        self.events[name] = []
        self._tell(name, "Created fine-tuning job")
        if not self.hangs:
            threading.Thread(target=self.train, args=(name,), daemon=True).start()
        return dict(self.jobs[name])

    def _of_job(self, method: str, name: str, rest: list[str]) -> dict[str, Any] | None:
        job = self.jobs[name]
        if rest == ["events"]:
            return {"object": "list", "data": self.events[name][::-1][:20], "has_more": False}
        if rest == ["cancel"] and method == "POST":
            job["status"] = "cancelled"
        return dict(job)

    def _tell(self, name: str, message: str, **data: Any) -> None:
        event = {"id": f"{name}-{len(self.events[name])}", "message": message, "level": "info"}
        self.events[name].append(event | {"type": "metrics" if data else "message", "data": data})

    def train(self, name: str) -> None:
        """Do a job; one that cannot be done fails with why."""
        try:
            self._train(name)
        except Exception as error:
            said = {"code": "server_error", "message": repr(error), "param": None}
            self.jobs[name] |= {"status": "failed", "error": said}

    def _train(self, name: str) -> None:
        job = self.jobs[name]
        job["status"] = "running"
        if not self.trains:
            done = {"error": {"message": self.fails}, "status": "failed"} if self.fails else {}
            tuned = {"fine_tuned_model": f"ft:{job['suffix']}", "trained_tokens": 900}
            job |= done or tuned | {"status": "succeeded"}
            return
        rows = [one["messages"] for one in self.lines(job["training_file"])]
        hyper = job["method"]["supervised"]["hyperparameters"]
        steps = hyper["n_epochs"] * -(-len(rows) // hyper["batch_size"])
        model, tokenizer = _fresh()
        batches, tokens = _batches(tokenizer, rows, hyper)
        rate = self.rate * float(hyper.get("learning_rate_multiplier", 1))
        for step, loss in enumerate(_steps(model, batches, rate), 1):
            if job["status"] == "cancelled":
                return
            if self.fails and step > steps // 2:
                job["status"] = "failed"
                job["error"] = {"code": "server_error", "message": self.fails, "param": None}
                return
            said = {"step": step, "total_steps": steps, "train_loss": loss}
            self._tell(name, f"Step {step}/{steps}: training loss={loss:.2f}", **said)
        tuned = f"ft:{job['model']}:org:{job['suffix']}:{name}"
        self.served[tuned] = model.eval(), tokenizer
        job |= {"fine_tuned_model": tuned, "trained_tokens": tokens, "status": "succeeded"}

    def _complete(self, body: dict[str, Any]) -> dict[str, Any] | None:
        if body["model"] == BASE and BASE not in self.served:
            self.served[BASE] = _fresh()
        if body["model"] not in self.served:
            return None
        model, tokenizer = self.served[body["model"]]
        with self._lock:
            self.replies += 1
            said: dict[str, Any] = completion(
                model=body["model"], **_first(model, tokenizer, body)
            ).body
            said["id"] = f"reply-{self.replies}"
        sent = sum(len(one["content"]) for one in body["messages"])
        said["usage"] = {"prompt_tokens": max(40, sent // 5), "completion_tokens": 1}
        return said


def _first(model: Any, tokenizer: Any, body: dict[str, Any]) -> dict[str, Any]:
    """A first token, drawn, and the likeliest ones."""
    import torch

    ids = tokenizer.apply_chat_template(
        body["messages"], add_generation_prompt=True, return_tensors="pt", return_dict=True
    )["input_ids"]
    with torch.inference_mode():
        logs = torch.log_softmax(model(ids).logits[0, -1].double(), dim=-1)
    drawn = torch.multinomial(logs.exp(), 1, generator=torch.manual_seed(body.get("seed", 0)))
    likeliest = logs.topk(body.get("top_logprobs", 1))
    top = [
        (tokenizer.decode([token]), float(log))
        for log, token in zip(likeliest.values, likeliest.indices.tolist(), strict=True)
    ]
    return {"text": tokenizer.decode(drawn), "top": top if body.get("logprobs") else None}


def _fresh() -> tuple[Any, Any]:
    """The base, to be trained or served. It is loaded once: loading is not safe in threads."""
    with LOADING:
        model, tokenizer = _base()
        return deepcopy(model), tokenizer


@cache
def _base() -> tuple[Any, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model: Any = AutoModelForCausalLM.from_pretrained(FOLDER)
    return model, AutoTokenizer.from_pretrained(FOLDER)


def _batches(tokenizer: Any, rows: list[Any], hyper: dict[str, Any]) -> tuple[list[Any], int]:
    """Each step's examples as (tokens, labels), and all tokens that are read."""
    examples = [_example(tokenizer, row) for row in rows]
    size = hyper["batch_size"]
    epoch = [examples[at : at + size] for at in range(0, len(examples), size)]
    return epoch * hyper["n_epochs"], hyper["n_epochs"] * sum(len(ids) for ids, _ in examples)


def _example(tokenizer: Any, messages: list[dict[str, str]]) -> tuple[list[int], list[int]]:
    """Tokens, and those of them that the assistant says with the token that ends its turn."""
    ids: list[int] = []
    labels: list[int] = []
    for at, message in enumerate(messages, 1):
        asks = at < len(messages) and messages[at]["role"] == "assistant"
        whole = tokenizer.apply_chat_template(
            messages[:at], add_generation_prompt=asks, return_dict=True
        )["input_ids"]
        new = list(whole[len(ids) :])
        labels += new if message["role"] == "assistant" else [-100] * len(new)
        ids += new
    return ids, labels


def _steps(model: Any, batches: list[Any], rate: float) -> Any:
    """Trains; the loss of each step."""
    import torch

    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    model.train()
    for batch in batches:
        loss = sum(
            model(input_ids=torch.tensor([ids]), labels=torch.tensor([labels])).loss
            for ids, labels in batch
        ) / len(batch)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        yield float(loss.detach())


def _listed(entries: list[dict[str, Any]], query: dict[str, list[str]]) -> dict[str, Any]:
    """A page of a list, three entries at most: who does not turn pages misses the others."""
    after = query.get("after", [""])[0]
    start = next((at for at, one in enumerate(entries, 1) if one["id"] == after), 0)
    page = entries[start : start + 3]
    return {"object": "list", "data": page, "has_more": start + 3 < len(entries)}


def _without(entry: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != name}


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": None, "code": code}}


def _send(request: BaseHTTPRequestHandler, status: int, body: dict[str, Any]) -> None:
    send(request, status, json.dumps(body).encode(), {"Content-Type": "application/json"})
