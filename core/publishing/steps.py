"""What the invisible steps of a publication made at the network, kept so that nothing is made twice or mixed up.

    c1  nothing is kept: the provider is about to make it
    c2  the network has made it, and nobody knows but this process
    c3  kept
    c4  something is kept: the provider is about to ask how it stands, or to use it
    c5  the network still works on it (in `sending`)

None of it is visible, so a process may die at each of these. At c2 a spare container or upload is left at the network,
which nobody will ever publish, because its name was lost with the process.

Every `get`, `keep` and `drop` is a transaction of its own, fenced by the claim: epoch, state, lease and approved bytes
on the row itself; before the slot, epoch and lease of its preparation, and that the row is on the schedule still. Each
gives the claim a whole lease more, so that what a publication of several steps does between two of them has to fit into
it (the longest: asking for a place and 10 MB going there), and not all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID

from sqlalchemy.orm import Session

from core.infra import crash, db
from core.media import files
from core.provider_kit.errors import Rejected
from core.provider_kit.types import MediaItem
from core.publishing import ahead_rows, rules, step_rows, store
from core.publishing.claiming import SENDER
from core.publishing.store import Claim

_REPLACED = "A newer one took its place."


class ClaimLost(Exception):
    """Somebody else has the publication by now. Whoever prepares it stops here; nothing visible was asked for."""


@dataclass(frozen=True, slots=True)
class ClaimedSteps:
    """The steps of a publication that this process has claimed (`provider_kit.port.Steps`). Times in seconds.

    `ahead`: claimed to be prepared before its slot (`core.publishing.ahead`), and lost when the slot comes.
    """

    claim: Claim
    approved_sha256: bytes
    lease_s: float
    ahead: bool = False

    def get(self, name: str) -> str | None:
        """Raises ClaimLost."""
        with self._held() as (session, _):
            kept = step_rows.kept(session, self.claim.publication_id, self.approved_sha256, usable=True).get(name)
            reference = kept.reference if kept else None
        crash.point("c1" if reference is None else "c4")
        return reference

    def keep(self, name: str, reference: str, *, lives_s: float | None = None) -> None:
        """Raises ClaimLost, and Rejected as `drop` does."""
        crash.point("c2")
        with self._held() as (session, correlation_id):
            self._refuse_in_a_repeat(session, _REPLACED)
            step_rows.drop(session, self.claim.publication_id, name, _REPLACED)
            step_rows.keep(
                session,
                self.claim,
                self.approved_sha256,
                name,
                reference,
                lives_s=lives_s,
                correlation_id=correlation_id,
            )
        crash.point("c3")

    def drop(self, name: str, because: str) -> None:
        """Raises ClaimLost, and Rejected where the very same call is to go out again: nothing replaces it then."""
        with self._held() as (session, _):
            self._refuse_in_a_repeat(session, because)
            step_rows.drop(session, self.claim.publication_id, name, because)

    def address(self, item: MediaItem) -> str:
        return files.address_to_fetch(self.claim.organization_id, item.sha256, item.mime)

    def read(self, item: MediaItem) -> bytes:
        return files.read(self.claim.organization_id, item.sha256)

    def open(self, item: MediaItem) -> BinaryIO:
        return files.for_a_network(self.claim.organization_id, item.sha256)

    def _refuse_in_a_repeat(self, session: Session, because: str) -> None:
        if store.repeats_a_call(session, self.claim.publication_id):
            raise Rejected(f"{rules.GONE} {because}", how_to_fix=rules.LOOK_FIRST)

    @contextmanager
    def _held(self) -> Iterator[tuple[Session, str]]:
        with db.organization_transaction(self.claim.organization_id, SENDER) as session:
            renew = ahead_rows.renew if self.ahead else store.renew
            correlation_id = renew(session, self.claim, approved_sha256=self.approved_sha256, lease_s=self.lease_s)
            if correlation_id is None:
                raise ClaimLost(str(self.claim.publication_id))
            yield session, correlation_id


@dataclass(frozen=True, slots=True)
class KeptSteps:
    """What was kept, for a read-back: it looks, and makes nothing. What has expired is still good to ask about."""

    references: Mapping[str, str]

    @classmethod
    def of(cls, session: Session, publication_id: UUID, payload_sha256: bytes) -> KeptSteps:
        """What is kept for these bytes of a publication now."""
        kept = step_rows.kept(session, publication_id, payload_sha256, usable=False)
        return cls({name: step.reference for name, step in kept.items()})

    def get(self, name: str) -> str | None:
        return self.references.get(name)

    def keep(self, name: str, reference: str, *, lives_s: float | None = None) -> None:
        raise RuntimeError("a read-back keeps nothing")

    def drop(self, name: str, because: str) -> None:
        raise RuntimeError("a read-back drops nothing")

    def address(self, item: MediaItem) -> str:
        raise RuntimeError("a read-back hands over no files")

    def read(self, item: MediaItem) -> bytes:
        raise RuntimeError("a read-back hands over no files")

    def open(self, item: MediaItem) -> BinaryIO:
        raise RuntimeError("a read-back hands over no files")
