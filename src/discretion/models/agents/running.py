"""Agents that are code: a program a call, or a function in a process that stays."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from discretion.models.agents.code import Code
from discretion.models.agents.processes import Child, Heard
from discretion.models.agents.settings import CodeSettings
from discretion.models.retry import MishapError

_SAID = 300
"""Characters kept of what code says with an error."""


class _Runner:
    """What both kinds share: threads that wait for processes, and processes that end with them."""

    def __init__(self, code: Code, settings: CodeSettings, consent: str) -> None:
        self._code, self._settings, self._consent = code, settings, consent
        self._threads: ThreadPoolExecutor | None = None
        self._children: set[Child] = set()
        self._secrets: tuple[str, ...] = ()
        self._closed = False

    async def ask(self, sent: str) -> str:
        """The reply to what is sent.

        Raises:
            MishapError: it gives none.
            StoppedError: the code has changed since it was allowed.
        """
        if self._threads is None:
            self._closed = False
            self._threads = ThreadPoolExecutor(self._settings.max_in_flight, "discretion-agent")
        # A call that is cancelled ends in `close`, which comes after it.
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._ask, sent)

    async def close(self) -> None:
        """End every process, and wait until it is gone."""
        self._closed = True
        for child in list(self._children):
            child.stop()
        if self._threads is not None:
            self._threads.shutdown(wait=True, cancel_futures=True)
            self._threads = None
        for child in list(self._children):
            self._end(child)

    def clean(self, text: str) -> str:
        """A text without the values of variables that only this agent sees."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def _ask(self, sent: str) -> str:
        raise NotImplementedError

    def _start(self) -> Child:
        self._code.check(self._consent)
        environment = self._code.environment()
        self._secrets = tuple(
            environment[name] for name in self._code.variables if len(environment[name]) >= 4
        )
        try:
            child = Child(self._code.argv, self._code.folder, environment)
        except OSError as error:
            raise MishapError(
                f"{self._code.shown!r} cannot be started: {error.strerror}", for_all=True
            ) from error
        self._children.add(child)
        if self._closed:
            child.stop()
        return child

    def _end(self, child: Child) -> None:
        child.end()
        self._children.discard(child)

    def _talk(self, child: Child, sent: bytes, *, line: bool) -> Heard:
        settings = self._settings
        heard = child.talk(sent, seconds=settings.timeout_s, most=settings.most_bytes, line=line)
        if heard.end == "late":
            raise MishapError(
                f"no answer within {settings.timeout_s:g} s",
                said=self._last(heard),
                arrived=True,
                fix="set a higher timeout_s",
            )
        if heard.end == "large":
            raise MishapError(
                f"the answer is longer than {settings.max_reply_kb:,} KB", arrived=True
            )
        if heard.end == "stopped":
            raise MishapError("the run was stopped", arrived=True)
        return heard

    def _last(self, heard: Heard) -> str:
        """The end of what was said on standard error, where errors say what they are."""
        return self.clean(heard.errors)[-_SAID:]


class CommandRunner(_Runner):
    """A program, started for every call: the case on standard input, the answer on standard
    output."""

    def _ask(self, sent: str) -> str:
        child = self._start()
        try:
            heard = self._talk(child, sent.encode(), line=False)
        finally:
            self._end(child)
        if heard.code:
            how = f"exit code {heard.code}" if heard.code > 0 else f"signal {-heard.code}"
            raise MishapError(f"the program ended with {how}", said=self._last(heard), arrived=True)
        return _text(heard.out)


class FunctionRunner(_Runner):
    """A function, called in processes that stay: as many as calls may be under way."""

    def __init__(self, code: Code, settings: CodeSettings, consent: str) -> None:
        super().__init__(code, settings, consent)
        self._idle: list[Child] = []

    async def close(self) -> None:
        await super().close()
        self._idle.clear()

    def _ask(self, sent: str) -> str:
        try:
            child = self._idle.pop()
        except IndexError:
            child = self._ready()
        try:
            said = self._say(child, sent.encode() + b"\n")
        except BaseException:
            self._end(child)
            raise
        self._idle.append(child)
        if "value" in said:
            return str(said["value"])
        raise MishapError(
            f"the function raised {said.get('raised', 'something')}",
            said=self.clean(str(said.get("said", "")))[:_SAID],
            arrived=True,
        )

    def _ready(self) -> Child:
        """A new process in which the function has been found."""
        child = self._start()
        try:
            said = self._say(child, b"")
            if "failed" in said:
                raise MishapError(
                    f"{self._code.shown!r} cannot be loaded: {said['failed']}",
                    said=self.clean(str(said.get("said", "")))[:_SAID],
                    for_all=True,
                )
        except BaseException:
            self._end(child)
            raise
        return child

    def _say(self, child: Child, sent: bytes) -> Mapping[str, Any]:
        heard = self._talk(child, sent, line=True)
        if heard.end != "line":
            how = f"exit code {heard.code}"
            if heard.code is not None and heard.code < 0:
                how = f"signal {-heard.code}"
            raise MishapError(f"its process ended with {how}", said=self._last(heard), arrived=True)
        try:
            said: Mapping[str, Any] = json.loads(heard.out)
        except ValueError:
            raise MishapError("its process answered twice", arrived=True) from None
        return said


def _text(out: bytes) -> str:
    try:
        return out.decode("utf-8")
    except UnicodeDecodeError:
        raise MishapError("the answer is not UTF-8 text", arrived=True) from None
