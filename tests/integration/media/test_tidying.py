"""What was never finished is thrown away after a day, by the worker."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from core.infra import db
from core.infra.actor import Actor, Role
from core.infra.errors import Refused
from core.media import commands, queries, sweeping
from jobs import low
from tests.factories.media import make_media, picture, send
from tests.factories.organizations import make_actor


@pytest.fixture
def author(committed_database: db.Database, storage: Path) -> Iterator[Actor]:
    return make_actor(role=Role.EDITOR)


NOISE = picture("PNG", (900, 700), noise=True)


def chunks(storage: Path) -> set[str]:
    return {path.parent.name for path in storage.rglob("uploads/*/*")}


def test_an_upload_of_a_day_ago_is_ended_and_emptied_and_a_newer_one_stays(
    author: Actor, storage: Path, worker_database: db.Database, tampered
) -> None:
    old, new = send(author, NOISE, announced=2_000_000), send(author, NOISE, announced=2_000_000)
    tampered(
        "update masthead.upload set created_at = clock_timestamp() - interval '25 hours' where id = %(id)s", id=old
    )
    assert chunks(storage) == {str(old), str(new)}
    web = db.current()
    db.use(worker_database)
    low.drop_overdue_uploads()
    assert commands.drop_overdue_uploads() == 0
    db.use(web)
    assert chunks(storage) == {str(new)}
    assert commands.upload(author, old).failed_because == "It was not finished within a day. Upload it again."
    assert commands.upload(author, new).failed_because is None
    with pytest.raises(Refused, match="This upload is over"):
        commands.add_chunk(author, old, offset=0, content=b"x")


def test_an_image_stays_when_chunks_that_a_crash_left_are_dropped(
    author: Actor, storage: Path, worker_database: db.Database, tampered
) -> None:
    made = make_media(author)
    folder = storage / str(author.organization_id) / "uploads" / str(uuid4())
    tampered(
        "update masthead.upload set emptied_at = null, created_at = clock_timestamp() - interval '25 hours'"
        " where media_id = %(id)s",
        id=made.id,
    )
    with db.transaction(author) as session:
        upload_id = session.execute(text("select id from masthead.upload")).scalar_one()
    left = folder.with_name(str(upload_id))
    left.mkdir(parents=True)
    (left / "0000000000").write_bytes(b"left")
    web = db.current()
    db.use(worker_database)
    assert commands.drop_overdue_uploads() == 1
    db.use(web)
    assert not left.exists()
    assert commands.upload(author, upload_id).media_id == made.id


def test_uploads_that_ended_a_month_ago_are_forgotten_and_their_files_stay(
    author: Actor, worker_database: db.Database, tampered
) -> None:
    old, new = make_media(author), make_media(author)
    under_way = send(author, NOISE, announced=2_000_000)
    tampered(
        "update masthead.upload set created_at = clock_timestamp() - interval '31 days' where media_id = %(id)s or"
        " id = %(under_way)s",
        id=old.id,
        under_way=under_way,
    )
    web = db.current()
    db.use(worker_database)
    assert sweeping.forget_old() == 1
    assert sweeping.forget_old() == 0
    db.use(web)
    with db.transaction(author) as session:
        left = set(session.execute(text("select id, media_id from masthead.upload")).all())
    assert {media_id for _, media_id in left} == {new.id, None}
    assert queries.media(author, old.id).id == old.id
    assert commands.upload(author, under_way).received == len(NOISE)


def test_what_a_killed_writer_left_beside_its_place_is_thrown_away_after_a_day(
    author: Actor, storage: Path, worker_database: db.Database
) -> None:
    made = make_media(author)
    (kept,) = [path for path in storage.rglob("*") if path.name == made.sha256]
    old, new = (kept.with_name(f"{made.sha256}.{each}.new") for each in ("0ld", "2new"))
    for each in (old, new):
        each.write_bytes(b"half")
    os.utime(old, (time.time() - 90_000,) * 2)
    db.use(worker_database)
    low.forget_old()
    assert (old.exists(), new.exists(), kept.exists()) == (False, True, True)
