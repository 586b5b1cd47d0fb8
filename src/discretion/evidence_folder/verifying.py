"""Verifying: an evidence folder by itself, without the workspace that it comes from."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from discretion.errors import DiscretionError
from discretion.evidence_folder import files as kept
from discretion.evidence_folder.figures import WITHIN, counted, differences, numbers_of_both, tables
from discretion.evidence_folder.files import Manifest
from discretion.evidence_folder.models import check_models
from discretion.evidence_folder.order import LogOrder, order_of
from discretion.evidence_folder.rows import ERASED, read_rows
from discretion.runs import find_run
from discretion.storage import GENESIS, Store
from discretion.storage.chain import commitment_to, link
from discretion.storage.extract import Placed, restore
from discretion.version import __version__


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of verifying a folder."""

    manifest: Manifest
    fingerprint: str
    """SHA-256 of the manifest, and so of everything that it names."""
    problems: tuple[str, ...]
    """Everything that is not as it should be; empty where nothing was found."""
    files: int
    """Files that are as the manifest says."""
    rows: int
    """Rows of the log that are in the folder."""
    linked: int
    """The longest stretch of rows that ends in the head with every row here: so many are bound to
    the head. Any other row is bound to its neighbors' hashes alone."""
    personal: dict[str, int]
    """Personal parts: ``whole``, ``in part``, ``not included``, ``erased``."""
    order: LogOrder | None
    """Where plan, trainings and run stand; None where the run judges no tuned models."""
    figures: int
    """Numbers that were recomputed."""
    tables: int
    """Tables in which they stand."""
    different: int
    """Places at which they are not what tables.json states."""


def verify_evidence(folder: Path, *, within: float = WITHIN, head: str = "") -> Verdict:
    """Check the files against the manifest, the rows against the chain, and every table against
    what is computed from the rows, by the code that computes a report.

    Args:
        within: by what share two numbers may differ; the last digits of a fitted curve depend on
            the machine and on the versions of numpy and scipy.
        head: a head noted earlier, which must be in the chain.

    Raises:
        DiscretionError: there is no evidence there.
    """
    manifest = kept.read_manifest(folder)
    check = _Check(folder, manifest)
    check.files()
    check.chain(head)
    order, figures, found, different = None, 0, 0, 0
    try:
        with tempfile.TemporaryDirectory() as place:
            log = Path(place) / "log.db"
            restore(log, check.rows)
            with Store(log) as store:
                run = find_run(store, manifest.run)
                notes = kept.read_json(folder / kept.NOTES)
                texts = manifest.shown["prompts"]
                recomputed = tables(run, manifest.panel, notes, texts=texts)
                order = order_of(run)
                check.problems += check_models(folder, manifest, run, notes)
        if order is not None:
            check.problems += order.problems
        figures, found, different = check.tables(recomputed, within)
    except DiscretionError as error:
        check.problems.append(f"the tables cannot be recomputed: {error}")
    except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError) as error:
        # Rows from elsewhere may hold anything under the names that are looked up.
        what = f"{type(error).__name__}: {error}".splitlines()[0]
        check.problems.append(f"the rows are not those of a run: {what}")
    return Verdict(
        manifest,
        sha256((folder / kept.MANIFEST).read_bytes()).hexdigest(),
        tuple(check.problems),
        check.whole_files,
        len(check.rows),
        check.linked,
        dict(check.personal),
        order,
        figures,
        found,
        different,
    )


@dataclass
class _Check:
    """What was found so far."""

    folder: Path
    manifest: Manifest
    problems: list[str] = field(default_factory=list)
    rows: list[Placed] = field(default_factory=list)
    personal: Counter[str] = field(default_factory=Counter)
    whole_files: int = 0
    linked: int = 0

    def files(self) -> None:
        """Every file against the manifest."""
        try:
            found = kept.file_hashes(self.folder)
        except DiscretionError as error:
            self.problems.append(str(error))
            return
        for name in sorted({*found, *self.manifest.files}):
            if name not in found:
                self.problems.append(f"{name}: the manifest names it, and it is not here")
            elif name not in self.manifest.files:
                self.problems.append(f"{name}: the manifest does not name it")
            elif found[name] != self.manifest.files[name]:
                self.problems.append(f"{name}: it is not the file that the manifest names")
            else:
                self.whole_files += 1

    def chain(self, head: str) -> None:
        """Every row against the hashes of the log, and its personal part where it is whole."""
        try:
            chain = kept.read_chain(self.folder)
            places: dict[int, Placed] = {}
            names = set()
            for where, row in read_rows(self.folder):
                if row.seq in places or (row.kind, row.grouping, row.key) in names:
                    self.problems.append(f"{where}: the row stands twice")
                    continue
                names.add((row.kind, row.grouping, row.key))
                if 0 < row.seq <= len(chain):
                    places[row.seq] = row
                self.problems += [f"{where}: {what}" for what in self._row(row, chain)]
        except DiscretionError as error:
            self.problems.append(str(error))
            return
        if len(chain) != self.manifest.entries or chain[-1:] != [self.manifest.head]:
            self.problems.append(f"{kept.CHAIN}: it does not end in the head of the manifest")
        if head and head not in chain:
            self.problems.append(f"the head {head} is not in the log: it was rewritten or cut off")
        self.rows = [places[seq] for seq in sorted(places)]
        erasures = {row.key for row in self.rows if row.kind == "erasure"}
        for row in self.rows:
            if row.payload == ERASED and str(row.seq) not in erasures:
                self.problems.append(
                    f"row {row.seq}: it is said to be erased, and no erasure says so"
                )
        while len(chain) - self.linked in places:
            self.linked += 1
        if self.manifest.shown.get("whole_log") and self.linked < len(chain):
            missing = len(chain) - self.linked
            self.problems.append(f"row {missing}: it is missing, and the whole log should be here")

    def _row(self, row: Placed, chain: list[str]) -> Iterator[str]:
        if not 0 < row.seq <= len(chain):
            yield f"row {row.seq} is not in the log"
            return
        before = chain[row.seq - 2] if row.seq > 1 else GENESIS
        parts = (before, row.kind, row.grouping, row.key, row.body, row.commitment or "")
        if row.hash != chain[row.seq - 1] or row.hash != link(*(one.encode() for one in parts)):
            yield f"row {row.seq} is not the one that was written"
        if row.commitment is None:
            if row.payload is not None:
                yield f"row {row.seq} has a personal part that it does not commit to"
        elif row.payload is None:
            self.personal["not included"] += 1
        elif row.payload == ERASED:
            self.personal["erased"] += 1
        elif row.salt is None:
            self.personal["in part"] += 1
        else:
            self.personal["whole"] += 1
            if commitment_to(row.salt, row.payload.encode()) != row.commitment:
                yield f"row {row.seq}: its personal part is not the one that was written"

    def tables(self, recomputed: dict[str, Any], within: float) -> tuple[int, int, int]:
        """(numbers, tables, differences); each difference is a problem."""
        stated = kept.read_json(self.folder / kept.TABLES)
        if isinstance(stated, dict) and isinstance(stated.get("run"), dict):
            # Said of who wrote it, and no figure: another version may recompute it.
            recomputed["run"]["version"] = self.manifest.version
        compared = (stated, recomputed)
        if self.manifest.version != __version__:
            compared = numbers_of_both(stated, recomputed)
        found = list(differences(*compared, within=within))
        self.problems += [f"{kept.TABLES}: {what}" for what in found]
        if found and self.manifest.version != __version__:
            self.problems.append(
                f"these tables are from version {self.manifest.version}; version {__version__} may "
                "compute some figures in another way. To check them as they were made: "
                f"pip install discretion=={self.manifest.version}"
            )
        numbers = [counted(value) for value in recomputed.values()]
        return sum(numbers), sum(map(bool, numbers)), len(found)
