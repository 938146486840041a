from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from core.publishing.candidates import candidates, named_in, posts_in

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


def post(post_id: str, minute: int = 0, *, taken: bool = False) -> dict[str, Any]:
    created_at = (AT + timedelta(minutes=minute)).isoformat()
    return {
        "id": post_id,
        "text": "Hello",
        "link": None,
        "created_at": created_at,
        "permalink": None,
        "taken": taken,
    }


def test_the_likeliest_come_first_and_none_is_left_out():
    read = {"matches": [post("2", 2), post("1", 1)], "look_alikes": [post("3")], "others": [post("4", taken=True)]}
    found = candidates([(AT, True, posts_in(read))])
    assert [(each.post.provider_post_id, each.post.likeness, each.post.taken) for each in found] == [
        ("1", "same", False),
        ("2", "same", False),
        ("3", "alike", False),
        ("4", "other", True),
    ]


def test_the_newest_read_says_how_like_it_is_and_what_a_complete_one_shows_no_more_is_gone():
    first = posts_in({"look_alikes": [post("1"), post("2")]})
    second = posts_in({"matches": [post("1")]})
    found = candidates([(AT, True, first), (AT + timedelta(minutes=1), True, second)])
    assert [(each.post.provider_post_id, each.post.likeness, each.gone) for each in found] == [
        ("1", "same", False),
        ("2", "alike", True),
    ]
    incomplete = candidates([(AT, True, first), (AT + timedelta(minutes=1), False, second)])
    assert not any(each.gone for each in incomplete)


def test_reads_of_before_this_was_kept_can_still_be_shown():
    assert posts_in({"words": "The network is away."}) == ()
    assert named_in({}) is None
