"""Money: what arms that decide alone come to, at the prices that policies put on mistakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from discretion.core.policies import Prices
from discretion.scorecard.study import Replies, Study
from discretion.scorecard.traffic_weights import Ticket, occurrence
from discretion.stats.costs import Costs, costs_of
from discretion.stats.rates import Bools, Floats
from discretion.stats.weights import case_weights

REFERENCES = {"always refuse": 0.0, "always grant": 1.0}
"""What every arm is compared with, and what each decides."""


@dataclass(frozen=True, slots=True)
class ArmMoney:
    """What one arm comes to, for 1,000 requests."""

    arm: str
    reference: bool
    """No arm of the run, but what always deciding the same would come to."""
    costs: Costs


@dataclass(frozen=True, slots=True)
class MoneyCard:
    """What arms come to in one currency; currencies are never added up."""

    currency: str
    """Empty where mistakes have no price and are only counted, as often as requests come in."""
    policies: tuple[str, ...]
    """Those whose cases the figures are over."""
    cases: int
    """Cases that have both prices, or need none, and occur."""
    unpriced: int
    """Judged cases of these policies that lack a price: the fact that holds it is missing."""
    tickets: int | None
    """How many imported requests say how often each case occurs; None where nothing does, and
    cases count as they do elsewhere."""
    arms: tuple[ArmMoney, ...]
    """In the order of the arms; the references last."""


def money_cards(
    study: Study,
    arms: Sequence[Replies],
    prices: Mapping[str, Prices],
    tickets: Sequence[Ticket] | None = None,
    *,
    seed: int = 0,
) -> tuple[MoneyCard, ...]:
    """One card for each currency in which a policy of the study has prices; and where cases are
    weighed as they occur, one that counts the mistakes of policies without prices.

    Args:
        arms: compared; those that always decide the same are there anyway.
        prices: by policy.
        tickets: by which cases are weighed as often as they occur; None weighs them as the study.
        seed: of the resampling.
    """
    occurs = None if tickets is None else occurrence(study.cases, tickets)
    grant, refusal = _priced(study, prices)
    currency = np.array(
        [prices[case.policy].currency if case.policy in prices else "" for case in study.cases]
    )
    names = sorted(set(currency.tolist()) - {""}) + [""] * (occurs is not None)
    found = [
        _card(study, arms, name, currency == name, grant, refusal, occurs, seed) for name in names
    ]
    return tuple(card for card in found if card.currency or card.cases)


def _priced(study: Study, prices: Mapping[str, Prices]) -> tuple[Floats, Floats]:
    """What a wrong grant and a wrong refusal of each case cost, (C,) each; NaN where not known."""
    unknown: tuple[Decimal | None, Decimal | None] = (None, None)
    both = [
        prices[case.policy].of(case.facts) if case.policy in prices else unknown
        for case in study.cases
    ]
    found = np.array([[np.nan if one is None else float(one) for one in pair] for pair in both])
    return found[:, 0], found[:, 1]


def _card(
    study: Study,
    arms: Sequence[Replies],
    currency: str,
    here: Bools,
    grant: Floats,
    refusal: Floats,
    occurs: Floats | None,
    seed: int,
) -> MoneyCard:
    priced = here & (np.isfinite(grant) & np.isfinite(refusal) if currency else True)
    if occurs is None:
        weight = case_weights(priced.astype(float), study.scenario, study.weigh)
        used = priced
    else:
        weight = np.where(np.isfinite(occurs), occurs, 0.0)
        used = priced & (weight > 0)
    weight = np.where(used, weight, np.nan)

    def costs(deployed: Floats) -> Costs:
        rng = np.random.default_rng(seed)
        return costs_of(deployed, study.rates, grant, refusal, weight, rng)

    rows = [ArmMoney(arm.name, False, costs(arm.deployed)) for arm in arms if _varies(arm)]
    rows += [
        ArmMoney(name, True, costs(np.full(len(study.cases), decision)))
        for name, decision in REFERENCES.items()
    ]
    policies = dict.fromkeys(
        case.policy for case, mine in zip(study.cases, used.tolist(), strict=True) if mine
    )
    return MoneyCard(
        currency=currency,
        policies=tuple(policies),
        cases=int(used.sum()),
        unpriced=int((here & ~priced).sum()),
        tickets=None if occurs is None else round(float(np.nansum(weight))),
        arms=tuple(rows),
    )


def _varies(arm: Replies) -> bool:
    """Whether it decides some cases otherwise than others: one that does not is a reference."""
    decided = arm.deployed[np.isfinite(arm.p)]
    return len(np.unique(decided)) > 1
