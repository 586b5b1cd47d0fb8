"""Anthropic's own endpoint: messages, asked by sampling, since it gives no probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from discretion.models.endpoint_settings import EndpointSettings
from discretion.models.wire import NO_KEY, Reply, WireRequest, count


class AnthropicDialect:
    """Messages, with the system text beside them."""

    kind: str = "anthropic"
    path: str = "/v1/messages"
    options: tuple[str, ...] = ("temperature", "system", "top_p")

    def sdk(self) -> ModuleType:
        import anthropic

        return anthropic

    def client(self, settings: EndpointSettings, key: str, http: Any) -> Any:
        import anthropic

        # Everything is given, so that nothing is taken from the environment or a profile on disk.
        return anthropic.AsyncAnthropic(
            api_key=key or NO_KEY,
            base_url=settings.base_url,
            timeout=settings.timeout_s,
            max_retries=0,
            default_query=settings.query,
            http_client=http,
            webhook_key="",
            open_telemetry=False,
        )

    def auth(self, key: str) -> Mapping[str, str]:
        return {"x-api-key": key}

    def body(self, model: str, question: WireRequest) -> dict[str, Any]:
        system = [m.content for m in question.messages if m.role == "system"]
        body: dict[str, Any] = {
            "model": model,
            "max_tokens": question.max_tokens,
            "messages": [
                {"role": message.role, "content": message.content}
                for message in question.messages
                if message.role != "system"
            ],
        }
        if system:
            body["system"] = "\n\n".join(system)
        # Newer models take none at all, which the probe finds out.
        if question.temperature is not None:
            body["temperature"] = question.temperature
        if question.top_p is not None:
            body["top_p"] = question.top_p
        return body

    def read(self, body: Mapping[str, Any]) -> Reply:
        usage = body.get("usage") or {}
        texts: list[str] = []
        reasoned = 0
        for block in body["content"]:
            if block["type"] == "text":
                texts.append(block["text"])
            elif block["type"] in ("thinking", "redacted_thinking"):
                # What stands before the end of a reasoning is no answer.
                texts.clear()
                reasoned += len(str(block.get("thinking") or "").encode(errors="replace"))
        return Reply(
            text="".join(texts),
            top=None,
            tokens_in=_read_in(usage),
            tokens_out=count(usage.get("output_tokens")),
            model=str(body.get("model") or ""),
            id=str(body.get("id") or ""),
            finish=str(body.get("stop_reason") or "").lower(),
            role=str(body.get("role") or ""),
            called=any(block["type"].endswith("tool_use") for block in body["content"]),
            reasoned=reasoned,
        )


def _read_in(usage: Mapping[str, Any]) -> int | None:
    """Tokens of the prompt: those taken from or written to a cache are counted apart."""
    plain = count(usage.get("input_tokens"))
    if plain is None:
        return None
    cached = ("cache_read_input_tokens", "cache_creation_input_tokens")
    return plain + sum(count(usage.get(name)) or 0 for name in cached)
