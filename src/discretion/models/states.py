"""Hidden states: what a frozen model makes of a prompt, read once and kept beside the log."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from discretion.core.judgments import Floats

STATES = "hidden-states.db"
"""Beside a workspace's log. It holds nothing that cannot be read again, and may be deleted."""
TOKENS = 2048
"""In one forward, padding included: the states of all layers are in memory at once."""
DEPTHS = (1 / 2, 2 / 3, 5 / 6, 1)
"""Of the layers that are read, as parts of a model's depth."""

Pooling = Literal["last", "mean"]
"""Of a prompt's tokens: the last, or the mean of all."""
Row = Sequence[int]
"""The tokens of one prompt."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a prompt's hidden state is taken from."""

    layer: int
    """From 1, the first layer's output, to as many as the model has."""
    pooling: Pooling


def places(layers: int) -> tuple[Place, ...]:
    """The places that are read of a model with so many layers, the shallow ones first."""
    depths = dict.fromkeys(max(1, round(depth * layers)) for depth in DEPTHS)
    return tuple(Place(layer, pooling) for layer in depths for pooling in get_args(Pooling))


def read_states(
    model: Any, rows: Sequence[Row], wanted: Sequence[Place]
) -> Iterator[tuple[list[int], Floats]]:
    """What a causal language model of transformers makes of prompts, one forward after the other.

    All places come from the same forward. Prompts of like length are read together, and no
    probabilities are computed.

    Yields:
        The rows of one forward by their number, and their states (rows, places, width) in float32.
    """
    import torch

    body = model.base_model
    for part in _parts(rows):
        ids = torch.zeros((len(part), max(len(rows[row]) for row in part)), dtype=torch.long)
        seen = torch.zeros_like(ids)
        for at, row in enumerate(part):
            ids[at, : len(rows[row])] = torch.tensor(rows[row])
            seen[at, : len(rows[row])] = 1
        ids, seen = ids.to(model.device), seen.to(model.device)
        with torch.inference_mode():
            layers = body(
                input_ids=ids, attention_mask=seen, use_cache=False, output_hidden_states=True
            ).hidden_states
            lengths = seen.sum(1)
            found = []
            for place in wanted:
                layer = layers[place.layer]
                if place.pooling == "last":
                    state = layer[torch.arange(len(part), device=ids.device), lengths - 1].float()
                else:
                    state = (layer.float() * seen[..., None]).sum(1) / lengths[:, None]
                found.append(state)
        yield part, torch.stack(found, 1).cpu().numpy()


def _parts(rows: Sequence[Row]) -> Iterator[list[int]]:
    """Rows for one forward each, by their number: those of like length together."""
    part: list[int] = []
    for row in sorted(range(len(rows)), key=lambda one: len(rows[one])):
        if part and len(rows[row]) * (len(part) + 1) > TOKENS:
            yield part
            part = []
        part.append(row)
    if part:
        yield part


@dataclass(frozen=True)
class States:
    """The hidden states of one frozen model, from a file where they are known."""

    fingerprint: str
    """Of the model, which changes whenever a state could."""
    load: Callable[[], Any] = field(repr=False)
    """Gives the model, as transformers loads it; called only where something is to be read."""
    layers: int
    cache: Path | None = None
    """The file in which they are kept; None keeps none."""

    def of(
        self,
        rows: Sequence[Row],
        place: Place,
        watch: Callable[[int, int], None] = lambda done, count: None,
    ) -> Floats:
        """(R, D) the states of prompts at one place.

        What is not known yet is read and kept at every place, so that a head that is fitted later
        reads nothing again.

        Args:
            watch: is told how many of how many prompts have been read.
        """
        keys = [_key(row) for row in rows]
        found = self._find(keys, place)
        lacking = [at for at, key in enumerate(keys) if key not in found]
        first = list({keys[at]: at for at in reversed(lacking)}.values())
        wanted, done = places(self.layers), 0
        if place not in wanted:
            wanted = (*wanted, place)
        if first:
            model = self.load()
            for part, states in read_states(model, [rows[at] for at in first], wanted):
                own = [keys[first[at]] for at in part]
                self._keep(own, wanted, states)
                found |= dict(zip(own, states[:, wanted.index(place)], strict=True))
                done += len(part)
                watch(done, len(first))
        return np.stack([found[key] for key in keys]).astype(np.float64)

    def _find(self, keys: Sequence[bytes], place: Place) -> dict[bytes, np.ndarray]:
        if self.cache is None or not self.cache.exists():
            return {}
        found = {}
        # A file that is no database, or of another make, is no loss: the states are read again.
        with suppress(sqlite3.DatabaseError), closing(_open(self.cache)) as file:
            for key in dict.fromkeys(keys):
                row = file.execute(
                    "SELECT vector FROM states WHERE model = ? AND prompt = ? AND layer = ? "
                    "AND pooling = ?",
                    (self.fingerprint, key, place.layer, place.pooling),
                ).fetchone()
                if row is not None:
                    found[key] = np.frombuffer(row[0], dtype="<f4")
        return found

    def _keep(self, keys: Sequence[bytes], wanted: Sequence[Place], states: Floats) -> None:
        """All of a forward's states or none: what is half written is not there."""
        if self.cache is None:
            return
        rows = [
            (self.fingerprint, key, place.layer, place.pooling, state.astype("<f4").tobytes())
            for key, each in zip(keys, states, strict=True)
            for place, state in zip(wanted, each, strict=True)
        ]
        try:
            _write(self.cache, rows)
        except sqlite3.OperationalError:
            return  # Busy, full or not to be written: they will be read again.
        except sqlite3.DatabaseError:
            with suppress(OSError, sqlite3.Error):
                self.cache.unlink()
                _write(self.cache, rows)


def _open(path: Path) -> sqlite3.Connection:
    file = sqlite3.connect(path, timeout=10)
    file.execute("PRAGMA synchronous = NORMAL")
    return file


def _write(path: Path, rows: Sequence[tuple[str, bytes, int, str, bytes]]) -> None:
    with closing(_open(path)) as file, file:
        file.execute(
            "CREATE TABLE IF NOT EXISTS states (model TEXT, prompt BLOB, layer INTEGER, "
            "pooling TEXT, vector BLOB, PRIMARY KEY (model, prompt, layer, pooling))"
        )
        file.executemany("INSERT OR REPLACE INTO states VALUES (?, ?, ?, ?, ?)", rows)


def _key(row: Row) -> bytes:
    return hashlib.sha256(np.asarray(row, dtype="<i8").tobytes()).digest()
