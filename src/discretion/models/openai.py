"""Endpoints that speak OpenAI's chat completions: hosted, behind a gateway, or your own server."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from discretion.models.endpoint_settings import EndpointSettings
from discretion.models.reply_gate import TopToken
from discretion.models.wire import NO_KEY, Reply, WireRequest, count


class OpenAIDialect:
    """Chat completions, with the probabilities of first tokens where the server gives them."""

    kind: str = "openai"
    path: str = "/chat/completions"
    options: tuple[str, ...] = ("logprobs", "choices", "seed", "temperature", "system", "top_p")

    def sdk(self) -> ModuleType:
        import openai

        return openai

    def client(self, settings: EndpointSettings, key: str, http: Any) -> Any:
        import openai

        # Everything is given, so that nothing is taken from the environment.
        return openai.AsyncOpenAI(
            api_key=key or NO_KEY,
            admin_api_key="",
            organization="",
            project="",
            webhook_secret="",
            base_url=settings.base_url,
            timeout=settings.timeout_s,
            max_retries=0,
            default_query=settings.query,
            http_client=http,
        )

    def auth(self, key: str) -> Mapping[str, str]:
        return {"authorization": f"Bearer {key}"}

    def body(self, model: str, question: WireRequest) -> dict[str, Any]:
        limit = "max_completion_tokens" if question.modern_limit else "max_tokens"
        body: dict[str, Any] = {
            "model": model,
            "messages": [
                {"role": message.role, "content": message.content} for message in question.messages
            ],
            limit: question.max_tokens,
        }
        if question.temperature is not None:
            body["temperature"] = question.temperature
        if question.top_p is not None:
            body["top_p"] = question.top_p
        if question.seed is not None:
            body["seed"] = question.seed
        if question.top_logprobs:
            body |= {"logprobs": True, "top_logprobs": question.top_logprobs}
        if question.choices > 1:
            body["n"] = question.choices
        return body

    def read(self, body: Mapping[str, Any]) -> Reply:
        choice = body["choices"][0]
        # The older completions shape has a text in place of a message.
        message = choice["message"] if "message" in choice else {"content": choice["text"]}
        refusal = message.get("refusal")
        text, declined = _text(message.get("content"))
        reasoning = message.get("reasoning_content") or message.get("reasoning") or ""
        tokens_in, tokens_out = _counted(body.get("usage") or {})
        return Reply(
            text=text or _text(refusal)[0],
            top=_top(choice.get("logprobs")),
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            model=str(body.get("model") or ""),
            build=str(body.get("system_fingerprint") or ""),
            id=str(body.get("id") or ""),
            finish=str(choice.get("finish_reason") or "").lower(),
            role=str(message.get("role") or ""),
            refusal=bool(refusal) or declined,
            called=bool(message.get("tool_calls") or message.get("function_call")),
            reasoned=len(str(reasoning).encode(errors="replace")),
            choices=len(body["choices"]),
        )


def _text(content: Any) -> tuple[str, bool]:
    """A message's text, and whether a part of it is a refusal.

    Servers may send it in parts, of which those with a reasoning are no answer, nor what stands
    before them."""
    if not isinstance(content, list):
        return (content if isinstance(content, str) else ""), False
    texts: list[str] = []
    declined = False
    for part in content:
        if isinstance(part, str):
            part = {"text": part}
        kind = part.get("type", "text")
        if kind in ("text", "output_text"):
            texts.append(str(part.get("text") or ""))
        elif kind == "refusal":
            texts.append(str(part.get("refusal") or ""))
            declined = True
        else:
            texts.clear()
    return "".join(texts), declined


def _counted(usage: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Tokens in and out. Some servers leave a reasoning's out of ``completion_tokens``, and it is
    paid for: it shows in the total, or exceeds what they are said to be part of."""
    tokens_in, written = count(usage.get("prompt_tokens")), count(usage.get("completion_tokens"))
    details = usage.get("completion_tokens_details") or {}
    reasoned = count(details.get("reasoning_tokens")) or count(usage.get("reasoning_tokens")) or 0
    if written is None:
        return tokens_in, None
    total = count(usage.get("total_tokens")) or 0
    apart = written + reasoned if reasoned > written else written
    return tokens_in, max(apart, total - (tokens_in or total))


def _top(logprobs: Any) -> tuple[TopToken, ...] | None:
    """The first token's rivals, in any of the shapes in which they come; null entries are none."""
    if not logprobs:
        return None
    older = logprobs.get("top_logprobs")  # a dictionary a token, from text to log-probability
    tokens = logprobs.get("content") or []
    rivals = older[0] if older else tokens[0].get("top_logprobs") if tokens and tokens[0] else None
    if isinstance(rivals, Mapping):
        rivals = [{"token": token, "logprob": log} for token, log in rivals.items()]
    top = tuple(
        TopToken(str(one["token"]), _number(one["logprob"]), _bytes(one.get("bytes")))
        for one in rivals or []
        if one is not None and one["logprob"] is not None
    )
    return top or None


def _number(value: Any) -> float:
    """NaN where it is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _bytes(value: Any) -> bytes | None:
    return bytes(value) if isinstance(value, list) else None
