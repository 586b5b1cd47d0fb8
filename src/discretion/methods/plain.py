"""The plain method: the rule, the case, how far it steps past, and one question, in a single short
message. Small models read it better than a longer one, and do not subtract by themselves: taught
without that sentence, one learned how often people grant and nothing of which cases they grant
(docs/experiments.md)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from discretion.core.arms import Ask, Message, Prompt
from discretion.core.cases import Case
from discretion.core.policies import Policy
from discretion.methods.case_text import between_tags, facts_block, text_of
from discretion.methods.questions import choices
from discretion.methods.worded import distance
from discretion.methods.wordings import wordings

VOCABULARY = "yes grants"


@dataclass(frozen=True, slots=True)
class PlainMethod:
    """One wording, one question, answered yes or no, where yes grants; no system text. The
    deviation is always stated."""

    name: str = "plain"
    wordings: int = 1
    vocabularies: tuple[str, ...] = (VOCABULARY,)
    reason_first: bool = False

    def prompt(self, case: Case, policy: Policy, ask: Ask) -> Prompt:
        """The prompt for one case; in the dialect the words of the built-in model's question.

        Raises:
            DiscretionError: the case has no text, or no twin where that is asked for.
        """
        asked = choices(VOCABULARY, grant_first=ask.grant_first, twin=ask.twin)
        words = wordings()
        grant, refuse = asked.grant[0], asked.refuse[0]
        first, second = (grant, refuse) if ask.grant_first else (refuse, grant)
        text = text_of(case, twin=ask.twin)
        if ask.twin:
            question = words.questions[VOCABULARY].dialect.format(first=first, second=second)
            return Prompt((Message("user", f"{text} decide: {question}"),), asked)
        rule = policy.rule.strip()
        parts = (
            f"{words.plain.rule} {rule}" if rule else "",
            policy.guidance.strip(),
            between_tags(text),
            facts_block(case),
            distance(case, replace(ask, state_deviation=True), in_parts=True),
            words.plain.question.format(
                question=policy.question or words.plain.asked, first=first, second=second
            ),
        )
        return Prompt((Message("user", "\n\n".join(part for part in parts if part)),), asked)


PLAIN = PlainMethod()
