"""Anthropic's own endpoint: messages, asked by sampling, since it gives no probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from discretion.models.endpoint_settings import EndpointSettings
from discretion.models.wire import NO_KEY, Question, Reply, count


class AnthropicDialect:
    """Messages, with the system text beside them."""

    path: str = "/v1/messages"
    options: tuple[str, ...] = ("temperature", "system")

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

    def body(self, model: str, question: Question) -> dict[str, Any]:
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
        return body

    def read(self, body: Mapping[str, Any]) -> Reply:
        usage = body.get("usage") or {}
        blocks = [block for block in body["content"] if block["type"] == "text"]
        stopped = body.get("stop_reason")
        return Reply(
            text="".join(block["text"] for block in blocks),
            top=None,
            tokens_in=count(usage.get("input_tokens")),
            tokens_out=count(usage.get("output_tokens")),
            model=str(body.get("model") or ""),
            cut=stopped in ("max_tokens", "model_context_window_exceeded"),
            refusal=stopped == "refusal",
        )
