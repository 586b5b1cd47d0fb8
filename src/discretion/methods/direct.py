"""The direct method: the rule, the case and the question, and no advice."""

from __future__ import annotations

from discretion.methods.worded import WordedMethod

DIRECT = WordedMethod("direct")
