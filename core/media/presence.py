"""Whether the files that the database knows of lie in the storage: a look at the newest, for the doctor.

A storage that was moved, or an address that names another place, takes new files as ever and has none of the old ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from core.infra import db
from core.infra.actor import ProgramActor
from core.media import store
from core.media.rules import StorageAway
from core.media.storage import Storage

_PROGRAM = "doctor"


@dataclass(frozen=True, slots=True)
class Presence:
    """How many files were looked for, and how many of them are not there."""

    looked: int
    missing: int


def looked_for(organization_id: UUID, storage: Storage, at_most: int) -> Presence:
    """Look for an organization's newest files, without reading them. With the worker's database."""
    with db.transaction(ProgramActor(organization_id, _PROGRAM, "doctor")) as session:
        hashes = store.newest_files(session, at_most)
    return Presence(len(hashes), sum(not _is_there(organization_id, storage, each) for each in hashes))


def _is_there(organization_id: UUID, storage: Storage, sha256: bytes) -> bool:
    try:
        return storage.has(organization_id, sha256.hex())
    except StorageAway:
        return False
