"""Child processes that cannot outstay, outtalk or outlive their call. Where there are groups of
processes: Linux, macOS and other Unix systems."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_TICK_S = 0.02
"""The longest wait before it is looked again whether the process has ended."""
_ERRORS_KEPT = 8192
"""Last bytes kept of what a process says on standard error."""
_CHUNK = 65536

End = Literal["line", "exit", "late", "large", "stopped"]


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of one exchange with a process."""

    end: End
    """How it ended: a whole line came, the process ended, or it was ended for a reason."""
    out: bytes
    errors: str
    """The last of its standard error."""
    code: int | None
    """Its exit code, negative for a signal; None where it goes on."""


class Child:
    """A process in a group of its own. Everything is bounded: time, output, and what it leaves
    behind, which ends with it. `stop` may be called from any thread; the rest from one."""

    def __init__(self, argv: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        """
        Raises:
            OSError: it cannot be started.
        """
        # No shell; and only what the user has allowed comes here.
        self._process = subprocess.Popen(  # noqa: S603
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=dict(environment),
            start_new_session=True,
        )
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)
        self._errors = bytearray()
        self._stopped = self._ended = False

    def stop(self) -> None:
        """Let the exchange that is under way end at once."""
        self._stopped = True

    def talk(self, said: bytes, *, seconds: float, most: int, line: bool) -> Heard:
        """Say something, and hear what comes back.

        Args:
            seconds: until it is given up.
            most: bytes that it may answer.
            line: it answers in one line and goes on; otherwise it gets no more, and answers until
                it ends.
        """
        stdin, stdout, stderr = self._process.stdin, self._process.stdout, self._process.stderr
        assert stdin is not None and stdout is not None and stderr is not None
        out, left = bytearray(), memoryview(said)
        until = time.monotonic() + seconds
        gone = False
        with selectors.DefaultSelector() as ready:
            ready.register(stdout, selectors.EVENT_READ)
            ready.register(stderr, selectors.EVENT_READ)
            ready.register(stdin, selectors.EVENT_WRITE)
            while True:
                if self._stopped or time.monotonic() >= until:
                    return self._heard("stopped" if self._stopped else "late", out)
                if not gone and self._has_ended():
                    # What it started and left running may hold its pipes open for ever.
                    gone = True
                    self._end_group()
                events = ready.select(0 if gone else _TICK_S)
                for key, _ in events:
                    if key.fileobj is stdin:
                        left = self._write(left)
                        if not left:
                            ready.unregister(stdin)
                            if not line:
                                stdin.close()
                        continue
                    if not self._hear(key, out):
                        ready.unregister(key.fileobj)
                if len(out) > most:
                    return self._heard("large", out[:most])
                if line and b"\n" in out:
                    return self._heard("line", out)
                # All that it wrote before its end stood in the pipes, and has been read.
                if gone and not any(key.fileobj is not stdin for key, _ in events):
                    return self._heard("exit", out)

    def end(self) -> None:
        """End it and all that it started, and wait until it is gone."""
        self._end_group()
        self._ended = True
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _heard(self, end: End, out: bytearray) -> Heard:
        if end != "line":
            self.end()
        errors = self._errors.decode("utf-8", "replace").strip()
        return Heard(end, bytes(out), errors, self._process.returncode)

    def _write(self, left: memoryview) -> memoryview:
        assert self._process.stdin is not None
        try:
            return left[os.write(self._process.stdin.fileno(), left[:_CHUNK]) :]
        except BlockingIOError:
            return left
        except OSError:  # It does not want to hear the rest, which is its right.
            return left[:0]

    def _hear(self, key: selectors.SelectorKey, out: bytearray) -> bool:
        """Read what a pipe holds now, into ``out`` or the errors; False at its end."""
        chunk = _read(key.fd)
        if chunk and key.fileobj is self._process.stdout:
            out += chunk
        elif chunk:
            self._errors = (self._errors + chunk)[-_ERRORS_KEPT:]
        return chunk != b""

    def _has_ended(self) -> bool:
        """Whether the process has ended. Where the system can tell without waiting for it, its
        number, which is its group's, stays its own until the group has been ended too."""
        if hasattr(os, "waitid"):
            options = os.WEXITED | os.WNOHANG | os.WNOWAIT
            return os.waitid(os.P_PID, self._process.pid, options) is not None
        return self._process.poll() is not None

    def _end_group(self) -> None:
        if not self._ended:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


def _read(pipe: int) -> bytes | None:
    """What a pipe holds; empty at its end, None where it holds nothing now."""
    try:
        return os.read(pipe, _CHUNK)
    except BlockingIOError:
        return None
