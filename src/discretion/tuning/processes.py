"""Processes: several that train one job together, of which the first alone opens the workspace.

Either a launcher has started them (``torchrun --nproc_per_node 2 -m discretion tune …``) or the
first starts the others. These wait for jobs, compute their part of each step, and write nothing but
their own random state into checkpoints.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from discretion.errors import DiscretionError, StoppedError

if TYPE_CHECKING:
    from torch import Tensor

PATIENCE = timedelta(days=7)
"""How long a process waits for the others: they may have much to read or to save."""
GRACE = 2.0
"""Seconds in which a process that failed can end."""
MEET = "DISCRETION_MEET"
"""Names the file by which processes find each other that no launcher has started."""


def rank() -> int:
    """The number of this process among those that train together; 0 leads."""
    return int(os.environ.get("RANK", "0"))


def launched() -> int | None:
    """How many processes a launcher has started; None without one."""
    size = os.environ.get("WORLD_SIZE")
    return int(size) if size else None


def asked_for(said: int | None) -> int:
    """How many processes are to train together.

    Args:
        said: what the user asked for; None leaves it to the launcher.

    Raises:
        DiscretionError: a launcher has started another number.
    """
    size = launched()
    if said is not None and size is not None and said != size:
        raise DiscretionError(
            f"{said} processes were asked for and {size} joined",
            where="--processes",
            mend=f"start it with: torchrun --nproc_per_node {said} -m discretion tune …",
        )
    return said or size or 1


@contextmanager
def together(count: int) -> Iterator[None]:
    """Lead so many processes as long as it lasts; alone there is nothing to do.

    Raises:
        DiscretionError: not so many joined.
        StoppedError: one of them died.
    """
    if count == 1:
        yield
        return
    with _others(count) as others:
        try:
            _join(count)
            yield
            tell(None)
        except (RuntimeError, StoppedError) as error:
            if code := _died(others):
                raise StoppedError(
                    f"one of the {count} processes died with exit code {code}",
                    mend="repeat the command to go on from the last checkpoint",
                ) from error
            raise


def follow() -> None:
    """Train what the first process says, until it says that there is no more."""
    from discretion.tuning.jobs import job_from_json, masked_from_json
    from discretion.tuning.trainers import trainer

    # Ctrl-C reaches every process; the first one says what has to be said, and ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if MEET in os.environ:
        threading.Thread(target=_end_with_the_first, daemon=True).start()
    _join(int(os.environ["WORLD_SIZE"]))
    while (said := hear()) is not None:
        job = job_from_json(said["job"], [masked_from_json(one) for one in said["masked"]])
        try:
            trainer(said["trainer"]).train(job, Path(said["work"]), lambda _: None)
        except DiscretionError:
            return  # It is the same in every process, and the first one says it.


def tell(value: Any) -> None:
    """Send a JSON value to all other processes."""
    import torch
    from torch.distributed import broadcast

    data = torch.tensor(list(json.dumps(value).encode()), dtype=torch.uint8)
    broadcast(torch.tensor([len(data)]), src=0)
    broadcast(data, src=0)


def hear() -> Any:
    """What the first process sends next."""
    import torch
    from torch.distributed import broadcast

    length = torch.zeros(1, dtype=torch.int64)
    broadcast(length, src=0)
    data = torch.zeros(int(length), dtype=torch.uint8)
    broadcast(data, src=0)
    return json.loads(bytes(data.tolist()))


def summed(value: Tensor) -> Tensor:
    """The sum of a value over all processes."""
    from torch.distributed import all_reduce

    total = value.detach().clone()
    all_reduce(total)
    return total


def agreed(value: bool) -> bool:
    """What the first process thinks: clocks differ."""
    import torch
    from torch.distributed import broadcast

    said = torch.tensor([int(value)])
    broadcast(said, src=0)
    return bool(said)


def wait_for_all() -> None:
    """Go on only when every process has come this far."""
    from torch.distributed import barrier

    barrier()


def take_gpu(count: int, device: str) -> None:
    """Give each process a GPU of its own.

    Raises:
        DiscretionError: there are too few, or one is named for all of them.
    """
    import torch

    if count == 1 or not device.startswith("cuda"):
        return
    if device != "cuda" or torch.cuda.device_count() < count:
        raise DiscretionError(
            f"{count} processes cannot each have a GPU: the device is {device!r} and there are "
            f"{torch.cuda.device_count()}",
            mend='set device = "cuda", and start as many processes as there are GPUs',
        )
    torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))


def _join(count: int) -> None:
    import torch
    from torch import distributed

    if threads := os.environ.get("OMP_NUM_THREADS"):
        torch.set_num_threads(int(threads))
    if not distributed.is_initialized():
        meeting = os.environ.get(MEET)
        distributed.init_process_group(
            "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo",
            init_method=f"file://{meeting}" if meeting else "env://",
            rank=rank(),
            world_size=count,
            timeout=PATIENCE,
        )
    if distributed.get_world_size() != count:
        raise DiscretionError(
            f"{count} processes were asked for and {distributed.get_world_size()} joined"
        )


@contextmanager
def _others(count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The other processes, where no launcher has started them; they end with this one."""
    if launched() is not None:
        yield []
        return
    from torch import distributed

    before = dict(os.environ)
    started: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory() as folder:
        shared = {
            "WORLD_SIZE": str(count),
            "LOCAL_WORLD_SIZE": str(count),
            "OMP_NUM_THREADS": before.get(
                "OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // count))
            ),
            # They talk among themselves, and no other machine is let in.
            "GLOO_SOCKET_IFNAME": before.get("GLOO_SOCKET_IFNAME", _loopback()),
            MEET: str(Path(folder) / "meeting"),
        }
        try:
            for number in range(1, count):
                own = {"RANK": str(number), "LOCAL_RANK": str(number)}
                started.append(_start(before | shared | own))
            os.environ |= shared | {"RANK": "0", "LOCAL_RANK": "0"}
            yield started
            for one in started:
                one.wait()
        finally:
            for one in started:
                one.kill()
                one.communicate()
            os.environ.clear()
            os.environ |= before
            if distributed.is_initialized():
                distributed.destroy_process_group()


def _start(environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    # -P: nothing that lies in the current folder is taken for a module.
    words = [sys.executable, "-P", "-c", f"from {__name__} import follow; follow()"]
    return subprocess.Popen(  # noqa: S603
        words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )


def _end_with_the_first() -> None:
    """End when the first process is gone, however it went: nobody writes into the pipe, and the
    operating system closes it.

    Read without a buffer: Python ends in a fatal error where a thread still waits with one's lock.
    """
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)


def _died(others: list[subprocess.Popen[bytes]]) -> int:
    """The exit code of a process that ended in an error, 0 where none did: such an error is one of
    the network in those that are left, and may come there first."""
    for one in others:
        with suppress(subprocess.TimeoutExpired):
            one.wait(GRACE)
    return next((one.returncode for one in others if one.returncode), 0)


def _loopback() -> str:
    """The name of the interface on which a machine talks to itself."""
    import socket

    names = [name for _, name in socket.if_nameindex()]
    return next((name for name in names if name.startswith("lo")), names[0])
