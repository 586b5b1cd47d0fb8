"""Processes: several that train one job together, of which the first alone opens the workspace.

A launcher starts them: ``torchrun --nproc_per_node 2 -m discretion tune …``. The others wait for
jobs, compute their part of each step, and write nothing but their own random state into
checkpoints.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from discretion.errors import DiscretionError, StoppedError

if TYPE_CHECKING:
    from torch import Tensor

PATIENCE = timedelta(days=7)
"""How long a process waits for the others: they may have much to read or to save."""


def rank() -> int:
    """The number of this process among those that train together; 0 leads."""
    return int(os.environ.get("RANK", "0"))


def launched() -> int | None:
    """How many processes a launcher has started; None without one."""
    size = os.environ.get("WORLD_SIZE")
    return int(size) if size else None


def asked_for(number: int | None, *, planning: bool = False) -> int:
    """How many processes train together.

    Args:
        number: what the user asked for; None leaves it to the launcher.
        planning: nothing is trained, so that no launcher is needed.

    Raises:
        DiscretionError: a launcher has started another number, or there is none.
    """
    size = launched()
    joined = size or 1
    if number is None or number == joined or (planning and size is None):
        return number or joined
    raise DiscretionError(
        f"{number} processes were asked for and {joined} joined",
        where="--processes",
        fix=f"start the same command by: torchrun --nproc_per_node {number} -m discretion tune …",
    )


@contextmanager
def together() -> Iterator[None]:
    """Lead the processes that a launcher has started, as long as it lasts; alone there is nothing
    to do.

    Raises:
        StoppedError: one of them ended.
    """
    count = launched() or 1
    if count == 1:
        yield
        return
    try:
        _join(count)
        yield
        tell(None)
    except RuntimeError as error:
        if is_of_the_group(error):
            raise StoppedError(
                f"one of the {count} processes ended before the training did",
                fix="repeat the command to go on from the last checkpoint",
            ) from error
        raise


def follow() -> None:
    """Train what the first process says, until it says that there is no more."""
    from discretion.training.jobs import job_from_json, masked_from_json
    from discretion.training.trainers import trainer, trains_here

    # Ctrl-C reaches every process; the first one says what has to be said, and ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _join(int(os.environ["WORLD_SIZE"]))
    while (said := hear()) is not None:
        job = job_from_json(said["job"], [masked_from_json(one) for one in said["masked"]])
        try:
            trains_here(trainer(said["trainer"])).train(job, Path(said["work"]), lambda _: None)
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
            fix='set device = "cuda", and start as many processes as there are GPUs',
        )
    torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))


def _join(count: int) -> None:
    import torch
    from torch import distributed

    if threads := os.environ.get("OMP_NUM_THREADS"):
        torch.set_num_threads(int(threads))
    if not distributed.is_initialized():
        distributed.init_process_group(
            "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo",
            timeout=PATIENCE,
        )
        # A process that ends while the group's threads still run may abort instead.
        atexit.register(_leave)
    if distributed.get_world_size() != count:
        raise DiscretionError(
            f"{count} processes were asked for and {distributed.get_world_size()} joined"
        )


def _leave() -> None:
    from torch import distributed

    if distributed.is_initialized():
        distributed.destroy_process_group()


def is_of_the_group(error: RuntimeError) -> bool:
    """Whether the connection to another process failed: gloo says so by its name alone."""
    from torch import distributed

    return isinstance(error, distributed.DistError) or "gloo" in str(error)
