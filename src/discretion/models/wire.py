"""The wire to an endpoint: one request at a time, through the maker's own SDK, and its mishaps."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, Literal, Protocol

from discretion.core.arms import Choices, Message
from discretion.models.endpoint_settings import EndpointSettings
from discretion.models.reply_gate import (
    TopToken,
    TwiceError,
    error_in,
    printable,
    read_json,
    status_of,
)
from discretion.models.retry import MishapError, retry_after

NO_KEY = "none"
"""Given to an SDK, which wants a key, where the endpoint needs none; it is never sent."""
_SAID = 300
"""Characters kept of what a server says with an error."""
_CODE = re.compile(r"[a-z][a-z0-9_.-]{2,59}", re.I)
_STATUSES = {
    400: ("refuses the request", ""),
    401: ("does not accept the key", "check the key"),
    402: ("asks for payment", "see to the account's credit"),
    403: (
        "does not allow this key to use the model",
        "name a model that the key may use, or allow it there",
    ),
    404: ("does not know the address or the model", "check base_url and model"),
    408: ("timed out", "try again later"),
    409: ("reports a conflict", "try again later"),
    413: ("finds the request too large", "leave out cases with long texts, or shorten these"),
    422: ("refuses the request", ""),
    429: ("limits how much it may be asked", "set requests_per_minute, or try again later"),
}
"""What a server does with each status, and what to do about it."""
_PASSING = frozenset({408, 409, 429})
_OUT_OF_CREDIT = "insufficient_quota"
"""What it is called, with the status of a rate limit, where waiting does not help."""


@dataclass(frozen=True, slots=True)
class WireRequest:
    """One request, before a kind of endpoint gives it its form."""

    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float | None = None
    """None leaves it to the server."""
    top_p: float | None = None
    """1 asks for no truncation; None leaves it to the server."""
    seed: int | None = None
    top_logprobs: int = 0
    choices: int = 1
    modern_limit: bool = False
    """Call the limit ``max_completion_tokens``, as models that reason want it."""
    named: Choices | None = None
    """The two answers, for an endpoint that is asked for them by name."""
    purpose: Literal["probe", "score", "draw"] = "probe"
    """What the reply is for: a draw has to be a whole answer, a score its first token alone."""

    @property
    def size(self) -> int:
        """Bytes of what is sent to be read."""
        return sum(len(message.content.encode()) for message in self.messages)

    @property
    def shown(self) -> str:
        """The messages as they are sent, for the record."""
        return "\n\n".join(f"[{message.role}]\n{message.content}" for message in self.messages)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    text: str
    top: tuple[TopToken, ...] | None
    """The most likely first tokens as they came; None where none came."""
    tokens_in: int | None
    """None where the server does not count."""
    tokens_out: int | None
    """Written and paid for, with those of a reasoning that is counted apart."""
    model: str
    """The model's name in the server's own words."""
    build: str = ""
    """The server's fingerprint of what it runs; empty where it gives none."""
    id: str = ""
    """The reply's own, in the server's words; empty where it gives none."""
    finish: str = ""
    """Why it ended, in the server's words and lower case; empty where it does not say."""
    role: str = ""
    refusal: bool = False
    """The server says that the model declined, or filtered what it wrote."""
    called: bool = False
    """The model called a tool."""
    reasoned: int = 0
    """Bytes of a reasoning that came beside the text."""
    choices: int = 1


def used(reply: Reply, question: WireRequest) -> tuple[int, int]:
    """Tokens in and out; four bytes a token where the server does not count them."""
    written = (len(reply.text.encode(errors="replace")) + reply.reasoned) // 4
    return (
        reply.tokens_in or question.size // 4,
        written if reply.tokens_out is None else reply.tokens_out,
    )


class Dialect(Protocol):
    """How one kind of endpoint is asked and read."""

    kind: str
    """As ``[models.NAME]`` says it."""
    path: str
    options: tuple[str, ...]
    """Which of a question's options it can be asked for at all."""

    def sdk(self) -> ModuleType: ...

    def client(self, settings: EndpointSettings, key: str, http: Any) -> Any:
        """The SDK's asynchronous client, without retries of its own."""
        ...

    def auth(self, key: str) -> Mapping[str, str]: ...

    def body(self, model: str, question: WireRequest) -> dict[str, Any]: ...

    def read(self, body: Mapping[str, Any]) -> Reply:
        """KeyError, IndexError, TypeError or ValueError where it has another shape."""
        ...


class Wire:
    """A client of one endpoint, bound to the event loop in which it is made."""

    def __init__(self, name: str, settings: EndpointSettings, dialect: Dialect) -> None:
        from discretion.models.connections import http_client

        key = settings.key(name)
        headers = settings.sent_headers(name)
        sent = {**(dialect.auth(key) if key else {}), **headers}
        self._secrets = [secret for secret in (key, *headers.values()) if len(secret) >= 4]
        self._settings, self._dialect, self._sdk = settings, dialect, dialect.sdk()
        http = http_client(
            settings.base_url, sent, at_once=settings.max_in_flight, timeout_s=settings.timeout_s
        )
        self._client = dialect.client(settings, key, http)

    async def ask(self, question: WireRequest) -> Reply:
        """One attempt at one request.

        Raises:
            MishapError: it came to nothing.
        """
        from httpx2 import Response

        body = {**self._dialect.body(self._settings.model, question), **self._settings.body}
        # Typed replies cost more than twice the processor time of this.
        response = await self.send(
            lambda client: client.post(self._dialect.path, body=body, cast_to=Response)
        )
        return self._read(response)

    async def send(
        self, call: Callable[[Any], Awaitable[Any]], *, timeout_s: float | None = None
    ) -> Any:
        """The response to one request, made by a function that is given the SDK's client.

        Args:
            timeout_s: for the whole of it; by default as the settings say.

        Raises:
            MishapError: it came to nothing, or to a status that is no success.
        """
        sdk, host = self._sdk, self._settings.host
        seconds = timeout_s or self._settings.timeout_s
        try:
            # The client's own time-out is for each wait for bytes, so that a reply which comes a
            # byte at a time would never end.
            async with asyncio.timeout(seconds):
                return await call(self._client)
        except (TimeoutError, sdk.APITimeoutError) as error:
            raise MishapError(
                f"{host} did not answer within {seconds:g} s",
                passes=True,
                arrived=True,
                fix="set a higher timeout_s, or try again later",
            ) from error
        except sdk.APIConnectionError as error:
            raise self._unreachable(error) from error
        except sdk.APIStatusError as error:
            raise self._refused(error.response) from error

    def json_of(self, response: Any) -> Any:
        """The JSON of a response, whatever it says.

        Raises:
            MishapError: it has none, or JSON that says two things.
        """
        try:
            return read_json(response.content)
        except TwiceError as error:
            raise MishapError(
                f"{self._settings.host} sent JSON that gives one key twice, so that it says two "
                "things",
                said=self._clean(response.text),
                arrived=True,
            ) from error
        except ValueError as error:
            raise self._no_json(response) from error

    def odd(self, response: Any, what: str) -> MishapError:
        """What to raise where a response of status 200 says something else than `what`."""
        return MishapError(
            f"{self._settings.host} sent a reply without {what} in it",
            said=self._clean(response.text),
            arrived=True,
        )

    async def close(self) -> None:
        await self._client.close()

    def _read(self, response: Any) -> Reply:
        body = self.json_of(response)
        inside = error_in(body)
        if inside is not None:
            raise self._error_inside(inside, response)
        try:
            reply = self._dialect.read(body)
            # Names are kept and shown. A broken text, in contrast, is no answer: see the gate.
            return replace(
                reply,
                model=printable(reply.model),
                build=printable(reply.build),
                id=printable(reply.id),
            )
        except (AttributeError, LookupError, TypeError, ValueError, OverflowError) as error:
            raise self.odd(response, "an answer") from error

    def _no_json(self, response: Any) -> MishapError:
        host, text = self._settings.host, response.text.lstrip()
        said = self._clean(response.text)
        kind = response.headers.get("content-type", "")
        if kind.startswith("text/event-stream") or text.startswith(("data:", "event:")):
            return MishapError(
                f"{host} sent a stream of parts, and whole replies were asked for",
                said=said,
                arrived=True,
                fix="switch streaming off at the server or gateway",
            )
        begun = text[:1] in ("", "{", "[")
        return MishapError(
            f"{host} sent "
            + ("JSON that is broken off or damaged" if begun else "a text that is no JSON"),
            said=said,
            passes=True,
            arrived=True,
            fix="try again later" if begun else "check base_url",
        )

    def _error_inside(self, error: Any, response: Any) -> MishapError:
        """What an error inside a reply of status 200 says."""
        host, status = self._settings.host, status_of(error)
        code = _identifier(error)
        if status is None:
            return MishapError(
                f"{host} sent an error in place of an answer{code and f' ({code})'}",
                said=self._clean(_message(response.text)),
                passes=True,
                status=response.status_code,
                arrived=True,
                fix="try again later",
            )
        return self._refused(response, status, code, arrived=True)

    def _refused(
        self, response: Any, status: int = 0, code: str = "", *, arrived: bool = False
    ) -> MishapError:
        """What a status other than 200 says.

        Args:
            status: the one that an error inside the reply names, and `code` its name; by default
                the reply's own.
            arrived: the server may have done the work.
        """
        host = self._settings.host
        status, code = status or response.status_code, code or _code(response)
        if 300 <= status < 400:
            return MishapError(
                f"{host} redirects to another address, and calls are not sent on",
                status=status,
                fix="correct base_url",
            )
        out_of_credit = code == _OUT_OF_CREDIT
        otherwise = ("failed", "try again later") if status >= 500 else _STATUSES[400]
        does, fix = _STATUSES[402] if out_of_credit else _STATUSES.get(status, otherwise)
        if status == 401:
            variable = self._settings.key_env
            fix = f"check the key in {variable}" if variable else "set key_env, if it needs a key"
        return MishapError(
            f"{host} {does} ({status}{code and f', {code}'})",
            # A server may repeat parts of a key that it does not accept.
            said="" if status in (401, 403) else self._clean(_message(response.text)),
            passes=not out_of_credit and (status in _PASSING or status >= 500),
            after=retry_after(response.headers),
            status=status,
            fix=fix,
            for_all=out_of_credit or status in (401, 402),
            arrived=arrived,
        )

    def _unreachable(self, error: Exception) -> MishapError:
        import httpx2

        host, causes = self._settings.host, _causes(error)
        if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
            return MishapError(
                f"{host} shows a certificate that this machine does not trust",
                fix="check base_url; for a certificate of your own organization, set "
                "SSL_CERT_FILE to a file that holds its authority's",
                for_all=True,
            )
        if any(isinstance(cause, httpx2.DecodingError) for cause in causes):
            return MishapError(
                f"{host} sent a compressed reply that cannot be unpacked",
                passes=True,
                arrived=True,
                fix="try again later, or switch compression off at the server or gateway",
            )
        if isinstance(error.__cause__, httpx2.ConnectError):
            return MishapError(
                f"{host} cannot be reached",
                passes=True,
                fix="check base_url, and that the server runs",
            )
        return MishapError(
            f"the connection to {host} broke off before the answer was complete",
            passes=True,
            arrived=True,
        )

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return printable(text[:_SAID])


def count(tokens: Any) -> int | None:
    """A server's count of tokens, where it is a whole number."""
    return tokens if isinstance(tokens, int) and not isinstance(tokens, bool) else None


def _causes(error: BaseException) -> list[BaseException]:
    """What an error was made from, from it back to the first."""
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    return causes


def _code(response: Any) -> str:
    """What the server calls its error, where that is an identifier and no sentence."""
    try:
        return _identifier(json.loads(response.content)["error"])
    except (KeyError, TypeError, ValueError, RecursionError):
        return ""


def _identifier(error: Any) -> str:
    code = (error.get("code") or error.get("type")) if isinstance(error, Mapping) else ""
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


def _message(text: str) -> str:
    """The sentence in what a server says of its error; all of it where it has another form."""
    try:
        error = json.loads(text)["error"]
        message = error["message"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return text
    return message if isinstance(message, str) else text
