"""What a worker does with an upload that nobody can wait for: claimed with a lease, done with no database, ended once.

A claim is (organization, upload, epoch). Whoever holds it renews its lease while the child works; a worker that was
killed leaves a lease that ends, and the next one begins anew. What a worker writes carries its epoch, so that one who
was thought dead changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from core.infra import db
from core.infra.actor import ProgramActor
from core.infra.installation import settings
from core.media import ending, fetching, making, model, rules, storage, store
from core.media.making import Made, Stopped
from core.media.rules import MOST_TRIES, NotTaken, StorageAway, StorageFull

PROGRAM: Final = "media"
GONE: Final = "Parts of it are gone from storage. Upload it again."
_GAVE_UP: Final = "Looking into this file failed several times. Export it anew and upload that."
_LATER_S: Final = 60.0  # storage that is full or away is a matter of minutes
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Claim:
    """An upload that is ours to prepare."""

    organization_id: UUID
    upload_id: UUID
    epoch: int

    @property
    def actor(self) -> ProgramActor:
        """Who writes what becomes of it."""
        return ProgramActor(self.organization_id, PROGRAM, f"upload-{self.upload_id.hex}")


class Lost(Exception):
    """The lease ended meanwhile, and the upload is somebody else's."""


def claim(at_most: int, lease_s: float) -> list[Claim]:
    """Uploads to prepare, each ours for so many seconds, longer when renewed."""
    with db.free_transaction() as session:
        return [Claim(*each) for each in store.claim_uploads(session, at_most, lease_s)]


def renew(claims: Iterable[Claim], lease_s: float) -> None:
    """Hold these for so much longer. What is lost is found out when it ends."""
    for each in claims:
        with db.transaction(each.actor) as session:
            store.extend_lease(session, each.upload_id, each.epoch, lease_s)


def give_back(held: Claim, after_s: float = 0.0) -> None:
    """Let it go unfinished, for whoever claims it after so many seconds."""
    with db.transaction(held.actor) as session:
        store.give_back(session, held.upload_id, held.epoch, after_s)


def prepare(held: Claim, stop: Callable[[], bool]) -> None:
    """Do the whole of it: gather, look, keep, end. Given up when `stop` says so or the claim is lost."""
    try:
        upload = _still_ours(held)
        if upload.tries > MOST_TRIES:
            raise NotTaken(_GAVE_UP)
        with making.workspace() as folder:
            family = _gather(held, upload, folder / "source", stop)
            made = _made(held, folder, family, stop)
    except NotTaken as refusal:
        _end(held, None, str(refusal))
    except FileNotFoundError:
        _end(held, None, GONE)
    except (StorageFull, StorageAway) as away:
        _log.warning("media_put_off", extra={"upload_id": str(held.upload_id), "kind": type(away).__name__})
        give_back(held, _LATER_S)
    except Stopped:
        give_back(held)
    except Lost:
        _log.warning("media_claim_lost", extra={"upload_id": str(held.upload_id), "epoch": held.epoch})
    else:
        _end(held, made, "")


def _gather(held: Claim, upload: model.Upload, place: Path, stop: Callable[[], bool]) -> rules.Family:
    if upload.address is not None:
        try:
            return fetching.fetch(upload.address, place, largest_video=settings().largest_video, stop=stop)
        except OSError as error:
            _log.error("workspace_unwritable", extra={"errno": error.errno})
            raise StorageFull from None
    making.gather(storage.current().chunks(held.organization_id, held.upload_id, upload.size), place)
    with place.open("rb") as file:
        return rules.family(file.read(64))


def _made(held: Claim, folder: Path, family: rules.Family, stop: Callable[[], bool]) -> Made:
    if family is rules.Family.IMAGE:
        return making.decode(held.organization_id, folder)
    return making.look(held.organization_id, folder, family, stop=stop, keep=lambda: _keep_on(held))


def _still_ours(held: Claim) -> model.Upload:
    with db.transaction(held.actor) as session:
        found = store.upload(session, held.upload_id)
        if found is None or found.epoch != held.epoch or found.finished_at is not None:
            raise Lost
        return found


def _keep_on(held: Claim) -> None:
    _still_ours(held)


def _end(held: Claim, made: Made | None, because: str) -> None:
    with db.transaction(held.actor) as session:
        found = store.upload(session, held.upload_id, lock=True)
        if found is None or found.epoch != held.epoch or found.finished_at is not None:
            _log.warning("media_claim_lost", extra={"upload_id": str(held.upload_id), "epoch": held.epoch})
            return
        if made is None:
            ending.fail(session, held.actor, held.upload_id, because)
        else:
            ending.finish(session, held.actor, found, made)
    ending.empty(held.actor, held.upload_id)
