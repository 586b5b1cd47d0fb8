"""A web server on loopback that says exactly what a test tells it to, broken replies too."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any


@dataclass(frozen=True)
class Request:
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: Any
    """The JSON that was sent."""


@dataclass(frozen=True)
class Response:
    body: Any
    """Sent as JSON; bytes are sent as they are."""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    keep: float = 1.0
    """Share of the body that is sent before the connection is cut."""
    seconds: float = 0.0
    """Passed before anything is sent."""
    trickle: float = 0.0
    """Seconds passed before each single byte of the body."""

    def encoded(self) -> tuple[bytes, bytes]:
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        headers = {"content-type": "application/json", "content-length": str(len(body))}
        lines = [
            f"HTTP/1.1 {self.status} X",
            *(f"{k}: {v}" for k, v in (headers | self.headers).items()),
        ]
        return "\r\n".join([*lines, "", ""]).encode(), body


class WebServer:
    """Serves in a thread of its own while it is entered; `requests` is what it was asked."""

    def __init__(self, respond: Callable[[Request], Response]) -> None:
        self.respond = respond
        self.requests: list[Request] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()
        self._connections: set[asyncio.Task[None]] = set()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> WebServer:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while await self._answer(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; False where the connection is cut with it."""
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().rstrip().split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        request = Request(first.split()[1], headers, json.loads(body) if body else None)
        self.requests.append(request)
        response = self.respond(request)
        head, content = response.encoded()
        if response.seconds:
            await asyncio.sleep(response.seconds)
        content = content[: round(len(content) * response.keep)]
        writer.write(head)
        if response.trickle:
            for byte in content:
                await asyncio.sleep(response.trickle)
                writer.write(bytes([byte]))
                await writer.drain()
        else:
            writer.write(content)
        await writer.drain()
        return response.keep == 1.0
