"""The process in which a function of the user's is called: JSON lines in, JSON lines out.

Run by its path, by any Python, with nothing but the standard library. What the function prints
goes to standard error: standard output is the protocol's own.
"""

import asyncio
import importlib
import inspect
import json
import os
import queue
import sys
import threading
from collections.abc import Awaitable
from typing import Any, TextIO


def _main(folder: str, module_name: str, function_name: str, source: str) -> None:
    reader = os.fdopen(os.dup(0), "r", encoding="utf-8")
    writer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # Below Python too: what a library or a child writes must not look like an answer.
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(reader, lines), daemon=True).start()
    sys.path.insert(0, folder)

    own = os.getpid()

    def say(**said: Any) -> None:
        if os.getpid() != own:  # A copy of this process that the function made has no say.
            os._exit(0)
        writer.write(json.dumps(said) + "\n")
        writer.flush()

    try:
        module = importlib.import_module(module_name)
        if not os.path.samefile(module.__file__ or "", source):  # noqa: PTH121
            raise ImportError(f"{module_name} was found elsewhere than before")
        function = getattr(module, function_name)
    except BaseException as error:
        say(failed=_named(error), said=str(error))
        return
    say(ready=True)
    with asyncio.Runner() as runner:
        while True:
            case = json.loads(lines.get())
            try:
                value = function(case)
                if inspect.isawaitable(value):
                    value = runner.run(_wait(value))
                said = json.dumps(value)
            except Exception as error:
                say(raised=_named(error), said=str(error))
            else:
                say(value=said)


def _listen(reader: TextIO, lines: queue.SimpleQueue[str]) -> None:
    """Lines as they come; where no more can come, nobody waits for an answer."""
    for line in reader:
        lines.put(line)
    os._exit(0)


async def _wait(value: Awaitable[Any]) -> Any:
    return await value


def _named(error: BaseException) -> str:
    return type(error).__name__


if __name__ == "__main__":
    _main(*sys.argv[1:])
