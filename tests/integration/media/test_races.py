"""Two tabs at once over one upload: one image, and bytes of one sender only."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from core.infra import db
from core.infra.actor import Role
from core.infra.turns import Turns
from core.media import commands, making, model
from core.media import storage as kept_files
from core.media.rules import SMALLEST_CHUNK, Busy, WrongOffset
from tests.factories.media import picture, send
from tests.factories.organizations import make_actor

Answer = TypeVar("Answer")


def at_once(*asked: Callable[[], Answer]) -> list[Answer | BaseException]:
    with ThreadPoolExecutor(len(asked)) as threads:
        futures = [threads.submit(each) for each in asked]
        return [future.exception() or future.result() for future in futures]


def test_an_upload_finished_twice_at_once_is_one_image(
    committed_database: db.Database, storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "turns", Turns(in_all=2, for_one=2, refusal=Busy))  # else one of them is told to wait
    editor = make_actor(role=Role.EDITOR)
    upload_id = send(editor, picture())
    first, second = at_once(*[partial(commands.finish_upload, editor, upload_id)] * 2)
    assert first == second
    with db.transaction(editor) as session:
        assert session.execute(select(func.count()).select_from(model.Media)).scalar_one() == 1


def test_two_senders_of_one_part_write_it_once(committed_database: db.Database, storage: Path) -> None:
    editor = make_actor(role=Role.EDITOR)
    upload = commands.start_upload(editor, uuid4(), file_name="x.png", size=3 * SMALLEST_CHUNK)
    parts = [bytes([number]) * SMALLEST_CHUNK * (1 + number % 2) for number in range(6)]
    answers = at_once(*(partial(commands.add_chunk, editor, upload.id, offset=0, content=part) for part in parts))
    received = commands.upload(editor, upload.id).received
    assert any(not isinstance(each, BaseException) for each in answers)
    assert all(isinstance(each, WrongOffset) for each in answers if isinstance(each, BaseException))
    (kept,) = kept_files.current().chunks(editor.organization_id, upload.id, received)
    assert len(kept) == received
    assert kept in parts
