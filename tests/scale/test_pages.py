"""How much a page of a list reads where there are 50,000 posts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import pytest
from sqlalchemy import Connection, event, text

from core.infra import db
from core.infra.settings import Program
from core.posts import list_reads
from core.posts.fragments import RANK
from core.posts.list_reads import Narrowed
from core.posts.rules import Word
from tests.scale.world import World

_PAGE: Final = 51
_MIDDLE: Final = text(
    "select coalesce(slot_at, created_at), id from masthead.post where deleted_at is null"
    " order by 1 desc, 2 desc offset 20000 limit 1"
)
_MOST: Final = 3_000  # posts with a publication in a rare state are some hundred, of 50,000


@pytest.mark.parametrize(
    ("words", "far_down", "most"),
    [((), False, _PAGE), ((), True, _PAGE), ((Word.FAILED,), False, _MOST), ((Word.HELD,), False, _MOST)],
    ids=["first", "far down", "failed", "held"],
)
def test_a_page_reads_no_more_posts_than_it_needs(
    enter: Callable[[Program], tuple[Connection, db.Database]],
    world: World,
    words: tuple[Word, ...],
    far_down: bool,
    most: int,
) -> None:
    _, database = enter("web")
    with database.organization_transaction(world.organization_id, "program:test") as session:
        place = session.execute(_MIDDLE).one() if far_down else None
        after = (place[0], place[1]) if place else None
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", _explained, retval=True)
        answer = list_reads.listed(session, Narrowed(), [RANK[word] for word in words] or None, after, _PAGE)
        event.remove(connection, "before_cursor_execute", _explained)
    read = sum(_posts_read(answer[0][0][0]["Plan"]))
    assert read <= most


def _explained(
    _connection: Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
) -> tuple[str, Any]:
    """Ask what the statement does instead of what it gives."""
    return f"explain (analyze, format json) {statement}", parameters


def _posts_read(node: Mapping[str, Any]) -> Iterator[float]:
    if node.get("Relation Name") == "post":
        yield (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    for child in node.get("Plans", ()):
        yield from _posts_read(child)
