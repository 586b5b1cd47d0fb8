"""Hosting: one job at a provider, up to a folder that says how its model is asked."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from discretion.canonical import plain_decimal
from discretion.models.endpoint_settings import EndpointSettings
from discretion.models.folder import NOTES
from discretion.models.served import ADDRESS, SERVED, VERSION
from discretion.models.tuned import UNFINISHED
from discretion.training.chats import ChatJob
from discretion.training.teaching import alone, finished
from discretion.training.trainers import ChatTrainer, Served, Watch


@dataclass(frozen=True, slots=True)
class Hosted:
    """What came of a job at a provider."""

    served: Served
    cost: Decimal | None
    """Of the tokens that were trained; None where there is no price, or nobody counted."""
    currency: str

    @property
    def said(self) -> dict[str, Any]:
        """For the log; JSON values."""
        return {
            "model": self.served.model,
            "job": self.served.job,
            "trained_tokens": self.served.trained_tokens,
            "cost": None if self.cost is None else plain_decimal(self.cost),
            "currency": self.currency,
        }

    @property
    def sentence(self) -> str:
        """For the card and the terminal."""
        tokens = self.served.trained_tokens
        counted = "" if tokens is None else f", {tokens:,} trained tokens"
        cost = "" if self.cost is None else f", {money(self.cost)} {self.currency}"
        return f"model {self.served.model}, job {self.served.job}{counted}{cost}"


def cost_of(tokens: int | None, settings: EndpointSettings) -> Decimal | None:
    """What so many trained tokens cost; None where that is not known."""
    if tokens is None or settings.price_training is None:
        return None
    return settings.price_training * tokens / 1_000_000


def money(amount: Decimal) -> str:
    """An amount in two digits after the point, in four where it is below one."""
    return f"{amount:.2f}" if amount >= 1 else f"{amount:.4f}"


def host(
    job: ChatJob,
    trainer: ChatTrainer,
    folder: Path,
    notes: Mapping[str, Any],
    card: Callable[[Hosted], str],
    watch: Watch = lambda _: None,
    then: Callable[[Path], None] = lambda _: None,
) -> Hosted | None:
    """Have a job trained, and put what is known of the result in its place, complete or not at all.

    Args:
        folder: holds the tuned models of a workspace.
        notes: what the result says of itself.
        card: its README.md, made once it is known what came of it.
        then: sees the complete result before it is put in its place, and may add to its card.

    Returns:
        None where another process has put it there in the meantime.

    Raises:
        DiscretionError: it cannot be trained, or another process follows it.
        StoppedError: it was stopped; the same job goes on where it is.
    """
    work, settings = folder / f"{job.name}{UNFINISHED}", job.base.settings
    with alone(work):
        if finished(folder, job, notes):
            shutil.rmtree(work)
            return None
        made = trainer.tune(job, work, watch)
        found = Hosted(made, cost_of(made.trained_tokens, settings), settings.currency)
        result = work / "result"
        shutil.rmtree(result, ignore_errors=True)
        result.mkdir()
        asked = settings.model_dump(mode="json", include=set(ADDRESS), exclude_none=True)
        said = {
            "version": VERSION,
            "trainer": trainer.name,
            "kind": job.base.kind,
            "settings": asked | {"model": made.model} | dict(made.settings),
            "base": settings.model,
            **{name: value for name, value in found.said.items() if name != "model"},
        }
        _write(result / SERVED, said)
        _write(result / NOTES, notes)
        (result / "README.md").write_text(card(found), encoding="utf-8")
        then(result)
        result.rename(folder / job.name)
        shutil.rmtree(work)
    return found


def _write(path: Path, said: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(dict(said), indent=1, sort_keys=True) + "\n", encoding="utf-8")
