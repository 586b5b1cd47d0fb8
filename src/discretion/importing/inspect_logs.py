"""Logs of Inspect AI: what a model decided in them, sample by sample."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from discretion.core.answers import read_decision
from discretion.core.cases import Case
from discretion.core.facts import text_with_facts
from discretion.errors import DiscretionError, missing_extra
from discretion.importing.assembly import Recorded
from discretion.importing.spellings import BUILT_IN, Spellings

ENDING = ".eval"
_GRANT, _REFUSE = (
    tuple(word for word, decision in BUILT_IN.items() if decision == wanted and word.isalpha())
    for wanted in ("grant", "refuse")
)
_UNREAD = {"messages", "events", "store", "attachments"}
"""Parts of a sample that are large and say nothing of its decision."""


@dataclass(frozen=True, slots=True)
class InspectLog:
    """What a log says of cases that are known."""

    arm: str
    """The name that its decisions are kept under; the model's, such as ``openai/gpt-4o``, where
    none was given."""
    recorded: tuple[Recorded, ...]
    """One for each sample of each epoch that decided."""
    undecided: int
    """Samples that failed, or whose answer is neither grant nor refuse."""
    unknown: int
    """Samples that are about no case here."""


def read_log(path: Path, cases: Iterable[Case], *, arm: str = "") -> InspectLog:
    """Read a log: ``.eval``, which needs the [inspect] extra, or ``.json``.

    A sample is about the case that its metadata name as ``case``, else the one whose id it has,
    else the one whose text is its input. It decides what a score's answer says, else its last
    message. ``arm`` is the name that the decisions are kept under, by default the model's.

    Raises:
        DiscretionError: the file is no log, or none of its samples is about a case.
    """
    log = _opened(path)
    known: dict[str, str] = {}
    for case in cases:
        known[case.id] = case.id
        if case.text:
            known.setdefault(case.text, case.id)
            known.setdefault(text_with_facts(case), case.id)
    evaluation = _map(log, "eval")
    run = evaluation.get("eval_id") or evaluation.get("run_id") or evaluation.get("task")
    name = arm or str(evaluation.get("model") or "inspect")
    recorded: list[Recorded] = []
    undecided = unknown = 0
    for sample in _samples(log):
        about = _case(sample, known)
        granted = _granted(sample)
        if about is None:
            unknown += 1
        elif granted is None:
            undecided += 1
        else:
            place = f"{run}/{sample.get('id')}/{sample.get('epoch', 1)}"
            recorded.append(Recorded(place, name, about, float(granted), 1))
    if not recorded and not undecided:
        raise DiscretionError(
            f"none of its {unknown} samples is about a case of this workspace",
            where=str(path),
            fix='give samples a metadata field "case" with the id, or the case\'s text as input',
        )
    return InspectLog(name, tuple(recorded), undecided, unknown)


def _opened(path: Path) -> Mapping[str, Any]:
    try:
        if path.suffix.lower() == ENDING:
            return _from_inspect(path)
        with path.open(encoding="utf-8-sig") as file:
            log = json.load(file)
    except OSError as error:
        raise DiscretionError(
            f"cannot be read ({error.strerror})", where=str(path), fix="check the path"
        ) from error
    except (ValueError, RecursionError) as error:
        raise _no_log(path) from error
    if not isinstance(log, dict) or not isinstance(log.get("eval"), dict):
        raise _no_log(path)
    return log


def _from_inspect(path: Path) -> Mapping[str, Any]:
    try:
        from inspect_ai.log import read_eval_log
    except ModuleNotFoundError as error:
        needed = missing_extra("inspect", f"reading {ENDING} logs")
        raise DiscretionError(
            needed.what,
            where=str(path),
            fix=f"{needed.fix}, or make it JSON first, where Inspect is: "
            "inspect log convert FILE --to json --output-dir FOLDER",
        ) from error
    if not path.is_file():
        raise DiscretionError("there is no such file", where=str(path), fix="check the path")
    try:
        log: dict[str, Any] = read_eval_log(str(path), exclude_fields=_UNREAD).model_dump()
    except Exception as error:
        raise _no_log(path) from error
    return log


def _no_log(path: Path) -> DiscretionError:
    return DiscretionError(
        "is no log of Inspect AI", where=str(path), fix="give a .eval or .json that it wrote"
    )


def _samples(log: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (one for one in log.get("samples") or () if isinstance(one, Mapping))


def _map(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = of.get(name)
    return found if isinstance(found, Mapping) else {}


def _case(sample: Mapping[str, Any], known: Mapping[str, str]) -> str | None:
    named = (_map(sample, "metadata").get("case"), sample.get("id"), sample.get("input"))
    texts = (str(one) for one in named if isinstance(one, str | int))
    return next((known[text] for text in texts if text in known), None)


def _granted(sample: Mapping[str, Any]) -> bool | None:
    """What a sample decides; None where it failed or cannot be read."""
    if sample.get("error"):
        return None
    spellings = Spellings()
    for score in _map(sample, "scores").values():
        said = score.get("answer") if isinstance(score, Mapping) else None
        decision = spellings.read(said) if isinstance(said, str) else None
        if decision is not None:
            return {"grant": True, "refuse": False}.get(decision)
    forms = _map(sample, "metadata")
    return read_decision(
        _written(sample), _words(forms, "grant", _GRANT), _words(forms, "refuse", _REFUSE)
    )


def _words(forms: Mapping[str, Any], name: str, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    """The words in which a sample of our task was asked for a decision."""
    given = forms.get(name)
    return tuple(map(str, given)) if isinstance(given, list) else otherwise


def _written(sample: Mapping[str, Any]) -> str:
    choices = _map(sample, "output").get("choices") or ()
    first = choices[0] if choices and isinstance(choices[0], Mapping) else {}
    content = _map(first, "message").get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(str(_text(part)) for part in content)


def _text(part: Any) -> str:
    return str(part.get("text", "")) if isinstance(part, Mapping) else ""
