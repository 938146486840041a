"""The audit trail as its page and its file show it."""

from __future__ import annotations

import csv
import io
from uuid import uuid4

import pytest

from core.audit.commands import record
from core.audit.queries import Narrowed
from core.infra import db
from core.infra.actor import ProgramActor, Role
from core.infra.errors import NotAllowed
from core.organizations.trail import export_trail, trail
from tests.factories.organizations import make_actor


def test_lines_name_who_acted_newest_first(database: db.Database) -> None:
    admin = make_actor(name="Ada Admin")
    program = ProgramActor(admin.organization_id, "sender", "c-1")
    for actor in (admin, program):
        with db.transaction(actor) as session:
            record(session, actor, "post.create", "post", uuid4())
    found = trail(admin, Narrowed(areas=("post",))).lines
    assert [(each.who, each.by_program) for each in found] == [("sender", True), ("Ada Admin", False)]


def test_a_narrowed_trail_has_only_what_fits(database: db.Database) -> None:
    admin, other = make_actor(), make_actor()
    subject = uuid4()
    for actor in (admin, other):
        with db.transaction(actor) as session:
            record(session, actor, "post.create", "post", subject)
            record(session, actor, "account.paused", "account", uuid4())
    assert [each.action for each in trail(admin, Narrowed(reference=str(subject))).lines] == ["post.create"]
    assert [each.action for each in trail(admin, Narrowed(areas=("account",))).lines] == ["account.paused"]
    assert trail(admin, Narrowed(actor=other.label)).lines == ()


def test_the_file_has_every_line_that_fits_and_is_a_line_itself(database: db.Database) -> None:
    admin = make_actor(name="=Ada")
    with db.transaction(admin) as session:
        for _ in range(3):
            record(session, admin, "post.save", "post", "p-1", {"text": "=1+1"}, {"text": "two"})
    data = export_trail(admin, Narrowed(areas=("post",))).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(data)))
    assert [(row["who"], row["action"]) for row in rows] == [("'=Ada", "post.save")] * 3
    assert rows[0]["at_utc"].endswith("+00:00")
    assert rows[0]["before"] == '{"text": "=1+1"}'
    (line,) = trail(admin, Narrowed(reference=str(admin.organization_id), areas=("organizations",))).lines[:1]
    assert (line.action, line.after) == ("organizations.export_audit", {"lines": 3})


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR, Role.APPROVER])
def test_only_admins_get_the_file(database: db.Database, role: Role) -> None:
    with pytest.raises(NotAllowed):
        export_trail(make_actor(role=role))
