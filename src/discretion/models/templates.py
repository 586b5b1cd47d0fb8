"""How a prompt becomes text and tokens: the chat template, thinking, answers in context, ends."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from typing import Any

from discretion.core.arms import ANSWER_CUE, CallFailed, Message, Prompt
from discretion.errors import DiscretionError
from discretion.models.folder import FIXED_DATE, takes_date
from discretion.models.scoring import Continuation

OPENED = re.compile(r"([<\[])(think\w*)([>\]])\s*\Z", re.IGNORECASE)
"""A think block that the template has opened for the model."""
EMPTY_THOUGHT = re.compile(r"[<\[](think\w*)[>\]]\s*[<\[]/\1[>\]]\s*\Z", re.IGNORECASE)
"""A think block that is open and closed at once, at the end of a text."""
ANSWER = "a probe of the end of a turn"
DATE_CODES = "aAbBcdFHIjmMpSuUwWxXyY"
"""What a format of a date may ask for."""
WITHIN_WORD = re.compile(r"[\w'’-]|\ufffd")
"""How a text begins that goes on with the word before it; a part of a letter may."""


class Template:
    """A tokenizer and its chat template.

    Args:
        tokenizer: a transformers tokenizer.
        where: names the model in errors.
        merge_system: put a system text in front of the first user message.

    Raises:
        DiscretionError: there is no chat template.
    """

    def __init__(self, tokenizer: Any, where: str, *, merge_system: bool = False) -> None:
        try:
            self._source: str = tokenizer.get_chat_template()
        except ValueError as error:
            raise DiscretionError(
                "the model has no chat template",
                where=where,
                fix="use an instruction-tuned model, or add chat_template.jinja to its folder",
            ) from error
        self.tokenizer = tokenizer
        self.where = where
        self.merge_system = merge_system
        special = {
            str(token) for token in tokenizer.added_tokens_decoder.values() if token.special
        } | set(tokenizer.all_special_tokens)
        self._special = re.compile("|".join(sorted(map(re.escape, special))) or r"(?!)")
        self._tail = lru_cache(4096)(lambda text: self.encode([text])[0])
        self._once = lru_cache(4096)(self._render)
        self._spelled = lru_cache(65_536)(self._reads_back)

    def render(self, prompt: Prompt) -> str | CallFailed:
        """The text the model continues; what a case says can never be a control token.

        Models that think by default are asked with thinking off, or after an empty think block.
        A prompt that was rendered lately is not rendered again.

        Raises:
            DiscretionError: the template fails on these messages, or leaves one of them out.
        """
        return self._once(prompt)

    def _render(self, prompt: Prompt) -> str | CallFailed:
        for message in prompt.messages:
            if found := self.control_token_in(message.content):
                return CallFailed(f"the text contains {found!r}, a control token of this model")
        text = self._apply(self._messages(prompt), add_generation_prompt=True)
        for message in prompt.messages:
            if message.content.strip() not in text:
                raise self._dropped(message.role)
        text = _think_closed(text)
        if prompt.reasoning is not None:
            return text + prompt.reasoning + prompt.decision_cue
        return text + ANSWER_CUE if prompt.form.startswith("cue") else text

    def between(self, prompt: Prompt, answer: str, then: Sequence[Message] = ()) -> str:
        """What the template puts after the answer to a prompt: the end of the turn and, where a
        conversation goes on with `then`, everything up to where the assistant writes again.

        Raises:
            DiscretionError: an answered prompt does not begin like the prompt, or leaves the answer
                or what follows it out: what a model learned there would not be what it is asked.
        """
        asked = self.render(prompt)
        more = [{"role": m.role, "content": m.content} for m in then]

        def conversation(said: str) -> str:
            turns = [*self._messages(prompt), {"role": "assistant", "content": said}, *more]
            return self._apply(turns, add_generation_prompt=bool(then))

        head, found, tail = conversation(ANSWER).rpartition(ANSWER)
        # Earlier turns are often shown without the empty think block after which they were asked.
        if not found or head not in (asked, EMPTY_THOUGHT.sub("", str(asked))):
            raise DiscretionError(
                "the chat template writes an answered prompt unlike the prompt itself",
                where=self.where,
                fix="correct the template, or use another model",
            )
        if conversation(answer) != head + answer + tail:
            raise self._dropped("assistant")
        for message in then:
            if message.content.strip() not in tail:
                raise self._dropped(message.role)
        return _think_closed(tail) if then else tail

    def control_token_in(self, text: str) -> str:
        """The first control token of this model that stands in a text; empty without one."""
        found = self._special.search(text)
        return found[0] if found else ""

    def spells(self, text: str) -> bool:
        """Whether a text reads back from its tokens as it was written, but for how tokenizers
        normalise it: white space and compatible forms. Looked at once for each text."""
        return self._spelled(text)

    def _reads_back(self, text: str) -> bool:
        [ids] = self.encode([text])
        back = self.tokenizer.decode(ids, clean_up_tokenization_spaces=False)
        return self.tokenizer.unk_token_id not in ids and plain(back) == plain(text)

    @property
    def closing(self) -> str:
        """The token with which the template closes an assistant's turn; empty where it has none."""
        turns = [{"role": "user", "content": "?"}, {"role": "assistant", "content": ANSWER}]
        _, found, tail = self._apply(turns).rpartition(ANSWER)
        closing = self._special.match(tail.lstrip()) if found else None
        return closing[0] if closing else ""

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        if not texts:
            return []
        ids: list[list[int]] = self.tokenizer(
            list(texts), add_special_tokens=False, return_attention_mask=False, verbose=False
        )["input_ids"]
        return ids

    @cached_property
    def boundaries(self) -> tuple[int, ...]:
        """The tokens before which a word has ended: what they spell begins with no letter."""
        stem = self.encode(["a"])[0][-1]
        pairs = [[stem, token] for token in range(len(self.tokenizer))]
        before, *texts = self.tokenizer.batch_decode(
            [[stem], *pairs], skip_special_tokens=False, clean_up_tokenization_spaces=False
        )
        after = [text.removeprefix(before) for text in texts]
        return tuple(
            token for token, text in enumerate(after) if text and not WITHIN_WORD.match(text)
        )

    def spell(
        self,
        text: str,
        ids: Sequence[int],
        grant: Sequence[str],
        refuse: Sequence[str],
        *,
        word: bool = False,
    ) -> tuple[list[Continuation], list[Continuation]]:
        """The forms of both answers after `text`, whose tokens are `ids`; ending with their last
        `word`, or with the turn.

        An answer's first letters may merge with the end of the text. So text and answer are
        tokenized together, and what is scored begins where any of them parts from the others:
        all masses are then conditional on the same tokens.

        Raises:
            DiscretionError: the vocabulary cannot spell an answer, or spells both alike.
        """
        spelled = {form: self._after(text, ids, form) for form in (*grant, *refuse)}
        start = min(_shared(ids, answer) for answer in spelled.values())
        sides = (
            self._sayable(grant, spelled, start),
            self._sayable(refuse, spelled, start),
        )
        if sides[0] & sides[1]:
            raise DiscretionError(
                f"the model's vocabulary spells {grant[0]!r} and {refuse[0]!r} alike",
                where=self.where,
                fix="use another model",
            )
        granting, refusing = (
            [Continuation(ids, start, word) for ids in sorted(side)] for side in sides
        )
        return granting, refusing

    def ends(self, declared: Iterable[int]) -> tuple[int, ...]:
        """The tokens that end an answer: those the model declares, and the one with which the
        template closes an assistant's turn.

        Raises:
            DiscretionError: there is none.
        """
        ends = set(declared)
        if closing := self.closing:
            ends.add(self.tokenizer.convert_tokens_to_ids(closing))
        if not ends:
            raise DiscretionError(
                "the model has no token that ends an answer",
                where=self.where,
                fix="set eos_token_id in its generation_config.json",
            )
        return tuple(sorted(ends))

    def _messages(self, prompt: Prompt) -> list[dict[str, str]]:
        messages = [{"role": m.role, "content": m.content} for m in prompt.messages]
        if self.merge_system and [m["role"] for m in messages[:2]] == ["system", "user"]:
            system, user, *rest = messages
            both = f"{system['content']}\n\n{user['content']}"
            return [{"role": "user", "content": both}, *rest]
        return messages

    def _apply(self, messages: list[dict[str, str]], *, add_generation_prompt: bool = False) -> str:
        from jinja2 import TemplateError

        more: dict[str, Any] = {}
        if "enable_thinking" in self._source:
            more["enable_thinking"] = False
        # The clock would change what a model is asked from one day to the next.
        if "strftime_now" in self._source:
            more["chat_template"] = _stopped_clock() + self._source
        if takes_date(self._source):
            more["date_string"] = FIXED_DATE.strftime("%d %b %Y")
        try:
            text: str = self.tokenizer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=add_generation_prompt, **more
            )
        except TemplateError as error:
            if messages[0]["role"] == "system":
                raise self._dropped("system") from error
            raise DiscretionError(
                f"the chat template fails: {error}", where=self.where, fix="correct the template"
            ) from error
        return text

    def _dropped(self, role: str) -> DiscretionError:
        fix = "correct the template"
        if role == "system":
            fix = 'set system = "user" for this model to put it in front of the user\'s text'
        return DiscretionError(
            f"the chat template drops the {role} text", where=self.where, fix=fix
        )

    def _after(self, text: str, ids: Sequence[int], form: str) -> tuple[int, ...]:
        """The tokens of text and form together.

        A control token parts the text, so nothing before the last one changes how the rest is
        split; where a tokenizer does not keep to that, the whole is tokenized.
        """
        last = max((found.start() for found in self._special.finditer(text)), default=0)
        tail, both = (self._tail(text[last:] + more) for more in ("", form))
        if tail == list(ids[len(ids) - len(tail) :]):
            return (*ids[: len(ids) - len(tail)], *both)
        return tuple(self.encode([text + form])[0])

    def _sayable(
        self, forms: Sequence[str], spelled: dict[str, tuple[int, ...]], start: int
    ) -> set[tuple[int, ...]]:
        """Those forms that read back as they were written; the first one must."""
        sayable: set[tuple[int, ...]] = set()
        for form in forms:
            answer = spelled[form]
            back = self.tokenizer.decode(answer[start:], clean_up_tokenization_spaces=False)
            if self.tokenizer.unk_token_id not in answer[start:] and back.endswith(form.strip()):
                sayable.add(answer)
            elif form == forms[0]:
                raise DiscretionError(
                    f"the model's vocabulary cannot spell the answer {form!r}",
                    where=self.where,
                    fix="use another model, or a method with other answers",
                )
        return sayable


def _stopped_clock() -> str:
    """The macro by which a template that asks for the time is told the fixed date: transformers
    takes no function in place of its own clock."""
    codes = {f"%{code}": FIXED_DATE.strftime(f"%{code}") for code in DATE_CODES}
    codes |= {"%-d": str(FIXED_DATE.day), "%-m": str(FIXED_DATE.month)}
    replaced = "".join(f"|replace('{code}', '{said}')" for code, said in codes.items())
    return f"{{%- macro strftime_now(format) -%}}{{{{- format{replaced} -}}}}{{%- endmacro %}}"


def plain(text: str) -> str:
    """As tokenizers may normalise it: compatible forms, and white space as one space."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _think_closed(text: str) -> str:
    """The text with a think block that it ends in closed at once."""
    opened = OPENED.search(text)
    if opened is None:
        return text
    left, name, right = opened.groups()
    return f"{text[: opened.end(3)]}\n\n{left}/{name}{right}\n\n"


def _shared(one: Sequence[int], other: Sequence[int]) -> int:
    for at, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return at
    return min(len(one), len(other))
