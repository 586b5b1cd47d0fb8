"""Storage: one append-only, hash-chained log per workspace, in SQLite."""

from discretion.storage.chain import ERASURE, GENESIS, Verification
from discretion.storage.entries import Entry, StoredEntry
from discretion.storage.store import Store

__all__ = ["ERASURE", "GENESIS", "Entry", "Store", "StoredEntry", "Verification"]
