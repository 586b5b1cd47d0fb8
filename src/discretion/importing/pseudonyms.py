"""Pseudonyms: names that stay the same within a workspace and mean nothing outside it.

They are made with the workspace's secret. Who has the secret and a list of names can find out who
is who; without it, trying names leads nowhere.
"""

from __future__ import annotations

import hashlib
import hmac


class Pseudonyms:
    """Keyed hashes of names."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._raters: dict[str, str] = {}

    def rater(self, name: str) -> str:
        """``rater-`` and ten hexadecimal digits; the same name is the same rater."""
        if name not in self._raters:
            self._raters[name] = f"rater-{self.keyed('rater', name)[:10]}"
        return self._raters[name]

    def keyed(self, kind: str, what: str) -> str:
        """An HMAC, so that what a text said can be told from another text, and not be guessed."""
        return hmac.new(self._secret, f"{kind}\0{what}".encode(), hashlib.sha256).hexdigest()
