"""What people change of themselves: their zone, their sign-ins, and being seen."""

from __future__ import annotations

import time
from uuid import uuid4

import pytest

from core.audit.queries import history
from core.infra import db
from core.infra.actor import Role
from core.infra.errors import Invalid, NotFound
from core.organizations import Claims, commands, queries
from tests.factories.organizations import make_actor, make_sign_in, make_signed_in


def test_a_chosen_zone_stays_when_the_sign_in_service_says_another(database: db.Database) -> None:
    sign_in, actor = make_signed_in(role=Role.VIEWER)
    commands.choose_zone(actor, uuid4(), "America/New_York")

    again = make_sign_in(str(sign_in.claims["sub"]), zoneinfo="Asia/Tokyo")
    again.begin()

    assert again.here().timezone == "America/New_York"
    (line,) = history(actor, "person", actor.person_id)
    assert (line.action, line.after) == ("organizations.choose_zone", {"timezone": "America/New_York"})


def test_a_zone_that_does_not_exist_is_refused_in_words(database: db.Database) -> None:
    with pytest.raises(Invalid, match="Mars/Base is no time zone"):
        commands.choose_zone(make_actor(), uuid4(), "Mars/Base")


def test_people_see_their_own_sign_ins_and_end_one(database: db.Database) -> None:
    sign_in, actor = make_signed_in()
    phone = make_sign_in(str(sign_in.claims["sub"]))
    phone.begin()
    make_signed_in(actor.organization_id)

    rows = queries.sign_ins(actor)
    assert sorted(each.here for each in rows) == [False, True]
    (other,) = [each.id for each in rows if not each.here]
    commands.end_sign_in(actor, uuid4(), other)

    assert phone.now() is None
    assert sign_in.now() is not None
    assert [each.here for each in queries.sign_ins(actor)] == [True]


def test_somebody_elses_sign_in_can_not_be_ended(database: db.Database) -> None:
    _, actor = make_signed_in()
    other_sign_in, other = make_signed_in(actor.organization_id)
    with pytest.raises(NotFound):
        commands.end_sign_in(actor, uuid4(), other.session_id)
    assert other_sign_in.now() is not None


def test_signing_out_everywhere_ends_every_sign_in_and_every_copy_of_its_cookie(database: db.Database) -> None:
    sign_in, actor = make_signed_in()
    unseen = make_sign_in(str(sign_in.claims["sub"]), age_s=60)  # a cookie that never reached us
    bystander, _ = make_signed_in(actor.organization_id)

    commands.sign_out_everywhere(actor, uuid4())

    assert sign_in.now() is None
    with pytest.raises(Exception, match="sign-in is over"):
        commands.sign_in(Claims.read(unseen.claims), unseen.key)
    assert bystander.now() is not None


def test_a_new_sign_in_after_signing_out_everywhere_counts(database: db.Database) -> None:
    sign_in, actor = make_signed_in()
    commands.sign_out_everywhere(actor, uuid4())
    later = make_sign_in(str(sign_in.claims["sub"]), age_s=-1)
    later.begin()
    assert later.now() is not None


def test_a_member_at_work_is_seen_to_the_minute(database: db.Database) -> None:
    _, actor = make_signed_in()
    assert queries.members(actor)[0].last_seen_at is None

    commands.note_seen(actor)
    first = queries.members(actor)[0].last_seen_at
    time.sleep(0.01)
    commands.note_seen(actor)

    assert first is not None
    assert queries.members(actor)[0].last_seen_at == first
