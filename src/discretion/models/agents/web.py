"""Agents over HTTP: one request a call, and the whole reply, within bounds."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from typing import Any

from discretion.errors import DiscretionError, missing_extra
from discretion.models.agents.settings import HttpSettings, variable
from discretion.models.endpoint_settings import FROM_ENVIRONMENT
from discretion.models.retry import MishapError, retry_after

_SAID = 300
"""Characters kept of what a server says with an error."""
_STATUSES = {
    401: "does not accept the key",
    402: "asks for payment",
    403: "does not allow this",
    404: "does not know the address",
    408: "timed out",
    409: "reports a conflict",
    413: "finds the request too large",
    429: "limits how much it may be asked",
}
_PASSING = frozenset({408, 409, 429})
_FOR_ALL = frozenset({401, 402})


class HttpRunner:
    """A client of one agent, bound to the event loop in which it is first asked."""

    def __init__(self, name: str, settings: HttpSettings) -> None:
        """
        Raises:
            DiscretionError: what speaks HTTP is not installed.
        """
        if find_spec("httpx2") is None:
            raise missing_extra("http", f"the agent {name!r}")
        self._name, self._settings = name, settings
        self._client: Any = None
        self._secrets: tuple[str, ...] = ()

    async def ask(self, sent: str) -> str:
        """The reply to what is sent.

        Raises:
            MishapError: it gives none.
            DiscretionError: a variable that the settings name is not set.
        """
        import httpx2

        settings = self._settings
        if self._client is None:
            self._client = self._open()
        try:
            # The client's own time-out is for each wait for bytes.
            async with (
                asyncio.timeout(settings.timeout_s),
                self._client.stream(
                    settings.method,
                    settings.url,
                    content=sent.encode(),
                    headers={"content-type": "application/json", "accept": "application/json"},
                ) as response,
            ):
                body = await self._body(response)
        except (TimeoutError, httpx2.TimeoutException) as error:
            raise MishapError(
                f"{settings.host} did not answer within {settings.timeout_s:g} s",
                passes=True,
                arrived=True,
                fix="set a higher timeout_s, or try again later",
            ) from error
        except httpx2.ConnectError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise MishapError(
                    f"the certificate of {settings.host} is not trusted",
                    fix="use the name that the certificate is for, or have its issuer trusted",
                    for_all=True,
                ) from error
            raise MishapError(
                f"{settings.host} cannot be reached",
                passes=True,
                fix="check url, and that the agent runs",
            ) from error
        except httpx2.HTTPError as error:
            raise MishapError(
                f"the connection to {settings.host} broke off before the answer was complete",
                passes=True,
                arrived=True,
            ) from error
        return self._read(response, body)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def clean(self, text: str) -> str:
        """A text without keys and header values."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def _open(self) -> Any:
        from discretion.models.connections import streaming_client

        settings = self._settings
        where = f"[models.{self._name}]"
        headers = {
            header: variable(value.removeprefix(FROM_ENVIRONMENT), f"{where} headers.{header}")
            if value.startswith(FROM_ENVIRONMENT)
            else value
            for header, value in settings.headers.items()
        }
        key = variable(settings.key_env, f"{where} key_env") if settings.key_env else ""
        self._secrets = tuple(one for one in (key, *headers.values()) if len(one) >= 4)
        if not all(one.isascii() and one.isprintable() for one in (key, *headers.values())):
            raise DiscretionError(
                "a key or header has signs that HTTP cannot carry",
                where=where,
                fix="look for line breaks and typographic signs in their values",
            )
        if key:
            headers = {"authorization": f"Bearer {key}", **headers}
        return streaming_client(
            settings.url,
            headers,
            at_once=settings.max_in_flight,
            timeout_s=settings.timeout_s,
        )

    async def _body(self, response: Any) -> bytes:
        body = bytearray()
        # Unpacked as it comes, so that a small reply that unpacks into a huge one is cut as well.
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > self._settings.most_bytes:
                raise MishapError(
                    f"the answer of {self._settings.host} is longer than "
                    f"{self._settings.max_reply_kb:,} KB",
                    arrived=True,
                )
        return bytes(body)

    def _read(self, response: Any, body: bytes) -> str:
        status, host = response.status_code, self._settings.host
        text = body.decode("utf-8", "replace")
        if 200 <= status < 300:
            if "�" in text and "�".encode() not in body:
                raise MishapError(f"{host} sent what is not UTF-8 text", arrived=True)
            return text
        if 300 <= status < 400:
            raise MishapError(
                f"{host} redirects to another address, and calls are not sent on",
                status=status,
                fix="correct url",
                for_all=True,
            )
        does = _STATUSES.get(status, "failed" if status >= 500 else "refuses the request")
        raise MishapError(
            f"{host} {does} ({status})",
            # A server may repeat parts of a key that it does not accept.
            said="" if status in (401, 403) else self.clean(text)[:_SAID],
            passes=status in _PASSING or status >= 500,
            after=retry_after(response.headers),
            status=status,
            fix="check the key" if status == 401 else "",
            for_all=status in _FOR_ALL,
        )
