"""Precedents: the model is shown how people decided the nearest cases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from discretion.core.cases import Case
from discretion.core.policies import Policy
from discretion.core.precedents import Precedent, nearest
from discretion.errors import DiscretionError
from discretion.methods.case_text import delimited, plain, text_and_facts, text_of
from discretion.methods.worded import WordedMethod
from discretion.methods.wordings import wordings

PoolFor = Callable[[Case], Sequence[Precedent]]
"""The precedents that may be shown for a case: none that is held out from it."""

COUNT = 6


@dataclass(frozen=True, slots=True)
class Precedents:
    """The precedents that are shown for a case, and how."""

    pool_for: PoolFor
    why: bool = False
    """Show one explanation of each that has any."""
    count: int = COUNT

    def shown(self, case: Case, *, twin: bool, question: str = "") -> str:
        """The nearest precedents, nearest first, in English or in the dialect.

        Explanations play no part in the choice, so that with and without them the same cases are
        shown.

        Args:
            question: the policy's own, if it has one: those under it were answered by yes or no.

        Raises:
            DiscretionError: there is none that could be shown.
        """
        pool = [one for one in self.pool_for(case) if (one.case.twin if twin else one.case.text)]
        chosen = nearest(case, pool, self.count)
        if not chosen:
            kind = "a twin" if twin else "a text"
            raise DiscretionError(
                f"there is no judged case with {kind} to show as a precedent",
                where=f"case {case.id}",
                fix="import judgments on other cases, or hold out less",
            )
        if twin:
            return " ".join(self._in_dialect(one) for one in chosen)
        asked = [bool(question) and one.case.policy == case.policy for one in chosen]
        lines = (self._in_english(one, asked=yes) for one, yes in zip(chosen, asked, strict=True))
        return "\n\n".join([wordings().precedents, *lines])

    def _in_english(self, one: Precedent, *, asked: bool) -> str:
        verb = "Granted" if one.granted else "Refused"
        if asked:
            verb = "Answered yes" if one.granted else "Answered no"
        lines = [text_and_facts(one.case, "earlier"), f"{verb} by {_people(one)}."]
        if self.why and one.explanations:
            lines += ["One of them said why:", delimited(one.explanations[0], "why")]
        return "\n".join(lines)

    def _in_dialect(self, one: Precedent) -> str:
        decided = "granted" if one.granted else "refused"
        if self.why and one.explanations:
            decided += f" because {plain(one.explanations[0]).lower().rstrip('.')}"
        return f"earlier: {text_of(one.case, twin=True)} {decided}."


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecedentsMethod(WordedMethod):
    """Decide the case with the nearest precedents in view."""

    precedents: Precedents

    def earlier(self, case: Case, policy: Policy, *, twin: bool) -> str:
        return self.precedents.shown(case, twin=twin, question=policy.question)


def precedents_method(pool_for: PoolFor, *, why: bool = False, count: int = COUNT) -> WordedMethod:
    """The method ``precedents``, or ``precedents-why`` with explanations."""
    name = "precedents-why" if why else "precedents"
    return PrecedentsMethod(name, precedents=Precedents(pool_for, why, count))


def _people(one: Precedent) -> str:
    """How many decided as most did: ``7 of 9 people``; a share where n is not known."""
    share = one.rate if one.granted else 1 - one.rate
    if one.n is None:
        return f"{100 * share:.0f}% of the people asked"
    return f"{round(share * one.n)} of {one.n} {'person' if one.n == 1 else 'people'}"
