"""A model behind an endpoint: asked over HTTP, within a budget, and never twice for one answer."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from discretion.budgets import Spending
from discretion.canonical import digest
from discretion.core.arms import (
    CallFailed,
    Choices,
    Decoding,
    Message,
    OpenScore,
    Prompt,
    Scored,
    Written,
)
from discretion.errors import DiscretionError, StoppedError
from discretion.models.calls import Calls
from discretion.models.endpoint_settings import EndpointSettings
from discretion.models.first_tokens import read_first_tokens
from discretion.models.probing import Comparison, Probe, compare_draws, probe
from discretion.models.reply_gate import usable
from discretion.models.retry import MishapError
from discretion.models.wire import Dialect, Reply, WireRequest, used

REASONING_ROOM = 4096
"""Tokens that a model which reasons may write, unless its settings say more."""
WITHOUT = 5
"""So many replies in a row without log-probabilities, and the server is taken to give none."""

TRUNCATIONS = ("top_p", "top_k", "min_p")
"""Settings by which servers cut off what a model would say seldom."""

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
        self._dialect, self.sleep = dialect, sleep
        self._calls = Calls(name, settings, dialect, sleep)
        self._without = 0
        self._remarked: set[str] = set()

    def knowing(self, probed: Probe | None, *, allowed: bool) -> Endpoint:
        """The same endpoint, of which so much is known."""
        return Endpoint(
            self.name,
            self.settings,
            self._dialect,
            probed=probed,
            allowed=allowed,
            sleep=self.sleep,
        )

    @property
    def reads_twin(self) -> bool:
        return self.settings.reads_twin

    @property
    def kind(self) -> str:
        """As ``[models.NAME]`` says it, such as ``openai``."""
        return self._dialect.kind

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
                fix=f"run: discretion models probe {self.name}",
            )
        return self.probed

    async def open(self, spending: Spending) -> None:
        """Begin to pay from a budget; the connections are made when they are needed."""
        self._without = 0
        self._calls.open(spending, self.probed.model if self.probed else "")

    async def close(self) -> None:
        await self._calls.close()

    async def probe(self) -> Probe:
        """Ask what the server supports; no text of the workspace is sent.

        Raises:
            DiscretionError: it does not answer.
        """
        settings = self.settings
        try:
            found = await probe(
                lambda question: self._calls.ask(question, ("probe", question.choices)),
                self._dialect.options,
                top_logprobs=0 if settings.reasoning else settings.top_logprobs,
                max_tokens=self._room(Decoding()) if settings.reasoning else 1,
                modern_limit=settings.reasoning,
            )
        except MishapError as mishap:
            raise DiscretionError(
                mishap.what + (f": {mishap.said}" if mishap.said else ""),
                where=f"[models.{self.name}]",
                fix=mishap.fix or "correct its settings",
            ) from mishap
        finally:
            await self.close()
        if found.remark:
            self._remark(f"sends log-probabilities that cannot be used: {found.remark}")
        return found.probe

    async def compare_draws(self) -> Comparison | None:
        """Whether the server's draws are those that its log-probabilities describe; None where it
        gives none, writes nothing, or does not answer. No text of the workspace is sent."""
        if not (self.scores and self.writes):
            return None
        seed = None if self._refuses("seed") else 0
        try:
            return await compare_draws(
                lambda question: self._calls.ask(question, ("compare", question.seed)),
                replace(self._score_question((), None), seed=seed),
            )
        except MishapError:
            return None
        finally:
            await self.close()

    async def score(self, prompts: Sequence[Prompt]) -> Sequence[Scored | OpenScore | CallFailed]:
        return await asyncio.gather(*(self._score(prompt) for prompt in prompts))

    async def generate(
        self, prompts: Sequence[Prompt], decoding: Decoding, samples: Sequence[int]
    ) -> Sequence[Written | CallFailed]:
        return await asyncio.gather(
            *(
                self._generate(prompt, decoding, sample)
                for prompt, sample in zip(prompts, samples, strict=True)
            )
        )

    async def _score(self, prompt: Prompt) -> Scored | OpenScore | CallFailed:
        self._go_on_scoring()
        begun = time.perf_counter()
        messages = self.messages(prompt)
        question = self._score_question(messages, prompt.choices)
        try:
            reply = await self._ask(question, digest([m.content for m in messages]))
        except MishapError as mishap:
            return CallFailed(_told(mishap), mishap.said)
        tokens_in, tokens_out = used(reply, question)
        top = usable(reply.top or ())
        if not top:
            self._without += 1
            self._go_on_scoring()
            self._remark("left out the log-probabilities of a reply, so that one case is drawn")
            return OpenScore(tokens_in, tokens_out)
        self._without = 0
        read = read_first_tokens(top, prompt.choices.grant, prompt.choices.refuse)
        if not read.decides:
            return OpenScore(tokens_in, tokens_out)
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

    async def _generate(
        self, prompt: Prompt, decoding: Decoding, sample: int
    ) -> Written | CallFailed:
        begun = time.perf_counter()
        messages = self.messages(prompt)
        question = WireRequest(
            messages,
            max_tokens=self._room(decoding),
            temperature=self._temperature(decoding.temperature),
            top_p=self._top_p,
            seed=None if self._refuses("seed") else _seed(decoding.seed, sample),
            modern_limit=self._known.modern_limit,
            purpose="draw",
        )
        try:
            reply = await self._ask(question, (sample, [m.content for m in messages]))
        except MishapError as mishap:
            return CallFailed(_told(mishap), mishap.said)
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

    def _score_question(self, messages: tuple[Message, ...], named: Choices | None) -> WireRequest:
        return WireRequest(
            messages,
            max_tokens=self._known.least_tokens,
            temperature=self._temperature(1.0),
            top_p=self._top_p,
            top_logprobs=min(self._known.logprobs, self.settings.top_logprobs),
            modern_limit=self._known.modern_limit,
            named=named,
            purpose="score",
        )

    async def _ask(self, question: WireRequest, seed: object) -> Reply:
        if not self.allowed:
            raise DiscretionError(
                f"cases' texts would leave this machine for {self.settings.host}, which nobody has "
                "allowed",
                where=f"[models.{self.name}]",
                fix=f"run: discretion models allow {self.name}",
            )
        try:
            reply = await self._calls.ask(question, seed)
        except MishapError as mishap:
            if not mishap.for_all:
                raise
            raise StoppedError(
                mishap.what,
                where=f"[models.{self.name}]",
                fix=f"{mishap.fix}; what was answered is kept, and the same command goes on from "
                "here",
            ) from mishap
        self._note_build(reply)
        return reply

    def messages(self, prompt: Prompt) -> tuple[Message, ...]:
        """A prompt as it is sent: the system text stands in front of the user's where the settings
        say so, or a probe found that the server takes none."""
        messages = prompt.messages
        refused = not self.offers("system") or (
            self.probed is not None and "system" in self.probed.refused
        )
        if self.settings.system == "merge" or refused:
            system = [m.content for m in messages if m.role == "system"]
            rest = [m for m in messages if m.role != "system"]
            first = Message(rest[0].role, "\n\n".join([*system, rest[0].content]))
            return (first, *rest[1:])
        return messages

    def offers(self, option: str) -> bool:
        """Whether its kind of endpoint has an option at all, such as ``seed``."""
        return option in self._dialect.options

    @property
    def writes(self) -> bool:
        """Whether it writes texts, rather than give probabilities of options alone."""
        return self.offers("temperature")

    def _refuses(self, option: str) -> bool:
        return option in self._known.refused or not self.offers(option)

    def _temperature(self, wanted: float) -> float | None:
        if not self._refuses("temperature"):
            return wanted
        if wanted != 1.0:
            raise DiscretionError(
                f"the server takes no temperature, so {wanted:g} cannot be asked for",
                where=f"[models.{self.name}]",
                fix="leave the plan's temperature at 1",
            )
        return None

    def _room(self, decoding: Decoding) -> int:
        by_itself = REASONING_ROOM if self.settings.reasoning else decoding.max_tokens
        return self.settings.max_tokens or by_itself

    @property
    def _top_p(self) -> float | None:
        """1, which truncates nothing, where the server was found to take it."""
        return 1.0 if self._known.top_p and "top_p" not in self.settings.body else None

    @property
    def left_to_server(self) -> tuple[str, ...]:
        """Names of the ways to truncate what a model may write that the server chooses by itself:
        p of a draw is that of the model only where it uses none of them."""
        if not self.writes:
            return ()
        known = self.probed is not None and self.probed.top_p
        sent = {*self.settings.body, *(("top_p",) if known else ())}
        return tuple(name for name in TRUNCATIONS if name not in sent)

    def _go_on_scoring(self) -> None:
        """Stop where the server gives no log-probabilities any more: to draw in their place takes
        ten times the calls, which nobody agreed to."""
        if self._without < WITHOUT:
            return
        raise StoppedError(
            f"{WITHOUT} replies in a row came without log-probabilities, and drawing answers "
            "instead takes about ten times as many calls",
            where=f"[models.{self.name}]",
            fix="what was answered is kept; to draw instead, set top_logprobs = 0 or run: "
            f"discretion models probe {self.name}",
        )

    def _note_build(self, reply: Reply) -> None:
        known = self._known
        if reply.build and known.build and reply.build != known.build:
            self._remark(f"now runs build {reply.build}; when it was probed it was {known.build}")

    def _remark(self, what: str) -> None:
        if what not in self._remarked:
            self._remarked.add(what)
            log.warning("%s: the server %s", self.name, what)


def _seed(seed: int, sample: int) -> int:
    """A draw's own seed, in the range that every server takes."""
    return int(digest((seed, sample))[:7], 16)


def _told(mishap: MishapError) -> str:
    return f"{mishap.what}; {mishap.fix}" if mishap.status == 200 and mishap.fix else mishap.what
