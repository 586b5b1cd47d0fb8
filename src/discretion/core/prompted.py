"""The prompted arm: a model asked by a method, balanced over orders, words and wordings."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from discretion.budgets import Remote, Spending
from discretion.canonical import digest
from discretion.core.answers import Answer, Failure, read_decision
from discretion.core.arms import (
    Ask,
    Call,
    CallFailed,
    Decoding,
    Form,
    Method,
    Model,
    OpenScore,
    PrefilledReasoning,
    Probed,
    Prompt,
    Written,
    balanced_asks,
)
from discretion.core.cases import Case
from discretion.core.policies import Policy
from discretion.errors import DiscretionError

SCORING_VERSION = 1
"""Raised when the way a probability is obtained changes, so that old answers are not reused."""
UNREADABLE_LIMIT = 0.2
"""Largest share of a call's draws that may be unreadable before the call itself fails."""


@dataclass(frozen=True)
class PromptedArm:
    """A model asked by a method."""

    model: Model
    method: Method
    policies: Mapping[str, Policy] = field(repr=False)
    decoding: Decoding = field(default_factory=Decoding)
    crossed: bool = False
    """Ask every wording and vocabulary of every case, instead of one of each by rotation."""
    state_deviation: bool = False
    sample: bool = False
    """Draw answers even where the model could score them."""
    fresh: str = ""
    """Part of every key: another value asks everything again."""
    clock: Callable[[], str] = str
    """Says when an answer was given, ISO 8601 in UTC."""
    form: Form = "end"
    """In what form answers are scored; where the model lets a probe choose, see `in_form`."""
    seen: frozenset[str] = field(default=frozenset(), repr=False)
    """Ids of cases on which the model was tuned: neither they nor what nearly repeats them is
    asked."""

    def __post_init__(self) -> None:
        if isinstance(self.method, PrefilledReasoning) and isinstance(self.model, Remote):
            raise DiscretionError(
                "a server cannot be made to go on after a reasoning that is put in",
                where=self.name,
                fix=f"ask a model in a folder, or ask {self.model.name}/{self.method.into.name}",
            )

    @property
    def name(self) -> str:
        return f"{self.model.name}/{self.method.name}"

    @property
    def batch(self) -> int:
        return self.model.batch

    @property
    def fingerprint(self) -> str:
        return digest(
            (self.model.fingerprint, self.method.name, self.state_deviation, *self._formed)
        )

    @property
    def _formed(self) -> tuple[str, ...]:
        """What the form adds to a key: nothing where it is the first there was."""
        return () if self.form == "end" else (self.form,)

    @property
    def scored(self) -> bool:
        """Whether its decisions are scores of this machine's."""
        drawn = self.drawn and not self.method.reason_first
        return self.model.scores and not drawn and not isinstance(self.model, Remote)

    @property
    def settled_form(self) -> Form | None:
        """The form in which answers are scored; None where a probe is to choose one."""
        return self.model.form if self.scored and isinstance(self.model, Probed) else "end"

    def in_form(self, form: Form) -> PromptedArm:
        """The same arm, its answers scored in that form."""
        return self if form == self.form else replace(self, form=form)

    async def probe(self, cases: Sequence[Case]) -> Mapping[Form, float]:
        """The mean mass on neither answer in each form, over one prompt for each of the cases.

        A method that reasons first is probed without a reasoning.
        """
        if not isinstance(self.model, Probed):
            return {}
        prompts = []
        for turn, case in enumerate(cases):
            calls = self.calls(case)
            prompt = _prompt(calls[turn % len(calls)])
            reasoned = self.method.reason_first and prompt.reasoning is None
            prompts.append(replace(prompt, reasoning="") if reasoned else prompt)
        return await self.model.probe(prompts)

    @property
    def drawn(self) -> bool:
        """Whether p is a mean of draws, rather than scored once an order."""
        return self.sample or self.method.reason_first or not self.model.scores

    async def open(self, spending: Spending) -> None:
        """Begin a run: what the model is asked is paid from the budget."""
        if isinstance(self.model, Remote):
            await self.model.open(spending)

    async def close(self) -> None:
        if isinstance(self.model, Remote):
            await self.model.close()

    @cached_property
    def _calls_out(self) -> bool:
        return isinstance(self.model, Remote)

    def calls(self, case: Case) -> Sequence[Call]:
        if (case.twin if self.model.reads_twin else case.text) is None:
            return ()
        if case.id in self.seen or case.kin in self.seen:
            return ()
        policy = self.policies[case.policy]
        asks = self._asks(case, policy)
        return [
            self._call(case, prompt, sample)
            for prompt in (self.method.prompt(case, policy, ask) for ask in asks)
            for sample in range(self._draws_per_ask(len(asks)))
        ]

    async def ask(self, calls: Sequence[Call]) -> Sequence[Answer | Failure]:
        if self.method.reason_first:
            return await self._reason_then_decide(calls)
        if self.drawn:
            return await self._draw(calls)
        prompts = [_prompt(call) for call in calls]
        return await self._score(calls, prompts, [prompt.reasoning or "" for prompt in prompts])

    def _asks(self, case: Case, policy: Policy) -> list[Ask]:
        twin, deviation = self.model.reads_twin, self.state_deviation
        # A policy's own question is not one of the toy language.
        own = None if twin else policy
        asks = balanced_asks(case, self.method, own, crossed=self.crossed, both=self._both)
        if not (twin or deviation):
            return asks
        return [replace(ask, twin=twin, state_deviation=deviation) for ask in asks]

    @property
    def _both(self) -> bool:
        """Whether each case is asked in both yes/no questions: by models in folders, where a call
        costs nothing, but for those that were made to be asked in the toy's words."""
        return isinstance(self.model, Probed) and not self.model.reads_twin

    def _draws_per_ask(self, asks: int) -> int:
        """A case's draws are divided over the ways it is asked; crossed, each wording and
        vocabulary has as many."""
        if not self.drawn:
            return 1
        total = self.decoding.reasonings if self.method.reason_first else self.decoding.samples
        return max(1, -(-total // (2 if self.crossed else asks)))

    def _call(self, case: Case, prompt: Prompt, sample: int) -> Call:
        decoding = self.decoding
        settings: tuple[Any, ...] = ()
        if self.drawn:
            settings = (decoding.temperature, decoding.max_tokens, decoding.seed, sample)
        elif self._calls_out:
            # A score that stays open is drawn, so how draws are made is part of what it is.
            settings = (decoding.max_tokens, decoding.seed, decoding.samples)
        choices = prompt.choices
        # Keys of prompts without one stay what they were before there were any.
        put_in = () if prompt.reasoning is None else (prompt.reasoning,)
        key = digest(
            (
                SCORING_VERSION,
                self.model.fingerprint,
                [(message.role, message.content) for message in prompt.messages],
                (choices.grant, choices.refuse, choices.grant_first),
                (prompt.reason_first, prompt.decision_cue, *put_in),
                settings,
                self.fresh,
                *self._formed,
            )
        )
        return Call(key, case.id, prompt, sample)

    async def _score(
        self, calls: Sequence[Call], prompts: Sequence[Prompt], texts: Sequence[str]
    ) -> list[Answer | Failure]:
        if self.form != "end":
            prompts = [replace(prompt, form=self.form) for prompt in prompts]
        replies = await self.model.score(prompts)
        at = self.clock()
        answers: list[Answer | Failure] = []
        for call, prompt, text, reply in zip(calls, prompts, texts, replies, strict=True):
            if isinstance(reply, CallFailed):
                answers.append(Failure(call.key, call.case, reply.what, text or reply.said))
                continue
            if isinstance(reply, OpenScore):
                answers.append(await self._draw_open(call, prompt, reply))
                continue
            masses = (reply.log_grant, reply.log_refuse, reply.outside or 0.0)
            if not all(map(math.isfinite, masses)):
                answers.append(Failure(call.key, call.case, "its masses are not numbers", text))
                continue
            answers.append(
                _answer(
                    call,
                    prompt,
                    at,
                    p=_share(reply.log_grant, reply.log_refuse),
                    how=reply.how,
                    log_grant=reply.log_grant,
                    log_refuse=reply.log_refuse,
                    outside=reply.outside,
                    prompt=reply.prompt,
                    text=text,
                    tokens_in=reply.tokens,
                    tokens_out=reply.tokens_out,
                    seconds=reply.seconds,
                    served_by=reply.served_by,
                )
            )
        return answers

    async def _draw(self, calls: Sequence[Call]) -> list[Answer | Failure]:
        prompts = [_prompt(call) for call in calls]
        replies = await self.model.generate(prompts, self.decoding, [call.sample for call in calls])
        at = self.clock()
        return [
            _read(call, prompt, reply, at)
            for call, prompt, reply in zip(calls, prompts, replies, strict=True)
        ]

    async def _draw_open(self, call: Call, prompt: Prompt, left: OpenScore) -> Answer | Failure:
        """The answer to a call whose score left too much open: the mean of its order's draws."""
        count = max(2, -(-self.decoding.samples // 2))
        replies = await self.model.generate([prompt] * count, self.decoding, range(count))
        at = self.clock()
        read = [_read(call, prompt, reply, at) for reply in replies]
        answers = [one for one in read if isinstance(one, Answer)]
        failures = [one for one in read if isinstance(one, Failure)]
        if len(failures) > UNREADABLE_LIMIT * count:
            return failures[0]
        return replace(
            answers[0],
            p=sum(answer.p for answer in answers) / len(answers),
            draws=len(answers),
            outside=len(failures) / count,
            text="\n".join(answer.text for answer in answers),
            tokens_in=left.tokens_in + sum(answer.tokens_in for answer in answers),
            tokens_out=left.tokens_out + sum(answer.tokens_out for answer in answers),
            seconds=sum(answer.seconds for answer in answers),
        )

    async def _reason_then_decide(self, calls: Sequence[Call]) -> list[Answer | Failure]:
        """Draw a reasoning for each call, then score the decision after it; where the model
        cannot score, what it wrote is read."""
        if not self.model.scores:
            return await self._draw(calls)
        prompts = [_prompt(call) for call in calls]
        replies = await self.model.generate(prompts, self.decoding, [call.sample for call in calls])
        at = self.clock()
        outcome: dict[int, Answer | Failure] = {}
        written: dict[int, Written] = {}
        for index, (call, reply) in enumerate(zip(calls, replies, strict=True)):
            if isinstance(reply, CallFailed):
                outcome[index] = Failure(call.key, call.case, reply.what, reply.said)
            elif reply.decided:
                outcome[index] = _read(call, prompts[index], reply, at)
            else:
                written[index] = reply
        if not written:
            return [outcome[index] for index in range(len(calls))]
        decided = await self._score(
            [calls[index] for index in written],
            [replace(prompts[index], reasoning=reply.text) for index, reply in written.items()],
            [reply.text for reply in written.values()],
        )
        for (index, reply), answer in zip(written.items(), decided, strict=True):
            if isinstance(answer, Answer):
                answer = replace(
                    answer,
                    tokens_in=answer.tokens_in + reply.tokens_in,
                    tokens_out=reply.tokens_out,
                    seconds=answer.seconds + reply.seconds,
                )
            outcome[index] = answer
        return [outcome[index] for index in range(len(calls))]


def _prompt(call: Call) -> Prompt:
    if call.prompt is None:
        raise TypeError("a prompted arm was given a call without a prompt")
    return call.prompt


def _share(log_grant: float, log_refuse: float) -> float:
    difference = max(-700.0, min(700.0, log_refuse - log_grant))
    return 1.0 / (1.0 + math.exp(difference))


def _read(call: Call, prompt: Prompt, reply: Written | CallFailed, at: str) -> Answer | Failure:
    """The answer that a written text gives, where it can be read."""
    if isinstance(reply, CallFailed):
        return Failure(call.key, call.case, reply.what, reply.said)
    decision = read_decision(reply.text, prompt.choices.grant, prompt.choices.refuse)
    if decision is None:
        return Failure(call.key, call.case, "the answer cannot be read", reply.text)
    return _answer(
        call,
        prompt,
        at,
        p=float(decision),
        how="sampled",
        prompt=reply.prompt,
        text=reply.text,
        tokens_in=reply.tokens_in,
        tokens_out=reply.tokens_out,
        seconds=reply.seconds,
        served_by=reply.served_by,
    )


def _answer(call: Call, asked: Prompt, at: str, **found: Any) -> Answer:
    """The answer to a call: what was found, and what the call says of itself."""
    return Answer(
        key=call.key,
        case=call.case,
        grant_first=asked.choices.grant_first,
        vocabulary=asked.choices.vocabulary,
        wording=asked.wording,
        sample=call.sample,
        at=at,
        **found,
    )
