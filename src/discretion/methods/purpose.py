"""Purpose: what the rule is for, who is affected, what follows; then the decision."""

from __future__ import annotations

from discretion.methods.worded import WordedMethod

PURPOSE = WordedMethod("purpose", reason_first=True, shows_purpose=True)
