"""What is settled with the user before an endpoint is asked: where texts go, what it can, what it
may cost."""

from __future__ import annotations

import asyncio
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from textwrap import shorten
from typing import TYPE_CHECKING

import typer

from discretion.budgets import Price, Usage
from discretion.cli.app import counted, now, remark
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.budgets import Spending
    from discretion.core.arms import Arm
    from discretion.core.cases import CaseSet
    from discretion.models.endpoint import Endpoint
    from discretion.models.probing import Probe
    from discretion.workspace import Workspace


def endpoint(here: Workspace, name: str) -> Endpoint | None:
    """The endpoint of that name; None where the name is of no endpoint, or of nothing."""
    from discretion.models.agents import is_agent
    from discretion.models.endpoint import Endpoint
    from discretion.models.tuned import PREFIX, tuned_names, tuned_settings
    from discretion.workspace import endpoints

    settings = here.contents.settings.models.get(name)
    if name.startswith(PREFIX) and name.removeprefix(PREFIX) in tuned_names(here.folder):
        plain = name.removeprefix(PREFIX)
        settings = tuned_settings(here.folder, plain, here.contents.settings.models)
    if settings is None or settings.get("kind", "folder") == "folder" or is_agent(settings):
        return None
    model = endpoints.load_model(name, settings, here.folder, here.store)
    return model if isinstance(model, Endpoint) else None


def make_ready(here: Workspace, arms: Iterable[str], cases: CaseSet, *, yes: bool) -> None:
    """Get leave for the hosts that texts would go to for the first time, probe the endpoints that
    were not, and let no code run that was not shown.

    Raises:
        DiscretionError: leave is not given, or an endpoint does not answer.
    """
    from discretion.cli import agents

    for name in dict.fromkeys(arm.partition("/")[0] for arm in arms):
        if (asked_as_is := agents.agent(here, name)) is not None:
            agents.make_ready(here, asked_as_is, cases, yes=yes)
        one = endpoint(here, name)
        if one is None:
            continue
        if not one.allowed:
            ask_leave(here, one, cases, yes=yes)
        if one.probed is None:
            found = probe(here, one)
            remark(f"{name}: probed, and asked by {way(one, found)}")
            if one.writes:
                remark(f"{name}: {truncation(one.knowing(found, allowed=one.allowed))}")
        elif one.offers("top_p") and not one.probed.top_p and "top_p" not in one.probed.refused:
            remark(
                f"{name}: an earlier version probed it, so the server decides on "
                f"{', '.join(one.left_to_server)}. To send top_p = 1 and ask everything again, "
                f"run: discretion models probe {name}"
            )


def ask_leave(here: Workspace, one: Endpoint, cases: CaseSet, *, yes: bool) -> None:
    """Show the host and what goes there, and note the consent, where it is given."""
    from discretion.core.facts import text_with_facts
    from discretion.workspace import endpoints

    texts = [text_with_facts(case) for case in cases if case.text]
    show_texts(
        texts,
        to=f"{one.settings.host}  ({one.settings.base_url})",
        who=f"model     {one.settings.model}, here called {one.name}",
        also="with them the policy's text, and judged cases where the method shows precedents",
    )
    if not yes:
        if not sys.stdin.isatty():
            raise DiscretionError(
                f"nobody has allowed texts to go to {one.settings.host}, and there is no terminal "
                "to ask on",
                where=f"[models.{one.name}]",
                fix=f"run: discretion models allow {one.name}, or add --yes",
            )
        if not typer.confirm("send them?", default=False, err=True):
            remark("nothing was sent")
            raise typer.Exit(1)
    endpoints.allow(one, here.store, now())


def show_texts(texts: Sequence[str], *, to: str, who: str, also: str, what: str = "") -> None:
    """Show which texts would go where.

    Args:
        what: they are, by default the cases.
    """
    what = what or f"the texts of {len(texts):,} cases"
    remark(f"{what} would leave this machine for the first time")
    remark(f"  to        {to}")
    remark(f"  {who}")
    if texts:
        remark(f"  such as   “{shorten(texts[0], 120, placeholder=' …')}”")
    remark(f"  {also}")
    remark(f"  personal  {_personal(texts)}")


def _personal(texts: Sequence[str]) -> str:
    """Whether personal data were masked in texts, and what of it is seen in them still."""
    from discretion.importing.redaction import KINDS, redact

    mark = re.compile(rf"\[(?:{'|'.join(KINDS)}) \d+\]")
    masked = sum(mark.search(text) is not None for text in texts)
    seen: Counter[str] = Counter()
    for text in texts:
        seen.update(redact(text).found)
    still = ", ".join(f"{kind} {count:,}" for kind, count in seen.most_common())
    return (
        f"{masked:,} texts carry marks in place of what an import found; still in them: "
        f"{still or 'nothing that was recognized, and names are recognized only in part'}"
    )


def probe(here: Workspace, one: Endpoint) -> Probe:
    """Probe an endpoint now, compare its draws with its scores where it gives both, and keep what
    was found; warn where they differ."""
    from discretion.workspace import endpoints

    found = asyncio.run(one.probe())
    known = one.knowing(found, allowed=one.allowed)
    compared = asyncio.run(known.compare_draws()) if known.scores else None
    endpoints.keep_probe(one, here.store, found, now(), compared)
    if compared is not None and compared.differs:
        remark(
            f"warning: {one.name} draws differ from its log-probabilities: {compared.token!r} came "
            f"in {compared.drawn} of {compared.draws} draws, and {compared.p:.0%} were expected. "
            "The server may truncate or repeat its answers. Set body in discretion.toml, such as "
            "{ top_k = 0 }, or set `sample: true` in a plan"
        )
    if compared is not None and compared.repeats:
        remark(
            f"warning: {one.name} sends one reply's id more than once. A repeated reply is not a "
            "new answer and will count as failed. Switch off the cache of the server or gateway"
        )
    return found


def way(one: Endpoint, found: Probe) -> str:
    """How an endpoint is asked for a decision."""
    if found.logprobs and not one.writes:
        return "the probability of each option, in one call"
    if found.logprobs and not one.settings.reasoning:
        return f"log-probabilities of the {found.logprobs} likeliest first tokens"
    return "sampling, since it " + (
        "reasons first" if one.settings.reasoning else "gives no log-probabilities"
    )


def truncation(one: Endpoint) -> str:
    """Which truncation of a draw is asked for, and which is left to the server."""
    from discretion.models.endpoint import TRUNCATIONS

    if not one.writes:
        return "none, since nothing is drawn"
    sent = [name for name in TRUNCATIONS if name not in one.left_to_server]
    values = {"top_p": 1, **one.settings.body}
    asked = " and ".join(f"{name} = {values[name]}" for name in sent)
    left = ", ".join(one.left_to_server)
    parts = (asked and f"{asked} is sent", left and f"the server decides on {left}")
    return "; ".join(part for part in parts if part)


def check_cost(
    here: Workspace, cases: CaseSet, arms: Sequence[Arm], *, budget: str, yes: bool
) -> None:
    """Refuse more than a few thousand paid calls without a budget or a yes. What cannot be known
    before, such as scores that stay open and are drawn, the budget refuses.

    Raises:
        DiscretionError: says how many there would be.
    """
    from discretion.budgets import PAID_CALLS
    from discretion.evaluation import count_calls

    paid = [arm for arm in arms if _is_paid(arm)]
    if budget or yes or not paid:
        return
    calls = sum(one.calls - one.cached for one in count_calls(cases, paid, here.store))
    if calls > PAID_CALLS:
        raise DiscretionError(
            f"{calls:,} paid calls would be made, more than {PAID_CALLS:,}",
            where="--budget",
            fix="add --budget 5USD, --budget 20000calls or --yes, or take fewer with --cases",
        )


def remark_repeated(here: Workspace, cases: CaseSet, arms: Sequence[Arm]) -> None:
    """Say which answers in the log no longer count, so that their cases are asked again, and what
    that costs."""
    from discretion.evaluation import count_repeated

    by_name = {arm.name: arm for arm in arms}
    for one in count_repeated(cases, arms, here.store):
        tokens = one.characters // 4
        cost = f": about {tokens:,} tokens to send" if tokens else ""
        price = _price_of(by_name[one.arm])
        if tokens and price is not None:
            amount = price.of(Usage(tokens, 0))
            cost += f", {amount:.4f} {price.currency} without the replies"
        remark(
            f"{one.arm}: the prompt, a setting or the model has changed since "
            f"{counted(one.again, 'stored answer')}; asking again{cost}"
        )


def _price_of(arm: Arm) -> Price | None:
    from discretion.core.prompted import PromptedArm
    from discretion.models.endpoint import Endpoint

    if isinstance(arm, PromptedArm) and isinstance(arm.model, Endpoint):
        return arm.model.settings.price
    return None


def _is_paid(arm: Arm) -> bool:
    """Whether an arm's calls may cost something. What an agent calls in its turn is not known."""
    from discretion.core.prompted import PromptedArm
    from discretion.models.agents import AgentArm
    from discretion.models.endpoint import Endpoint

    if isinstance(arm, PromptedArm) and isinstance(arm.model, Endpoint):
        return arm.model.settings.is_paid
    return isinstance(arm, AgentArm)


def purse_of(budget: str, *, yes: bool) -> Spending:
    """What a command may spend.

    Raises:
        DiscretionError: the budget is none.
    """
    from discretion.budgets import PAID_CALLS, Spending, read_budget

    if budget:
        return Spending(read_budget(budget))
    return Spending(paid_calls=None if yes else PAID_CALLS)


def spent(spending: Spending) -> dict[str, object]:
    """What a run has cost, as JSON."""
    return {
        "calls": spending.calls,
        "tokens": spending.tokens,
        "money": {currency: f"{amount:.4f}" for currency, amount in spending.money.items()},
    }


def spent_in_words(spending: Spending) -> str:
    money: Mapping[str, object] = spending.money
    amounts = [f"{amount:.4f} {currency}" for currency, amount in money.items()]
    return ", ".join([f"{spending.calls:,} calls out", f"{spending.tokens:,} tokens", *amounts])
