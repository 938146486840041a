"""Rotating the installation's key: wrap the data key of every token anew under the newest key, while all programs run.

Only the wrap changes, never the token's ciphertext, so whoever reads a token at the same moment reads the same one.
Organization by organization, each batch in a transaction of its own: a run can be stopped after any of them, and the
next one goes on with what is left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from core.accounts import credentials, store
from core.audit import commands as audit
from core.infra import crypto, db
from core.infra.actor import ProgramActor
from core.infra.crypto import CredentialTampered
from core.infra.ids import new_id

_PROGRAM: Final = "keys"
_NONE: Final = UUID(int=0)
_ORGANIZATIONS: Final = 100


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rotation is. `unreadable` tokens are left as they are: their accounts must be connected again."""

    wrapped: int
    unreadable: int


def keys_in_use() -> Mapping[str, int]:
    """How many tokens each key of the installation wraps, by key id. With the worker's database."""
    counts: Counter[str] = Counter()
    for organization_id in organizations():
        with db.transaction(_program(organization_id, "keys")) as session:
            counts.update(store.keys_in_use(session))
    return dict(counts)


def rotate_keys(batch: int = 100) -> Iterator[Progress]:
    """Wrap every token by the newest key, at most `batch` in one transaction; gives the progress after each.

    With the worker's database. Any number may run at once: a row's wrap is changed only if it still is what was read.
    """
    correlation_id = f"keys-{new_id().hex}"
    wrapped = unreadable = 0
    for organization_id in organizations():
        after = _NONE
        while True:
            done, failed, last = _rewrap(_program(organization_id, correlation_id), after, batch)
            if last is None:
                break
            wrapped, unreadable, after = wrapped + done, unreadable + failed, last
            yield Progress(wrapped, unreadable)


def _rewrap(actor: ProgramActor, after: UUID, batch: int) -> tuple[int, int, UUID | None]:
    """How many were wrapped and how many could not be read; the last id looked at, None when there was none."""
    newest, done, failed = crypto.newest_key(), 0, 0
    with db.transaction(actor) as session:
        found = store.wrapped_by_others(session, newest, after, batch)
        for stored in found:
            try:
                done += store.change_wrap(session, stored, credentials.rewrapped(session, stored))
            except CredentialTampered:  # its row is in the log
                failed += 1
        if done:
            audit.record(session, actor, "credentials.rewrap", "key", newest, after={"tokens": done})
    return done, failed, found[-1].id if found else None


def organizations() -> Iterator[UUID]:
    """Every organization of the installation, a few at a time. With the worker's database."""
    last = _NONE
    while True:
        with db.free_transaction() as session:
            found = store.organizations_after(session, last, _ORGANIZATIONS)
        if not found:
            return
        yield from found
        last = found[-1]


def _program(organization_id: UUID, correlation_id: str) -> ProgramActor:
    return ProgramActor(organization_id, _PROGRAM, correlation_id)
