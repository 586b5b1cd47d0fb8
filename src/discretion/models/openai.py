"""Endpoints that speak OpenAI's chat completions: hosted, behind a gateway, or your own server."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from discretion.models.endpoint_settings import EndpointSettings
from discretion.models.wire import NO_KEY, Question, Reply, count


class OpenAIDialect:
    """Chat completions, with the probabilities of first tokens where the server gives them."""

    path: str = "/chat/completions"
    options: tuple[str, ...] = ("logprobs", "choices", "seed", "temperature", "system")

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

    def body(self, model: str, question: Question) -> dict[str, Any]:
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
        if question.seed is not None:
            body["seed"] = question.seed
        if question.top_logprobs:
            body |= {"logprobs": True, "top_logprobs": question.top_logprobs}
        if question.choices > 1:
            body["n"] = question.choices
        return body

    def read(self, body: Mapping[str, Any]) -> Reply:
        choice = body["choices"][0]
        message = choice["message"]
        usage = body.get("usage") or {}
        refusal = message.get("refusal")
        return Reply(
            text=_text(message.get("content") or refusal),
            top=_top(choice.get("logprobs")),
            tokens_in=count(usage.get("prompt_tokens")),
            tokens_out=count(usage.get("completion_tokens")),
            model=str(body.get("model") or ""),
            build=str(body.get("system_fingerprint") or ""),
            cut=choice.get("finish_reason") == "length",
            refusal=bool(refusal) or choice.get("finish_reason") == "content_filter",
            choices=len(body["choices"]),
        )


def _text(content: Any) -> str:
    """A message's text; servers may send it in parts."""
    if isinstance(content, list):
        return "".join(part.get("text") or "" for part in content)
    return content if isinstance(content, str) else ""


def _top(logprobs: Any) -> tuple[tuple[str, float], ...] | None:
    tokens = (logprobs or {}).get("content") or []
    if not tokens:
        return None
    top = tokens[0].get("top_logprobs") or []
    return tuple((str(one["token"]), float(one["logprob"])) for one in top) or None
