"""Evidence: one folder from which every figure of a run is recomputed, elsewhere and later.

It holds rows of the log as they stand there, so that a report is computed from it by the code that
computes it from the log.
"""

from discretion.evidence_folder.verifying import Verdict, verify_evidence
from discretion.evidence_folder.writing import Shown, run_of, write_evidence

__all__ = ["Shown", "Verdict", "run_of", "verify_evidence", "write_evidence"]
