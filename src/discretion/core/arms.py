"""What answers cases: the protocols Model, Method and Arm, and the arm that is only a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal, Protocol, get_args, runtime_checkable

from discretion.canonical import digest, fraction_of
from discretion.core.answers import Answer, Failure, How
from discretion.core.cases import Case
from discretion.core.policies import Policy

Role = Literal["system", "user", "assistant"]
Form = Literal["end", "cue", "word", "cue-word"]
"""In what form a model's answer is scored. ``end``: the complete answer, the token that ends its
turn included. ``word``: the answer up to where its last word ends. Either may stand after a cue
that is put into the assistant's turn, with the answer after a space: ``cue`` and ``cue-word``."""
FORMS: tuple[Form, ...] = get_args(Form)
ANSWER_CUE = "Answer:"
"""The assistant's words before an answer, in the forms that have any."""


@dataclass(frozen=True, slots=True)
class Message:
    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Choices:
    """The two answers, as a model may write them."""

    vocabulary: str
    """Which pair of words: ``grant/refuse``, ``yes grants`` or ``yes refuses``."""
    grant: tuple[str, ...]
    """Surface forms that grant; the first is the one the prompt names."""
    refuse: tuple[str, ...]
    grant_first: bool
    """The order in which the prompt names them."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is asked, before its template is applied."""

    messages: tuple[Message, ...]
    choices: Choices
    reason_first: bool = False
    """The model is to reason in writing, and to decide after that."""
    wording: int = 0
    """Which of the method's wordings this is."""
    reasoning: str | None = None
    """A reasoning the model has already written; the decision is asked for after it."""
    decision_cue: str = ""
    """The assistant's words between a reasoning and the decision, for reason-first prompts."""
    form: Form = "end"
    """In what form the answer is scored; nothing that is written depends on it."""


@dataclass(frozen=True, slots=True)
class Ask:
    """How a case is to be put: the parts of a prompt that are varied for balance."""

    vocabulary: str
    grant_first: bool
    wording: int
    twin: bool = False
    """Put the case's twin, in the dialect of the built-in model."""
    state_deviation: bool = False
    """Say how far the value lies beyond the limit."""


@dataclass(frozen=True, slots=True)
class Scored:
    """The masses of the two answers after a prompt."""

    log_grant: float
    log_refuse: float
    outside: float | None
    """Mass on anything else, in [0, 1]; None where nothing else can be said."""
    prompt: str
    """As the model saw it."""
    tokens: int
    seconds: float
    how: How = "scored"
    """``logprobs`` where it is read from the most likely first tokens only."""
    tokens_out: int = 0
    served_by: str = ""
    """What a server says of itself with it."""


@dataclass(frozen=True, slots=True)
class OpenScore:
    """A score that leaves too much open to stand for a probability: answers are drawn instead."""

    tokens_in: int = 0
    """Tokens that it cost all the same."""
    tokens_out: int = 0


@dataclass(frozen=True, slots=True)
class Written:
    """A continuation that a model wrote."""

    text: str
    prompt: str
    tokens_in: int
    tokens_out: int
    seconds: float
    decided: bool = False
    """After a reasoning the decision stands in the text too, and cannot be scored apart."""
    served_by: str = ""
    """What a server says of itself with it."""


@dataclass(frozen=True, slots=True)
class CallFailed:
    """A call that came to nothing, and why."""

    what: str
    """One clause, which never quotes the case."""
    said: str = ""
    """What came back in place of an answer; it may quote the case."""


@dataclass(frozen=True, slots=True)
class Decoding:
    """How a model is sampled."""

    temperature: float = 1.0
    max_tokens: int = 256
    samples: int = 20
    """Draws per case where p is sampled, divided equally over the ways it is asked."""
    reasonings: int = 16
    """Reasonings per case where the method reasons first, divided likewise."""
    seed: int = 0


@runtime_checkable
class Model(Protocol):
    """Something that continues text and, if it can, scores it."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same prompt could give another answer."""
        ...

    @property
    def reads_twin(self) -> bool:
        """Reads only the dialect of the built-in model."""
        ...

    @property
    def scores(self) -> bool:
        """Whether `score` may be called."""
        ...

    @property
    def batch(self) -> int:
        """How many prompts one call takes with profit; 1 for an endpoint."""
        ...

    async def score(
        self, prompts: Sequence[Prompt]
    ) -> Sequence[Scored | OpenScore | CallFailed]: ...

    async def generate(
        self, prompts: Sequence[Prompt], decoding: Decoding, samples: Sequence[int]
    ) -> Sequence[Written | CallFailed]:
        """One continuation of each prompt; `samples` are the draw's indices, which seed it."""
        ...


@runtime_checkable
class Probed(Protocol):
    """A model that can be scored in several forms, of which a probe chooses one."""

    @property
    def form(self) -> Form | None:
        """The form that is settled already; None where a probe is to choose it."""
        ...

    async def probe(self, prompts: Sequence[Prompt]) -> Mapping[Form, float]:
        """The mean mass on neither answer in each form in which the prompts can be asked."""
        ...


@runtime_checkable
class Method(Protocol):
    """A pure function from a case under a policy to a prompt."""

    @property
    def name(self) -> str: ...

    @property
    def wordings(self) -> int:
        """How many wordings its instruction has."""
        ...

    @property
    def vocabularies(self) -> tuple[str, ...]: ...

    @property
    def reason_first(self) -> bool: ...

    def prompt(self, case: Case, policy: Policy, ask: Ask) -> Prompt: ...


@runtime_checkable
class PrefilledReasoning(Protocol):
    """A method that puts a reasoning into another's prompts, in place of one the model writes."""

    @property
    def into(self) -> Method:
        """The method that it puts it into; cases are put in the same words as by that one."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """One thing to be asked, known by its key before it is asked."""

    key: str
    case: str
    prompt: Prompt | None = None
    sample: int = 0


@runtime_checkable
class Arm(Protocol):
    """Anything that answers cases."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...

    @property
    def batch(self) -> int:
        """How many calls `ask` takes at once with profit."""
        ...

    def calls(self, case: Case) -> Sequence[Call]:
        """Everything that must be asked to answer one case."""
        ...

    async def ask(self, calls: Sequence[Call]) -> Sequence[Answer | Failure]: ...


@dataclass(frozen=True, slots=True)
class TableArm:
    """Grant probabilities that are already known: decisions recorded elsewhere, or a fit."""

    name: str
    how: How
    table: Mapping[str, float] = field(repr=False)
    """Grant probability by case id; cases without one are not asked."""
    fingerprint: str
    batch: int = 1024
    draws: Mapping[str, int] = field(default_factory=dict, repr=False)
    """Of how many decisions a probability is the share, by case id; 1 where nothing is said."""

    def calls(self, case: Case) -> Sequence[Call]:
        if case.id not in self.table:
            return ()
        return (Call(digest((self.fingerprint, case.id)), case.id),)

    async def ask(self, calls: Sequence[Call]) -> Sequence[Answer | Failure]:
        return [
            Answer(
                call.key,
                call.case,
                self.table[call.case],
                self.how,
                draws=self.draws.get(call.case, 1),
            )
            for call in calls
        ]


YES_GRANTS = "yes grants"
"""The vocabulary that fits a policy's own question, which is answered by yes or no."""


def neighbors(calls: Sequence[Call]) -> list[Call]:
    """The calls with those together whose prompts begin alike, and those of a case together.

    A model that computes what prompts share once shares the more the more alike a batch is.
    """
    first: dict[str, tuple[str, ...]] = {}
    for call in calls:
        messages = call.prompt.messages if call.prompt else ()
        first.setdefault(call.case, tuple(message.content for message in messages))
    return sorted(calls, key=lambda call: (first[call.case], call.case))


def vocabularies_for(method: Method, policy: Policy | None) -> tuple[str, ...]:
    """The vocabularies in which a method asks about cases of a policy: where the policy has a
    question of its own, the one whose yes grants."""
    known = tuple(method.vocabularies)
    return (YES_GRANTS,) if policy and policy.question and YES_GRANTS in known else known


BOTH = ("yes grants", "yes refuses")
"""The two questions answered by yes or no: asked in both, a liking for either word cancels."""


def balanced_asks(
    case: Case,
    method: Method,
    policy: Policy | None = None,
    *,
    crossed: bool = False,
    both: bool = False,
) -> list[Ask]:
    """How a case is put: in both orders of the answers, in one wording and vocabulary by rotation,
    or in all of them.

    Args:
        both: ask in both yes/no questions, where the method has them, instead of rotating.
    """
    vocabularies = vocabularies_for(method, policy)
    if crossed:
        pairs = [(v, w) for v in vocabularies for w in range(method.wordings)]
    else:
        # Rotated on the pair, not the case: cases that differ only in a factor that should not
        # matter are put in the same words.
        # Asked of every case: isinstance would look through the whole protocol each time.
        name = getattr(method, "into", method).name
        seed = (case.pair or case.id, name)
        turn = fraction_of((*seed, "wording"))
        asked = BOTH if both and set(BOTH) <= set(vocabularies) else ()
        pairs = [
            (vocabulary, int(turn * method.wordings))
            for vocabulary in asked or (rotated_vocabulary(vocabularies, seed),)
        ]
    return [
        Ask(vocabulary, order, wording) for vocabulary, wording in pairs for order in (True, False)
    ]


def rotated_vocabulary(vocabularies: tuple[str, ...], seed: tuple[str, ...]) -> str:
    """One vocabulary by rotation. Those that begin with the same word share their word's turn, so
    that the questions answered by yes and no make up one half, and yes means either equally."""
    groups = _by_word(vocabularies)
    group = groups[int(fraction_of((*seed, "words")) * len(groups))]
    return group[int(fraction_of((*seed, "vocabulary")) * len(group))]


@cache
def _by_word(vocabularies: tuple[str, ...]) -> list[list[str]]:
    words: dict[str, list[str]] = {}
    for vocabulary in vocabularies:
        words.setdefault(vocabulary.split()[0], []).append(vocabulary)
    return list(words.values())
