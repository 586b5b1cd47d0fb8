"""Arms by name: which model, method, baseline or recorded decisions a name stands for."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from discretion import baselines, methods, models
from discretion.canonical import digest
from discretion.core.arms import Arm, Decoding, Method, Model, TableArm
from discretion.core.cases import Case, CaseSet
from discretion.core.holdouts import Holdout, history_of
from discretion.core.judgments import Panel
from discretion.core.plans import Plan
from discretion.core.policies import Policy
from discretion.core.precedents import Precedent
from discretion.core.prompted import PromptedArm
from discretion.core.selections import RATER
from discretion.errors import DiscretionError
from discretion.methods.direct import DIRECT
from discretion.methods.plain import PLAIN
from discretion.models import tuned
from discretion.models.agents import AS_IS, AgentArm, is_agent
from discretion.models.catalog import fetchable, to_fetch
from discretion.models.states import STATES
from discretion.storage import Store, recorded, records
from discretion.workspace import endpoints


@dataclass(frozen=True)
class Lineup:
    """Everything that a name may need to become an arm."""

    folder: Path
    models: Mapping[str, Mapping[str, Any]]
    """Settings of the models that the workspace names."""
    case_set: CaseSet
    plan: Plan
    panel: Callable[[str], Panel]
    store: Store
    fresh: str = ""
    clock: Callable[[], str] | None = None

    def arm(self, name: str) -> Arm:
        """The arm of that name; what it is fitted on or shown leaves out what the plan holds out.

        Raises:
            DiscretionError: the name stands for nothing, or what it needs is missing.
        """
        kind, _, rest = name.partition("/")
        if not rest:
            raise DiscretionError(
                f"{name!r} is no arm",
                fix="write MODEL/METHOD, baseline/NAME or recorded/NAME",
            )
        if kind == "baseline":
            return self._baseline(rest)
        if kind == "recorded":
            return self._recorded(rest)
        return self._prompted(kind, rest)

    def method(self, name: str) -> Method:
        """The method of that name; precedents that it shows leave out what the plan holds out."""
        return methods.method(name, pool_for=self._precedents_for, folder=self.folder)

    def model(self, name: str) -> Model:
        """The model of that name, one in a folder not loaded yet.

        Raises:
            DiscretionError: there is none, or its settings or its folder are wrong.
        """
        return self._load(name, self._settings(name))

    def _baseline(self, name: str) -> Arm:
        judged = self._judged
        panel = self.panel(self.plan.learned_from).at([case.id for case in judged])
        splits = self._holdout(judged).splits(judged) if judged else []
        return baselines.fit(name, judged, panel, splits)

    def _recorded(self, name: str) -> Arm:
        found = recorded.shares(self.store, name)
        if not found:
            known = recorded.names(self.store)
            choose = f"{_instead(name, known)} or " if known else ""
            raise DiscretionError(
                f"no decisions are recorded under {name!r}",
                fix=f"{choose}bring them in with: discretion import FILE --arm {name}",
            )
        table = {case: p for case, (p, _) in found.items()}
        draws = {case: n for case, (_, n) in found.items() if n > 1}
        made = (name, sorted(table.items()), *([sorted(draws.items())] if draws else []))
        return TableArm(f"recorded/{name}", "recorded", table, digest(made), draws=draws)

    def _prompted(self, model: str, method: str) -> Arm:
        settings = self._settings(model)
        if is_agent(settings) or method == AS_IS:
            return self._agent(model, method, settings)
        asked = self.method(method)
        loaded = self._load(model, settings)
        self._check_taught(loaded, method)
        if loaded.reads_twin and not any(case.twin for case in self.case_set):
            raise DiscretionError(
                f"{model!r} reads only the dialect of the simulation, and no case here has a twin",
                where=str(self.folder),
                fix="try it in an example with twins: discretion init my-desk --example returns",
            )
        if not loaded.reads_twin:
            self._need_texts()
        plan = self.plan
        return PromptedArm(
            loaded,
            asked,
            self._policies,
            Decoding(
                temperature=plan.temperature,
                max_tokens=plan.max_tokens,
                samples=plan.samples,
                reasonings=plan.reasonings,
                seed=plan.seed,
            ),
            crossed=plan.crossed,
            state_deviation=plan.state_deviation,
            sample=plan.sample,
            fresh=self.fresh,
            clock=self.clock or str,
            seen=self._seen(model),
        )

    @staticmethod
    def _check_taught(model: Model, method: str) -> None:
        """A head knows the prompts of one method alone."""
        taught = getattr(model, "taught_by", method)
        if method != taught:
            raise DiscretionError(
                f"{model.name!r} is a head, made for prompts of the method {taught!r}",
                where=f"{model.name}/{method}",
                fix=f"use {model.name}/{taught}",
            )

    def _agent(self, name: str, method: str, settings: Mapping[str, Any]) -> Arm:
        """An agent asked as it runs, by no method of ours."""
        if not is_agent(settings):
            usual = f"{name}/{usual_method(name, settings)}"
            raise DiscretionError(
                f"{name!r} is a model, and only agents are asked as they run",
                where=f"{name}/{method}",
                fix=f"use a method, such as {usual}; see discretion arms",
            )
        if method != AS_IS:
            raise DiscretionError(
                f"{name!r} is an agent and takes no method: it is asked as it runs",
                where=f"{name}/{method}",
                fix=f"use {name}/{AS_IS}",
            )
        self._need_texts()
        agent = endpoints.load_agent(name, settings, self.folder, self.store)
        return AgentArm(agent, self._policies, fresh=self.fresh, clock=self.clock or str)

    @property
    def _policies(self) -> dict[str, Policy]:
        return {case.policy: self.case_set.policy_of(case) for case in self.case_set}

    def _need_texts(self) -> None:
        if not any(case.text for case in self.case_set):
            raise DiscretionError(
                "no case here has a text, so there is nothing to ask a model",
                where=str(self.folder),
                fix="import with text=COLUMN, or compare baselines and recorded arms",
            )

    def _seen(self, model: str) -> frozenset[str]:
        """The cases that a tuned model may not be asked, since its training saw them; in a
        rehearsal, those that it did not see."""
        if not model.startswith(tuned.PREFIX):
            return frozenset()
        name = model.removeprefix(tuned.PREFIX)
        seen = tuned.seen_by(self.folder, name)
        if self.plan.rehearsal:
            return frozenset(case.id for case in self.case_set if case.id not in seen)
        held = self.plan.hold_out
        by, away = tuned.held_out_from(self.folder, name)
        if held is not None and held.by == by == RATER and away.issuperset(held.groups):
            # It saw these cases with what others said of them: it is compared with other people.
            return frozenset()
        if all(case.id in seen for case in self.case_set):
            raise DiscretionError(
                f"{model!r} was tuned on every case that it would be asked",
                fix="ask it what its training held out",
            )
        return seen

    def _settings(self, model: str) -> Mapping[str, Any]:
        if model.startswith(tuned.PREFIX):
            name = model.removeprefix(tuned.PREFIX)
            return tuned.tuned_settings(self.folder, name, self.models)
        settings = self.models.get(model, {} if model == models.BUILT_IN else None)
        if settings is None:
            if (unfetched := to_fetch(model)) is not None:
                raise unfetched
            known = list(dict.fromkeys([models.BUILT_IN, *self.models, "baseline", "recorded"]))
            instead = _instead(model, known, fetchable())
            raise DiscretionError(
                f"there is no model {model!r}",
                where=str(self.folder / "discretion.toml"),
                fix=f"{instead} or add it there, for example:\n\n{_example(model)}",
            )
        return tuned.with_base(self.folder, settings, self.models)

    def _load(self, model: str, settings: Mapping[str, Any]) -> Model:
        """The model of that name; loaded once, however many methods ask it."""
        if model not in self._loaded and "head" in settings:
            self._loaded[model] = self._head(model, settings)
        elif model not in self._loaded:
            self._loaded[model] = endpoints.load_model(model, settings, self.folder, self.store)
        return self._loaded[model]

    def _head(self, model: str, settings: Mapping[str, Any]) -> Model:
        """A head beside its base, which is asked by itself and by other heads too."""
        from discretion.models.heads import HeadModel
        from discretion.models.local import LocalModel

        base = self._load(settings["base"], self._settings(settings["base"]))
        if not isinstance(base, LocalModel):
            raise DiscretionError(
                f"{settings['base']!r} is no folder, and {model!r} is a head on one",
                where=f"[models.{settings['base']}]",
                fix="name the folder for which the head was made",
            )
        return HeadModel(model, Path(settings["head"]), base, self.folder / STATES)

    @cached_property
    def _loaded(self) -> dict[str, Model]:
        return {}

    @cached_property
    def _judged(self) -> list[Case]:
        """The cases that the panel judged."""
        judged = set(self.panel(self.plan.panel).cases)
        return [case for case in self.case_set if case.id in judged]

    def _precedents_for(self, case: Case) -> Sequence[Precedent]:
        if case.id not in self._hidden:
            raise DiscretionError(
                "it is not known what must be hidden from this case",
                where=f"case {case.id}",
                fix="name it among the cases for which the arms are made",
            )
        hidden = self._hidden[case.id]
        return [one for one in self._precedents if one.case.id not in hidden]

    def _holdout(self, cases: Sequence[Case]) -> Holdout:
        held = self.plan.hold_out
        if held is None or not held.of_judgments:
            return self.plan.holdout(cases)
        return self.plan.holdout(
            cases, history_of(records.panel_judgments(self.store, self.plan.panel))
        )

    @cached_property
    def _hidden(self) -> dict[str, frozenset[str]]:
        return self._holdout(self.case_set).hidden(self.case_set)

    @cached_property
    def _precedents(self) -> list[Precedent]:
        return records.precedents(self.store, self.case_set, self.panel(self.plan.learned_from))


def usual_method(model: str, settings: Mapping[str, Any]) -> str:
    """The method by which a model that nobody taught is asked first: an agent as it runs, a folder
    plainly, since models small enough for one read short prompts best, and a server in full.

    Args:
        settings: what ``[models.NAME]`` says of it.
    """
    if is_agent(settings):
        return AS_IS
    toy = model == models.BUILT_IN or settings.get("reads_twin")
    in_folder = settings.get("kind", "folder") == "folder"
    return PLAIN.name if in_folder and not toy else DIRECT.name


def _example(name: str) -> str:
    """What to write into discretion.toml for a model on a server, or in a folder."""
    key = name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)
    return (
        f"[models.{key}]\n"
        'kind = "openai"             # any server with chat completions; or "anthropic"\n'
        'base_url = "https://api.openai.com/v1"\n'
        'model = "THE-MODEL"         # as the server calls it\n'
        'key_env = "OPENAI_API_KEY"  # the environment variable that holds the key\n\n'
        'For a model on this disk, write in place of these lines: path = "FOLDER"'
    )


def _instead(name: str, known: Sequence[str], also: Sequence[str] = ()) -> str:
    """The name that was probably meant, which may be one of `also`; or all that are known."""
    close = difflib.get_close_matches(name, [*known, *also], 1)
    return f"did you mean {close[0]!r}?" if close else f"use one of: {', '.join(known)};"
