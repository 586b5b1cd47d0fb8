"""Methods that are an instruction: everything but their words is common to them."""

from __future__ import annotations

from dataclasses import dataclass

from discretion.core.arms import Ask, Message, Prompt
from discretion.core.cases import Case
from discretion.core.facts import value_stands
from discretion.core.policies import Policy
from discretion.methods.case_text import between_tags, facts_block, text_of
from discretion.methods.questions import choices, decision_cue, question, vocabularies
from discretion.methods.wordings import Instruction, wordings


@dataclass(frozen=True, slots=True)
class WordedMethod:
    """A method whose instruction stands in wordings.yaml under its name."""

    name: str
    reason_first: bool = False
    shows_purpose: bool = False
    """Tells the model what the rule is for; others show the rule and its guidance only."""

    @property
    def wordings(self) -> int:
        return len(self._instruction.english)

    @property
    def vocabularies(self) -> tuple[str, ...]:
        return vocabularies()

    def prompt(self, case: Case, policy: Policy, ask: Ask) -> Prompt:
        """The prompt for one case; in the dialect it is a single user message.

        Raises:
            DiscretionError: the case has no text, or no twin where that is asked for.
        """
        asked = choices(ask.vocabulary, grant_first=ask.grant_first, twin=ask.twin)
        put = question(asked, reason_first=self.reason_first, twin=ask.twin, own=policy.question)
        earlier = self.earlier(case, policy, twin=ask.twin)
        if ask.twin:
            text = text_of(case, twin=True)
            word = self._instruction.dialect[ask.wording]
            # A twin states its deviation already: state_deviation has nothing to add.
            body = " ".join(part for part in (earlier, text, f"{word}: {put}") if part)
            messages: tuple[Message, ...] = (Message("user", body),)
        else:
            parts = (earlier, case_block(case), facts_block(case), distance(case, ask), put)
            messages = (
                Message("system", self._system(policy, ask.wording)),
                Message("user", "\n\n".join(part for part in parts if part)),
            )
        return Prompt(
            messages,
            asked,
            reason_first=self.reason_first,
            wording=ask.wording,
            decision_cue=decision_cue(reason_first=self.reason_first, twin=ask.twin),
        )

    def earlier(self, case: Case, policy: Policy, *, twin: bool) -> str:
        """What stands before the case; nothing, unless a method shows precedents."""
        return ""

    @property
    def _instruction(self) -> Instruction:
        return wordings().methods[self.name]

    def _system(self, policy: Policy, wording: int) -> str:
        words = wordings()
        rule, openings = policy.rule.strip(), words.openings
        if policy.question:
            openings = words.openings_for_a_question
        elif not rule:
            openings = words.openings_without_rule
        parts = [openings[wording]]
        if rule:
            parts.append(words.rule.format(rule=rule))
        if self.shows_purpose and policy.purpose:
            parts.append(words.purpose.format(purpose=policy.purpose.strip()))
        if policy.guidance:
            parts.append(words.guidance.format(guidance=policy.guidance.strip()))
        return "\n\n".join([*parts, self._instruction.english[wording]])


def case_block(case: Case) -> str:
    """The case between its tags, after the line that says what it is."""
    return f"{wordings().notice}\n{between_tags(text_of(case, twin=False))}"


def distance(case: Case, ask: Ask, *, among_facts: bool = True, in_parts: bool = False) -> str:
    """How far the value lies beyond the limit, in words, where that is to be stated.

    Args:
        among_facts: the prompt shows the facts, which say it unless the text holds the value.
        in_parts: as in ``Case.over``. Methods of version 0.1.0 ask without, as they did.
    """
    stated = among_facts and not value_stands(case)
    over = case.over(in_parts=in_parts) if ask.state_deviation and not stated else ""
    return wordings().distance.format(distance=over) if over else ""
