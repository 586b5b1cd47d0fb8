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

from discretion.cli.app import now, remark
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.arms import Arm
    from discretion.budgets import Purse
    from discretion.cases import Docket
    from discretion.models.endpoint import Endpoint
    from discretion.models.probing import Probe
    from discretion.workspace import Workspace


def endpoint(here: Workspace, name: str) -> Endpoint | None:
    """The endpoint of that name; None where the name is of no endpoint, or of nothing."""
    from discretion.models.endpoint import Endpoint
    from discretion.workspace import endpoints

    settings = here.contents.settings.models.get(name)
    if settings is None or settings.get("kind", "folder") == "folder":
        return None
    model = endpoints.load_model(name, settings, here.folder, here.store)
    return model if isinstance(model, Endpoint) else None


def make_ready(here: Workspace, arms: Iterable[str], cases: Docket, *, yes: bool) -> None:
    """Get leave for the hosts that texts would go to for the first time, and probe the endpoints
    that were not.

    Raises:
        DiscretionError: leave is not given, or an endpoint does not answer.
    """
    for name in dict.fromkeys(arm.partition("/")[0] for arm in arms):
        one = endpoint(here, name)
        if one is None:
            continue
        if not one.allowed:
            ask_leave(here, one, cases, yes=yes)
        if one.probed is None:
            found = probe(here, one)
            remark(f"{name}: probed, and asked by {way(one, found)}")


def ask_leave(here: Workspace, one: Endpoint, cases: Docket, *, yes: bool) -> None:
    """Show the host and what goes there, and note the consent, where it is given."""
    from discretion.facts import text_with_facts
    from discretion.workspace import endpoints

    texts = [text_with_facts(case) for case in cases if case.text]
    remark(f"the texts of {len(texts):,} cases would leave this machine for the first time")
    remark(f"  to        {one.settings.host}  ({one.settings.base_url})")
    remark(f"  model     {one.settings.model}, here called {one.name}")
    if texts:
        remark(f"  such as   “{shorten(texts[0], 120, placeholder=' …')}”")
    remark("  with them the policy's text, and judged cases where the method shows precedents")
    remark(f"  personal  {_personal(texts)}")
    if not yes:
        if not sys.stdin.isatty():
            raise DiscretionError(
                f"nobody has allowed texts to go to {one.settings.host}, and there is no terminal "
                "to ask on",
                where=f"[models.{one.name}]",
                mend=f"run: discretion models allow {one.name}, or add --yes",
            )
        if not typer.confirm("send them?", default=False, err=True):
            remark("nothing was sent")
            raise typer.Exit(1)
    endpoints.allow(one, here.store, now())


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
    """Probe an endpoint now and keep what was found."""
    from discretion.workspace import endpoints

    found = asyncio.run(one.probe())
    endpoints.keep_probe(one, here.store, found, now())
    return found


def way(one: Endpoint, found: Probe) -> str:
    """How an endpoint is asked for a decision."""
    if found.logprobs and not one.settings.reasoning:
        return f"log-probabilities of the {found.logprobs} likeliest first tokens"
    return "sampling, since it " + (
        "reasons first" if one.settings.reasoning else "gives no log-probabilities"
    )


def check_cost(
    here: Workspace, cases: Docket, arms: Sequence[Arm], *, budget: str, yes: bool
) -> None:
    """Refuse more than a few thousand paid calls without a budget or a yes. What cannot be known
    before, such as scores that stay open and are drawn, the purse refuses.

    Raises:
        DiscretionError: says how many there would be.
    """
    from discretion.budgets import PAID_CALLS
    from discretion.evaluation import count_calls
    from discretion.models.endpoint import Endpoint
    from discretion.prompted import PromptedArm

    paid = [
        arm
        for arm in arms
        if isinstance(arm, PromptedArm)
        and isinstance(arm.model, Endpoint)
        and arm.model.settings.is_paid
    ]
    if budget or yes or not paid:
        return
    calls = sum(calls - cached for _, calls, cached, _ in count_calls(cases, paid, here.store))
    if calls > PAID_CALLS:
        raise DiscretionError(
            f"{calls:,} paid calls would be made, more than {PAID_CALLS:,}",
            where="--budget",
            mend="add --budget 5USD, --budget 20000calls or --yes, or take fewer with --cases",
        )


def purse_of(budget: str, *, yes: bool) -> Purse:
    """What a command may spend.

    Raises:
        DiscretionError: the budget is none.
    """
    from discretion.budgets import PAID_CALLS, Purse, read_budget

    if budget:
        return Purse(read_budget(budget))
    return Purse(paid_calls=None if yes else PAID_CALLS)


def spent(purse: Purse) -> dict[str, object]:
    """What a run has cost, as JSON."""
    return {
        "calls": purse.calls,
        "tokens": purse.tokens,
        "money": {currency: f"{amount:.4f}" for currency, amount in purse.money.items()},
    }


def spent_in_words(purse: Purse) -> str:
    money: Mapping[str, object] = purse.money
    amounts = [f"{amount:.4f} {currency}" for currency, amount in money.items()]
    return ", ".join([f"{purse.calls:,} calls out", f"{purse.tokens:,} tokens", *amounts])
