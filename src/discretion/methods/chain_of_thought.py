"""Chain of thought: the model reasons in writing and then decides."""

from __future__ import annotations

from discretion.methods.worded import WordedMethod

CHAIN_OF_THOUGHT = WordedMethod("chain-of-thought", reason_first=True)
