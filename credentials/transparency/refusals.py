"""Why a log, its checkpoint or what is told of it is not believed: one exception for each reason."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from credentials.transparency.evidence import Evidence


class LogRefused(Exception):
    """The base of them all; `problem` is a sentence for an operator, without its full stop."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class NoteMalformed(LogRefused):
    """The bytes are no signed note, or no checkpoint (C2SP signed-note, tlog-checkpoint)."""


class BadSignature(LogRefused):
    """No known key signed it, a signature of a known key is wrong, or the time isn't signed."""


class WrongOrigin(LogRefused):
    """The checkpoint is of another log."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"the checkpoint is of the log {found[:200]!r}, not of {expected!r}")
        self.expected = expected
        self.found = found


class Rollback(LogRefused):
    """A smaller tree was signed after a larger one; `evidence` shows it to anybody."""

    def __init__(self, problem: str, evidence: Evidence) -> None:
        super().__init__(problem)
        self.evidence = evidence


class Fork(LogRefused):
    """The log signed two histories, neither of which contains the other; `evidence` shows it to anybody."""

    def __init__(self, problem: str, evidence: Evidence) -> None:
        super().__init__(problem)
        self.evidence = evidence


class ReplayedCheckpoint(LogRefused):
    """An old checkpoint, smaller than the known one and signed no later.

    Whoever answers for the log, a cache say, is behind or holds back: nobody is convicted by it.
    """

    def __init__(self, known_size: int, size: int, signed_at: datetime) -> None:
        super().__init__(
            f"the checkpoint of {signed_at.isoformat()} has {size} entries, fewer than the {known_size} known"
        )
        self.known_size = known_size
        self.size = size
        self.signed_at = signed_at


class InconsistentTree(LogRefused):
    """What was served doesn't hash to what was signed for a tree of `size` entries.

    Whether the log forked or served garbage shows in its tiles: `evidence.fork_evidence`.
    """

    def __init__(self, size: int, expected: bytes, found: bytes) -> None:
        super().__init__(f"the entries hash to {found.hex()}; {expected.hex()} was signed for {size} entries")
        self.size = size
        self.expected = expected
        self.found = found


class StaleCheckpoint(LogRefused):
    """The newest checkpoint is older than allowed: the node has stopped, or somebody holds it back."""

    def __init__(self, signed_at: datetime, now: datetime) -> None:
        super().__init__(f"the checkpoint was signed at {signed_at.isoformat()}; it is {now.isoformat()}")
        self.signed_at = signed_at
        self.now = now


class FutureCheckpoint(LogRefused):
    """The checkpoint is dated ahead of the clock: one of the two clocks is wrong."""

    def __init__(self, signed_at: datetime, now: datetime) -> None:
        super().__init__(f"the checkpoint is dated {signed_at.isoformat()}; it is {now.isoformat()}")
        self.signed_at = signed_at
        self.now = now


class OversizedBundle(LogRefused):
    """A bundle of entries is longer than any bundle may be."""

    def __init__(self, index: int, length: int, limit: int) -> None:
        super().__init__(f"bundle {index} has {length} bytes; at most {limit} are read")
        self.index = index
        self.length = length
        self.limit = limit


class MalformedBundle(LogRefused):
    """A bundle doesn't hold the entries that it should, whole and nothing else."""

    def __init__(self, index: int, problem: str) -> None:
        super().__init__(f"bundle {index} {problem}")
        self.index = index


class MalformedTile(LogRefused):
    """A tile doesn't hold the hashes that it should."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path} {problem}")
        self.path = path


class ProofInvalid(LogRefused):
    """An inclusion or consistency proof doesn't lead to the root."""


class WouldContradict(LogRefused):
    """A signer was about to contradict its own previous checkpoint. It must not sign."""


class EntryMalformed(LogRefused):
    """The bytes are no entry of a log that this version reads."""


class RotationInvalid(LogRefused):
    """A statement of key rotation doesn't hold, or doesn't follow from the pinned key."""


class EvidenceMalformed(LogRefused):
    """The bytes are no evidence in a form that this version reads."""


class EvidenceProvesNothing(LogRefused):
    """The evidence is well-formed and convicts nobody."""
