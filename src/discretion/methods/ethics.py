"""Three ethical frameworks: the model is told to decide by one of them, and answers at once."""

from __future__ import annotations

from discretion.methods.worded import WordedMethod

DEONTOLOGY = WordedMethod("deontology")
CONSEQUENTIALISM = WordedMethod("consequentialism")
VIRTUE = WordedMethod("virtue")
