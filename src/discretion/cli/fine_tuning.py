"""What is settled with the user before a provider trains, and `discretion models cancel`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from discretion.cli.app import counted, desk, now, print_json, print_table, remark
from discretion.cli.commands import see
from discretion.cli.models import models
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.models.endpoint_settings import EndpointSettings
    from discretion.training.chats import ChatJob
    from discretion.training.trainers import Base
    from discretion.tuning import Preparation, Training
    from discretion.workspace import Workspace

CONSENT = "training consent"
SHOWN = 3
"""Complete examples of each target."""


def probed(here: Workspace, base: Base) -> Base:
    """The base, probed where it is at an endpoint: how it takes a system text is how it is taught.
    No text of the workspace is sent."""
    from discretion.cli import endpoints
    from discretion.models.endpoint import Endpoint

    if not isinstance(base, Endpoint) or base.probed is not None:
        return base
    return base.knowing(endpoints.probe(here, base), allowed=base.allowed)


def ask_leave(here: Workspace, planned: Sequence[Training], trainer: str, *, yes: bool) -> None:
    """Show what would be uploaded and what it may cost, and note the consent where it is given. Of
    jobs that are on their way, and of those that were allowed before, nothing is asked.

    Raises:
        DiscretionError: there is nobody to ask.
    """
    from discretion.cli import endpoints as cli_endpoints
    from discretion.storage import records
    from discretion.workspace import endpoints

    waiting = _waiting(here, planned)
    if not waiting:
        return
    jobs = list(waiting.values())
    base, settings = jobs[0].base, jobs[0].base.settings
    chats = {one.line: one for job in jobs for one in job.chats}.values()
    explained = any(one.course.target.explanation != "none" for one in planned)
    said = "decisions and explanations" if explained else "decisions"
    cli_endpoints.show_texts(
        ["\n".join(turn.content for turn in one.messages) for one in chats],
        to=f"{settings.host}  ({settings.base_url})",
        who=f"model     {settings.model}, here called {base.name}, to be fine-tuned by {trainer}",
        also=f"in them the policies' texts and people's {said}; the provider keeps the files until "
        "you delete them there",
        what=f"{sum(job.rows for job in jobs):,} training examples in {counted(len(jobs), 'file')}",
    )
    remark(f"  cost      {_cost(sum(job.tokens for job in jobs), settings)}")
    if asked := _own_fit_cost([one for one in planned if one.job in jobs], settings):
        remark(f"  then      {asked}")
    if not yes:
        if not sys.stdin.isatty():
            raise DiscretionError(
                f"nobody has allowed training examples to go to {settings.host}, and there is no "
                "terminal to ask on",
                where=f"[models.{base.name}]",
                fix="add --yes; discretion tune --dry-run shows what would be sent",
            )
        if not typer.confirm(
            f"upload them and start {counted(len(jobs), 'job')}?", default=False, err=True
        ):
            remark("nothing was sent")
            raise typer.Exit(1)
    for tag, job in waiting.items():
        body = {"job": job.name, "url": settings.base_url, "model": settings.model, "at": now()}
        records.note(here.store, CONSENT, tag, body)
    if not base.allowed:
        endpoints.allow(base, here.store, now())


def _waiting(here: Workspace, planned: Sequence[Training]) -> dict[str, ChatJob]:
    """The jobs that are not there, not on their way and not allowed yet, by what tells each try at
    a work from others. A server on this machine that has no price needs no leave."""
    from discretion.models.tuned import FOLDER, UNFINISHED
    from discretion.training.chats import ChatJob
    from discretion.training.openai_jobs import read_state
    from discretion.training.teaching import finished

    found = {}
    for one in planned:
        job = one.job
        if not isinstance(job, ChatJob) or finished(here.folder / FOLDER, job, one.notes):
            continue
        state = read_state(here.folder / FOLDER / f"{job.name}{UNFINISHED}")
        known = state is not None and state.key == job.key
        tag = state.tag if state is not None and known else job.key
        settings = job.base.settings
        free = settings.is_local and settings.price_training is None
        on_its_way = state is not None and known and bool(state.job)
        if not (free or on_its_way or here.store.get(CONSENT, "", tag)):
            found[tag] = job
    return found


def _cost(tokens: int, settings: EndpointSettings) -> str:
    from discretion.training.hosting import cost_of, money

    cost = cost_of(tokens, settings)
    if cost is None:
        return (
            f"about {tokens:,} tokens; no price is known: set price_training, for a million tokens"
        )
    return f"about {tokens:,} tokens, {money(cost)} {settings.currency}"


def _own_fit_cost(planned: Sequence[Training], settings: EndpointSettings) -> str:
    """What it takes to ask tuned models what they were taught; empty where they are not asked."""
    from discretion.training.chats import ChatJob
    from discretion.training.hosting import money
    from discretion.training.served_fits import own_calls, tokens_of

    calls = [
        call
        for one in planned
        if isinstance(one.job, ChatJob)
        for call in own_calls(one.job.base, one.course.examples)
    ]
    if not calls:
        return ""
    tokens = tokens_of(calls)
    price = settings.price_in if settings.price_tuned_in is None else settings.price_tuned_in
    cost = "" if price is None else f", {money(price * tokens / 1_000_000)} {settings.currency}"
    return (
        f"{counted(len(calls), 'call')} to see whether what was taught was learned, about "
        f"{tokens:,} tokens{cost}"
    )


def show(ready: Preparation, *, as_json: bool) -> None:
    """What a provider would be sent, what it may cost, and the first examples."""
    from discretion.cli.training_sets import print_folds
    from discretion.models.endpoint import Endpoint
    from discretion.training.chats import ChatJob
    from discretion.tuning import trainings

    planned = trainings(ready.plan, ready.courses, ready.base, ready.recipe, ready.ends)
    jobs = [(one, one.job) for one in planned if isinstance(one.job, ChatJob)]
    base = ready.base
    assert isinstance(base, Endpoint)
    firsts = [(one, job) for one, job in jobs if job.seed == 0]
    tokens = sum(job.tokens for _, job in jobs)
    if as_json:
        _print_json(ready, firsts, tokens, base.settings)
        return
    print_table(
        ["target", "fold", "judgments", "grants", "prompts", "lines", "tokens, about", "jobs"],
        [
            [
                one.course.target.name,
                str(one.course.fold.number),
                f"{len(one.course.taught.kept):,}",
                f"{one.course.taught.grants:,}",
                f"{len(job.chats):,}",
                f"{job.rows:,}",
                f"{job.tokens:,}",
                str(ready.plan.seeds),
            ]
            for one, job in firsts
        ],
    )
    sent = ", ".join(f"{name} {value}" for name, value in jobs[0][1].hyperparameters.items())
    print(
        f"\n{counted(len(jobs), 'job')} at {base.settings.host}, model {base.settings.model}: "
        f"{_cost(tokens, base.settings)}\nsent with each job: {sent}"
    )
    print(
        "\nThe API takes no weights, so the file has one line for each judgment: a prompt that 3 "
        "of 4\npeople grant stands there three times with a grant and once with a refusal."
    )
    if any(one.course.target.explanation != "none" for one, _ in firsts):
        print(
            "The API learns every word of an answer alike, so a long explanation counts more than "
            "its decision."
        )
    print_folds(ready.courses)
    print("\nThe first examples of each target. The assistant's words are learned.")
    for one, job in firsts:
        if one.course.fold is planned[0].course.fold:
            for chat in job.chats[:SHOWN]:
                print(f"\n[{one.course.target.name}, {counted(chat.times, 'line')}]")
                print(*(f"<{turn.role}> {turn.content}" for turn in chat.messages), sep="\n")


def _print_json(
    ready: Preparation,
    firsts: Sequence[tuple[Training, ChatJob]],
    tokens: int,
    settings: EndpointSettings,
) -> None:
    import json

    from discretion.training.hosting import cost_of, money

    cost = cost_of(tokens, settings)
    made: list[dict[str, Any]] = [
        {
            "target": one.course.target.name,
            "fold": one.course.fold.number,
            "held_out": list(one.course.fold.groups),
            "held_out_cases": len(one.course.fold.held),
            "judgments": len(one.course.taught.kept),
            "grants": one.course.taught.grants,
            "not_taught": dict(one.course.taught.left),
            "lines": job.rows,
            "tokens_about": job.tokens,
            "hyperparameters": job.hyperparameters,
            "jobs": int(ready.plan.seeds),
            "shown": [json.loads(chat.line) for chat in job.chats[:SHOWN]],
        }
        for one, job in firsts
    ]
    print_json(
        {
            "host": settings.host,
            "model": settings.model,
            "tokens_about": tokens,
            "cost_about": None if cost is None else money(cost),
            "currency": settings.currency,
            "courses": made,
        }
    )


@models.command(epilog=see("discretion models cancel tuned:gpt-labels-0", "endpoints"))
def cancel(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Of the tuned model that is being made.")
    ],
) -> None:
    """Cancel a model's fine-tuning job at its provider."""
    from discretion.cli.endpoints import endpoint
    from discretion.models.tuned import FOLDER, PREFIX, UNFINISHED
    from discretion.training.hosting import cost_of, money
    from discretion.training.openai_jobs import cancelled, read_state
    from discretion.training.teaching import alone

    here = desk()
    plain = name.removeprefix(PREFIX)
    folder = here.folder / FOLDER
    running = [
        place.name.removesuffix(UNFINISHED)
        for place in sorted(folder.glob(f"*{UNFINISHED}"))
        if (state := read_state(place)) is not None and state.job
    ]
    if plain not in running:
        known = ", ".join(running)
        raise DiscretionError(
            f"no job for {plain!r} is on its way",
            where=str(folder),
            fix=f"jobs on their way: {known}" if known else "see: discretion models",
        )
    work = folder / f"{plain}{UNFINISHED}"
    state = read_state(work)
    assert state is not None
    base = endpoint(here, state.model)
    if base is None:
        raise DiscretionError(
            f"there is no endpoint {state.model!r} any more, at which {state.job} runs",
            where=str(here.folder / "discretion.toml"),
            fix="put it back, or cancel the job in your account there",
        )
    with alone(work):
        found = cancelled(plain, base, work)
    if found.status == "succeeded":
        remark(f"{found.id} had succeeded already; the command that started it takes the model")
        return
    cost = cost_of(found.trained_tokens, base.settings)
    spent = "" if cost is None else f"; {money(cost)} {base.settings.currency} so far"
    print(f"{plain}: {found.id} {found.status}{spent}")
