"""OpenAI's fine-tuning API as a trainer: a file is uploaded, a job started, followed, found again.

What was done is written down before the next step is taken, and a job is looked for before one is
started: however a command ends, repeating it never pays for the same work twice.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from discretion.coroutines import run_sync
from discretion.errors import DiscretionError, StoppedError, missing_extra
from discretion.models.endpoint import Endpoint
from discretion.models.fine_tuning import Event, FineTuning, JobOrder, JobState, UnsureError
from discretion.models.retry import MishapError
from discretion.training.chats import ChatJob
from discretion.training.recipes import Recipe
from discretion.training.trainers import API, Progress, Served, Watch

STATE = "job.json"
"""In a training's own folder: what is known of its job at the provider."""
FIRST_POLL_S, LONGEST_POLL_S = 2.0, 30.0
"""Between two looks at a job; the pauses grow."""
SUFFIX = 40
"""Characters of a model's name that are sent as a part of the fine-tuned model's."""
SETTINGS = ("learning_rate_multiplier", "batch_size", "n_epochs", "method")
"""What ``--set`` passes on."""


@dataclass(frozen=True, slots=True)
class State:
    """A job on its way, as it is written down."""

    model: str
    """The base, by its name in the workspace."""
    key: str
    """Of the work; see `ChatJob.key`."""
    tries: int = 0
    """Jobs for this work that failed or were cancelled."""
    file: str = ""
    """The uploaded file's id; empty before it is known."""
    job: str = ""
    """The job's id; empty before it is known."""
    unsure: bool = False
    """A job may have been started, of which no more is known."""

    @property
    def tag(self) -> str:
        """Tells one try at this work from all others, at the provider too."""
        return f"{self.key}-{self.tries + 1}" if self.tries else self.key


def read_state(work: Path) -> State | None:
    """What is known of the job that is trained in a folder; None where there is none.

    Raises:
        DiscretionError: it cannot be read.
    """
    path = work / STATE
    if not path.exists():
        return None
    try:
        return State(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, TypeError, ValueError) as error:
        raise DiscretionError(
            "the notes on a fine-tuning job cannot be read",
            where=str(path),
            fix="look at the jobs of your account there; to begin anew, remove this file",
        ) from error


def keep_state(work: Path, state: State) -> None:
    """Write it down, as a whole or not at all."""
    new = work / f"{STATE}.new"
    new.write_text(json.dumps(asdict(state), indent=1) + "\n", encoding="utf-8")
    new.replace(work / STATE)


class OpenAITrainer:
    """Trains at any server with OpenAI's ``/files`` and ``/fine_tuning/jobs``."""

    name = API

    def check(self, recipe: Recipe, base: Endpoint) -> None:
        if find_spec("openai") is None:
            raise missing_extra("openai", "fine-tuning at a provider")
        if base.kind != "openai":
            raise DiscretionError(
                f"{base.name!r} is of the kind {base.kind!r}, which has no fine-tuning API that is "
                "known here",
                where=f"[models.{base.name}] kind",
                fix='name a model of kind = "openai", or a trainer that another package adds',
            )
        for name, value in recipe.more.items():
            _check_setting(name, value)

    def tune(self, job: ChatJob, work: Path, watch: Watch) -> Served:
        try:
            return run_sync(_tuned(job, work, watch))
        except KeyboardInterrupt as stop:
            state = read_state(work)
            if state is None or not state.job:
                raise StoppedError(
                    f"stopped before a job for {job.name} was known",
                    where=job.base.settings.host,
                    fix="repeat the command: it looks for the job before it starts one",
                ) from stop
            raise StoppedError(
                f"stopped following {state.job}, which keeps running and is paid for",
                where=job.base.settings.host,
                fix=_go_on(job.name),
            ) from stop


def cancelled(name: str, base: Endpoint, work: Path) -> JobState:
    """Cancel the job of a training that is on its way, and note that it ended.

    Args:
        name: of the tuned model.
        work: the training's own folder.

    Returns:
        The job as it ended: it may have ended otherwise in the meantime.

    Raises:
        DiscretionError: no job of it is known, or the provider does not cancel it.
    """
    state = read_state(work)
    if state is None or not state.job:
        raise DiscretionError(
            f"no job of {name!r} is known", where=str(work), fix="see: discretion models"
        )

    async def cancel() -> JobState:
        api = FineTuning(base.name, base.settings)
        try:
            found = await api.job(state.job)
            return found if found.ended else await api.cancel(state.job)
        finally:
            await api.close()

    try:
        found = run_sync(cancel())
    except MishapError as mishap:
        _fail(mishap, base)
    if found.status != "succeeded":
        keep_state(work, State(state.model, state.key, state.tries + 1))
    return found


async def _tuned(job: ChatJob, work: Path, watch: Watch) -> Served:
    """The whole way of a job, from wherever it was left."""
    base = job.base
    state = _state_of(job, work)
    api = FineTuning(base.name, base.settings)
    try:
        if not state.job:
            state = await _started(api, job, work, state)
        found = await _followed(api, job, state, watch)
    except MishapError as mishap:
        _fail(mishap, base, follows=job.name if state.job else "")
    finally:
        await api.close()
    if found.status != "succeeded":
        keep_state(work, State(state.model, state.key, state.tries + 1))
        ended = "was cancelled" if found.status == "cancelled" else "failed"
        raise DiscretionError(
            f"the job {found.id} {ended}" + (f": {found.error}" if found.error else ""),
            where=base.settings.host,
            fix="correct what it names; the same command starts a new job",
        )
    if not found.model:
        raise DiscretionError(
            f"the job {found.id} succeeded, and no model is named",
            where=base.settings.host,
            fix="repeat the command in a while, or look at the job in your account there",
        )
    return Served(found.model, found.id, found.trained_tokens)


def _state_of(job: ChatJob, work: Path) -> State:
    """What is known of this work.

    Raises:
        DiscretionError: a job for other work of this name is on its way.
    """
    state = read_state(work)
    if state is None or (state.key != job.key and not (state.job or state.unsure)):
        state = State(job.base.name, job.key)
    if state.key != job.key:
        raise DiscretionError(
            f"another training of this name is on its way: {state.job or 'a job'}",
            where=job.base.settings.host,
            fix="repeat the command that started it, choose another --name, or end it with: "
            f"discretion models cancel {job.name}",
        )
    return state


async def _started(api: FineTuning, job: ChatJob, work: Path, state: State) -> State:
    """The state with the id of the job, which was started or found."""
    base, tag = job.base, state.tag
    if not state.file:
        keep_state(work, state)
        try:
            file = await api.upload(f"discretion-{tag}.jsonl", job.content)
        except MishapError as mishap:
            if mishap.status in (400, 413, 422):
                _fail(mishap, base, "rejects the training file")
            raise
        state = replace(state, file=file)
        keep_state(work, state)
    given = job.hyperparameters
    order = JobOrder(
        model=base.settings.model,
        file=state.file,
        tag=tag,
        seed=job.seed,
        suffix=job.name[:SUFFIX],
        method=str(job.recipe.more.get("method", "supervised")),
        hyperparameters=given,
    )
    keep_state(work, replace(state, unsure=True))
    try:
        found = await api.start(order, unsure=state.unsure)
    except UnsureError as error:
        listed = (
            "repeat the command in a few minutes: it looks for the job first, and starts one only "
            "if there is none"
        )
        alone = (
            f"look at the jobs of your account there; if there is none, remove {work / STATE} and "
            "repeat the command"
        )
        raise StoppedError(
            f"it is not known whether a job was started: {error}",
            where=base.settings.host,
            fix=listed if error.listed else alone,
        ) from error
    except MishapError as mishap:
        # It was turned away: nothing was started by this request.
        keep_state(work, state)
        if mishap.status in (400, 422):
            _fail(mishap, base, "refuses the fine-tuning job")
        raise
    state = replace(state, job=found.id, unsure=False)
    keep_state(work, state)
    return state


async def _followed(api: FineTuning, job: ChatJob, state: State, watch: Watch) -> JobState:
    """The job once it has ended.

    Raises:
        StoppedError: it has not, after as long as was to be waited.
    """
    begun, seconds = time.monotonic(), FIRST_POLL_S
    while True:
        found = await api.job(state.job)
        passed = time.monotonic() - begun
        events = await api.events(state.job)
        watch(_progress(job, found, events, passed))
        if found.ended:
            return found
        if passed >= job.recipe.wait_seconds:
            raise StoppedError(
                f"the job {state.job} has not ended after {_hours(job.recipe.wait_seconds)}, and "
                f"is {found.status}",
                where=job.base.settings.host,
                fix=_go_on(job.name),
            )
        await job.base.sleep(min(seconds, max(0.0, job.recipe.wait_seconds - passed)))
        seconds = min(LONGEST_POLL_S, 1.5 * seconds)


def _progress(job: ChatJob, found: JobState, events: list[Event], seconds: float) -> Progress:
    measured = next((one for one in events if one.step is not None), Event(""))
    step, steps = measured.step or 0, measured.steps or job.steps
    newest = next((one.message for one in events if one.message), "")
    said = f"{found.id} {found.status}" + (f": {newest}" if newest else "")
    left = seconds / step * (steps - step) if 0 < step <= steps else None
    return Progress(job.name, step, steps, measured.loss, seconds, left, said)


def _check_setting(name: str, value: Any) -> None:
    where = f"--set {name}"
    if name not in SETTINGS:
        raise DiscretionError(
            f"a fine-tuning API has no setting {name!r}",
            where="--set",
            fix=f"use one of: {', '.join(SETTINGS)}",
        )
    if name == "method":
        if value != "supervised":
            raise DiscretionError(
                f"the examples are for the method 'supervised', not {value!r}",
                where=where,
                fix="leave it out",
            )
        return
    number = isinstance(value, int | float) and not isinstance(value, bool) and value > 0
    whole = name == "learning_rate_multiplier" or (number and value == int(value))
    if value != "auto" and not (number and whole):
        raise DiscretionError(
            f"must be a number above zero, or auto, not {value!r}", where=where, fix="correct it"
        )


def _fail(mishap: MishapError, base: Endpoint, does: str = "", *, follows: str = "") -> NoReturn:
    """What a mishap means for the command.

    Args:
        does: what the server does, in place of what is said of the status in general.
        follows: the model whose job is on its way, and goes on without us.

    Raises:
        DiscretionError: trying again will not help.
        StoppedError: it may.
    """
    what = f"{base.settings.host} {does} ({mishap.status})" if does else mishap.what
    what += f": {mishap.said}" if mishap.said else ""
    fix = mishap.fix
    if mishap.status == 404:
        fix = "check base_url and model; it may have no fine-tuning API"
    elif does:
        fix = "correct what it names, and repeat the command"
    if mishap.passes and not mishap.for_all:
        again = _go_on(follows) if follows else "repeat the command to go on"
        raise StoppedError(what, where=f"[models.{base.name}]", fix=again) from mishap
    raise DiscretionError(
        what, where=f"[models.{base.name}]", fix=fix or "correct its settings"
    ) from mishap


def _go_on(name: str) -> str:
    return "repeat the command to go on following it; to end it: discretion models cancel " + name


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:g} hours" if seconds >= 3600 else f"{seconds / 60:g} minutes"
