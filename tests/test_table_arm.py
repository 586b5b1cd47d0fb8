"""Claims about the arm that is only a table."""

import asyncio
from dataclasses import replace

from discretion.core.arms import TableArm
from stand_in import case

CASE = case(1)


def ask(arm):
    return asyncio.run(arm.ask(arm.calls(CASE)))


def test_a_table_answers_what_it_holds_and_no_other_case():
    table = TableArm("recorded/old", "recorded", {CASE.id: 0.25}, "fingerprint")
    [answer] = ask(table)
    assert (answer.case, answer.p, answer.how) == (CASE.id, 0.25, "recorded")
    assert answer.grant_first is None
    assert table.calls(case(2)) == ()
    changed = replace(table, fingerprint="other")
    assert changed.calls(CASE)[0].key != table.calls(CASE)[0].key
