"""A model behind an endpoint: asked over HTTP, within a budget, and never twice for one answer."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Sequence

from discretion.arms import Decoding, Message, Open, Prompt, Refused, Scored, Written
from discretion.budgets import Purse
from discretion.canonical import digest
from discretion.errors import DiscretionError, StoppedError
from discretion.models.calls import Calls
from discretion.models.endpoint_settings import EndpointSettings
from discretion.models.first_tokens import read_first_tokens
from discretion.models.probing import Probe, probe
from discretion.models.retry import MishapError
from discretion.models.wire import Dialect, Question, Reply, used

REASONING_ROOM = 4096
"""Tokens that a model which reasons may write, unless its settings say more."""

log = logging.getLogger(__name__)


class Endpoint:
    """A `Model` that is asked through its maker's SDK, one call a prompt.

    It has to be probed, and its host allowed, before it is asked about cases. Belongs to one
    event loop between `open` and `close`.
    """

    batch = 1

    def __init__(
        self,
        name: str,
        settings: EndpointSettings,
        dialect: Dialect,
        *,
        probed: Probe | None = None,
        allowed: bool = False,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.name = name
        self.settings = settings
        self.probed = probed
        """What a probe found; None before one was made."""
        self.allowed = allowed or settings.is_local
        """Whether cases' texts may be sent to its host."""
        self._dialect, self._sleep = dialect, sleep
        self._calls = Calls(name, settings, dialect, sleep)
        self._without_logprobs = False
        self._remarked: set[str] = set()

    def knowing(self, probed: Probe | None, *, allowed: bool) -> Endpoint:
        """The same endpoint, of which so much is known."""
        return Endpoint(
            self.name,
            self.settings,
            self._dialect,
            probed=probed,
            allowed=allowed,
            sleep=self._sleep,
        )

    @property
    def reads_twin(self) -> bool:
        return self.settings.reads_twin

    @property
    def address(self) -> str:
        """Hash of where it is and how it is asked, before anything is known of it."""
        return digest((type(self._dialect).__name__, self.settings.address))

    @property
    def fingerprint(self) -> str:
        """Hash of its address and of what the server says of itself.

        Raises:
            DiscretionError: it was not probed.
        """
        return digest((self.address, self._known.identity))

    @property
    def scores(self) -> bool:
        return self._known.logprobs > 0 and not self.settings.reasoning

    @property
    def _known(self) -> Probe:
        if self.probed is None:
            raise DiscretionError(
                "has not been probed, so it is not known how it can be asked",
                where=f"[models.{self.name}]",
                mend=f"run: discretion models probe {self.name}",
            )
        return self.probed

    async def open(self, purse: Purse) -> None:
        """Begin to pay from a purse; the connections are made when they are needed."""
        self._calls.open(purse)

    async def close(self) -> None:
        await self._calls.close()

    async def probe(self) -> Probe:
        """Ask what the server supports; no text of the workspace is sent.

        Raises:
            DiscretionError: it does not answer.
        """
        settings = self.settings
        try:
            return await probe(
                lambda question: self._calls.ask(question, ("probe", question.choices)),
                self._dialect.options,
                top_logprobs=0 if settings.reasoning else settings.top_logprobs,
                max_tokens=self._room(Decoding()) if settings.reasoning else 16,
                modern_limit=settings.reasoning,
            )
        except MishapError as mishap:
            raise DiscretionError(
                mishap.what + (f": {mishap.said}" if mishap.said else ""),
                where=f"[models.{self.name}]",
                mend=mishap.mend or "correct its settings",
            ) from mishap
        finally:
            await self.close()

    async def score(self, prompts: Sequence[Prompt]) -> Sequence[Scored | Open | Refused]:
        return await asyncio.gather(*(self._score(prompt) for prompt in prompts))

    async def generate(
        self, prompts: Sequence[Prompt], decoding: Decoding, samples: Sequence[int]
    ) -> Sequence[Written | Refused]:
        return await asyncio.gather(
            *(
                self._generate(prompt, decoding, sample)
                for prompt, sample in zip(prompts, samples, strict=True)
            )
        )

    async def _score(self, prompt: Prompt) -> Scored | Open | Refused:
        if self._without_logprobs:
            return Open()
        begun = time.perf_counter()
        messages = self._messages(prompt)
        question = Question(
            messages,
            max_tokens=1,
            temperature=self._temperature(1.0),
            top_logprobs=min(self._known.logprobs, self.settings.top_logprobs),
            modern_limit=self._known.modern_limit,
        )
        try:
            reply = await self._ask(question, digest([m.content for m in messages]))
        except MishapError as mishap:
            return Refused(mishap.what, mishap.said)
        tokens_in, tokens_out = used(reply, question)
        if reply.top is None:
            self._without_logprobs = True
            self._remark("gives no log-probabilities now, so its answers are sampled instead")
            return Open(tokens_in, tokens_out)
        read = read_first_tokens(reply.top, prompt.choices.grant, prompt.choices.refuse)
        if not read.decides:
            return Open(tokens_in, tokens_out)
        p = min(max(read.p, 1e-12), 1 - 1e-12)
        return Scored(
            math.log(read.inside * p),
            math.log(read.inside * (1 - p)),
            read.outside,
            question.shown,
            tokens_in,
            time.perf_counter() - begun,
            how="logprobs",
            tokens_out=tokens_out,
            served_by=f"{reply.model} {reply.build}".strip(),
        )

    async def _generate(self, prompt: Prompt, decoding: Decoding, sample: int) -> Written | Refused:
        begun = time.perf_counter()
        messages = self._messages(prompt)
        question = Question(
            messages,
            max_tokens=self._room(decoding),
            temperature=self._temperature(decoding.temperature),
            seed=None if self._refuses("seed") else _seed(decoding.seed, sample),
            modern_limit=self._known.modern_limit,
        )
        try:
            reply = await self._ask(question, (sample, [m.content for m in messages]))
        except MishapError as mishap:
            return Refused(mishap.what, mishap.said)
        if reply.refusal:
            return Refused("the server says that the model declined to answer", reply.text)
        if reply.cut:
            return Refused(
                f"the answer was cut at {question.max_tokens} tokens, before it was complete; set "
                f"a higher max_tokens",
                reply.text,
            )
        if not reply.text.strip():
            return Refused("the answer is empty")
        tokens_in, tokens_out = used(reply, question)
        return Written(
            reply.text,
            question.shown,
            tokens_in,
            tokens_out,
            time.perf_counter() - begun,
            # It cannot be made to go on after a reasoning, so it writes both in one.
            decided=prompt.reason_first,
            served_by=f"{reply.model} {reply.build}".strip(),
        )

    async def _ask(self, question: Question, seed: object) -> Reply:
        if not self.allowed:
            raise DiscretionError(
                f"cases' texts would leave this machine for {self.settings.host}, which nobody has "
                "allowed",
                where=f"[models.{self.name}]",
                mend=f"run: discretion models allow {self.name}",
            )
        try:
            reply = await self._calls.ask(question, seed)
        except MishapError as mishap:
            if not mishap.for_all:
                raise
            raise StoppedError(
                mishap.what,
                where=f"[models.{self.name}]",
                mend=f"{mishap.mend}; what was answered is kept, and the same command goes on from "
                "here",
            ) from mishap
        self._compare(reply)
        return reply

    def _messages(self, prompt: Prompt) -> tuple[Message, ...]:
        messages = prompt.messages
        if self.settings.system == "merge" or self._refuses("system"):
            system = [m.content for m in messages if m.role == "system"]
            rest = [m for m in messages if m.role != "system"]
            first = Message(rest[0].role, "\n\n".join([*system, rest[0].content]))
            return (first, *rest[1:])
        return messages

    def offers(self, option: str) -> bool:
        """Whether its kind of endpoint has an option at all, such as ``seed``."""
        return option in self._dialect.options

    def _refuses(self, option: str) -> bool:
        return option in self._known.refused or not self.offers(option)

    def _temperature(self, wanted: float) -> float | None:
        if not self._refuses("temperature"):
            return wanted
        if wanted != 1.0:
            raise DiscretionError(
                f"the server takes no temperature, so {wanted:g} cannot be asked for",
                where=f"[models.{self.name}]",
                mend="leave the plan's temperature at 1",
            )
        return None

    def _room(self, decoding: Decoding) -> int:
        by_itself = REASONING_ROOM if self.settings.reasoning else decoding.max_tokens
        return self.settings.max_tokens or by_itself

    def _compare(self, reply: Reply) -> None:
        """Stop where the server is no longer who was probed: a run would mix two models."""
        known = self._known
        if reply.model and known.model and reply.model != known.model:
            raise StoppedError(
                f"the server now says that it is {reply.model}; when it was probed it was "
                f"{known.model}",
                where=f"[models.{self.name}]",
                mend=f"what was answered is kept as {known.model}'s; to ask the new one, run: "
                f"discretion models probe {self.name}",
            )
        if reply.build and known.build and reply.build != known.build:
            self._remark(f"now runs build {reply.build}; when it was probed it was {known.build}")

    def _remark(self, what: str) -> None:
        if what not in self._remarked:
            self._remarked.add(what)
            log.warning("%s: the server %s", self.name, what)


def _seed(seed: int, sample: int) -> int:
    """A draw's own seed, in the range that every server takes."""
    return int(digest((seed, sample))[:7], 16)
