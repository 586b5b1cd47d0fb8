"""The fine-tuning part of an endpoint that speaks OpenAI's protocol: files and jobs, by its SDK.

Whatever can be asked twice is tried again. A job costs money, so a request that may have started
one is never repeated before the list of jobs was read.

References:
    https://developers.openai.com/api/docs/api-reference/fine-tuning
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote

from discretion.canonical import fraction_of
from discretion.models.endpoint_settings import EndpointSettings
from discretion.models.openai import OpenAIDialect
from discretion.models.retry import PATIENCE_S, MishapError, Retries, pause
from discretion.models.wire import Wire, count

LOOKS_S = (0.0, 2.0, 5.0)
"""Seconds before each look for a job, where it is not known whether one was started: a server may
list it a little later."""
PAGE, PAGES = 100, 10
"""Entries of a list that are asked for at once, and how often."""
UPLOAD_BYTES_S = 50_000
"""The slowest upload that is waited for."""
JOBS = "/fine_tuning/jobs"
NOT_OFFERED = frozenset({404, 405, 501})
"""Statuses of a server that has no such list."""
ENDED_BADLY = frozenset({"failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class JobState:
    """A fine-tuning job as the server describes it now."""

    id: str
    status: str
    """``validating_files``, ``queued``, ``running``, ``succeeded``, ``failed``, ``cancelled``."""
    model: str = ""
    """The fine-tuned model's name; empty until there is one."""
    trained_tokens: int | None = None
    """Tokens that are paid for, over all epochs; None until it is known."""
    error: str = ""
    """Why it failed, in the server's words."""
    file: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        return self.status == "succeeded" or self.status in ENDED_BADLY


@dataclass(frozen=True, slots=True)
class Event:
    """What a server says of a job on its way."""

    message: str
    step: int | None = None
    steps: int | None = None
    loss: float | None = None


@dataclass(frozen=True, slots=True)
class JobOrder:
    """What a job is to do."""

    model: str
    """The base, as the server calls it."""
    file: str
    """The id of the uploaded file."""
    tag: str
    """Tells this work from any other; sent as the metadata's `discretion`."""
    seed: int
    suffix: str
    """A part of the fine-tuned model's name."""
    method: str
    """Such as ``supervised``."""
    hyperparameters: Mapping[str, Any]


class UnsureError(Exception):
    """It cannot be known whether a job was started."""

    def __init__(self, what: str, *, listed: bool) -> None:
        super().__init__(what)
        self.listed = listed
        """The server has a list of jobs, in which it may still appear."""


class FineTuning:
    """Belongs to one event loop between being made and `close`."""

    def __init__(
        self,
        name: str,
        settings: EndpointSettings,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings, self.sleep = settings, sleep
        self._wire = Wire(name, settings, OpenAIDialect())
        self._retries = Retries(settings.attempts, sleep)

    async def close(self) -> None:
        await self._wire.close()

    async def upload(self, filename: str, content: bytes) -> str:
        """The id of a file that holds this; one of that name and size which is there already is
        taken. All of these methods raise `MishapError` where the server does not do its part."""
        try:
            listed = await self._listed(
                "/files",
                lambda one: one.get("filename") == filename and one.get("bytes") == len(content),
                purpose="fine-tune",
            )
        except MishapError as mishap:
            if mishap.status not in NOT_OFFERED:
                raise
            listed = None
        if listed:
            return str(listed["id"])
        seconds = max(self._settings.timeout_s, len(content) / UPLOAD_BYTES_S)
        body = await self._asked(
            partial(_upload, filename, content),
            ("upload", filename),
            timeout_s=seconds,
        )
        return str(body["id"])

    async def start(self, order: JobOrder, *, unsure: bool = False) -> JobState:
        """Start a job, or find the one that was started for the same work.

        Args:
            unsure: one may have been started already.

        Raises:
            UnsureError: one may have been started, and is not in the list of jobs.
            MishapError: the server does not start it.
        """
        if (found := await self._started(order, unsure=unsure)) is not None:
            return found
        for attempt in range(1, self._settings.attempts + 1):
            try:
                return _job(await self._once(partial(_post, JOBS, _order(order))))
            except MishapError as mishap:
                if _may_have_arrived(mishap):
                    return await self._look(order, mishap)
                wait = mishap.after or 0
                if not mishap.passes or wait > PATIENCE_S or attempt == self._settings.attempts:
                    raise
                fraction = fraction_of((order.tag, attempt))
                await self.sleep(pause(attempt, mishap.after, fraction))
        raise AssertionError("at least one attempt is made")

    async def job(self, name: str) -> JobState:
        return _job(await self._asked(partial(_get, _at(name), {}), ("job", name)))

    async def events(self, name: str) -> list[Event]:
        """The newest events of a job, the newest first; none where the server lists none."""
        try:
            body = await self._asked(
                partial(_get, f"{_at(name)}/events", {"limit": 20}),
                ("events", name),
                wanted="data",
            )
        except MishapError as mishap:
            if mishap.status in NOT_OFFERED:
                return []
            raise
        return [_event(one) for one in body["data"] if isinstance(one, Mapping)]

    async def cancel(self, name: str) -> JobState:
        call = partial(_post, f"{_at(name)}/cancel", {})
        return _job(await self._asked(call, ("cancel", name)))

    async def _look(self, order: JobOrder, mishap: MishapError) -> JobState:
        """The job that a request may have started before its answer was lost."""
        for seconds in LOOKS_S:
            await self.sleep(seconds)
            if (found := await self._started(order, unsure=True)) is not None:
                return found
        raise UnsureError(mishap.what, listed=True) from mishap

    async def _started(self, order: JobOrder, *, unsure: bool) -> JobState | None:
        """The job that was started for this work and has not ended badly; None where there is none,
        or the server has no list of jobs."""
        try:
            found = await self._listed(
                JOBS,
                lambda one: one.get("status") not in ENDED_BADLY and _is_for(one, order),
            )
        except MishapError as mishap:
            if mishap.status not in NOT_OFFERED:
                raise
            if unsure:
                what = f"{self._settings.host} has no list of jobs"
                raise UnsureError(what, listed=False) from mishap
            return None
        return _job(found) if found else None

    async def _listed(
        self,
        path: str,
        is_it: Callable[[Mapping[str, Any]], bool],
        **query: str | int,
    ) -> Mapping[str, Any] | None:
        """The first entry of a list that is the one that is looked for."""
        after: dict[str, str] = {}
        for _ in range(PAGES):
            page = partial(_get, path, {**query, "limit": PAGE, **after})
            body = await self._asked(page, (path, *after.values()), wanted="data")
            entries = [one for one in body["data"] if isinstance(one, Mapping) and one.get("id")]
            if found := next((one for one in entries if is_it(one)), None):
                return found
            if not body.get("has_more") or not entries:
                return None
            after = {"after": str(entries[-1]["id"])}
        return None

    async def _asked(
        self,
        call: Callable[[Any], Awaitable[Any]],
        seed: object,
        *,
        timeout_s: float | None = None,
        wanted: str = "id",
    ) -> Mapping[str, Any]:
        """The body of a reply that has a field, tried again where that can help."""
        return await self._retries.run(
            lambda: self._once(call, timeout_s=timeout_s, wanted=wanted), seed
        )

    async def _once(
        self,
        call: Callable[[Any], Awaitable[Any]],
        *,
        timeout_s: float | None = None,
        wanted: str = "id",
    ) -> Mapping[str, Any]:
        response = await self._wire.send(call, timeout_s=timeout_s)
        body = self._wire.json_of(response)
        found: Mapping[str, Any] = body if isinstance(body, Mapping) else {}
        if wanted not in found or (wanted == "data" and not isinstance(found["data"], list)):
            raise self._wire.odd(response, "an id" if wanted == "id" else "a list")
        return found


# Replies are read as they came, as those of chats are: the SDK's own types check nothing.


def _at(job: str) -> str:
    return f"{JOBS}/{quote(job, safe='')}"


def _get(path: str, query: Mapping[str, str | int], client: Any) -> Awaitable[Any]:
    from httpx2 import Response

    asked: Awaitable[Any] = client.get(path, cast_to=Response, options={"params": dict(query)})
    return asked


def _post(path: str, body: Mapping[str, Any], client: Any) -> Awaitable[Any]:
    from httpx2 import Response

    asked: Awaitable[Any] = client.post(path, cast_to=Response, body=dict(body))
    return asked


def _upload(filename: str, content: bytes, client: Any) -> Awaitable[Any]:
    from httpx2 import Response

    asked: Awaitable[Any] = client.post(
        "/files",
        cast_to=Response,
        body={"purpose": "fine-tune"},
        files=[("file", (filename, content, "application/jsonl"))],
        options={"headers": {"Content-Type": "multipart/form-data"}},
    )
    return asked


def _order(order: JobOrder) -> dict[str, Any]:
    """The body that starts a job."""
    options = {"hyperparameters": dict(order.hyperparameters)}
    return {
        "model": order.model,
        "training_file": order.file,
        "seed": order.seed,
        "suffix": order.suffix,
        "metadata": {"discretion": order.tag},
        "method": {"type": order.method, order.method: options},
    }


def _is_for(job: Mapping[str, Any], order: JobOrder) -> bool:
    """Whether a job of the list does this work: each try at it has a file of its own."""
    metadata = job.get("metadata")
    tagged = isinstance(metadata, Mapping) and metadata.get("discretion") == order.tag
    return tagged or job.get("training_file") == order.file


def _may_have_arrived(mishap: MishapError) -> bool:
    """Whether the server may have done what it was asked, though it did not say so."""
    return mishap.arrived or mishap.status in (408, 409) or (mishap.status or 0) >= 500


def _job(body: Mapping[str, Any]) -> JobState:
    error, metadata = body.get("error"), body.get("metadata")
    return JobState(
        id=_line(str(body.get("id") or "")),
        status=_line(str(body.get("status") or "")),
        model=_line(str(body.get("fine_tuned_model") or "")),
        trained_tokens=count(body.get("trained_tokens")),
        error=_said(error) if isinstance(error, Mapping) else _line(str(error or "")),
        file=str(body.get("training_file") or ""),
        metadata=metadata if isinstance(metadata, Mapping) else {},
    )


def _said(error: Mapping[str, Any]) -> str:
    message, code = str(error.get("message") or ""), str(error.get("code") or "")
    return _line(f"{message} ({code})" if message and code else message or code)


def _line(text: str) -> str:
    """A server's words as one line that can be shown."""
    return "".join(one if one.isprintable() else " " for one in text).strip()


def _event(body: Mapping[str, Any]) -> Event:
    data = body.get("data")
    data = data if isinstance(data, Mapping) else {}
    loss = data.get("train_loss")
    return Event(
        _line(str(body.get("message") or "")),
        count(data.get("step")),
        count(data.get("total_steps")),
        float(loss) if isinstance(loss, int | float) and not isinstance(loss, bool) else None,
    )
