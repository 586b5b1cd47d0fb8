"""Every key and hash that is stored, for fixed inputs.

`keys.json` was written by 0.1.0 (PYTHONPATH=RELEASE/src:tests python tests/golden/keys.py), and is
never written again: what a log holds is found by these. A key may be added, by its release.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from discretion.core.answers import Answer, Failure
from discretion.core.arms import Ask, Choices, Decoding, Message, Prompt, TableArm
from discretion.core.cases import Case, CaseSet, cases_of
from discretion.core.judgments import Judgment, Tally
from discretion.core.plans import Plan
from discretion.core.policies import Policy
from discretion.core.prompted import PromptedArm
from discretion.core.scenarios import Scenario
from discretion.core.tuning_plans import TuningPlan
from discretion.models.endpoint import Endpoint
from discretion.models.endpoint_settings import read_endpoint_settings
from discretion.models.openai import OpenAIDialect
from discretion.models.probing import Probe
from discretion.storage import recorded, records
from discretion.storage.chain import GENESIS, commitment_to, link
from discretion.storage.entries import Entry, row_of
from discretion.training.recipes import Recipe

FILE = Path(__file__).parent / "keys.json"

POLICY = Policy.model_validate(
    {
        "id": "returns",
        "rule": "Rücknahme binnen 14 Tagen – “unbenutzt”.",
        "purpose": "Goods can be sold again.",
        "domain": "retail",
        "never": ["fraud_sign == yes and value > 30"],
        "guidance": "Be brief.",
        "costs": {
            "currency": "USD",
            "wrong_grant": "order_value",
            "wrong_refusal": Decimal("40.50"),
        },
    }
)
BARE_POLICY = Policy(id="leave", rule="Leave is at most 10 days.")
SCENARIO = Scenario.model_validate(
    {
        "id": "late-return",
        "policy": "returns",
        "title": "A late return",
        "limit": "14",
        "unit": "days",
        "scale": Decimal("7.0"),
        "values": ["13", "15", "21"],
        "wordings": ["Day {value} of {limit}. {reason}", "{reason} It is day {value}."],
        "factors": {
            "reason": {
                "levels": {"none": "", "ill": {"text": "She was ill.", "twin": "reason ill"}},
                "should_not_matter": True,
                "within": Decimal("0.10"),
            }
        },
        "twin": "return {deviation} {reason}",
    }
)
BARE_SCENARIO = Scenario.model_validate(
    {
        "id": "clock",
        "policy": "leave",
        "limit": "12:00",
        "direction": "at least",
        "unit": "clock",
        "scale": 60,
        "values": ["11:30", "12:10"],
        "wordings": ["It is {value}."],
    }
)
IMPORTED = Case(
    id="0123456789abcdef",
    policy="returns",
    scenario="refund",
    domain="retail",
    text="Order 7: “it broke” – refund?",
    value=Decimal("15.50"),
    limit=Decimal("1E+1"),
    direction="at most",
    unit="USD",
    scale=Decimal("10.0"),
    factors={"fraud": "no"},
    columns={"paid": "20.50"},
    cell="c",
    pair="p",
)
JUDGMENT = Judgment(
    id="j1",
    case=IMPORTED.id,
    panel="desk",
    answer="grant",
    rater="r1",
    explanation="It can be sold.",
    confidence=0.7,
    time="2026-03-31T00:00:00+00:00",
    source="people.csv",
    shown="abc",
    columns={"tenure": "lead"},
)
TALLY = Tally("t1", IMPORTED.id, "customers", 0.25, 8, 1, "counts.csv")
ANSWER = Answer(
    key="a1",
    case=IMPORTED.id,
    p=0.25,
    how="sampled",
    grant_first=True,
    vocabulary="grant/refuse",
    wording=1,
    sample=3,
    log_grant=-1.5,
    log_refuse=-0.25,
    outside=0.01,
    prompt="asked",
    text="said",
    tokens_in=10,
    tokens_out=2,
    seconds=0.5,
    at="2026-03-31T00:00:00+00:00",
    draws=2,
    served_by="bot-1",
)
PROMPT = Prompt(
    (Message("system", "Decide the case."), Message("user", "A coat on day 15. grant or refuse?")),
    Choices("grant/refuse", ("grant", "Grant"), ("refuse", "Refuse"), True),
)


@dataclass(frozen=True)
class FixedModel:
    """Says who it is; it is never asked."""

    name: str = "model"
    fingerprint: str = "f" * 64
    reads_twin: bool = False
    scores: bool = True
    batch: int = 1


@dataclass(frozen=True)
class FixedMethod:
    """Puts every case in the same words, so that a key does not depend on how a method asks."""

    asks: Prompt
    name: str = "fixed"
    wordings: int = 1
    vocabularies: tuple[str, ...] = ("grant/refuse",)

    @property
    def reason_first(self) -> bool:
        return self.asks.reason_first

    def prompt(self, case: Case, policy: Policy, ask: Ask) -> Prompt:
        return replace(self.asks, choices=replace(self.asks.choices, grant_first=ask.grant_first))


def endpoint(**settings: Any) -> Endpoint:
    given = {"base_url": "http://127.0.0.1:9/v1", "model": "bot-1", **settings}
    probed = Probe(model="bot-1", build="fp_1", logprobs=20, choices=2, refused=("seed",))
    return Endpoint("bot", read_endpoint_settings("bot", given), OpenAIDialect(), probed=probed)


def answer_keys(model: Any, prompt: Prompt = PROMPT, **more: Any) -> list[str]:
    arm = PromptedArm(
        model, FixedMethod(prompt), {"returns": POLICY}, Decoding(samples=4, reasonings=4), **more
    )
    return [arm.fingerprint, *(call.key for call in arm.calls(IMPORTED))]


def row(entry: Entry) -> list[str]:
    """What of an entry goes into the chain, and what can be erased."""
    made = row_of(entry)
    return [made.kind, made.grouping, made.key, made.body, made.payload or ""]


def described_cases() -> list[Case]:
    return [*cases_of(SCENARIO, POLICY), *cases_of(BARE_SCENARIO, BARE_POLICY)]


def policies() -> list[list[str]]:
    named = {one.id: one for one in (POLICY, BARE_POLICY)}
    scenarios = {one.id: one for one in (SCENARIO, BARE_SCENARIO)}
    return [row(entry) for entry in records.described_entries(CaseSet((), named, scenarios))]


def plans() -> dict[str, str]:
    said: Mapping[str, dict[str, Any]] = {
        "least": {"arms": ["tiny/direct"]},
        "full": {
            "arms": ["tiny/direct", "baseline/mean"],
            "panel": "desk[tenure=lead]",
            "cases": {"policies": ["returns"], "at_most": 20, "stratify_by": ["fraud"]},
            "hold_out": {"by": "domain", "groups": ["retail"], "folds": 4},
            "contrasts": [{"arm": "tiny/direct", "against": "baseline/mean"}],
            "seed": 7,
            "samples": 30,
            "temperature": 0.7,
            "max_tokens": 99,
            "sample": True,
            "crossed": True,
            "state_deviation": True,
        },
        "tuning": {"arms": ["tiny/direct"], "tuning": "abc", "rehearsal": True},
    }
    return {name: Plan.model_validate(one).hash for name, one in said.items()}


def tuning_plans() -> dict[str, str]:
    full = {
        "model": "tiny",
        "name": "small",
        "panel": "desk",
        "targets": ["labels", "real-after"],
        "hold_out": {"by": "scenario", "groups": ["late-return"]},
        "every_fold": True,
        "judgments": 24,
        "share": 0.5,
        "try_rates": [0.001, 0.0005],
        "try_epochs": [2, 4],
        "lora": True,
        "settings": {"weight_decay": Decimal("0.1")},
        "margin": 0.02,
    }
    said: Mapping[str, dict[str, Any]] = {"least": {"model": "tiny"}, "full": full}
    return {name: TuningPlan.model_validate(one).hash for name, one in said.items()}


def tiny_keys() -> dict[str, list[str]]:
    """Of the built-in model, whose prompts stay as it was taught them."""
    from discretion.methods import method
    from discretion.models import load_model

    tiny = load_model("tiny")
    case = next(cases_of(SCENARIO, POLICY))
    found = {}
    for name in ("direct", "purpose", "chain-of-thought", "chain-of-thought+neutral"):
        arm = PromptedArm(tiny, method(name), {"returns": POLICY}, Decoding(reasonings=2))
        found[name] = [arm.fingerprint, *(call.key for call in arm.calls(case))]
    return found


PARTS: Mapping[str, Callable[[], Any]] = {
    "case ids": lambda: [case.id for case in described_cases()],
    "case cells and pairs": lambda: [[case.cell, case.pair] for case in described_cases()],
    "case versions": lambda: [records.case_entry(case).key for case in described_cases()],
    "rows of cases": lambda: [
        row(records.case_entry(next(cases_of(SCENARIO, POLICY)))),
        row(records.case_entry(IMPORTED, imported=True)),
        row(records.case_entry(replace(IMPORTED, kin="fedcba9876543210"))),
    ],
    "hash of what is shown": lambda: IMPORTED.shown,
    "policies and scenarios": policies,
    "plans": plans,
    "tuning plans": tuning_plans,
    "rows of judgments": lambda: [
        row(records.judgment_entry(JUDGMENT)),
        row(records.judgment_entry(Judgment("j2", IMPORTED.id, "desk", "unsure"))),
        row(records.tally_entry(TALLY)),
        row(recorded.decision_entry("helper", IMPORTED.id, 1.0, decision="row 1", n=1)),
        row(recorded.decision_entry("helper", IMPORTED.id, 0.25)),
    ],
    "rows of answers": lambda: [
        *(row(entry) for entry in records.answer_entries("run-1", "bot/direct", ANSWER)),
        row(records.failure_entry("run-1", "bot/direct", Failure("k", "c", "empty", "said"))),
    ],
    "answers, scored": lambda: answer_keys(FixedModel()),
    "answers, drawn": lambda: answer_keys(FixedModel(), sample=True),
    "answers, reasoned first": lambda: answer_keys(
        FixedModel(), replace(PROMPT, reason_first=True, decision_cue="Decision:")
    ),
    "answers, after a reasoning put in": lambda: answer_keys(
        FixedModel(), replace(PROMPT, decision_cue="Decision:", reasoning="It is late.")
    ),
    "answers, asked afresh": lambda: answer_keys(FixedModel(), fresh="2026-03-31"),
    "answers, of an endpoint": lambda: answer_keys(endpoint()),
    "answers, of an endpoint with settings": lambda: answer_keys(
        endpoint(
            max_tokens=64, system="merge", headers={"X-Team": "ops"}, query={"api-version": "1"}
        )
    ),
    "answers, of a table": lambda: [
        call.key
        for call in TableArm("recorded/bot", "recorded", {IMPORTED.id: 1.0}, "f").calls(IMPORTED)
    ],
    "answers, of the built-in model": tiny_keys,
    "settings of a training": lambda: [
        Recipe().settings,
        Recipe(epochs=6, lora=True, rank=8, more={"weight_decay": 0.1}).settings,
    ],
    "links of the chain": lambda: [
        commitment_to(b"s" * 16, b'{"a":1}'),
        link(GENESIS.encode(), b"judgment", b"", b"j1", b"{}", b""),
        link(b"a" * 64, b"used", b"run-1", b"k", b'{"p":1}', b"c" * 64),
    ],
}
"""By name, each kind of key."""


def main() -> None:
    import discretion

    assert discretion.__version__ == "0.1.0", "run it with the source of 0.1.0"
    json.dump({name: part() for name, part in PARTS.items()}, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
