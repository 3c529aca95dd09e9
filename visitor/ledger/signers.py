"""The keys with which this installation signs its checkpoints."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from visitor.ledger.entries import Log
from visitor.ledger.note import SigningKey, VerifierKey


@dataclass(frozen=True, slots=True)
class LedgerSigners:
    """One signing key a log, under the log's origin; the composition provides it as a resource."""

    by_log: Mapping[Log, SigningKey]

    @classmethod
    def from_seeds(cls, seeds: Mapping[Log, bytes]) -> Self:
        """Return the signers of 32-byte seeds.

        The origin begins with the installation's id: eight hexadecimal digits of the hash of the access log's public
        key, so that two installations never sign under one name and nobody has to choose an id.
        """
        public = SigningKey.from_seed("access", seeds[Log.ACCESS]).verifier.public
        installation = hashlib.sha256(public).hexdigest()[:8]
        return cls({log: SigningKey.from_seed(f"{installation}/visitlog/{log.label}", seeds[log]) for log in Log})

    def origin(self, log: Log) -> str:
        """Return the name under which the log signs."""
        return self.by_log[log].name

    @property
    def verifiers(self) -> list[VerifierKey]:
        """The public halves of all keys."""
        return [key.verifier for key in self.by_log.values()]
