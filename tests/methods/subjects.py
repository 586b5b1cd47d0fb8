"""A policy, a case and an ask, for the tests of methods."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from discretion.core.arms import Ask
from discretion.core.cases import Case
from discretion.core.policies import Policy

POLICY = Policy(
    id="returns",
    rule="Goods may be returned within 14 days.",
    purpose="To keep old stock from coming back.",
    guidance="Ask for the receipt.",
)
TWIN = "returns. at most 14 days. asked 15 days. off by 7.1 percent. the parcel came late."
CASE = Case(
    id="day-15",
    policy="returns",
    scenario="returns",
    domain="retail",
    text="Ada brings a coat back on day 15. The parcel had come late.",
    twin=TWIN,
    value=Decimal(15),
    limit=Decimal(14),
    unit="days",
    scale=Decimal(14),
)
ASK = Ask("grant/refuse", grant_first=True, wording=0)
TWIN_ASK = replace(ASK, twin=True)
