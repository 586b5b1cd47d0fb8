"""Replies in the shapes of the two kinds of endpoint."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from .web import Request, Response, WebServer

MODEL = "stand-in-2026-01"


def completion(
    text: str | None = "grant",
    *,
    top: list[tuple[str, float]] | None = None,
    model: str = MODEL,
    build: str | None = "fp_1",
    choices: int = 1,
    finish: str | None = "stop",
    usage: bool | dict[str, Any] = True,
    reply_id: str | None = None,
    **message: Any,
) -> Response:
    """A chat completion; `top` are its likeliest first tokens with their log-probabilities. What
    is None here and differs from reply to reply is filled in by `Scripted`."""
    listed = [{"token": token, "logprob": log, "bytes": None} for token, log in top or []]
    logprobs = {"content": [{**listed[0], "top_logprobs": listed}]} if listed else None
    choice = {
        "finish_reason": finish,
        "message": {"role": "assistant", "content": text, **message},
        "logprobs": logprobs,
    }
    counted = {"prompt_tokens": None, "completion_tokens": 2}
    return Response(
        {
            "id": reply_id,
            "object": "chat.completion",
            "created": 1,
            "model": model,
            "system_fingerprint": build,
            "choices": [{"index": index, **choice} for index in range(choices)],
            "usage": usage if isinstance(usage, dict) else counted if usage else None,
        }
    )


def message(text: str = "grant", *, stop: str = "end_turn", model: str = MODEL) -> Response:
    """A reply of Anthropic's endpoint."""
    return Response(
        {
            "id": None,
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": [{"type": "text", "text": text}] if text else [],
            "stop_reason": stop,
            "stop_sequence": None,
            "usage": {"input_tokens": None, "output_tokens": 2},
        }
    )


def error(status: int, said: str = "no", code: str | None = None, **headers: str) -> Response:
    body = {"error": {"message": said, "type": None, "code": code}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(body, status, named)


def words(request: Request) -> tuple[str, str]:
    """The words that grant and refuse in what was asked."""
    asked = request.body["messages"][-1]["content"]
    if "turned down" in asked:
        return "no", "yes"
    return ("yes", "no") if "allowed, " in asked else ("grant", "refuse")


def says(p: float) -> Callable[[Request], Response]:
    """A server whose first token grants with probability p."""

    def respond(request: Request) -> Response:
        grant, refuse = words(request)
        top = [(grant, math.log(p)), (refuse, math.log(1 - p))]
        return completion(grant, top=top if request.body.get("logprobs") else None)

    return respond


class Scripted(WebServer):
    """Gives the replies that were enqueued, in turn, and after them what `otherwise` says."""

    def __init__(self, otherwise: Callable[[Request], Response] | None = None) -> None:
        super().__init__(self._next)
        self.otherwise = otherwise or (lambda request: completion())
        self.waiting: deque[Response] = deque()

    def enqueue(self, *responses: Response) -> None:
        self.waiting += responses

    def _next(self, request: Request) -> Response:
        response = self.waiting.popleft() if self.waiting else self.otherwise(request)
        return _filled_in(response, request, len(self.requests))


def _filled_in(response: Response, request: Request, number: int) -> Response:
    """With an id of its own, and the prompt's tokens counted, where a reply leaves these out."""
    body = response.body
    if not isinstance(body, dict):
        return response
    body = dict(body)
    if "id" in body and body["id"] is None:
        body["id"] = f"reply-{number}"
    usage = body.get("usage")
    if isinstance(usage, dict):
        sent = sum(len(str(message["content"])) for message in request.body.get("messages", ()))
        counted = max(40, sent // 5)
        body["usage"] = {k: counted if v is None else v for k, v in usage.items()}
    return replace(response, body=body)
